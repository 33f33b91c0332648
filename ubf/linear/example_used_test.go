package linear_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/kista-go/kista/term"
	"github.com/kista-go/kista/ubf/linear"
)

// A state that belongs to no conversation, or has been used, says so, and nothing is sent.
func Example_used() {
	var ready linear.State
	_, _, err := ready.Ask(context.Background(), "Ready.ReadLine", term.Atom("read_line"))
	var used *linear.UsedError
	fmt.Println(errors.As(err, &used), used.Call)
	fmt.Println(err)
	// Output:
	// true Ready.ReadLine
	// linear: Ready.ReadLine on a state that belongs to no conversation: take the one that Begin or the step before returned
}
