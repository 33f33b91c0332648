package kista_test

import (
	"context"
	"errors"
	"reflect"
	"sync"
	"testing"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
)

// wire is a carrier that hands over what Export makes, as one that encodes would.
type wire struct {
	t        *testing.T
	from, to *kista.Peer // the sender's view of the receiver, and the receiver's of the sender
	refuse   func(kista.Signal) error

	mu    sync.Mutex
	queue chan func()
}

func (w *wire) Carry(s kista.Signal) error {
	if w.refuse != nil {
		if err := w.refuse(s); err != nil {
			return err
		}
	}
	out := make([]kista.Identity, 0, 4)
	for _, v := range []any{s.From, s.To, s.Ref} {
		id, err := w.from.Export(v)
		if err != nil {
			return err
		}
		out = append(out, id)
	}
	if kista.IsIdentity(reflect.TypeOf(s.Msg)) {
		id, err := w.from.Export(s.Msg)
		if err != nil {
			return err
		}
		out = append(out, id)
	}
	w.queue <- func() {
		s.From, s.To, s.Ref = in[kista.PID](w, out[0]), in[kista.PID](w, out[1]), in[kista.Ref](w, out[2])
		if len(out) > 3 {
			v, err := w.to.Import(out[3], reflect.TypeOf(s.Msg))
			assert.NoError(w.t, err)
			s.Msg = v
		}
		w.to.Receive(s)
	}
	return nil
}

func in[T any](w *wire, id kista.Identity) T {
	v, err := w.to.Import(id, reflect.TypeFor[T]())
	assert.NoError(w.t, err)
	return v.(T)
}

// wired connects two nodes by carriers that encode.
func wired(t *testing.T, a, b *kista.Node) (ab, ba *wire) {
	ab, ba = &wire{t: t, queue: make(chan func(), 1000)}, &wire{t: t, queue: make(chan func(), 1000)}
	ab.from, ba.from = a.Attach("b", 1, ab), b.Attach("a", 2, ba)
	ab.to, ba.to = ba.from, ab.from
	var all sync.WaitGroup
	for _, w := range []*wire{ab, ba} {
		all.Go(func() {
			for f := range w.queue {
				f()
			}
		})
	}
	t.Cleanup(func() {
		ab.from.Lost()
		ba.from.Lost()
		close(ab.queue)
		close(ba.queue)
		all.Wait()
	})
	return ab, ba
}

func TestIdentitiesComeBackAsTheyWere(t *testing.T) {
	a, b := node(t), start(t, kista.Config{Name: "b"})
	t.Cleanup(func() { assert.NoError(t, b.Stop(context.Background())) })
	ab, ba := wired(t, a, b)
	pid := a.Spawn(idle)
	there := carryWith(t, ab, pid)
	assert.Equal(t, there.String(), pid.String())
	assert.True(t, there != pid && carryWith(t, ab, pid) == there, "%v", there)
	assert.True(t, carryWith(t, ba, there) == pid, "a PID that came back differs")
	assert.True(t, carryWith(t, ab, kista.PID{}).IsZero(), "the zero PID")
	within(t, a, func(s *kista.Self) {
		ref := s.Alias(kista.Reply)
		far := carryWith(t, ab, ref)
		assert.True(t, far != ref && carryWith(t, ba, far) == ref, "%v", far)
		assert.NoError(t, kista.Send(far, "through it"))
		m, err := s.Receive()
		assert.NoError(t, err)
		assert.Equal(t, m, any("through it"))
	})
	assert.True(t, carryWith(t, ab, kista.Ref{}).IsZero(), "the zero Ref")
	id, err := ab.from.Export(a.Name("x"))
	assert.NoError(t, err)
	name, err := ba.from.Import(id, nil)
	assert.NoError(t, err)
	assert.Equal(t, name, any(b.Remote(a.NodeName(), "x")))
	id, err = ba.from.Export(name)
	assert.NoError(t, err)
	name, err = ab.from.Import(id, nil)
	assert.NoError(t, err)
	assert.Equal(t, name, any(a.Name("x")))
}

func carryWith[T any](t *testing.T, w *wire, v T) T {
	t.Helper()
	id, err := w.from.Export(v)
	assert.NoError(t, err)
	return in[T](w, id)
}

var doubling = kista.Code("identity/double/1", func(n int) int { return 2 * n })

func TestCodeTravelsByItsName(t *testing.T) {
	a, b := node(t), node(t)
	ab, _ := wired(t, a, b)
	assert.Equal(t, carryWith(t, ab, doubling).Func()(4), 8)
	assert.Equal(t, carryWith(t, ab, kista.CodeHandle[func()]{}).Name(), "")
	for _, bad := range []kista.Identity{
		{}, {Kind: kista.IdentityCode, Name: "identity/nobody/1"}, {Kind: kista.IdentityCode, Name: ""}, {Kind: 99},
	} {
		_, err := ab.to.Import(bad, reflect.TypeFor[int]())
		assert.ErrorAs[*kista.DataError](t, err)
	}
	_, err := ab.to.Import(kista.Identity{Kind: kista.IdentityCode, Name: "identity/double/1"}, reflect.TypeFor[kista.CodeHandle[func()]]())
	assert.ErrorAs[*kista.DataError](t, err) // of another type
}

