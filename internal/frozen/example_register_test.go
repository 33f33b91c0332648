package frozen_test

import (
	"errors"
	"fmt"

	"github.com/kista-go/kista/internal/frozen"
)

var errSoldOut = errors.New("sold out")

// A registered sentinel is the same error wherever it arrives.
func ExampleRegister() {
	frozen.Register(errSoldOut)
	fmt.Println(frozen.Freeze(errSoldOut, nil) == errSoldOut)
	// Output: true
}
