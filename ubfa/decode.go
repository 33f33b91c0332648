package ubfa

import (
	"fmt"

	"github.com/kista-go/kista/term"
)

// Decoder is the configuration of decoding. The zero value takes every message that the grammar of UBF(A) allows, within
// the default [Limits]. It is a value without state, and may be used by many goroutines.
type Decoder struct {
	// Limits bound the work; its zero value is the defaults.
	Limits Limits
	// Safe, where not nil, says which constants are known; a message with another one is refused with [ErrUnsafe]. It is
	// called once for every different constant of a message.
	Safe func(term.Atom) bool
	// Compat takes what the decoder of UBF 2.2.4 takes beyond the grammar: a cons, store or end of message without what it
	// works on, which that decoder ignores; a minus sign that is 0; a cons onto something that is no list, which gives an
	// improper one; registers that cannot be read.
	Compat bool
}

// Decode decodes the message at the start of b and says how many bytes it took, its dollar sign included. What follows is
// not looked at. The result shares no memory with b. An error is a *[DecodeError].
func Decode(b []byte) (t term.Term, used int, err error) { return Decoder{}.Decode(b) }

// DecodeAll decodes b, which must be one message and separators (blanks, line ends, commas). An error is a *[DecodeError].
func DecodeAll(b []byte) (term.Term, error) { return Decoder{}.DecodeAll(b) }

// Decode is [Decode] with the configuration d.
func (d Decoder) Decode(b []byte) (t term.Term, used int, err error) {
	m := d.Machine()
	used, done, err := m.Feed(b)
	if err != nil {
		return nil, 0, err
	}
	if !done {
		if err := m.End(); err != nil {
			return nil, 0, err
		}
		return nil, 0, &DecodeError{ErrTruncated, int64(used), "no message at all"}
	}
	return m.Term(), used, nil
}

// DecodeAll is [DecodeAll] with the configuration d.
func (d Decoder) DecodeAll(b []byte) (term.Term, error) {
	t, used, err := d.Decode(b)
	if err != nil {
		return nil, err
	}
	for i := used; i < len(b); i++ {
		if classes[b[i]] != separator {
			return nil, &DecodeError{ErrTrailing, int64(i), fmt.Sprintf("%d bytes follow the message", len(b)-i)}
		}
	}
	return t, nil
}
