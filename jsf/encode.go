package jsf

import (
	"fmt"
	"math"
	"math/big"
	"strconv"
	"unicode/utf8"

	"github.com/kista-go/kista/term"
	"github.com/kista-go/kista/ubfa"
)

// Encoder is the configuration of encoding. The zero value knows no records. It is a value without state, and may be used by
// many goroutines.
type Encoder struct {
	// Records are the structs that are written with the names of their fields.
	Records *Records
	// Depth is how deep a value may be nested, as [Limits] counts; 0 means 10000, and no value lifts it above 100000.
	Depth int
}

// The keys that make an object something else than a property list.
const (
	keyAtom   = "$A"
	keyString = "$S"
	keyTuple  = "$T"
	keyRecord = "$R"
)

// Encode returns t as a JSON text, without a line end. The result is the caller's. An error is an *[EncodeError].
func Encode(t term.Term) ([]byte, error) { return Encoder{}.Encode(t) }

// Encode is [Encode] with the configuration e.
func (e Encoder) Encode(t term.Term) ([]byte, error) { return e.Append(nil, t) }

// Append appends the JSON text of t to dst. Where it fails, dst is returned as it was.
func (e Encoder) Append(dst []byte, t term.Term) ([]byte, error) {
	w := writer{records: e.Records, out: dst, left: Limits{Depth: e.Depth}.withDefaults().Depth}
	if err := w.term(t); err != nil {
		return dst, err
	}
	return w.out, nil
}

// writer is the state of one encoding.
type writer struct {
	records *Records
	out     []byte
	left    int // levels
}

func refuse(format string, args ...any) *EncodeError {
	return &EncodeError{Reason: fmt.Sprintf(format, args...)}
}

func (w *writer) down() *EncodeError {
	if w.left--; w.left < 0 {
		return &EncodeError{Reason: "it is nested too deep", Kind: ErrLimit}
	}
	return nil
}

func (w *writer) raw(s string) { w.out = append(w.out, s...) }

// term returns an error and not an *EncodeError, so that nil is nil.
func (w *writer) term(t term.Term) error {
	if e := w.value(t); e != nil {
		return e
	}
	return nil
}

func (w *writer) value(t term.Term) *EncodeError {
	switch v := term.Canonical(t).(type) {
	case int64:
		w.out = strconv.AppendInt(w.out, v, 10)
	case *big.Int:
		w.out = v.Append(w.out, 10)
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return refuse("JSON has no float %v", v)
		}
		w.out = appendFloat(w.out, v)
	case term.Binary:
		return w.text(string(v), "binary")
	case term.Atom:
		return w.atom(v)
	case term.List:
		return w.array(v)
	case term.Tuple:
		return w.tuple(v)
	case term.Map:
		return refuse("JSF has no maps: property lists are {'#P',[{Key,Value},...]}, see ubfa.PropList")
	case term.Bits, term.Improper, term.PID, term.Port, term.Ref, term.Fun, term.Export:
		return refuse("JSF has no form for %.60s", term.String(v))
	default:
		return refuse("%T is no term", v)
	}
	return nil
}

func (w *writer) atom(a term.Atom) *EncodeError {
	switch a {
	case "true", "false":
		w.raw(string(a))
		return nil
	case "undefined":
		w.raw("null")
		return nil
	}
	w.raw(`{"$A":`)
	if err := w.text(string(a), "constant"); err != nil {
		return err
	}
	w.raw("}")
	return nil
}

func (w *writer) array(l []term.Term) *EncodeError {
	if err := w.down(); err != nil {
		return err
	}
	w.raw("[")
	for i, x := range l {
		if i > 0 {
			w.raw(",")
		}
		if err := w.value(x); err != nil {
			return err.at("[" + strconv.Itoa(i) + "]")
		}
	}
	w.raw("]")
	w.left++
	return nil
}

func (w *writer) tuple(t term.Tuple) *EncodeError {
	if err := w.down(); err != nil {
		return err
	}
	defer func() { w.left++ }()
	if s, ok := ubfa.StringOf(t); ok {
		w.raw(`{"$S":`)
		if err := w.text(string(s), "string"); err != nil {
			return err
		}
		w.raw("}")
		return nil
	}
	if p, ok := ubfa.PropListOf(t); ok {
		return w.properties(p)
	}
	if r, ok := w.records.match(t); ok {
		return w.record(r, t)
	}
	w.raw(`{"$T":`)
	if err := w.array(t); err != nil {
		return err
	}
	w.raw("}")
	return nil
}

// record: the fields in reverse order, as the original has them.
func (w *writer) record(r Record, t term.Tuple) *EncodeError {
	w.raw(`{"$R":`)
	if err := w.text(r.Name, "name of a record"); err != nil {
		return err
	}
	for i := len(r.Fields) - 1; i >= 0; i-- {
		w.raw(",")
		if err := w.text(r.Fields[i], "name of a field"); err != nil {
			return err
		}
		w.raw(":")
		if err := w.value(t[i+1]); err != nil {
			return err.at("[" + strconv.Itoa(i+1) + "]")
		}
	}
	w.raw("}")
	return nil
}

func (w *writer) properties(p ubfa.PropList) *EncodeError {
	w.raw("{")
	for i, pair := range p {
		var key string
		switch k := pair.Key.(type) {
		case term.Binary:
			key = string(k)
		case term.Atom:
			key = string(k)
		default:
			return refuse("the key %.60s of a property list is no binary", term.String(k))
		}
		if key == keyRecord || len(p) == 1 && (key == keyAtom || key == keyString || key == keyTuple) {
			return refuse("a property list with the key %s would be read as something else", key)
		}
		if i > 0 {
			w.raw(",")
		}
		if err := w.text(key, "key"); err != nil {
			return err
		}
		w.raw(":")
		if err := w.value(pair.Value); err != nil {
			return err.at("." + key)
		}
	}
	w.raw("}")
	return nil
}

const hexDigits = "0123456789abcdef"

// text writes a JSON string, with the escapes that are needed.
func (w *writer) text(s, what string) *EncodeError {
	if !utf8.ValidString(s) {
		return refuse("the %s %.60q is not UTF-8, as a JSON string must be", what, s)
	}
	w.out = append(w.out, '"')
	done := 0
	for i := range len(s) {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		w.raw(s[done:i])
		done = i + 1
		w.raw(`\`)
		switch c {
		case '"', '\\':
			w.out = append(w.out, c)
		case '\b':
			w.raw("b")
		case '\f':
			w.raw("f")
		case '\n':
			w.raw("n")
		case '\r':
			w.raw("r")
		case '\t':
			w.raw("t")
		default:
			w.out = append(w.out, 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
	}
	w.raw(s[done:])
	w.out = append(w.out, '"')
	return nil
}
