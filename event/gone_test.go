package event_test

import (
	"os"
	"testing"
	"testing/synctest"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/event"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/kistatest"
)

func TestS163_AFailingHandlerGoesAlone(t *testing.T) {
	for _, tc := range []struct {
		how  string
		want error
	}{{"error", errBoom}, {"panic", errBoom}, {"goexit", kista.ErrGoexit}, {"crash", errBoom}} {
		t.Run(tc.how, func(t *testing.T) {
			kistatest.Bubble(t, func(t *testing.T, n *kista.Node, log *kistatest.Log) {
				j := new(journal)
				var why event.Leaving
				middle := func(h *hand) {
					h.end = func(_ *event.Ctx, w event.Leaving) any { why = w; return nil }
				}
				good := func(h *hand) {
					h.what = map[string]func(*event.Ctx) error{tc.how: func(*event.Ctx) error { return nil }}
				}
				m := manager(t, n, j.hand("a", good), j.hand("b", middle), j.hand("c", good))
				assert.NoError(t, event.Notify(m, do{tc.how}))
				got := j.take()
				assert.Equal(t, len(got), 4)
				assert.Equal(t, got[0], "c event {"+tc.how+"}")
				assert.Equal(t, got[1], "b event {"+tc.how+"}")
				assert.Equal(t, got[3], "a event {"+tc.how+"}") // after b has terminated
				assert.Equal(t, why.Cause, event.Failed)
				assert.ErrorIs(t, why.Reason, tc.want)
				assert.Equal(t, which(t, m), "[c a]")

				assert.Equal(t, log.Messages(), []string{"event handler terminates"})
				attrs := log.Attrs("event handler terminates")
				assert.Equal(t, attrs["handler"]+" "+attrs["last_event"]+" "+attrs["pid"], "b event_test.do "+m.String())
				assert.True(t, attrs["reason"] != "", "no reason")
				assert.Equal(t, attrs["stack"] != "", tc.how == "panic")
			})
		})
	}
}

// What the handler says of its state is logged, and nothing else of it.
func TestS163_TheReportShowsWhatTheHandlerSays(t *testing.T) {
	type secret struct{ Password string }
	m := new(event.Mux[secret])
	event.OnEvent(m, func(_ *event.Ctx, s *secret, what string) error { return outcomes[what]() })
	open := func(*event.Ctx, int) (*secret, error) { return &secret{"hunter2"}, nil }
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, log *kistatest.Log) {
		pid := manager(t, n, event.New(id("a"), event.Of(m, open), 0))
		assert.NoError(t, event.Notify(pid, "error"))
		synctest.Wait()
		assert.Equal(t, log.Attrs("event handler terminates"), map[string]string{
			"report": "terminate", "node": "test", "pid": pid.String(), "handler": "a", "reason": "boom", "last_event": "string",
		})
	})
	event.OnReport(m, func(s *secret) string { return "a password of " + string(rune('0'+len(s.Password))) })
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, log *kistatest.Log) {
		pid := manager(t, n, event.New(id("a"), event.Of(m, open), 0))
		assert.NoError(t, event.Notify(pid, "error"))
		synctest.Wait()
		assert.Equal(t, log.Attrs("event handler terminates")["state"], "a password of 7")
	})
}

func TestS164_RemoveAndDelete(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, log *kistatest.Log) {
		j := new(journal)
		m := manager(t, n, j.hand("a"), j.hand("b"), j.hand("c"))
		assert.NoError(t, event.Notify(m, "x"))
		j.take()

		// What Terminate returns for the arguments comes back.
		v, err := event.Delete(t.Context(), m, id("b"), []string{"why"})
		assert.NoError(t, err)
		assert.Equal(t, v, any(1))
		assert.Equal(t, j.take(), []string{"b leaves: deleted [why] <nil> "})
		_, err = event.Delete(t.Context(), m, id("b"), nil)
		assert.ErrorIs(t, err, event.ErrNoHandler)
		assert.Equal(t, assert.ErrorAs[*event.HandlerError](t, err).Op, "delete")

		// A handler that goes by itself, with an answer and without.
		v, err = event.Call(t.Context(), m, id("c"), ask{What: "remove"})
		assert.NoError(t, err)
		assert.Equal(t, v, any("c says remove"))
		assert.Equal(t, j.take(), []string{"c call remove", "c leaves: removed <nil> <nil> "})
		assert.NoError(t, event.Notify(m, do{"remove"}))
		assert.Equal(t, j.take(), []string{"a event {remove}", "a leaves: removed <nil> <nil> "})
		assert.Equal(t, which(t, m), "[]")
		assert.NoError(t, event.Add(t.Context(), m, j.hand("d")))
		assert.NoError(t, kista.Send(m, do{"remove"}))
		assert.Equal(t, which(t, m), "[]")
		synctest.Wait()
		assert.Equal(t, log.Messages(), nil) // all in order
	})
}

