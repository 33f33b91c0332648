package jsf

import (
	"fmt"

	"github.com/kista-go/kista/ubfa"
)

var registry = ubfa.Registry(nil)

// Marshal maps the Go value v to a term, as term.From does, and encodes it. A struct must have a tag to be a struct of
// UBF: without one it is a map, which JSF does not have.
func Marshal(v any) ([]byte, error) {
	t, err := registry.From(v)
	if err != nil {
		return nil, fmt.Errorf("jsf: %w", err)
	}
	return Encode(t)
}

// Unmarshal decodes b, which must be one text and nothing else, and stores it as term.To does where dst points. The error
// is a *[DecodeError], or that of term.To.
func Unmarshal(b []byte, dst any) error {
	t, err := DecodeAll(b)
	if err != nil {
		return err
	}
	if err := registry.To(t, dst); err != nil {
		return fmt.Errorf("jsf: %w", err)
	}
	return nil
}
