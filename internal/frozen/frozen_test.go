package frozen_test

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"testing"

	"github.com/kista-go/kista/internal/copier"
	"github.com/kista-go/kista/internal/frozen"
)

var plain = copier.New(copier.Options{Freeze: func(err error, copy func(any) (any, int, error)) (error, int, error) {
	f := frozen.Freeze(err, copy)
	return f, frozen.Size(f), nil
}})

func freeze(err error) error { return frozen.Freeze(err, plain.Copy) }

var errMine = errors.New("mine")

func TestSmoke(t *testing.T) {
	_, err := os.Open("/does/not/exist")
	f := freeze(fmt.Errorf("outer: %w", errors.Join(err, io.EOF, errMine)))
	t.Log(f, errors.Is(f, fs.ErrNotExist), errors.Is(f, io.EOF), errors.Is(f, errMine), errors.Is(f, errors.New("mine")), frozen.Size(f))
	var pe *fs.PathError
	t.Log(errors.As(f, &pe), pe)
	out, n, e := plain.Copy(map[string]any{"e": f})
	t.Log(out, n, e)
}
