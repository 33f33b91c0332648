package event_test

import (
	"context"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/event"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/supervisor"
)

func TestS163_AFailingHandlerGoesAlone(t *testing.T) {
	for _, tc := range []struct {
		how  string
		want error
	}{{"error", errBoom}, {"panic", errBoom}, {"goexit", kista.ErrGoexit}, {"crash", errBoom}} {
		t.Run(tc.how, func(t *testing.T) {
			bubble(t, func(t *testing.T, n *kista.Node, log *records) {
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

				assert.Equal(t, log.messages(), []string{"event handler terminates"})
				attrs := log.attrs(t, "event handler terminates")
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
	bubble(t, func(t *testing.T, n *kista.Node, log *records) {
		pid := manager(t, n, event.New(id("a"), event.Of(m, open), 0))
		assert.NoError(t, event.Notify(pid, "error"))
		synctest.Wait()
		assert.Equal(t, log.attrs(t, "event handler terminates"), map[string]string{
			"node": "a", "pid": pid.String(), "handler": "a", "reason": "boom", "last_event": "string",
		})
	})
	event.OnReport(m, func(s *secret) string { return "a password of " + string(rune('0'+len(s.Password))) })
	bubble(t, func(t *testing.T, n *kista.Node, log *records) {
		pid := manager(t, n, event.New(id("a"), event.Of(m, open), 0))
		assert.NoError(t, event.Notify(pid, "error"))
		synctest.Wait()
		assert.Equal(t, log.attrs(t, "event handler terminates")["state"], "a password of 7")
	})
}

func TestS164_RemoveAndDelete(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node, log *records) {
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
		assert.Equal(t, log.messages(), nil) // all in order
	})
}

func TestS164_DeleteOfOneThatDoesNotTerminate(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node, log *records) {
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
		assert.Equal(t, log.attrs(t, "event handler does not terminate in order")["cause"], "deleted")

		assert.NoError(t, event.Add(t.Context(), m, j.hand("a", func(h *hand) {
			h.end = func(*event.Ctx, event.Leaving) any { return make(chan int) }
		})))
		_, err := event.Delete(t.Context(), m, id("a"), nil)
		assert.ErrorAs[*kista.DataError](t, err)
		assert.Equal(t, which(t, m), "[]")
	})
}

func TestS165_Swap(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node, _ *records) {
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
	bubble(t, func(t *testing.T, n *kista.Node, _ *records) {
		spec := event.New(id("a"), event.Of(m, open), 0)
		pid := manager(t, n, spec)
		assert.NoError(t, event.Swap(t.Context(), pid, id("a"), nil, spec))
		assert.True(t, len(seen) == 2 && seen[0] == seen[1], "seen %v", seen)
	})
}

func TestS166_AHandlerSwapsItself(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node, log *records) {
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
		assert.Equal(t, log.attrs(t, "event handler terminates")["handler"], "new")
	})
}

func TestS167_AHandlerGoesWithItsOwner(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node, log *records) {
		j := new(journal)
		m := manager(t, n, j.hand("other"))
		for _, reason := range []error{nil, errBoom} {
			owner := n.Spawn(func(s *kista.Self) error {
				if err := event.AddSup(s, m, j.hand("a")); err != nil {
					return err
				}
				if err := event.AddSup(s, m, j.hand("b")); err != nil {
					return err
				}
				_, err := s.Receive()
				if err != nil {
					return err
				}
				return reason
			})
			synctest.Wait()
			assert.Equal(t, which(t, m), "[b a other]")
			info, _ := n.Info(owner)
			assert.True(t, len(info.Links) == 1 && info.Links[0] == m, "linked with %v", info.Links)
			assert.NoError(t, kista.Send(owner, "end"))
			text := "<nil>"
			if reason != nil {
				text = "boom"
			}
			assert.Equal(t, j.take(), []string{
				"b leaves: orphaned <nil> " + text + " ", "a leaves: orphaned <nil> " + text + " ", "other exit " + text,
			})
			assert.Equal(t, which(t, m), "[other]")
		}
		for _, msg := range log.messages() {
			assert.Equal(t, msg, "process crashed") // the owner's, once
		}
	})
}

