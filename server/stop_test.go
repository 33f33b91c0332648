package server_test

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/kistatest"
	"github.com/kista-go/kista/server"
)

// A call's function that stops: Terminate first, then the reply, then the end.
func TestS122_StopThenReply(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		m := new(server.Mux[map[string]int])
		server.OnCall(m, func(_ *server.Ctx, s *map[string]int, _ closing) (map[string]int, error) {
			return *s, server.Stop(errBoom)
		})
		terminating, gate := make(chan error), make(chan struct{})
		server.OnTerminate(m, func(_ *server.Ctx, s *map[string]int, reason error) error {
			(*s)["joe"] = -1 // after the answer was made
			terminating <- reason
			<-gate
			return nil
		})
		pid := start(t, n, server.Of(m, func(*server.Ctx, any) (*map[string]int, error) { return &map[string]int{"joe": 1}, nil }), nil, server.Opts{})
		end := endOf(n, pid)
		call := server.Begin(t.Context(), pid, closing{})
		assert.ErrorIs(t, <-terminating, errBoom)
		synctest.Wait()
		assert.Silent(t, call.Done())
		close(gate)
		got, err := call.Wait(t.Context())
		assert.NoError(t, err)
		assert.Equal(t, got, map[string]int{"joe": 1})
		assert.ErrorIs(t, <-end, errBoom)
	})
}

// Where Terminate fails there is no reply: the caller hears of the end.
func TestS122_NoReplyIfTerminateFails(t *testing.T) {
	for name, end := range map[string]func(*server.Ctx, *struct{}, error) error{
		"error": func(*server.Ctx, *struct{}, error) error { return errOther },
		"panic": func(*server.Ctx, *struct{}, error) error { panic(errOther) },
	} {
		t.Run(name, func(t *testing.T) {
			kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
				m := on(func(*server.Ctx, string) (string, error) { return "bye", server.Stop(nil) })
				server.OnTerminate(m, end)
				pid := start(t, n, server.Of(m, none), nil, server.Opts{})
				_, err := server.Call(t.Context(), pid, ask{})
				assert.ErrorAs[*kista.CallError](t, err)
				assert.ErrorIs(t, err, errOther)
			})
		})
	}
}

func TestS122_StopWithoutReply(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		pid := start(t, n, server.Of(on(func(*server.Ctx, string) (string, error) { return "bye", server.Crash(nil) }), none), nil, server.Opts{})
		got, err := server.Call(t.Context(), pid, ask{})
		assert.Equal(t, assert.ErrorAs[*kista.CallError](t, err).Reason, nil)
		assert.Equal(t, got, "")
	})
}

func TestS122_StopWithAReplyThatIsNotData(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		m := new(server.Mux[struct{}])
		server.OnCall(m, func(*server.Ctx, *struct{}, askAny) (any, error) { return func() {}, server.Stop(nil) })
		pid := start(t, n, server.Of(m, none), nil, server.Opts{})
		end := endOf(n, pid)
		_, err := server.Call(t.Context(), pid, askAny{})
		assert.ErrorAs[*kista.DataError](t, err)
		assert.NoError(t, <-end)
	})
}

// ends are the ways in which a server can end, with the reason that everybody
// sees, and whether Terminate runs.
var ends = []struct {
	name       string
	trap       bool
	do         func(t *testing.T, n *kista.Node, pid, parent kista.PID)
	terminates bool
	want       error // nil: normal
}{
	{"stops", false, cast("stop"), true, errBoom},
	{"stops normally", false, cast("normal"), true, nil},
	{"crashes", false, cast("crash"), true, errBoom},
	{"fails", false, cast("fail"), true, errBoom},
	{"shuts down", false, cast("shutdown"), true, errBoom},
	{"panics", false, cast("panic"), true, errBoom},
	{"exits the goroutine", false, cast("goexit"), true, kista.ErrGoexit},
	{"info fails", false, func(t *testing.T, _ *kista.Node, pid, _ kista.PID) { assert.NoError(t, kista.Send(pid, errBoom)) }, true, errBoom},
	{"shut down", false, func(t *testing.T, _ *kista.Node, pid, _ kista.PID) {
		assert.NoError(t, server.Shutdown(t.Context(), pid, errBoom))
	}, true, errBoom},
	{"killed", true, exit(kista.Kill), false, kista.ErrKilled},
	{"exit signal", false, exit(errBoom), false, errBoom},
	{"parent ends, trapped", true, parentEnds(errBoom), true, errBoom},
	{"parent ends normally, trapped", true, parentEnds(nil), true, nil},
	{"parent ends", false, parentEnds(errBoom), false, errBoom},
}

