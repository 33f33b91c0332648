package config

import (
	"errors"
	"fmt"
	"strings"
)

// Error is one mistake in a configuration: which key, what stood there, which source said so, and why it will not do. Key may
// be empty for a file that cannot be read, Value for a key that is missing or unknown.
type Error struct {
	Key    string
	Value  string // as it may be shown: "(secret)" for a secret
	Source string // "SHOP_DB_TIMEOUT", "--shop.db.timeout", "shop.json:12", "its default"
	Why    string
}

func (e *Error) Error() string {
	text := e.Why
	if e.Source != "" {
		text = "from " + e.Source + ": " + text
	}
	if e.Value != "" {
		text = e.Value + " " + text
	}
	if e.Key != "" {
		text = e.Key + ": " + text
	}
	return text
}

// Errors are all the mistakes in a configuration.
type Errors []*Error

func (es Errors) Error() string {
	lines := make([]string, len(es))
	for i, e := range es {
		lines[i] = e.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap returns them, for errors.As.
func (es Errors) Unwrap() []error {
	out := make([]error, len(es))
	for i, e := range es {
		out[i] = e
	}
	return out
}

// or returns es as an error, nil if there is none.
func (es Errors) or() error {
	if len(es) == 0 {
		return nil
	}
	return es
}

// Invalid is what a Validate method returns about one field: the key as seen from its struct, and why the value will not do.
type Invalid struct{ Key, Why string }

func (e *Invalid) Error() string { return fmt.Sprintf("%s: %s", e.Key, e.Why) }

// leaves takes joined errors apart.
func leaves(err error) (out []error) {
	if err == nil {
		return nil
	}
	var many interface{ Unwrap() []error }
	if errors.As(err, &many) {
		for _, e := range many.Unwrap() {
			out = append(out, leaves(e)...)
		}
		return out
	}
	return []error{err}
}