func TestS164_DeleteOfOneThatDoesNotTerminate(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, log *kistatest.Log) {
		j := new(journal)
		m := manager(t, n)
		for how, want := range map[string]error{"panic": errBoom, "goexit": kista.ErrGoexit} {
			assert.NoError(t, event.Add(t.Context(), m, j.hand("a", func(h *hand) {
				h.end = func(*event.Ctx, event.Leaving) any { return outcomes[how]() }
			})))
			_, err := event.Delete(t.Context(), m, id("a"), nil)
			assert.ErrorIs(t, assert.ErrorAs[*event.HandlerError](t, err), want)
			assert.Equal(t, which(t, m), "[]")
		}
		synctest.Wait()
		assert.Equal(t, log.Attrs("event handler does not terminate in order")["cause"], "deleted")

		assert.NoError(t, event.Add(t.Context(), m, j.hand("a", func(h *hand) {
			h.end = func(*event.Ctx, event.Leaving) any { return make(chan int) }
		})))
		_, err := event.Delete(t.Context(), m, id("a"), nil)
		assert.ErrorAs[*kista.DataError](t, err)
		assert.Equal(t, which(t, m), "[]")
	})
}

func TestS165_Swap(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		j := new(journal)
		m := manager(t, n, j.hand("a"), j.hand("b"), j.hand("c"))
		assert.NoError(t, event.Notify(m, 1))
		j.take()
		assert.NoError(t, event.Swap(t.Context(), m, id("a"), "bye", j.hand("new")))
		assert.Equal(t, j.take(), []string{"a leaves: swapped bye <nil> new", "new inherits 1 <nil> of a"})
		assert.Equal(t, which(t, m), "[new c b]") // the newest now

		// An unknown one is no hindrance.
		assert.NoError(t, event.Swap(t.Context(), m, id("x"), "bye", j.hand("newer")))
		assert.Equal(t, j.take(), []string{"newer inherits <nil> event: no such handler of x"})
		assert.Equal(t, which(t, m), "[newer new c b]")

		// Nor is one whose Terminate fails.
		assert.NoError(t, event.Add(t.Context(), m, j.hand("d", func(h *hand) {
			h.end = func(*event.Ctx, event.Leaving) any { panic(errBoom) }
		})))
		assert.NoError(t, event.Swap(t.Context(), m, id("d"), nil, j.hand("e")))
		assert.Equal(t, j.take(), []string{"d leaves: swapped <nil> <nil> e", "e inherits <nil> kista: panic: boom of d"})

		// If the new one is not made, both are gone.
		fails := func(*event.Ctx, int) (event.Handler, error) { return nil, errBoom }
		err := event.Swap(t.Context(), m, id("e"), nil, event.New(id("f"), fails, 0))
		assert.ErrorIs(t, err, errBoom)
		assert.Equal(t, assert.ErrorAs[*event.HandlerError](t, err).Op, "swap")
		assert.Equal(t, which(t, m), "[newer new c b]")

		assert.ErrorAs[*kista.DataError](t, event.Swap(t.Context(), m, id("b"), make(chan int), j.hand("f")))
		assert.Equal(t, which(t, m), "[newer new c b]")
	})
}

// The state goes over as it is: also what is no data, for both live in one process.
func TestS165_Inherit(t *testing.T) {
	type file struct{ f *os.File }
	m := new(event.Mux[file])
	event.OnTerminate(m, func(_ *event.Ctx, s *file, why event.Leaving) any {
		if why.Cause == event.Swapped {
			return s.f
		}
		return nil
	})
	var seen []*os.File
	open := func(c *event.Ctx, _ int) (*file, error) {
		f, ok := event.Inherit[*os.File](c)
		if !ok {
			f = os.Stdout
		}
		if _, is := event.Inherit[string](c); is {
			return nil, errOther
		}
		seen = append(seen, f)
		return &file{f}, nil
	}
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		spec := event.New(id("a"), event.Of(m, open), 0)
		pid := manager(t, n, spec)
		assert.NoError(t, event.Swap(t.Context(), pid, id("a"), nil, spec))
		assert.True(t, len(seen) == 2 && seen[0] == seen[1], "seen %v", seen)
	})
}

func TestS166_AHandlerSwapsItself(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, log *kistatest.Log) {
		j := new(journal)
		swaps := func(h *hand) {
			h.what = map[string]func(*event.Ctx) error{
				"swap": func(*event.Ctx) error { return event.SwapFor("args", j.hand("new")) },
				"fail": func(*event.Ctx) error {
					return event.SwapFor("args", event.New(id("new"), func(*event.Ctx, int) (event.Handler, error) { return nil, errBoom }, 0))
				},
			}
		}
		m := manager(t, n, j.hand("a"), j.hand("b", swaps), j.hand("c"))
		assert.NoError(t, event.Notify(m, do{"swap"}))
		assert.Equal(t, j.take(), []string{
			"c event {swap}",
			"b event {swap}", "b leaves: swapped args <nil> new", "new inherits 1 <nil> of b", // which does not get the event
			"a event {swap}",
		})
		assert.Equal(t, which(t, m), "[c new a]") // in its place

		// With an answer.
		assert.NoError(t, event.Add(t.Context(), m, j.hand("d", swaps)))
		v, err := event.Call(t.Context(), m, id("d"), ask{What: "swap"})
		assert.NoError(t, err)
		assert.Equal(t, v, any("d says swap"))
		assert.Equal(t, which(t, m), "[new c new a]")

		// The new one is not made: both are gone, and it is told.
		assert.NoError(t, event.Add(t.Context(), m, j.hand("e", swaps)))
		v, err = event.Call(t.Context(), m, id("e"), ask{What: "fail"})
		assert.NoError(t, err)
		assert.Equal(t, v, any("e says fail"))
		assert.Equal(t, which(t, m), "[new c new a]")
		synctest.Wait()
		assert.Equal(t, log.Attrs("event handler terminates")["handler"], "new")
	})
}