// outcomes are what a function that must not be answered can do.
var outcomes = map[string]func() error{
	"stop":     func() error { return server.Stop(errBoom) },
	"normal":   func() error { return server.Stop(nil) },
	"crash":    func() error { return server.Crash(errBoom) },
	"fail":     func() error { return errBoom },
	"shutdown": func() error { return &kista.ShutdownError{Cause: errBoom} },
	"panic":    func() error { panic(errBoom) },
	"goexit":   func() error { runtime.Goexit(); return nil },
}

func cast(what string) func(*testing.T, *kista.Node, kista.PID, kista.PID) {
	return func(t *testing.T, _ *kista.Node, pid, _ kista.PID) { assert.NoError(t, server.Cast(pid, what)) }
}

func exit(reason error) func(*testing.T, *kista.Node, kista.PID, kista.PID) {
	return func(t *testing.T, _ *kista.Node, pid, _ kista.PID) { assert.NoError(t, kista.Exit(pid, reason)) }
}

func parentEnds(reason error) func(*testing.T, *kista.Node, kista.PID, kista.PID) {
	return func(t *testing.T, _ *kista.Node, _, parent kista.PID) {
		assert.NoError(t, kista.Send(parent, server.Stop(reason)))
	}
}

func TestS124_S125_Ends(t *testing.T) {
	for _, tc := range ends {
		t.Run(tc.name, func(t *testing.T) {
			kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
				terminated := make(chan error, 2)
				m := new(server.Mux[struct{}])
				server.OnCast(m, func(_ *server.Ctx, _ *struct{}, what string) error { return outcomes[what]() })
				server.OnInfo(m, func(_ *server.Ctx, _ *struct{}, err error) error { return err })
				server.OnInfo(m, func(_ *server.Ctx, _ *struct{}, e kista.Exited) error {
					t.Errorf("the parent's exit was handled: %v", e)
					return nil
				})
				server.OnTerminate(m, func(c *server.Ctx, _ *struct{}, reason error) error {
					if c.Err() != nil {
						t.Error("Terminate has a context that has ended")
					}
					terminated <- reason
					return nil
				})
				pids := make(chan kista.PID)
				parent := n.Spawn(func(s *kista.Self) error {
					pid, err := server.StartLink(s, s, server.Of(m, none), nil, server.Opts{TrapExits: tc.trap})
					if err != nil {
						return err
					}
					pids <- pid
					err, _ = kista.Receive[error](s)
					return err
				})
				pid := <-pids
				end := endOf(n, pid)
				tc.do(t, n, pid, parent)
				reason := <-end
				if tc.want == nil {
					assert.NoError(t, reason)
				} else {
					assert.ErrorIs(t, reason, tc.want)
				}
				if !tc.terminates {
					assert.Silent(t, terminated)
					return
				}
				assert.Equal(t, len(terminated), 1)
				told := <-terminated
				assert.True(t, told == reason || errors.Is(reason, tc.want) && errors.Is(told, tc.want), "Terminate was told %v, the rest %v", told, reason)
			})
		})
	}
}