// An owner that has ended before the manager comes to it.
func TestS167_AnOwnerThatIsDead(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node, _ *records) {
		j := new(journal)
		gate := make(chan struct{})
		m := manager(t, n, j.hand("slow", func(h *hand) {
			h.what = map[string]func(*event.Ctx) error{"wait": func(*event.Ctx) error { <-gate; return nil }}
		}))
		assert.NoError(t, event.Notify(m, do{"wait"}))
		owner := n.Spawn(func(s *kista.Self) error { return event.AddSup(s, m, j.hand("a")) })
		synctest.Wait()
		assert.NoError(t, kista.Exit(owner, kista.Kill))
		close(gate)
		assert.Equal(t, j.take(), []string{
			"slow event {wait}", "a leaves: orphaned <nil> kista: no such process ", "slow exit kista: no such process",
		})
		assert.Equal(t, which(t, m), "[slow]")
	})
}

// If the manager crashes, its link tells the owners.
func TestS167_TheManagersEndReachesTheOwner(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node, _ *records) {
		j := new(journal)
		m := manager(t, n)
		owner := n.Spawn(func(s *kista.Self) error {
			if err := event.AddSup(s, m, j.hand("a")); err != nil {
				return err
			}
			_, err := s.Receive()
			return err
		})
		synctest.Wait()
		assert.NoError(t, kista.Exit(m, kista.Kill))
		reason, err := kista.Wait(t.Context(), owner)
		assert.NoError(t, err)
		assert.ErrorIs(t, reason, kista.ErrKilled)
	})
}

func TestS168_OwnersAreToldWhy(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node, _ *records) {
		j := new(journal)
		within(t, n, func(s *kista.Self) {
			m := manager(t, n)
			swaps := func(h *hand) {
				h.what = map[string]func(*event.Ctx) error{
					"swap": func(*event.Ctx) error { return event.SwapFor(nil, j.hand("next")) },
					"fail": func(*event.Ctx) error {
						return event.SwapFor(nil, event.New(id("none"), func(*event.Ctx, int) (event.Handler, error) { return nil, errBoom }, 0))
					},
				}
			}
			add := func() {
				t.Helper()
				assert.NoError(t, event.AddSup(s, m, j.hand("a", swaps)))
			}
			told := func(want event.HandlerExited, reason error) {
				t.Helper()
				got := receive[event.HandlerExited](t, s)
				assert.ErrorIs(t, got.Reason, reason)
				got.Reason, want.Manager = nil, m
				assert.Equal(t, got, want)
			}

			add()
			_, err := event.Delete(s, m, id("a"), nil)
			assert.NoError(t, err)
			told(event.HandlerExited{Handler: id("a"), Cause: event.Deleted}, nil)

			add()
			assert.NoError(t, event.Notify(m, do{"remove"}))
			told(event.HandlerExited{Handler: id("a"), Cause: event.Removed}, nil)

			add()
			assert.NoError(t, event.Notify(m, do{"panic"}))
			told(event.HandlerExited{Handler: id("a"), Cause: event.Failed}, errBoom)

			add()
			_, err = event.Call(s, m, id("a"), ask{What: "goexit"})
			assert.ErrorIs(t, err, kista.ErrGoexit)
			told(event.HandlerExited{Handler: id("a"), Cause: event.Failed}, kista.ErrGoexit)

			// Swapped by others: the successor keeps the owner, who is told of both.
			add()
			assert.NoError(t, event.Swap(context.Background(), m, id("a"), nil, j.hand("b")))
			told(event.HandlerExited{Handler: id("a"), Cause: event.Swapped, Next: id("b"), Owner: s.PID()}, nil)
			_, err = event.Delete(s, m, id("b"), nil)
			assert.NoError(t, err)
			told(event.HandlerExited{Handler: id("b"), Cause: event.Deleted}, nil)

			// By itself.
			add()
			assert.NoError(t, event.Notify(m, do{"swap"}))
			told(event.HandlerExited{Handler: id("a"), Cause: event.Swapped, Next: id("next"), Owner: s.PID()}, nil)
			_, err = event.Delete(s, m, id("next"), nil)
			assert.NoError(t, err)
			told(event.HandlerExited{Handler: id("next"), Cause: event.Deleted}, nil)

			// The successor of one that was swapped by itself is not made.
			add()
			assert.NoError(t, event.Notify(m, do{"fail"}))
			told(event.HandlerExited{Handler: id("a"), Cause: event.Swapped, Next: id("none"), Owner: s.PID()}, nil)
			told(event.HandlerExited{Handler: id("none"), Cause: event.Failed}, errBoom)

			// By another owner, who has it from then on.
			add()
			within(t, n, func(other *kista.Self) {
				assert.NoError(t, event.SwapSup(other, m, id("a"), nil, j.hand("c")))
				told(event.HandlerExited{Handler: id("a"), Cause: event.Swapped, Next: id("c"), Owner: other.PID()}, nil)
				_, err = event.Delete(other, m, id("c"), nil)
				assert.NoError(t, err)
				assert.Equal(t, receive[event.HandlerExited](t, other).Handler, id("c"))
			})
			// Of nobody's.
			assert.NoError(t, event.Add(s, m, j.hand("d")))
			assert.NoError(t, event.SwapSup(s, m, id("d"), nil, j.hand("e")))
			empty(t, s)

			// The manager stops, and then nothing comes through the link.
			s.TrapExits(true)
			assert.NoError(t, event.Shutdown(context.Background(), m, errOther))
			told(event.HandlerExited{Handler: id("e"), Cause: event.Stopped}, kista.ErrShutdown)
			synctest.Wait()
			empty(t, s)
		})
	})
}

