package server_test

import (
	"context"
	"errors"
	"log/slog"
	"runtime"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/kistatest"
	"github.com/kista-go/kista/server"
)

// inits are the ways in which a factory can end, with what a start then
// returns; nil means that it succeeds.
var inits = []struct {
	name string
	init func(c *server.Ctx) error
	want func(t *testing.T, err error)
}{
	{"up", func(*server.Ctx) error { return nil }, nil},
	{"ignore", func(*server.Ctx) error { return kista.ErrIgnore }, is(kista.ErrIgnore)},
	{"error", func(*server.Ctx) error { return errBoom }, is(errBoom)},
	{"stop", func(*server.Ctx) error { return server.Stop(errBoom) }, is(errBoom)},
	{"crash", func(*server.Ctx) error { return server.Crash(errBoom) }, is(errBoom)},
	{"stop normally", func(*server.Ctx) error { return server.Stop(nil) }, func(t *testing.T, err error) {
		assert.True(t, err != nil, "a start succeeded without a server")
	}},
	{"panic", func(*server.Ctx) error { panic("boom") }, func(t *testing.T, err error) {
		assert.Equal(t, assert.ErrorAs[*kista.PanicError](t, err).Value, any("boom"))
	}},
	{"goexit", func(*server.Ctx) error { runtime.Goexit(); return nil }, is(kista.ErrGoexit)},
}

func is(target error) func(t *testing.T, err error) {
	return func(t *testing.T, err error) { t.Helper(); assert.ErrorIs(t, err, target) }
}

func TestS105_S106_S110_Start(t *testing.T) {
	for _, tc := range inits {
		t.Run(tc.name, func(t *testing.T) {
			kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
				ended := false
				h := &hooks{init: tc.init, end: func(*server.Ctx, error) error { ended = true; return nil }}
				pid, err := server.Start(t.Context(), n, h.factory(), nil, server.Opts{Name: "s"})
				if tc.want == nil {
					assert.NoError(t, err)
					assert.True(t, n.Alive(pid), "started and dead")
					return
				}
				tc.want(t, err)
				_, there := n.WhereIs("s")
				assert.True(t, !there, "the name is still taken")
				assert.True(t, !ended, "Terminate ran for a server that never was")
			})
		})
	}
}

func TestS105_InitWithTimeoutAndContinue(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		got := make(chan any, 9)
		h := &hooks{
			init:   func(c *server.Ctx) error { c.Timeout(time.Second); return nil },
			handle: func(_ *server.Ctx, msg any) error { got <- msg; return nil },
		}
		before := time.Now()
		start(t, n, h.factory(), nil, server.Opts{})
		assert.Equal(t, <-got, any(server.TimedOut{}))
		assert.Equal(t, time.Since(before), time.Second)
	})
}

func TestS106_FactoryWithoutHandler(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		f := func(*server.Ctx, any) (server.Handler, error) { return nil, nil }
		_, err := server.Start(t.Context(), n, f, nil, server.Opts{})
		assert.True(t, err != nil, "a server without a handler")
	})
}

func TestS107_APanicIsNeverAReturnValue(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		m := on(func(*server.Ctx, string) (string, error) { panic(server.Stop(nil)) })
		pid := start(t, n, server.Of(m, none), nil, server.Opts{})
		_, err := server.Call(t.Context(), pid, ask{})
		assert.ErrorAs[*kista.PanicError](t, err)
	})
}

func TestS108_StartLinkWithAFailingInit(t *testing.T) {
	for _, tc := range inits[1:] {
		t.Run(tc.name, func(t *testing.T) {
			kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
				f := (&hooks{init: tc.init}).factory()
				// A process that traps exits gets the error, and no Exited (statement 100).
				kistatest.Within(t, n, func(s *kista.Self) {
					s.TrapExits(true)
					_, err := server.StartLink(s, s, f, nil, server.Opts{})
					tc.want(t, err)
					kistatest.Empty(t, s)
				})
				// One that does not ends with it, but for ignore and normal.
				returned := make(chan error, 1)
				gate := make(chan struct{})
				pid := n.Spawn(func(s *kista.Self) error {
					<-gate
					_, err := server.StartLink(s, s, f, nil, server.Opts{})
					returned <- err
					return nil
				})
				end := endOf(n, pid)
				close(gate)
				reason := <-end
				tc.want(t, <-returned)
				if tc.name == "ignore" || tc.name == "stop normally" {
					assert.NoError(t, reason)
				} else {
					tc.want(t, reason)
				}
			})
		})
	}
}

func TestS109_NameTaken(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, log *kistatest.Log) {
		first := start(t, n, server.Of(on(echo), none), nil, server.Opts{Name: "s"})
		_, err := server.Start(t.Context(), n, server.Of(on(echo), none), nil, server.Opts{Name: "s"})
		assert.Equal(t, assert.ErrorAs[*kista.NameTakenError](t, err).PID, first)
		assert.Equal(t, log.Messages(), nil)
	})
}