func TestS125_ExitsOfOthersAreInfo(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		m := new(server.Mux[struct{}])
		got := make(chan kista.Exited, 1)
		server.OnInfo(m, func(_ *server.Ctx, _ *struct{}, e kista.Exited) error { got <- e; return nil })
		child := make(chan kista.PID, 1)
		f := server.Of(m, func(c *server.Ctx, _ any) (*struct{}, error) {
			child <- c.SpawnLink(func(*kista.Self) error { return errBoom })
			return nil, nil
		})
		pid := start(t, n, f, nil, server.Opts{TrapExits: true})
		e := <-got
		assert.Equal(t, e.PID, <-child)
		assert.ErrorIs(t, e.Reason, errBoom)
		assert.True(t, n.Alive(pid), "the server died of its child")
	})
}

func TestS126_AFailingTerminateReplacesTheReason(t *testing.T) {
	for name, tc := range map[string]struct {
		end  func(*server.Ctx, error) error
		want error
	}{
		"error":  {func(*server.Ctx, error) error { return errOther }, errOther},
		"stop":   {func(*server.Ctx, error) error { return server.Stop(errOther) }, errOther},
		"crash":  {func(*server.Ctx, error) error { return server.Crash(errOther) }, errOther},
		"panic":  {func(*server.Ctx, error) error { panic(errOther) }, errOther},
		"goexit": {func(*server.Ctx, error) error { runtime.Goexit(); return nil }, kista.ErrGoexit},
	} {
		t.Run(name, func(t *testing.T) {
			kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
				h := &hooks{handle: func(*server.Ctx, any) error { return errBoom }, end: tc.end}
				pid := start(t, n, h.factory(), nil, server.Opts{})
				end := endOf(n, pid)
				_, err := server.Call(t.Context(), pid, ask{})
				assert.ErrorIs(t, err, tc.want)
				assert.ErrorIs(t, <-end, tc.want)
			})
		})
	}
}

func TestS129_Shutdown(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		told := make(chan error, 9)
		gate := make(chan struct{})
		f := (&hooks{
			handle: func(*server.Ctx, any) error { <-gate; return nil },
			end:    func(_ *server.Ctx, reason error) error { told <- reason; return nil },
		}).factory()
		pid := start(t, n, f, nil, server.Opts{})
		assert.NoError(t, server.Shutdown(t.Context(), pid, nil))
		assert.NoError(t, <-told)
		assert.True(t, !n.Alive(pid), "it lives")

		assert.ErrorIs(t, server.Shutdown(t.Context(), pid, nil), kista.ErrNoProcess)

		pid = start(t, n, f, nil, server.Opts{})
		end := endOf(n, pid)
		assert.NoError(t, server.Cast(pid, "busy"))
		before := time.Now()
		assert.ErrorIs(t, server.Shutdown(t.Context(), pid, errBoom), context.DeadlineExceeded)
		assert.Equal(t, time.Since(before), 5*time.Second)
		assert.True(t, n.Alive(pid), "it does not live on")
		close(gate) // now it comes to the request
		assert.ErrorIs(t, <-end, errBoom)

		// A server that ends otherwise than asked says how.
		h := &hooks{end: func(*server.Ctx, error) error { panic("late") }}
		err := server.Shutdown(t.Context(), start(t, n, h.factory(), nil, server.Opts{}), nil)
		assert.ErrorAs[*kista.PanicError](t, err)
	})
}

func TestS129_ShutdownOfSelf(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		f := server.Of(on(func(c *server.Ctx, _ string) (string, error) { return "", server.Shutdown(c, c.PID(), nil) }), none)
		_, err := server.Call(t.Context(), start(t, n, f, nil, server.Opts{}), ask{})
		assert.ErrorIs(t, err, kista.ErrCallingSelf)
	})
}

