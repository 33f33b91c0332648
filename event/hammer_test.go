package event_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/event"
	"github.com/kista-go/kista/internal/assert"
)

// Many goroutines do everything to one manager at once, with owners that are
// killed, and handlers that fail. Every handler that was made has terminated once
// in the end, everybody was answered, and nothing is left.
func TestHammer(t *testing.T) {
	rounds := 400
	if testing.Short() {
		rounds = 50
	}
	n, err := kista.Start(kista.Config{Logger: quiet})
	assert.NoError(t, err)
	m := manager(t, n)
	var made, ended, answered atomic.Int64
	factory := func(*event.Ctx, int) (event.Handler, error) {
		made.Add(1)
		return &counted{ended: &ended}, nil
	}
	spec := func(i int) event.Spec { return event.New(id(fmt.Sprint(i)), factory, 0) }
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(1, uint64(g)))
			for range rounds {
				i, k := r.IntN(6), r.IntN(6)
				switch r.IntN(9) {
				case 0, 1:
					assert.NoError(t, event.Add(context.Background(), m, spec(i)))
				case 2:
					_, _ = event.Delete(context.Background(), m, id(fmt.Sprint(i)), nil)
				case 3:
					assert.NoError(t, event.Swap(context.Background(), m, id(fmt.Sprint(i)), nil, spec(k)))
				case 4:
					if _, err := event.Call(context.Background(), m, id(fmt.Sprint(i)), count{}); err == nil {
						answered.Add(1)
					}
				case 5:
					assert.NoError(t, event.Notify(m, outcomeNames[r.IntN(len(outcomeNames))]))
				case 6:
					assert.NoError(t, kista.Send(m, "hello"))
				case 7:
					assert.NoError(t, event.SyncNotify(context.Background(), m, "hello"))
				case 8:
					owner := n.Spawn(func(s *kista.Self) error {
						if err := event.AddSup(s, m, spec(i)); err != nil {
							return err
						}
						_, err := kista.Receive[event.HandlerExited](s)
						return err
					})
					if r.IntN(2) == 0 {
						assert.NoError(t, kista.Exit(owner, kista.Kill))
					}
				}
			}
		})
	}
	wg.Wait()
	assert.NoError(t, event.Shutdown(context.Background(), m, nil))
	assert.Equal(t, ended.Load(), made.Load())
	assert.True(t, made.Load() > 100 && answered.Load() > 0, "%d made, %d answered", made.Load(), answered.Load())
	assert.NoError(t, n.Stop(context.Background()))
	s := n.Stats()
	assert.True(t, s.Processes == 0 && s.Executions == 0 && s.Zombies == 0 && s.Timers == 0, "after stop: %+v", s)
}

var outcomeNames = []string{"ok", "ok", "ok", "ok", "error", "panic", "goexit", "remove"}

// counted is a handler that does what an event says, and counts its end.
type counted struct{ ended *atomic.Int64 }

func (h *counted) HandleEvent(_ *event.Ctx, ev any) error {
	if f := outcomes[ev.(string)]; f != nil {
		return f()
	}
	return nil
}

func (h *counted) HandleCall(*event.Ctx, any) (any, error) { return 1, nil }
func (h *counted) HandleInfo(*event.Ctx, any) error        { return nil }
func (h *counted) Terminate(*event.Ctx, event.Leaving) any { h.ended.Add(1); return nil }