// An owner whose mailbox is full is told when there is room.
func TestS168_AFullMailboxLosesNoNews(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node, _ *records) {
		j := new(journal)
		m := manager(t, n)
		gate, told := make(chan struct{}), make(chan event.HandlerExited, 1)
		owner, err := n.SpawnWith(kista.SpawnOpts{Mailbox: kista.MailboxLimit{Messages: 1}}, func(s *kista.Self) error {
			if err := event.AddSup(s, m, j.hand("a")); err != nil {
				return err
			}
			<-gate
			if _, err := kista.Receive[string](s); err != nil {
				return err
			}
			e, err := kista.Receive[event.HandlerExited](s)
			told <- e
			return err
		})
		assert.NoError(t, err)
		synctest.Wait()
		assert.NoError(t, kista.Send(owner, "full"))
		_, err = event.Delete(t.Context(), m, id("a"), nil)
		assert.NoError(t, err)
		close(gate)
		assert.Equal(t, (<-told).Cause, event.Deleted)
	})
}

func TestS172_Stop(t *testing.T) {
	stops := []string{"c leaves: stopped <nil> <nil> ", "b leaves: stopped <nil> <nil> ", "a leaves: stopped <nil> <nil> "}
	bubble(t, func(t *testing.T, n *kista.Node, log *records) {
		j := new(journal)
		// From outside, with any reason, also if one of them does not terminate.
		m := manager(t, n, j.hand("a"), j.hand("b", func(h *hand) {
			h.end = func(*event.Ctx, event.Leaving) any { panic(errBoom) }
		}), j.hand("c"))
		assert.NoError(t, event.Shutdown(t.Context(), m, kista.ErrShutdown))
		assert.Equal(t, j.take(), stops)
		assert.ErrorIs(t, event.Shutdown(t.Context(), m, nil), kista.ErrNoProcess)

		// By its parent's end, or its parent's wish.
		for _, reason := range []error{nil, kista.ErrShutdown, errBoom} {
			var pid kista.PID
			parent := n.Spawn(func(s *kista.Self) error {
				var err error
				if pid, err = event.StartLink(s, s, event.Opts{Name: "m"}, j.hand("a"), j.hand("b"), j.hand("c")); err != nil {
					return err
				}
				return reason
			})
			_, err := kista.Wait(t.Context(), parent)
			assert.NoError(t, err)
			why, err := kista.Wait(t.Context(), pid)
			assert.NoError(t, err)
			assert.ErrorIs(t, why, reason)
			assert.Equal(t, j.take(), stops)
		}
		assert.Equal(t, log.attrs(t, "event handler does not terminate in order")["cause"], "stopped")
	})
}

