package checked_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/contract"
	"github.com/kista-go/kista/contract/checked"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/term"
)

const lamp = `+NAME("lamp").
+VSN("1.0").
+TYPES
on() :: on;
off() :: off;
ok() :: ok;
burned() :: {burned, non_neg_integer()};
tick() :: {tick, integer()};
poke() :: {poke, atom()}.
+STATE dark
    on() => ok() & bright;
    EVENT => tick();
    EVENT <= poke().
+STATE bright
    off() => burned() & dark;
    EVENT => tick();
    EVENT <= poke().
`

func checker(t *testing.T) *contract.Checker {
	t.Helper()
	c, err := contract.Parse("lamp.con", []byte(lamp))
	assert.NoError(t, err)
	k, err := contract.Compile(c)
	assert.NoError(t, err)
	return k
}

// in runs a test with a node, in a bubble.
func in(t *testing.T, do func(t *testing.T, node *kista.Node)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		node, err := kista.Start(kista.Config{Logger: slog.New(slog.DiscardHandler)})
		assert.NoError(t, err)
		do(t, node)
		assert.NoError(t, node.Stop(context.Background()))
	})
}

// box is a lamp that tells of everything that reaches it, and does what it is told: errFail ends it.
func box(heard chan<- any) kista.Body {
	return func(s *kista.Self) error {
		times := 0
		for {
			msg, err := s.Receive()
			if err != nil {
				return err
			}
			r, call := msg.(kista.Request)
			if !call {
				heard <- msg
				continue
			}
			heard <- r.Msg
			switch r.Msg {
			case term.Atom("on"):
				times++
				err = r.From.Reply(term.Atom("ok"))
			default:
				err = r.From.Reply(term.Tuple{term.Atom("burned"), times})
			}
			if err != nil {
				return err
			}
		}
	}
}

var errFail = errors.New("the bulb is broken")

func init() { kista.RegisterError(errFail) }

// What the contract does not allow does not reach the box, and what it allows does.
func TestRequests(t *testing.T) {
	in(t, func(t *testing.T, node *kista.Node) {
		ctx := t.Context()
		heard := make(chan any, 10)
		pid, err := checked.Start(ctx, node, checked.Spec{Contract: checker(t), Box: node.Spawn(box(heard))})
		assert.NoError(t, err)
		_, err = kista.Call(ctx, pid, term.Atom("off"))
		v := assert.ErrorAs[*contract.Violation](t, err)
		assert.Equal(t, v.Blame, contract.Client)
		assert.Equal(t, v.State, term.Atom("dark"))
		got, err := kista.Call(ctx, pid, term.Atom("on"))
		assert.NoError(t, err)
		assert.Equal(t, got, any(term.Atom("ok")))
		got, err = kista.Call(ctx, pid, term.Atom("off"))
		assert.NoError(t, err)
		assert.Equal(t, term.Format(got), "{burned,1}")
		_, err = kista.Call(ctx, pid, func() {})
		assert.ErrorAs[*kista.DataError](t, err)
		assert.NoError(t, kista.Send(pid, term.Tuple{term.Atom("poke"), 1})) // no event of the contract
		assert.NoError(t, kista.Send(pid, term.Tuple{term.Atom("poke"), term.Atom("it")}))
		assert.NoError(t, kista.Send(pid, kista.Casted{Msg: term.Atom("no")}))
		assert.NoError(t, kista.Send(pid, kista.Casted{Msg: term.Tuple{term.Atom("poke"), term.Atom("too")}}))
		for _, want := range []string{"on", "off", "{poke,it}"} {
			assert.Equal(t, term.Format(<-heard), want)
		}
		cast, is := (<-heard).(kista.Casted)
		assert.True(t, is, "a cast arrives as something else")
		assert.Equal(t, term.Format(cast.Msg), "{poke,too}")
		synctest.Wait()
		assert.Equal(t, len(heard), 0)
	})
}

