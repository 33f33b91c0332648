package checked_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/contract/checked"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/supervisor"
	"github.com/kista-go/kista/sys"
	"github.com/kista-go/kista/term"
)

// A supervisor stops the box through the address, in order, and starts both again when the box has failed.
func TestSupervised(t *testing.T) {
	in(t, func(t *testing.T, node *kista.Node) {
		stopped := make(chan error, 10)
		starts := make(chan kista.PID, 10)
		behind := kista.BodyProgram(kista.SpawnOpts{TrapExits: true}, true, func(s *kista.Self) error {
			starts <- s.PID()
			if err := s.Started(); err != nil {
				return err
			}
			for {
				msg, err := s.Receive()
				if err != nil {
					return err
				}
				switch m := msg.(type) {
				case kista.Exited:
					stopped <- m.Reason
					return m.Reason
				case kista.Request:
					return errFail
				}
			}
		})
		sup, err := supervisor.Start(t.Context(), node, supervisor.Spec{Children: []supervisor.Child{{
			ID: "lamp", Start: checked.Program(checked.Spec{Contract: checker(t), Behind: behind, Opts: kista.SpawnOpts{Name: "lamp"}}),
		}}}, supervisor.Opts{})
		assert.NoError(t, err)
		first := <-starts
		_, err = kista.Call(t.Context(), node.Name("lamp"), term.Atom("on"))
		assert.ErrorIs(t, err, errFail)
		second := <-starts
		assert.True(t, first != second, "the same box again")
		synctest.Wait()
		assert.Equal(t, len(starts), 0)
		assert.NoError(t, sys.Terminate(t.Context(), sup, kista.ErrShutdown))
		assert.ErrorIs(t, <-stopped, kista.ErrShutdown)
	})
}

// A box that does not end when it is told to is killed once its time is over, and the address is gone then.
func TestStubbornBox(t *testing.T) {
	in(t, func(t *testing.T, node *kista.Node) {
		b, err := node.SpawnWith(kista.SpawnOpts{TrapExits: true}, func(s *kista.Self) error {
			for {
				if _, err := s.Receive(); err != nil {
					return err
				}
			}
		})
		assert.NoError(t, err)
		begin := time.Now()
		_, err = supervisor.Start(t.Context(), node, supervisor.Spec{Children: []supervisor.Child{{
			ID: "lamp", Shutdown: time.Second, Start: checked.Program(checked.Spec{Contract: checker(t), Box: b}),
		}}}, supervisor.Opts{})
		assert.NoError(t, err)
		gone := make(chan error, 1)
		go func() {
			reason, _ := kista.Wait(context.Background(), b)
			gone <- reason
		}()
		synctest.Wait()
		assert.NoError(t, node.Stop(t.Context()))
		assert.True(t, kista.Abnormal(<-gone), "it ended by itself")
		assert.True(t, time.Since(begin) < time.Minute, "it took %v", time.Since(begin))
	})
}

// While the box thinks, signals reach it, and who waits for his turn is told why there will be none.
func TestExitDuringCall(t *testing.T) {
	in(t, func(t *testing.T, node *kista.Node) {
		asked := make(chan struct{})
		b := node.Spawn(func(s *kista.Self) error {
			if _, err := kista.Receive[kista.Request](s); err != nil {
				return err
			}
			close(asked)
			<-s.Done() // a call of its own, say, that takes for ever
			return context.Cause(s)
		})
		pid, err := checked.Start(t.Context(), node, checked.Spec{Contract: checker(t), Box: b})
		assert.NoError(t, err)
		first := kista.Begin(t.Context(), pid, term.Atom("on"))
		second := kista.Begin(t.Context(), pid, term.Atom("off"))
		<-asked
		synctest.Wait()
		assert.NoError(t, kista.Exit(pid, errFail))
		for _, c := range []*kista.Pending{first, second} {
			_, err := c.Wait(t.Context())
			assert.ErrorIs(t, err, errFail)
		}
	})
}

// What waits for its turn counts as what waits in the mailbox, which has a limit.
func TestWaitingIsLimited(t *testing.T) {
	in(t, func(t *testing.T, node *kista.Node) {
		b := node.Spawn(func(s *kista.Self) error { // it never answers
			for {
				if _, err := s.Receive(); err != nil {
					return err
				}
			}
		})
		pid, err := checked.Start(t.Context(), node, checked.Spec{
			Contract: checker(t), Box: b, Opts: kista.SpawnOpts{Mailbox: kista.MailboxLimit{Messages: 10}},
		})
		assert.NoError(t, err)
		refused := 0
		for range 100 {
			if err := kista.Send(pid, term.Tuple{term.Atom("poke"), term.Atom("it")}); err != nil {
				assert.ErrorAs[*kista.MailboxFullError](t, err)
				refused++
			}
			kista.Begin(t.Context(), pid, term.Atom("on"))
			synctest.Wait()
		}
		assert.True(t, refused > 80, "only %d of 100 events were refused", refused)
	})
}

// Two contracts before one box: addresses can be chained.
func TestChain(t *testing.T) {
	in(t, func(t *testing.T, node *kista.Node) {
		heard := make(chan any, 10)
		b := node.Spawn(box(heard))
		inner, err := checked.Start(t.Context(), node, checked.Spec{Contract: checker(t), Box: b})
		assert.NoError(t, err)
		outer, err := checked.Start(t.Context(), node, checked.Spec{Contract: checker(t), Box: inner})
		assert.NoError(t, err)
		got, err := kista.Call(t.Context(), outer, term.Atom("on"))
		assert.NoError(t, err)
		assert.Equal(t, got, any(term.Atom("ok")))
		gone := make(chan error, 1)
		go func() {
			reason, _ := kista.Wait(context.Background(), outer)
			gone <- reason
		}()
		synctest.Wait()
		assert.NoError(t, kista.Exit(b, errFail))
		assert.ErrorIs(t, <-gone, errFail)
	})
}