// A manager in a supervision tree stops in its time, or is killed.
func TestS172_UnderASupervisor(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node, log *records) {
		j := new(journal)
		hang := func(h *hand) {
			h.what = map[string]func(*event.Ctx) error{
				"polite": func(c *event.Ctx) error { <-c.Stopping(); return nil },
				"hang":   func(c *event.Ctx) error { <-c.Done(); return nil }, // until it is killed
			}
		}
		for _, how := range []string{"polite", "hang"} {
			sup, err := supervisor.Start(t.Context(), n, supervisor.Spec{Children: []supervisor.Child{
				{ID: "alarms", Start: event.Child(event.Opts{Name: "alarms"}, j.hand("a", hang)), Shutdown: time.Second},
			}}, supervisor.Opts{})
			assert.NoError(t, err)
			assert.NoError(t, event.Notify(n.Name("alarms"), do{how}))
			synctest.Wait()
			begin := time.Now()
			_, err = kista.System(t.Context(), sup, kista.Terminate{Reason: kista.ErrShutdown})
			assert.NoError(t, err)
			took := time.Since(begin)
			synctest.Wait()
			if how == "polite" {
				assert.Equal(t, took, 0)
				assert.Equal(t, j.take(), []string{"a event {polite}", "a leaves: stopped <nil> <nil> "})
			} else {
				assert.Equal(t, took, time.Second)
				assert.Equal(t, j.take(), []string{"a event {hang}"})
			}
		}
		assert.Equal(t, log.messages() != nil, true)
	})
}

// A restarted manager has the handlers that it was described with.
func TestARestartMakesTheHandlersAnew(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node, _ *records) {
		j := new(journal)
		_, err := supervisor.Start(t.Context(), n, supervisor.Spec{Children: []supervisor.Child{
			{ID: "alarms", Start: event.Child(event.Opts{Name: "alarms"}, j.hand("a"), j.hand("b"))},
		}}, supervisor.Opts{})
		assert.NoError(t, err)
		assert.NoError(t, event.Add(t.Context(), n.Name("alarms"), j.hand("c")))
		pid, _ := n.WhereIs("alarms")
		assert.NoError(t, kista.Exit(pid, kista.Kill))
		synctest.Wait()
		assert.Equal(t, which(t, n.Name("alarms")), "[b a]")
	})
}

// If a first handler is not made, those before it terminate, and the start fails.
func TestAStartThatFails(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node, _ *records) {
		j := new(journal)
		for how, want := range map[string]error{"error": errBoom, "panic": errBoom, "goexit": kista.ErrGoexit} {
			bad := event.New(id("bad"), func(*event.Ctx, int) (event.Handler, error) { return nil, outcomes[how]() }, 0)
			_, err := event.Start(t.Context(), n, event.Opts{Name: "m"}, j.hand("a"), j.hand("b"), bad, j.hand("c"))
			assert.ErrorIs(t, assert.ErrorAs[*event.HandlerError](t, err), want)
			assert.Equal(t, j.take(), []string{"b leaves: stopped <nil> <nil> ", "a leaves: stopped <nil> <nil> "})
			_, there := n.WhereIs("m")
			assert.True(t, !there, "the name is taken")
		}
		pid := manager(t, n)
		_, err := event.Start(t.Context(), n, event.Opts{Name: "m"})
		assert.NoError(t, err)
		_, err = event.Start(t.Context(), n, event.Opts{Name: "m"})
		assert.ErrorAs[*kista.NameTakenError](t, err)
		within(t, n, func(s *kista.Self) {
			pid, ref, err := event.StartMonitor(s, s, event.Opts{})
			assert.NoError(t, err)
			assert.NoError(t, event.Shutdown(s, pid, nil))
			assert.Equal(t, receive[kista.Down](t, s).Ref, ref)
		})
		assert.NoError(t, event.Shutdown(t.Context(), pid, nil))
	})
}

