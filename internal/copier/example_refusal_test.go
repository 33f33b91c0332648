package copier_test

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/kista-go/kista/internal/copier"
)

// A type that cannot be sent is refused with the path to what is in the way.
func ExampleCopier_Check() {
	type job struct {
		Name string
		Done chan bool
	}
	type batch struct{ Jobs []job }
	c := copier.New(copier.Options{})

	err := c.Check(reflect.TypeFor[batch]())
	var e *copier.Error
	if errors.As(err, &e) {
		fmt.Println(e.Path, e.Type)
	}
	fmt.Println(err)
	// Output:
	// batch.Jobs[].Done chan bool
	// copier: cannot send batch.Jobs[].Done (chan bool): a channel is shared between its users; send a PID to answer to, or the data itself
}
