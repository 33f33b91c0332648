package term_test

import (
	"fmt"

	"github.com/kista-go/kista/term"
)

// A registry tells messages apart: a term in the form of a registered type becomes a value of that type, everything else
// stays a term.
func ExampleRegistry() {
	var messages term.Registry
	if err := messages.Register("deposit", Deposit{}); err != nil {
		fmt.Println(err)
	}
	for _, text := range []string{"{deposit,joe,5}", "{withdraw,joe,5}"} {
		t, _ := term.Parse(text)
		var msg any
		if err := messages.To(t, &msg); err != nil {
			fmt.Println(err)
		}
		switch m := msg.(type) {
		case Deposit:
			fmt.Println("deposit of", m.Amount, "for", m.Who)
		default:
			fmt.Println("unknown:", m)
		}
	}
	// Output:
	// deposit of 5 for joe
	// unknown: {withdraw,joe,5}
}
