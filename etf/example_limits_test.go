package etf_test

import (
	"errors"
	"fmt"

	"github.com/kista-go/kista/etf"
	"github.com/kista-go/kista/term"
)

// A server that talks to strangers says what it is ready to take.
func ExampleDecoder() {
	known := map[term.Atom]bool{"deposit": true, "joe": true}
	d := etf.Decoder{
		Limits: etf.Limits{Bytes: 4096, Depth: 16},
		Safe:   &etf.Safe{Atom: func(a term.Atom) bool { return known[a] }},
	}
	for _, b := range []string{
		"\x83h\x03w\adepositw\x03joea\x05",
		"\x83h\x03w\adepositw\x03evea\x05",
		"\x83h\x03w\adepositw\x03jo",
	} {
		t, err := d.DecodeAll([]byte(b))
		fmt.Println(t, err, errors.Is(err, etf.ErrUnsafe))
	}
	// Output:
	// {deposit,joe,5} <nil> false
	// <nil> etf: unsafe term at byte 12: unknown atom eve true
	// <nil> etf: term cut short at byte 14: 3 bytes wanted, 2 left false
}
