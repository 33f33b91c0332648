package wire_test

import (
	"reflect"
	"testing"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/etf"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/peer/internal/wire"
	"github.com/kista-go/kista/term"
)

// nobody is a node without processes.
type nobody struct{}

func (nobody) Export(v any) (kista.Identity, error) {
	switch v.(type) {
	case kista.Ref:
		return kista.Identity{Kind: kista.IdentityRef}, nil
	case kista.From:
		return kista.Identity{Kind: kista.IdentityFrom}, nil
	}
	return kista.Identity{Kind: kista.IdentityPID}, nil
}

func (nobody) Import(id kista.Identity, t reflect.Type) (any, error) {
	switch id.Kind {
	case kista.IdentityPID:
		return kista.PID{}, nil
	case kista.IdentityRef:
		return kista.Ref{}, nil
	case kista.IdentityFrom:
		return kista.From{}, nil
	}
	return nil, &kista.DataError{Type: "Identity", Why: "nobody"}
}

// pair are two codecs that know of each other's types.
func pair() (a, b *wire.Codec) {
	a, b = &wire.Codec{IDs: nobody{}, Name: "b"}, &wire.Codec{IDs: nobody{}, Name: "a"}
	for _, x := range [][2]*wire.Codec{{a, b}, {b, a}} {
		names, types, stop := wire.Known(func(string, reflect.Type) {})
		stop()
		x[0].Types.Tell(types...)
		x[1].Types.Told(names...)
	}
	return a, b
}

// Whatever the other side sends: an error or a message, which can be sent back.
func FuzzRead(f *testing.F) {
	a, b := pair()
	for _, msg := range []any{
		nil, 1, "text",
		[]any{1, "x", nil},
		map[string]int{"a": 1},
		term.Tuple{term.Atom("a")},
		kista.PID{},
		kista.Down{Reason: kista.ErrKilled},
		kista.Request{Msg: 1},
		&kista.PanicError{Value: "x"},
	} {
		for _, kind := range []kista.SignalKind{kista.SignalMessage, kista.SignalReply} {
			frame, err := a.AppendSignal(nil, kista.Signal{Kind: kind, Msg: msg, Reason: kista.ErrKilled}, 1<<20)
			assert.NoError(f, err)
			f.Add(frame)
		}
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		got, err := b.Read(frame)
		if err != nil || got.Kind != wire.Signal {
			return
		}
		again, err := b.AppendSignal(nil, got.Sig, 1<<20)
		if err != nil {
			return // a type that the other side does not know
		}
		_, err = a.Read(again)
		assert.NoError(t, err)
	})
}

func TestNoFrames(t *testing.T) {
	_, b := pair()
	for _, x := range []term.Term{
		1, term.Atom("x"), term.Tuple{}, term.Tuple{1}, term.Tuple{99, 1}, term.List{}, term.Tuple{term.Atom("signal"), 1},
	} {
		frame, err := etf.Encoder{}.Append(nil, x)
		assert.NoError(t, err)
		_, err = b.Read(frame)
		assert.ErrorIs(t, err, wire.ErrFrame)
	}
}
