package app

import (
	"errors"
	"fmt"
	"log/slog"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/config"
)

// Sources say where configuration comes from besides the defaults, which are
// [Spec.Config]. A later one wins (statement 208, where the command line wins over
// the file, and the file over the .app): defaults, File, Env, Flags. The zero
// value has the defaults only.
type Sources struct {
	// File is the path of a file: an object whose keys are applications, and theirs
	// keys, nested where the structs are. It is JSON, without a key given twice;
	// another format needs Parse. Empty: none.
	File string
	// From says who named the file, for errors: "--config". Empty: nobody.
	From string
	// Parse reads the file if it is not JSON: it returns what json.Unmarshal would,
	// or that with integers and floats. Libraries for TOML and YAML do so.
	Parse func(data []byte) (map[string]any, error)
	// Env are variables as os.Environ gives them: SHOP_DB_TIMEOUT is the key
	// shop.db.timeout. A list is given with commas; a map cannot be. The environment
	// is shared: a variable that begins with an application's name and is none of
	// its keys is ignored with a warning in the log, unless it looks like one of
	// them, or there is a Prefix: then it is refused. Those that Kubernetes sets for
	// a service of that name are ignored. nil: none.
	Env []string
	// Prefix stands before the names in Env: with "ACME_", ACME_SHOP_DB_TIMEOUT. It
	// makes all variables that begin so the program's own.
	Prefix string
	// Flags are --shop.db.timeout=5s. An element of a map is a key of its own:
	// --shop.limits.gold=7. A boolean may go without a value.
	Flags []string
}

func (s Sources) read() (*config.Input, error) {
	in, err := config.Read(config.Sources(s))
	return in, configErrors(err)
}

// Read reads the configuration of one application for somebody who has no node
// (yet): a program that wants to know where to log before anything runs. known are
// the names of all applications; what speaks of others is refused. Code of C's
// (UnmarshalText, Validate) runs in the caller. The error is [ConfigErrors], or a
// [*SpecError] for a that is not an App with a configuration of type C. What could
// be read is returned also with an error.
func Read[C any](from Sources, a App, known []string) (C, error) {
	d := a.get()
	t, ok := d.do.(typed[C])
	switch {
	case d.err != nil:
		return *new(C), d.err
	case !ok:
		return *new(C), &SpecError{App: d.name, Field: "Config", Why: fmt.Sprintf("it is not a %T", *new(C))}
	}
	in, err := config.Read(config.Sources(from))
	if err != nil {
		return t.spec.Config, configErrors(err)
	}
	value, err := kista.Copy(t.spec.Config)
	if err != nil {
		return value, err
	}
	_, wrong := in.Resolve(d.name, d.schema, &value, known)
	if err := in.Strangers(known); err != nil {
		wrong = errors.Join(wrong, err)
	}
	return value, configErrors(wrong)
}

// Setting is one key of a configuration as it is now: Value as it may be shown
// ("(secret)" for a secret), Source the source that it has its value from
// ("default", "SHOP_DB_TIMEOUT", "shop.json:12", "--shop.db.timeout"), Type and
// Doc for people, Env the variable that can set it.
type Setting struct {
	Key    string
	Value  string
	Source string
	Type   string
	Doc    string
	Secret bool
	Env    string
}

// Invalid is the error that a Validate method of a configuration returns about
// one of its fields: key is the field's key as seen from its struct, why what is
// wrong with the value. Errors may be joined ([errors.Join]). The user then reads
// the full key, the value, and the source that it comes from.
func Invalid(key, why string) error { return &config.Invalid{Key: key, Why: why} }

// Secret is a piece of text that no log, error, or listing shows: every way of
// printing it prints "(secret)". It is data, and copied like text. The zero value
// is the empty text.
type Secret struct{ text *string }

// NewSecret makes a secret of text.
func NewSecret(text string) Secret { return Secret{&text} }

// Reveal returns the text.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

const sealed = "(secret)"

// String hides the text.
func (s Secret) String() string { return sealed }

// GoString hides it from %#v.
func (s Secret) GoString() string { return sealed }

// LogValue hides it from log/slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(sealed) }

// MarshalText hides it from encoders. A secret that is to be stored is revealed
// first.
func (s Secret) MarshalText() ([]byte, error) { return []byte(sealed), nil }

// UnmarshalText takes text for the secret.
func (s *Secret) UnmarshalText(text []byte) error {
	t := string(text)
	s.text = &t
	return nil
}

// Sealed marks the type as one that hides its value.
func (s Secret) Sealed() {}
