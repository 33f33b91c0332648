package frozen_test

import (
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/kista-go/kista/internal/copier"
	"github.com/kista-go/kista/internal/frozen"
)

// A frozen error has the text of the original and answers for its chain.
func ExampleFreeze() {
	data := copier.New(copier.Options{
		Freeze: func(err error, copy func(any) (any, int, error)) (error, int, error) {
			f := frozen.Freeze(err, copy)
			return f, frozen.Size(f), nil
		},
	})

	err := fmt.Errorf("load: %w", &fs.PathError{Op: "read", Path: "a.txt", Err: io.ErrUnexpectedEOF})
	reason := frozen.Freeze(err, data.Copy)

	var path *fs.PathError
	fmt.Println(reason)
	fmt.Println(errors.Is(reason, io.ErrUnexpectedEOF))
	fmt.Println(errors.As(reason, &path), path.Path)
	// Output:
	// load: read a.txt: unexpected EOF
	// true
	// true a.txt
}
