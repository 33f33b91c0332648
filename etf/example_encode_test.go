package etf_test

import (
	"fmt"

	"github.com/kista-go/kista/etf"
	"github.com/kista-go/kista/term"
)

// What term_to_binary writes, binary_to_term reads, and the other way round.
func Example() {
	b, err := etf.Encode(term.Tuple{term.Atom("deposit"), term.Atom("joe"), 5})
	fmt.Printf("%q %v\n", b, err)

	t, err := etf.DecodeAll(b)
	fmt.Println(t, err)
	// Output:
	// "\x83h\x03w\adepositw\x03joea\x05" <nil>
	// {deposit,joe,5} <nil>
}
