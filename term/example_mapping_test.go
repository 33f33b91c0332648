package term_test

import (
	"fmt"

	"github.com/kista-go/kista/term"
)

// Deposit is {deposit, Who, Amount} wherever it crosses a boundary.
type Deposit struct {
	_      struct{} `term:"deposit"`
	Who    term.Atom
	Amount int64
}

// A Go struct becomes a tagged tuple and comes back; what does not fit is refused with the path to it.
func Example_mapping() {
	t, err := term.From(Deposit{Who: "joe", Amount: 5})
	fmt.Println(t, err)

	var d Deposit
	err = term.To(term.Tuple{term.Atom("deposit"), term.Atom("ann"), 7}, &d)
	fmt.Println(d.Who, d.Amount, err)

	err = term.To(term.Tuple{term.Atom("deposit"), term.Atom("ann"), "a lot"}, &d)
	fmt.Println(err)
	// Output:
	// {deposit,joe,5} <nil>
	// ann 7 <nil>
	// term: Deposit.Amount: #Go<string> does not fit int64
}