func TestS111_StartTimeout(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		gate := make(chan struct{})
		f := (&hooks{init: func(*server.Ctx) error { <-gate; return nil }}).factory()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := server.Start(ctx, n, f, nil, server.Opts{Name: "s"})
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		_, there := n.WhereIs("s")
		assert.True(t, !there, "the name is still taken") // as OTP 26 does
		assert.Equal(t, n.Stats().Processes, 0)
		close(gate)
		synctest.Wait()
	})
}

func TestS112_StartMonitor(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		kistatest.Within(t, n, func(s *kista.Self) {
			// The server ends while nobody looks: the monitor is as old as it is.
			h := &hooks{init: func(c *server.Ctx) error { c.Continue(0); return nil }, handle: func(*server.Ctx, any) error { return errBoom }}
			pid, ref, err := server.StartMonitor(s, s, h.factory(), nil, server.Opts{})
			assert.NoError(t, err)
			d := kistatest.Receive[kista.Down](t, s)
			assert.Equal(t, d.Ref, ref)
			assert.Equal(t, d.Addr, kista.Addr(pid))
			assert.ErrorIs(t, d.Reason, errBoom)

			_, _, err = server.StartMonitor(s, s, (&hooks{init: func(*server.Ctx) error { return errOther }}).factory(), nil, server.Opts{})
			assert.ErrorIs(t, err, errOther)
			kistatest.Empty(t, s)
		})
	})
}

func TestS113_ContinueComesFirst(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		var did journal
		gate := make(chan struct{})
		h := &hooks{
			init: func(c *server.Ctx) error { <-gate; c.Continue("up"); return nil },
			handle: func(c *server.Ctx, msg any) error {
				if q, ok := msg.(kista.Request); ok {
					msg = q.Msg
					assert.NoError(t, q.From.Reply("ok"))
					c.Continue("after " + q.Msg.(ask).What)
					c.Continue("and then")
				}
				did.add(msg)
				return nil
			},
		}
		up := make(chan error)
		go func() {
			_, err := server.Start(t.Context(), n, h.factory(), nil, server.Opts{Name: "s"})
			up <- err
		}()
		synctest.Wait()
		assert.NoError(t, kista.Send(n.Name("s"), "mail during init"))
		call := server.Begin(t.Context(), n.Name("s"), ask{What: "one"})
		assert.NoError(t, kista.Send(n.Name("s"), "mail"))
		close(gate)
		assert.NoError(t, <-up)
		got, err := call.Wait(t.Context())
		assert.NoError(t, err)
		assert.Equal(t, got, "ok")
		assert.Equal(t, did.take(), []any{
			server.Continued{"up"},
			"mail during init",
			ask{What: "one"},
			server.Continued{"after one"},
			server.Continued{"and then"},
			"mail",
		})
	})
}

// The start is complete before the continuation runs, and what it does wrong is
// the server's end, with Terminate.
func TestS113_ContinueIsNotPartOfTheStart(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		m := new(server.Mux[struct{}])
		gate := make(chan struct{})
		server.OnContinue(m, func(_ *server.Ctx, _ *struct{}, x int) error { <-gate; return errBoom })
		reason := make(chan error, 1)
		server.OnTerminate(m, func(_ *server.Ctx, _ *struct{}, r error) error { reason <- r; return nil })
		pid := start(t, n, server.Of(m, func(c *server.Ctx, _ any) (*struct{}, error) { c.Continue(1); return nil, nil }), nil, server.Opts{})
		end := endOf(n, pid)
		close(gate)
		assert.ErrorIs(t, <-end, errBoom)
		assert.ErrorIs(t, <-reason, errBoom)
	})
}

func TestS114_Timeout(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		type happened struct {
			msg any
			at  time.Time
		}
		type step struct {
			msg any
			at  time.Duration // since the first of its round
		}
		var did journal
		gate := make(chan struct{})
		m := new(server.Mux[struct{}])
		log := func(msg any) { did.add(happened{msg, time.Now()}) }
		server.OnTimeout(m, func(*server.Ctx, *struct{}) error { log("timeout"); return nil })
		server.OnInfo(m, func(c *server.Ctx, _ *struct{}, d time.Duration) error { log(d); c.Timeout(d); return nil })
		server.OnInfo(m, func(c *server.Ctx, _ *struct{}, s string) error {
			log(s)
			if s == "hold" {
				<-gate
			}
			return nil
		})
		server.OnCall(m, func(c *server.Ctx, _ *struct{}, q ask) (string, error) { log(q.What); return "", nil })
		pid := start(t, n, server.Of(m, none), nil, server.Opts{})
		send := func(msgs ...any) {
			for _, msg := range msgs {
				assert.NoError(t, kista.Send(pid, msg))
			}
			synctest.Wait()
		}
		check := func(what string, want ...step) {
			t.Helper()
			var got []step
			var first time.Time
			for i, v := range did.take() {
				h := v.(happened)
				if i == 0 {
					first = h.at
				}
				got = append(got, step{h.msg, h.at.Sub(first)})
			}
			assert.True(t, slices.Equal(got, want), "%s: got %v, want %v", what, got, want)
		}

		send(time.Second)
		kistatest.Pass(2 * time.Second)
		check("it comes once", step{time.Second, 0}, step{"timeout", time.Second})

		send(time.Second)
		kistatest.Pass(time.Second / 2)
		_, err := server.Call(t.Context(), pid, ask{What: "call"})
		assert.NoError(t, err)
		kistatest.Pass(2 * time.Second)
		check("any message cancels it", step{time.Second, 0}, step{"call", time.Second / 2})

		// A message that arrived in time wins, though it is handled late: the timer
		// fires behind it, while the server is busy.
		send("hold", time.Second, "in time")
		assert.NoError(t, kista.Send(pid, "in time too"))
		close(gate)
		kistatest.Pass(2 * time.Second)
		check("late handling", step{"hold", 0}, step{time.Second, 0}, step{"in time", 0}, step{"in time too", 0})

		gate = make(chan struct{})
		send("hold", time.Duration(0), "waiting")
		close(gate)
		kistatest.Pass(time.Second)
		check("zero comes first", step{"hold", 0}, step{time.Duration(0), 0}, step{"timeout", 0}, step{"waiting", 0})

		send(time.Duration(-1))
		kistatest.Pass(time.Hour)
		check("a negative one never comes", step{time.Duration(-1), 0})
		assert.Equal(t, n.Stats().Timers, 0)
	})
}