func TestS173_GetState(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node, _ *records) {
		j := new(journal)
		type point struct{ X int }
		mux := new(event.Mux[point])
		shows := func(name string, f func() any) event.Spec {
			return event.New(id(name), func(*event.Ctx, int) (event.Handler, error) { return shower{show: f}, nil }, 0)
		}
		m := manager(t, n, j.hand("a"),
			event.New(event.HandlerID{Module: "mux", ID: "1"}, event.Of(mux, func(*event.Ctx, int) (*point, error) { return &point{3}, nil }), 0),
			event.New(id("bare"), event.Of(mux, func(*event.Ctx, int) (*point, error) { return nil, nil }), 0),
			event.New(id("deaf"), deaf, ""),
			shows("panics", func() any { panic(errBoom) }),
			shows("exits", func() any { _ = outcomes["goexit"](); return nil }),
			shows("hides", func() any { return make(chan int) }),
		)
		got := states(t, m)
		why := map[string]error{}
		for i := range got {
			why[got[i].Handler.String()] = got[i].Err
			got[i].Err = nil
		}
		assert.Equal(t, got, []event.HandlerState{
			{Handler: id("hides")},
			{Handler: id("exits")},
			{Handler: id("panics")},
			{Handler: id("deaf")},
			{Handler: id("bare")},
			{Handler: event.HandlerID{Module: "mux", ID: "1"}, State: point{3}},
			{Handler: id("a"), State: 0},
		})
		assert.ErrorAs[*kista.DataError](t, why["hides"])
		assert.ErrorIs(t, why["exits"], kista.ErrGoexit)
		assert.ErrorIs(t, why["panics"], errBoom)
		assert.ErrorAs[*kista.DataError](t, why["deaf"])
		assert.True(t, why["a"] == nil && why["bare"] == nil && why["mux/1"] == nil, "%v", why)
		assert.Equal(t, len(got), len(states(t, m))) // asking changes nothing
	})
}

type shower struct{ show func() any }

func (shower) HandleEvent(*event.Ctx, any) error { return nil }
func (s shower) State() any                      { return s.show() }

// An idle manager owns no goroutine, so there is nothing to hibernate.
func TestS173_AnIdleManagerOwnsNoGoroutine(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node, _ *records) {
		j := new(journal)
		for range 100 {
			assert.NoError(t, event.SyncNotify(t.Context(), manager(t, n, j.hand("a")), 1))
		}
		synctest.Wait()
		assert.Equal(t, n.Stats().Executions, 0)
		assert.Equal(t, n.Stats().Processes, 100)
	})
}

func TestS217_SuspendAndResume(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node, _ *records) {
		j := new(journal)
		m := manager(t, n, j.hand("a"))
		for _, req := range []kista.SystemRequest{kista.Suspend{}, kista.Suspend{}} {
			_, err := kista.System(t.Context(), m, req)
			assert.NoError(t, err)
		}
		assert.NoError(t, event.Notify(m, 1))
		_, err := event.CallFor(t.Context(), time.Second, m, id("a"), ask{What: "x"})
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, j.take(), nil)
		assert.Equal(t, states(t, m)[0].State, any(0))
		_, err = kista.System(t.Context(), m, kista.Resume{})
		assert.NoError(t, err)
		assert.Equal(t, j.take(), []string{"a event 1", "a call x"})
	})
}
