package term_test

import (
	"fmt"
	"slices"

	"github.com/kista-go/kista/term"
)

// Every term has its place in one order.
func ExampleCompare() {
	terms := []term.Term{
		term.Binary("b"), term.List{1}, term.Atom("b"), 2, term.Tuple{1, 2}, term.Atom("a"), term.Tuple{9}, 1.5, term.List{},
	}
	slices.SortFunc(terms, term.Compare)
	fmt.Println(term.List(terms))
	fmt.Println(term.Equal(1, 1.0), term.Identical(1, 1.0))
	// Output:
	// [1.5,2,a,b,{9},{1,2},[],[1],<<"b">>]
	// true false
}