// Terminate has what is left of the shutdown time.
func TestTerminateHasADeadline(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		left := make(chan time.Duration, 1)
		h := &hooks{end: func(c *server.Ctx, _ error) error {
			at, ok := c.Deadline()
			if !ok {
				t.Error("no deadline")
			}
			left <- time.Until(at)
			return nil
		}}
		pid := start(t, n, h.factory(), nil, server.Opts{Shutdown: 3 * time.Second})
		assert.NoError(t, server.Shutdown(t.Context(), pid, nil))
		assert.Equal(t, <-left, 3*time.Second)
	})
}

// Long work in a server that traps exits hears that its parent wants it to stop.
func TestStopping(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		stopped := make(chan error, 1)
		f := (&hooks{
			handle: func(c *server.Ctx, _ any) error { <-c.Stopping(); return nil },
			end:    func(_ *server.Ctx, reason error) error { stopped <- reason; return nil },
		}).factory()
		pids := make(chan kista.PID)
		parent := n.Spawn(func(s *kista.Self) error {
			pid, _ := server.StartLink(s, s, f, nil, server.Opts{TrapExits: true})
			pids <- pid
			_, err := s.Receive()
			return err
		})
		assert.NoError(t, server.Cast(<-pids, "work"))
		synctest.Wait()
		assert.NoError(t, kista.Exit(parent, kista.ErrShutdown))
		assert.ErrorIs(t, <-stopped, kista.ErrShutdown)
	})
}

// A node that stops lets its servers terminate, if they trap exits.
func TestNodeStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, err := kista.Start(kista.Config{})
		assert.NoError(t, err)
		told := make(chan error, 1)
		h := &hooks{end: func(_ *server.Ctx, reason error) error { told <- reason; return nil }}
		start(t, n, h.factory(), nil, server.Opts{TrapExits: true})
		assert.NoError(t, n.Stop(t.Context()))
		assert.ErrorIs(t, <-told, kista.ErrShutdown)
	})
}

// A killed server is gone for everybody else, though its function still runs;
// what it answers then is nobody's, and when it returns it is nothing.
func TestKilledInsideAFunction(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		gate := make(chan struct{})
		ended := false
		m := on(func(c *server.Ctx, what string) (string, error) {
			<-gate
			_ = c.From().Reply("too late")
			c.Continue("never")
			c.Timeout(0)
			return "", nil
		})
		never := func(*server.Ctx, *struct{}, string) error { t.Error("a killed server went on"); return nil }
		server.OnContinue(m, never)
		server.OnTimeout(m, func(c *server.Ctx, s *struct{}) error { return never(c, s, "") })
		server.OnTerminate(m, func(*server.Ctx, *struct{}, error) error { ended = true; return nil })
		pid := start(t, n, server.Of(m, none), nil, server.Opts{Name: "s"})
		call := server.Begin(t.Context(), pid, ask{})
		synctest.Wait()
		assert.NoError(t, kista.Exit(pid, kista.Kill))
		_, err := call.Wait(t.Context())
		assert.ErrorIs(t, err, kista.ErrKilled)
		second := start(t, n, server.Of(on(echo), none), nil, server.Opts{Name: "s"}) // at once
		assert.Equal(t, n.Stats().Zombies, int64(1))
		close(gate)
		synctest.Wait()
		assert.Equal(t, n.Stats().Zombies, int64(0))
		assert.True(t, !ended, "a killed server terminated")
		_, err = server.Call(t.Context(), second, ask{})
		assert.NoError(t, err)
	})
}

// A server with a grace is told to end, and its callers hear when it does.
func TestGrace(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		f := server.Of(on(func(c *server.Ctx, _ string) (string, error) {
			<-c.Done()
			return "", context.Cause(c)
		}), none)
		pid := start(t, n, f, nil, server.Opts{Grace: time.Minute})
		call := server.Begin(t.Context(), pid, ask{})
		synctest.Wait()
		assert.NoError(t, kista.Exit(pid, errBoom))
		_, err := call.Wait(t.Context())
		assert.ErrorAs[*kista.CallError](t, err)
		assert.ErrorIs(t, err, errBoom)
	})
}