// A box that breaks the contract ends, and whoever waits hears why.
func TestBoxBreaksContract(t *testing.T) {
	in(t, func(t *testing.T, node *kista.Node) {
		ctx := t.Context()
		bad := node.Spawn(func(s *kista.Self) error {
			r, err := kista.Receive[kista.Request](s)
			if err != nil {
				return err
			}
			_ = r.From.Reply(checked.Reply{Reply: term.Atom("ok"), State: "dark"})
			_, err = s.Receive()
			return err
		})
		pid, err := checked.Start(ctx, node, checked.Spec{Contract: checker(t), Box: bad})
		assert.NoError(t, err)
		_, err = kista.Call(ctx, pid, term.Atom("on"))
		v := assert.ErrorAs[*contract.Violation](t, err)
		assert.Equal(t, v.Blame, contract.Server)
		assert.Equal(t, v.Next, term.Atom("dark"))
		for _, p := range []kista.PID{pid, bad} {
			reason, err := kista.Wait(ctx, p)
			assert.NoError(t, err)
			if !errors.Is(reason, kista.ErrNoProcess) { // it was gone before we asked
				v := assert.ErrorAs[*contract.Violation](t, reason)
				assert.Equal(t, v.Blame, contract.Server)
			}
		}
	})
}

// Everything that the box has sent before its end arrives, and then the end, with its reason; also at who waits for an answer, and
// at who still waits for his turn.
func TestDrains(t *testing.T) {
	in(t, func(t *testing.T, node *kista.Node) {
		const events = 100
		got := make(chan any, events+1)
		client := node.Spawn(func(s *kista.Self) error {
			for {
				msg, err := s.Receive()
				if err != nil {
					return err
				}
				if to, is := msg.(kista.PID); is {
					s.Monitor(to)
					continue
				}
				got <- msg
			}
		})
		pid, err := checked.Start(t.Context(), node, checked.Spec{Contract: checker(t), Client: client, Behind: kista.BodyProgram(kista.SpawnOpts{}, false, func(s *kista.Self) error {
			r, err := kista.Receive[kista.Request](s)
			if err != nil {
				return err
			}
			for i := range events {
				if err := s.Send(r.From.PID(), term.Tuple{term.Atom("tick"), i}); err != nil {
					return err
				}
			}
			return errFail
		})})
		assert.NoError(t, err)
		assert.NoError(t, kista.Send(client, pid))
		synctest.Wait()
		first := kista.Begin(t.Context(), pid, term.Atom("on"))
		second := kista.Begin(t.Context(), pid, term.Atom("off"))
		for _, c := range []*kista.Pending{first, second} {
			_, err := c.Wait(t.Context())
			assert.ErrorIs(t, err, errFail)
		}
		for i := range events {
			assert.Equal(t, term.Format(<-got), term.Format(term.Tuple{term.Atom("tick"), i}))
		}
		down, is := (<-got).(kista.Down)
		assert.True(t, is, "no DOWN")
		assert.ErrorIs(t, down.Reason, errFail)
	})
}