// A cancelled timeout holds no timer.
func TestS114_ACancelledTimeoutHoldsNoTimer(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		h := &hooks{handle: func(c *server.Ctx, msg any) error {
			if msg == "arm" {
				c.Timeout(time.Hour)
			}
			return nil
		}}
		pid := start(t, n, h.factory(), nil, server.Opts{})
		for _, step := range []struct {
			msg    string
			timers int64
		}{{"arm", 1}, {"disarm", 0}} {
			assert.NoError(t, kista.Send(pid, step.msg))
			synctest.Wait()
			assert.Equal(t, n.Stats().Timers, step.timers)
		}
		for range 3 { // one at a time
			assert.NoError(t, kista.Send(pid, "arm"))
		}
		synctest.Wait()
		assert.Equal(t, n.Stats().Timers, 1)
	})
}

// A timeout that was in the mailbox when something else cancelled it is gone.
func TestS114_AStaleTimeoutIsDropped(t *testing.T) {
	for _, first := range []string{"first", "arm"} { // "arm": a new timeout is under way
		kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
			var did journal
			h := &hooks{handle: func(c *server.Ctx, msg any) error {
				did.add(msg)
				if msg == "arm" {
					c.Timeout(time.Minute)
				}
				return nil
			}}
			pid := start(t, n, h.factory(), nil, server.Opts{})
			assert.NoError(t, kista.Send(pid, "arm"))
			synctest.Wait()
			_, err := kista.System(t.Context(), pid, kista.Suspend{})
			assert.NoError(t, err)
			assert.NoError(t, kista.Send(pid, first))
			kistatest.Pass(2 * time.Minute) // the timer fires, behind first
			_, err = kista.System(t.Context(), pid, kista.Resume{})
			assert.NoError(t, err)
			assert.Equal(t, did.take(), []any{"arm", first})
			kistatest.Pass(2 * time.Minute)
			assert.Equal(t, len(did.take()) == 1, first == "arm") // the new one comes in its time
		})
	}
}

func TestTimeoutOverTheTimerLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, err := kista.Start(kista.Config{MaxTimers: 1, Logger: slog.New(slog.DiscardHandler)})
		assert.NoError(t, err)
		defer n.Stop(context.Background())
		held := kista.SendAfter(time.Hour, n.Name("nobody"), 1)
		defer held.Cancel()
		h := &hooks{init: func(c *server.Ctx) error { c.Timeout(time.Second); return nil }}
		_, err = server.Start(t.Context(), n, h.factory(), nil, server.Opts{})
		assert.ErrorIs(t, err, kista.ErrSystemLimit)
	})
}

func TestChildIsKind(t *testing.T) {
	pr := server.Child(server.Of(on(echo), none), nil, server.Opts{Name: "s"})
	assert.Equal(t, pr.Kind(), "server")
	assert.Equal(t, pr.Opts.Name, "s")
	assert.True(t, !pr.IsZero(), "describes nothing")
}

func TestMuxPanicsOnMistakesInTheProgram(t *testing.T) {
	m := bankMux()
	for name, mistake := range map[string]func(){
		"twice":     func() { server.OnCall(m, func(*server.Ctx, *bank, balance) (int, error) { return 0, nil }) },
		"no data":   func() { server.OnCast(m, func(*server.Ctx, *bank, chan int) error { return nil }) },
		"interface": func() { server.OnInfo(m, func(*server.Ctx, *bank, func()) error { return nil }) },
	} {
		func() {
			defer func() { assert.True(t, recover() != nil, "%s: no panic", name) }()
			mistake()
		}()
	}
	// The same type as another kind of message is no mistake.
	server.OnCast(m, func(*server.Ctx, *bank, balance) error { return nil })
	server.OnInfo(m, func(*server.Ctx, *bank, balance) error { return errors.New("info") })
}