func TestWhatAStrangerMakesUpNamesNobody(t *testing.T) {
	a, b := node(t), node(t)
	ab, _ := wired(t, a, b)
	pid := b.Spawn(idle) // has never been told of
	for n := range uint64(1000) {
		v, err := ab.to.Import(kista.Identity{Kind: kista.IdentityPID, Yours: true, Number: n}, nil)
		assert.NoError(t, err)
		assert.True(t, v.(kista.PID) != pid, "guessed %v", v)
		_ = kista.Exit(v.(kista.PID), kista.Kill)
		f, err := ab.to.Import(kista.Identity{Kind: kista.IdentityFrom, Yours: true, Number: n}, nil)
		assert.NoError(t, err)
		assert.NoError(t, f.(kista.From).Reply("nobody asked"))
	}
	assert.True(t, b.Alive(pid), "it was hit")
}

func TestAProcessOfAThirdNodeIsRefused(t *testing.T) {
	a, b, c := node(t), start(t, kista.Config{Name: "b"}), node(t)
	t.Cleanup(func() { assert.NoError(t, b.Stop(context.Background())) })
	ab, _ := wired(t, a, b)
	_, err := ab.from.Export(c.Spawn(idle))
	assert.ErrorAs[*kista.DataError](t, err)
	cut := kista.Pipe(a, c)
	defer cut()
	within(t, c, func(s *kista.Self) {
		_, err = ab.from.Export(s.Alias(kista.Reply))
		assert.ErrorAs[*kista.DataError](t, err)
	})
}

func TestALentFromIsAnsweredOnce(t *testing.T) {
	a, b := node(t), node(t)
	ab, ba := wired(t, a, b)
	helper := make(chan kista.From, 1)
	srv := serve(t, a, counter{handle: func(_ *kista.Self, msg any) error {
		helper <- carryWith(t, ab, msg.(kista.Request).From)
		return nil
	}})
	call := kista.Begin(context.Background(), srv, "ask")
	far := <-helper
	assert.NoError(t, far.Reply("from afar"))
	v, err := call.WaitFor(context.Background(), kista.NoTimeout)
	assert.NoError(t, err)
	assert.Equal(t, v, any("from afar"))
	assert.NoError(t, far.Reply("again")) // vanishes
	// One that comes back is answered where it came from.
	call = kista.Begin(context.Background(), srv, "ask")
	assert.NoError(t, carryWith(t, ba, <-helper).Reply("at home"))
	v, err = call.WaitFor(context.Background(), kista.NoTimeout)
	assert.NoError(t, err)
	assert.Equal(t, v, any("at home"))
}

func TestDiedTellsEverybodyWhy(t *testing.T) {
	a, b := node(t), node(t)
	ab, _ := wired(t, a, b)
	silent := serve(t, b, counter{handle: func(*kista.Self, any) error { return nil }})
	far := ab.from.Proxy(mustNumber(t, ab, silent))
	call := kista.Begin(context.Background(), far, "wait")
	within(t, a, func(s *kista.Self) {
		s.TrapExits(true)
		assert.NoError(t, s.Link(far))
		ref := s.Monitor(far)
		ab.from.Died(errBoom)
		for range 2 {
			switch m, _ := s.Receive(); m := m.(type) {
			case kista.Exited:
				assert.True(t, m.PID == far && errors.Is(m.Reason, errBoom), "%v", m)
			case kista.Down:
				assert.True(t, m.Ref == ref && m.Addr == kista.Addr(far) && errors.Is(m.Reason, errBoom), "%v", m)
			}
		}
		assert.NoError(t, s.Send(far, "to nobody"))
		assert.Equal(t, s.Monitor(far).IsZero(), false)
		d, err := kista.Receive[kista.Down](s)
		assert.NoError(t, err)
		assert.Equal(t, d.Reason, kista.ErrNoProcess)
	})
	_, err := call.WaitFor(context.Background(), kista.NoTimeout)
	assert.ErrorIs(t, err, errBoom)
	assert.ErrorIs(t, kista.Send(a.Remote("b", "x"), 1), kista.ErrNoConnection)
}

// mustNumber is the number by which the other node knows a process of w's receiver.
func mustNumber(t *testing.T, w *wire, pid kista.PID) uint64 {
	t.Helper()
	id, err := w.to.Export(pid)
	assert.NoError(t, err)
	return id.Number
}

func TestWhatACarrierRefusesIsTheSendersToKnow(t *testing.T) {
	a, b := node(t), node(t)
	ab, ba := wired(t, a, b)
	srv := serve(t, b, counter{handle: func(_ *kista.Self, msg any) error { return msg.(kista.Request).From.Reply("x") }})
	far := ab.from.Proxy(mustNumber(t, ab, srv))
	full := &kista.MailboxFullError{PID: far, Messages: 3, Bytes: 4}
	ab.refuse = func(s kista.Signal) error {
		if s.Msg == any("too much") {
			return full
		}
		return nil
	}
	assert.Equal(t, kista.Send(far, "too much"), error(full))
	_, err := kista.Call(context.Background(), far, "too much")
	assert.ErrorAs[*kista.MailboxFullError](t, err)
	v, err := kista.Call(context.Background(), far, "ask") // the connection stands
	assert.NoError(t, err)
	assert.Equal(t, v, any("x"))
	// An answer that cannot be carried is one that says so.
	ba.refuse = func(s kista.Signal) error {
		if s.Kind == kista.SignalReply && s.Msg != nil {
			return &kista.DataError{Type: "string", Why: "it is no good"}
		}
		return nil
	}
	_, err = kista.Call(context.Background(), far, "ask")
	var data *kista.DataError
	assert.True(t, errors.As(err, &data) && data.Why == "it is no good", "%v", err)
}
