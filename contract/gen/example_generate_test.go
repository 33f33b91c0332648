package gen_test

import (
	"fmt"
	"strings"

	"github.com/kista-go/kista/contract"
	"github.com/kista-go/kista/contract/gen"
)

// A state of the contract becomes a type, and a request that it allows a method.
func Example_generate() {
	c, err := contract.Parse("lamp.con", []byte(`+NAME("lamp").
+VSN("1").
+TYPES
on() :: on;
off() :: off;
burned() :: {burned, non_neg_integer()} "hours".
+STATE dark on() => on() & bright.
+STATE bright off() => burned() & dark.
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	code, err := gen.Generate(c, gen.Options{})
	for line := range strings.Lines(string(code)) {
		if strings.HasPrefix(line, "package ") || strings.HasPrefix(line, "func (s ") {
			fmt.Print(line)
		}
	}
	fmt.Println(err)
	// Output:
	// package lamp
	// func (s Dark) On(ctx context.Context, request On) (next Bright, reply On, err error) {
	// func (s Bright) Off(ctx context.Context, request Off) (next Dark, reply Burned, err error) {
	// <nil>
}
