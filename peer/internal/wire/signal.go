package wire

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/etf"
	"github.com/kista-go/kista/term"
)

// Kind says what a frame is: the first element of its tuple.
type Kind int

// The kinds of frames.
const (
	Hello  Kind = iota + 1 // the first one of each side: see [Greeting]
	Signal                 // of one process to another
	Names                  // further types that the sender knows
	Ping                   // answered by Pong
	Pong                   //
	Record                 // for the log: level, text, attributes
	Bye                    // the last one of a node that has stopped in order
	kinds
)

// Frame is what one frame holds; which fields count, Kind says.
type Frame struct {
	Kind  Kind
	Sig   kista.Signal
	Names []string
	Terms term.Tuple // of a Hello or Record
}

// ErrFrame is what is wrong with bytes that are no frame: whoever sent them is not to be trusted any more.
var ErrFrame = errors.New("wire: not a frame")

// AppendSignal appends the frame of a signal. The error is a [*kista.DataError]: the signal cannot travel.
func (c *Codec) AppendSignal(dst []byte, s kista.Signal, limit int) ([]byte, error) {
	from, err := c.IDs.Export(s.From)
	if err != nil {
		return dst, err
	}
	to, err := c.IDs.Export(s.To)
	if err != nil {
		return dst, err
	}
	ref, err := c.IDs.Export(s.Ref)
	if err != nil {
		return dst, err
	}
	msg, err := c.Encode(s.Msg, limit)
	if err != nil {
		return dst, err
	}
	reason := term.Term(none)
	if s.Reason != nil {
		reason = c.EncodeError(s.Reason, limit)
	}
	out, err := Append(dst, Signal, int(s.Kind), pack(from), pack(to), term.Binary(s.Name), pack(ref), s.Call, msg, reason)
	if err == nil && len(out)-len(dst) > limit {
		return dst, &kista.DataError{
			Type: fmt.Sprintf("%T", s.Msg),
			Why:  fmt.Sprintf("it takes %d bytes, and a message to %s may have %d; send it in parts, or raise the limit", len(out)-len(dst), c.Name, limit),
		}
	}
	return out, err
}

// Append appends a frame, without its length.
func Append(dst []byte, kind Kind, terms ...term.Term) ([]byte, error) {
	out, err := etf.Encoder{Depth: 10_000}.Append(dst, append(term.Tuple{int(kind)}, terms...))
	if err != nil {
		return dst, &kista.DataError{Type: "message", Why: err.Error()}
	}
	return out, nil
}

// AppendHello appends a [Hello] frame: the names of the sender's types, and terms.
func AppendHello(dst []byte, names []string, terms ...term.Term) ([]byte, error) {
	return Append(dst, Hello, append(term.Tuple{nameList(names)}, terms...)...)
}

// AppendNames appends a [Names] frame.
func AppendNames(dst []byte, names ...string) ([]byte, error) {
	return Append(dst, Names, nameList(names))
}

func nameList(names []string) term.List {
	out := make(term.List, len(names))
	for i, n := range names {
		out[i] = term.Binary(n)
	}
	return out
}

// Read reads a frame that the other side has sent, whatever it is. It does not panic. The error wraps [ErrFrame].
func (c *Codec) Read(b []byte) (f Frame, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("%w: %w", ErrFrame, err)
		}
	}()
	t, err := etf.Decoder{Limits: etf.Limits{Bytes: len(b) + 1, Inflated: -1}}.DecodeAll(b)
	if err != nil {
		return f, err
	}
	tu, ok := t.(term.Tuple)
	if !ok || len(tu) == 0 {
		return f, errShape
	}
	kind, ok := tu[0].(int64)
	if !ok || kind < 1 || kind >= int64(kinds) {
		return f, fmt.Errorf("there is no kind %v", term.String(tu[0]))
	}
	f.Kind, f.Terms = Kind(kind), tu[1:]
	switch f.Kind {
	case Signal:
		f.Sig, err = c.signal(f.Terms)
	case Names:
		if len(f.Terms) != 1 {
			return f, errShape
		}
		f.Names, err = readNames(f.Terms[0])
	case Hello:
		if len(f.Terms) < 1 {
			return f, errShape
		}
		f.Names, err = readNames(f.Terms[0])
		f.Terms = f.Terms[1:]
	}
	return f, err
}

func readNames(t term.Term) ([]string, error) {
	list, ok := t.(term.List)
	if !ok {
		return nil, errShape
	}
	var out []string
	for _, x := range list {
		n, ok := x.(term.Binary)
		if !ok || len(n) > maxName {
			return nil, errShape
		}
		out = append(out, string(n))
	}
	return out, nil
}

// maxName bounds the name of a type: those of generic ones are long.
const maxName = 16 << 10

func (c *Codec) signal(tu term.Tuple) (s kista.Signal, err error) {
	if len(tu) != 8 {
		return s, errShape
	}
	kind, ok := tu[0].(int64)
	if !ok || kind < 0 || kind > int64(kista.SignalDown) {
		return s, errShape
	}
	s.Kind = kista.SignalKind(kind)
	if s.From, err = importAs[kista.PID](c, tu[1], kista.IdentityPID); err != nil {
		return s, err
	}
	if s.To, err = importAs[kista.PID](c, tu[2], kista.IdentityPID); err != nil {
		return s, err
	}
	name, ok := tu[3].(term.Binary)
	if !ok {
		return s, errShape
	}
	s.Name = string(name)
	if s.Ref, err = importAs[kista.Ref](c, tu[4], kista.IdentityRef); err != nil {
		return s, err
	}
	if s.Call, ok = natural(tu[5]); !ok {
		return s, errShape
	}
	if s.Msg, err = c.Decode(tu[6]); err != nil {
		return s, err
	}
	s.Reason, err = c.DecodeError(tu[7])
	return s, err
}

func importAs[T any](c *Codec, t term.Term, kind kista.IdentityKind) (v T, err error) {
	id, err := unpack(t)
	if err != nil {
		return v, err
	}
	if id.Kind != kind {
		return v, errShape
	}
	x, err := c.IDs.Import(id, reflect.TypeFor[T]())
	if err != nil {
		return v, err
	}
	v, ok := x.(T)
	if !ok {
		return v, errShape
	}
	return v, nil
}
