package copier_test

import (
	"fmt"
	"reflect"

	"github.com/kista-go/kista/internal/copier"
)

// Identities are exchanged in the copy that leaves the node; the sender's own
// message stays as it is.
func ExampleCopier_Carry() {
	type addr struct{ host, name string }
	c := copier.New(copier.Options{Identity: func(t reflect.Type) bool { return t == reflect.TypeFor[addr]() }})

	msg := map[string]any{"from": addr{"", "bank"}}
	out, _, err := c.Carry(msg, func(ptr any) error {
		ptr.(*addr).host = "node1"
		return nil
	})
	fmt.Println(msg, out, err)
	// Output: map[from:{ bank}] map[from:{node1 bank}] <nil>
}
