package checked_test

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/contract"
	"github.com/kista-go/kista/contract/checked"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/term"
)

// Many clients at once, who ask what is allowed and what is not, and one who ends the box at any moment: every call ends, with a reply that
// the contract allows, a violation of the client, or the reason of the box; and the box never sees what is not allowed.
func TestHammer(t *testing.T) {
	rounds := 50
	if testing.Short() {
		rounds = 5
	}
	node, err := kista.Start(kista.Config{Logger: slog.New(slog.DiscardHandler)})
	assert.NoError(t, err)
	defer func() { assert.NoError(t, node.Stop(context.Background())) }()
	var good, refused, ended atomic.Int64
	for round := range rounds {
		var lit atomic.Bool // what the box knows; the contract says when it may change
		b := node.Spawn(func(s *kista.Self) error {
			for {
				r, err := kista.Receive[kista.Request](s)
				if err != nil {
					return err
				}
				on := r.Msg == term.Atom("on")
				if lit.Swap(on) == on {
					t.Errorf("round %d: the box is asked for %v twice", round, r.Msg)
				}
				var reply any = term.Atom("ok")
				if !on {
					reply = term.Tuple{term.Atom("burned"), 1}
				}
				if err := r.From.Reply(reply); err != nil {
					return err
				}
			}
		})
		pid, err := checked.Start(t.Context(), node, checked.Spec{Contract: checker(t), Box: b})
		assert.NoError(t, err)
		over := make(chan error, 1)
		watching := make(chan struct{})
		node.Spawn(func(s *kista.Self) error {
			s.Monitor(pid)
			close(watching)
			d, err := kista.Receive[kista.Down](s)
			over <- d.Reason
			return err
		})
		<-watching
		var clients sync.WaitGroup
		end := rand.IntN(8 * 50)
		var calls atomic.Int64
		for range 8 {
			clients.Go(func() {
				for range 50 {
					if calls.Add(1) == int64(end) {
						if err := kista.Exit([]kista.PID{pid, b}[end%2], errFail); err != nil {
							t.Error(err)
						}
					}
					got, err := kista.Call(t.Context(), pid, []term.Term{term.Atom("on"), term.Atom("off")}[rand.IntN(2)])
					var v *contract.Violation
					switch {
					case err == nil && (got == term.Atom("ok") || term.Format(got) == "{burned,1}"):
						good.Add(1)
					case errors.As(err, &v) && v.Blame == contract.Client:
						refused.Add(1)
					case errors.Is(err, errFail) || errors.Is(err, kista.ErrNoProcess):
						ended.Add(1)
					default:
						t.Errorf("round %d: %v, %v", round, got, err)
					}
				}
			})
		}
		clients.Wait()
		if end == 0 {
			assert.NoError(t, kista.Exit(b, errFail))
		}
		assert.ErrorIs(t, <-over, errFail)
	}
	assert.True(t, good.Load() > 0 && refused.Load() > 0 && ended.Load() > 0, "good %d, refused %d, ended %d", good.Load(), refused.Load(), ended.Load())
	t.Logf("good %d, refused %d, ended %d", good.Load(), refused.Load(), ended.Load())
}
