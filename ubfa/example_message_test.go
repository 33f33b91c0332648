package ubfa_test

import (
	"fmt"

	"github.com/kista-go/kista/term"
	"github.com/kista-go/kista/ubfa"
)

// What is said more than once is said once, and named by a byte after that.
func Example() {
	b, err := ubfa.Encode(term.Tuple{term.Atom("person"), ubfa.String("joe").Term(), term.List{1, term.Atom("person")}, term.Atom("person")})
	fmt.Printf("%s %v\n", b, err)

	t, err := ubfa.DecodeAll(b)
	fmt.Println(t, err)
	// Output:
	// 'person'>!{!,"joe",#!&1&,!}$ <nil>
	// {person,{'#S',"joe"},[1,person],person} <nil>
}
