package ubfa_test

import (
	"fmt"

	"github.com/kista-go/kista/term"
	"github.com/kista-go/kista/ubfa"
)

// A Go type goes over the wire as the struct that it maps to.
func ExampleMarshal() {
	type open struct {
		_    struct{} `term:"open"`
		File ubfa.String
		Mode term.Atom
	}
	b, err := ubfa.Marshal(open{File: "foo.dat", Mode: "read"})
	fmt.Printf("%s %v\n", b, err)

	var o open
	err = ubfa.Unmarshal([]byte(`{'open',"bar.dat",'write'}$`), &o)
	fmt.Println(o.File, o.Mode, err)
	// Output:
	// {'open',"foo.dat",'read'}$ <nil>
	// bar.dat write <nil>
}
