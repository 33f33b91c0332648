package etf

import "github.com/kista-go/kista/term"

// Marshal maps the Go value v to a term with [term.From] and encodes it.
func Marshal(v any) ([]byte, error) {
	t, err := term.From(v)
	if err != nil {
		return nil, err
	}
	return Encode(t)
}

// Unmarshal decodes b, which must be one term and nothing else, and stores it with [term.To] where dst points. The error
// is a *[DecodeError], or that of [term.To].
func Unmarshal(b []byte, dst any) error {
	t, err := DecodeAll(b)
	if err != nil {
		return err
	}
	return term.To(t, dst)
}