// Exits and links of clients are the box's matter, and come in order behind what was sent before.
func TestSignals(t *testing.T) {
	ends := func(t *testing.T, pid kista.PID) error {
		t.Helper()
		reason, err := kista.Wait(t.Context(), pid)
		assert.NoError(t, err)
		return reason
	}
	t.Run("exit", func(t *testing.T) {
		in(t, func(t *testing.T, node *kista.Node) {
			heard := make(chan any, 10)
			b, err := node.SpawnWith(kista.SpawnOpts{TrapExits: true}, box(heard))
			assert.NoError(t, err)
			pid, err := checked.Start(t.Context(), node, checked.Spec{Contract: checker(t), Box: b})
			assert.NoError(t, err)
			assert.NoError(t, kista.Send(pid, term.Tuple{term.Atom("poke"), term.Atom("it")}))
			assert.NoError(t, kista.Exit(pid, errFail))
			assert.Equal(t, term.Format(<-heard), "{poke,it}")
			e, is := (<-heard).(kista.Exited)
			assert.True(t, is, "no exit")
			assert.ErrorIs(t, e.Reason, errFail)
			got, err := kista.Call(t.Context(), pid, term.Atom("on")) // it traps, so both live
			assert.NoError(t, err)
			assert.Equal(t, got, any(term.Atom("ok")))
		})
	})
	t.Run("link", func(t *testing.T) {
		in(t, func(t *testing.T, node *kista.Node) {
			b := node.Spawn(box(make(chan any, 10)))
			pid, err := checked.Start(t.Context(), node, checked.Spec{Contract: checker(t), Box: b})
			assert.NoError(t, err)
			other := make(chan error, 1)
			node.Spawn(func(s *kista.Self) error {
				s.TrapExits(true)
				if err := s.Link(pid); err != nil {
					return err
				}
				e, err := kista.Receive[kista.Exited](s)
				other <- e.Reason
				return err
			})
			synctest.Wait()
			node.Spawn(func(s *kista.Self) error {
				if err := s.Link(pid); err != nil {
					return err
				}
				return errFail
			})
			assert.ErrorIs(t, <-other, errFail) // through the box, and back to the other one
		})
	})
	t.Run("kill", func(t *testing.T) {
		in(t, func(t *testing.T, node *kista.Node) {
			b, err := node.SpawnWith(kista.SpawnOpts{TrapExits: true}, box(make(chan any, 10)))
			assert.NoError(t, err)
			pid, err := checked.Start(t.Context(), node, checked.Spec{Contract: checker(t), Box: b})
			assert.NoError(t, err)
			synctest.Wait()
			gone := make(chan error, 1)
			go func() { gone <- ends(t, b) }()
			synctest.Wait()
			assert.NoError(t, kista.Exit(pid, kista.Kill))
			assert.ErrorIs(t, <-gone, kista.ErrKilled)
		})
	})
	t.Run("normal end", func(t *testing.T) {
		in(t, func(t *testing.T, node *kista.Node) {
			b := node.Spawn(func(s *kista.Self) error { _, err := s.Receive(); return err })
			pid, err := checked.Start(t.Context(), node, checked.Spec{Contract: checker(t), Box: b})
			assert.NoError(t, err)
			gone := make(chan error, 1)
			go func() { gone <- ends(t, pid) }()
			synctest.Wait()
			assert.NoError(t, kista.Send(pid, term.Tuple{term.Atom("poke"), term.Atom("it")}))
			assert.NoError(t, <-gone)
		})
	})
}

// One request is with the box at a time, whoever asks; the others wait for the state that it leads to.
func TestTurns(t *testing.T) {
	in(t, func(t *testing.T, node *kista.Node) {
		heard := make(chan any, 1000)
		pid, err := checked.Start(t.Context(), node, checked.Spec{Contract: checker(t), Box: node.Spawn(box(heard))})
		assert.NoError(t, err)
		var calls []*kista.Pending
		for i := range 200 {
			calls = append(calls, kista.Begin(t.Context(), pid, []term.Term{term.Atom("on"), term.Atom("off")}[i%2]))
		}
		for i, c := range calls {
			got, err := c.Wait(t.Context())
			assert.NoError(t, err)
			want := "ok"
			if i%2 == 1 {
				want = term.Format(term.Tuple{term.Atom("burned"), i/2 + 1})
			}
			assert.Equal(t, term.Format(got), want)
		}
		assert.Equal(t, len(heard), 200)
	})
}

func TestStarts(t *testing.T) {
	in(t, func(t *testing.T, node *kista.Node) {
		_, err := checked.Start(t.Context(), node, checked.Spec{Contract: checker(t)})
		assert.ErrorIs(t, err, checked.ErrSpec)
		_, err = checked.Start(t.Context(), node, checked.Spec{Contract: checker(t), Behind: kista.BodyProgram(kista.SpawnOpts{}, true, func(*kista.Self) error { return errFail })})
		assert.ErrorIs(t, err, errFail)
		gone := node.Spawn(func(*kista.Self) error { return nil })
		synctest.Wait()
		pid, err := checked.Start(t.Context(), node, checked.Spec{Contract: checker(t), Box: gone})
		assert.NoError(t, err)
		_, err = kista.Call(t.Context(), pid, term.Atom("on"))
		assert.ErrorIs(t, err, kista.ErrNoProcess)
	})
}
