package ubfa_test

import (
	"fmt"
	"strings"

	"github.com/kista-go/kista/ubfa"
)

// Messages follow each other on a connection; an error ends it.
func ExampleReader() {
	r := ubfa.NewReader(strings.NewReader("'hello'$\n{'ok',1}$\n1 2$\n"))
	for {
		t, err := r.ReadTerm()
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(t)
	}
	// Output:
	// hello
	// {ok,1}
	// ubfa: malformed message at byte 22: end of message, and there are 2 items, not one
}

// Bytes may arrive in any pieces.
func ExampleMachine() {
	m := ubfa.Decoder{}.Machine()
	for _, piece := range []string{"{'op", "en',\"a", "\"}$ 1", "2$"} {
		for b := []byte(piece); len(b) > 0; {
			used, done, err := m.Feed(b)
			if err != nil {
				fmt.Println(err)
				return
			}
			if done {
				fmt.Println(m.Term())
			}
			b = b[used:]
		}
	}
	// Output:
	// {open,{'#S',"a"}}
	// 12
}
