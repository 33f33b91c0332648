package statem_test

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/kistatest"
	"github.com/kista-go/kista/server"
	"github.com/kista-go/kista/statem"
	"github.com/kista-go/kista/supervisor"
)

// outcomes are what a function that handles an event can do to end its machine.
var outcomes = map[string]func() error{
	"stop":     func() error { return statem.Stop(errBoom) },
	"normal":   func() error { return statem.Stop(nil) },
	"crash":    func() error { return statem.Crash(errBoom) },
	"fail":     func() error { return errBoom },
	"shutdown": func() error { return &kista.ShutdownError{Cause: errBoom} },
	"panic":    func() error { panic(errBoom) },
	"goexit":   func() error { runtime.Goexit(); return nil },
}

// ends are the ways in which a machine can end, with the reason that everybody
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
	{"shut down", false, func(t *testing.T, _ *kista.Node, pid, _ kista.PID) {
		assert.NoError(t, statem.Shutdown(t.Context(), pid, errBoom))
	}, true, errBoom},
	{"killed", true, exit(kista.Kill), false, kista.ErrKilled},
	{"exit signal", false, exit(errBoom), false, errBoom},
	{"parent ends, trapped", true, parentEnds(errBoom), true, errBoom},
	{"parent ends normally, trapped", true, parentEnds(nil), true, nil},
	{"parent ends", false, parentEnds(errBoom), false, errBoom},
}

func cast(what string) func(*testing.T, *kista.Node, kista.PID, kista.PID) {
	return func(t *testing.T, _ *kista.Node, pid, _ kista.PID) { assert.NoError(t, server.Cast(pid, what)) }
}

func exit(reason error) func(*testing.T, *kista.Node, kista.PID, kista.PID) {
	return func(t *testing.T, _ *kista.Node, pid, _ kista.PID) { assert.NoError(t, kista.Exit(pid, reason)) }
}

func parentEnds(reason error) func(*testing.T, *kista.Node, kista.PID, kista.PID) {
	return func(t *testing.T, _ *kista.Node, _, parent kista.PID) {
		assert.NoError(t, kista.Send(parent, statem.Stop(reason)))
	}
}

func TestS159_WhenTerminateRuns(t *testing.T) {
	for _, tc := range ends {
		t.Run(tc.name, func(t *testing.T) {
			kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
				terminated := make(chan error, 2)
				m := mux()
				statem.OnCast(m.In("one"), func(_ *ctx, _ *int, what string) error { return outcomes[what]() })
				statem.OnInfo(m.In("one"), func(_ *ctx, _ *int, e kista.Exited) error {
					t.Errorf("the parent's exit was handled: %v", e)
					return nil
				})
				statem.OnTerminate(m, func(c *ctx, _ *int, reason error) error {
					if c.Err() != nil || c.State() != "one" {
						t.Errorf("Terminate in state %q, with %v", c.State(), c.Err())
					}
					// It cannot ask for anything more.
					c.NextState("nowhere")
					c.RepeatState()
					c.NextInternal(1)
					c.SetTimeout(statem.StateTimeout, time.Second, nil)
					c.PopHandler()
					terminated <- reason
					return nil
				})
				pids := make(chan kista.PID)
				parent := n.Spawn(func(s *kista.Self) error {
					pid, err := statem.StartLink(s, s, statem.Of(m, counting), 0, statem.Opts{TrapExits: tc.trap})
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

func TestS159_ExitsOfOthersAreInfo(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		m := mux()
		got := make(chan kista.Exited, 1)
		statem.OnInfo(m.In("one"), func(_ *ctx, _ *int, e kista.Exited) error { got <- e; return nil })
		child := make(chan kista.PID, 1)
		f := statem.Of(m, func(c *ctx, _ int) (string, *int, error) {
			child <- c.SpawnLink(func(*kista.Self) error { return errBoom })
			return "one", nil, nil
		})
		pid := start(t, n, f, 0, statem.Opts{TrapExits: true})
		e := <-got
		assert.Equal(t, e.PID, <-child)
		assert.ErrorIs(t, e.Reason, errBoom)
		assert.True(t, n.Alive(pid), "the machine died of its child")
	})
}

func TestS159_AFailingTerminateReplacesTheReason(t *testing.T) {
	for name, tc := range map[string]struct {
		end  func() error
		want error
	}{
		"error":  {func() error { return errOther }, errOther},
		"stop":   {func() error { return statem.Stop(errOther) }, errOther},
		"crash":  {func() error { return statem.Crash(errOther) }, errOther},
		"panic":  {func() error { panic(errOther) }, errOther},
		"goexit": {func() error { runtime.Goexit(); return nil }, kista.ErrGoexit},
	} {
		t.Run(name, func(t *testing.T) {
			kistatest.Bubble(t, func(t *testing.T, n *kista.Node, log *kistatest.Log) {
				m := mux()
				statem.OnCast(m.In("one"), func(*ctx, *int, string) error { return errBoom })
				statem.OnTerminate(m, func(*ctx, *int, error) error { return tc.end() })
				pid := start(t, n, statem.Of(m, counting), 0, statem.Opts{})
				end := endOf(n, pid)
				assert.NoError(t, server.Cast(pid, "go"))
				assert.ErrorIs(t, <-end, tc.want)
				kistatest.Pass(0)
				if tc.want == errOther && name != "panic" {
					assert.Equal(t, log.Attrs("statem terminates")["reason"], "other")
				}
			})
		})
	}
}

// starts are the outcomes of a factory.
var starts = map[string]struct {
	init func() error
	want error // nil: the machine is up
}{
	"ok":     {func() error { return nil }, nil},
	"ignore": {func() error { return kista.ErrIgnore }, kista.ErrIgnore},
	"stop":   {func() error { return statem.Stop(errBoom) }, errBoom},
	"crash":  {func() error { return statem.Crash(errBoom) }, errBoom},
	"error":  {func() error { return errBoom }, errBoom},
	"panic":  {func() error { panic(errBoom) }, errBoom},
	"goexit": {func() error { runtime.Goexit(); return nil }, kista.ErrGoexit},
}

func TestS139_S159_Start(t *testing.T) {
	for name, tc := range starts {
		t.Run(name, func(t *testing.T) {
			kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
				m := mux()
				statem.OnTerminate(m, func(*ctx, *int, error) error {
					if tc.want != nil {
						t.Error("Terminate ran for a start that failed")
					}
					return nil
				})
				f := statem.Of(m, func(*ctx, int) (string, *int, error) { return "one", new(int), tc.init() })
				check := func(pid kista.PID, err error) {
					t.Helper()
					if tc.want == nil {
						assert.NoError(t, err)
						assert.True(t, n.Alive(pid), "it is not up")
						assert.NoError(t, statem.Shutdown(t.Context(), pid, nil))
						return
					}
					assert.ErrorIs(t, err, tc.want)
					_, there := n.WhereIs("m")
					assert.True(t, !there, "the name is still taken")
				}
				o := statem.Opts{Name: "m"}
				check(statem.Start(t.Context(), n, f, 0, o))
				kistatest.Within(t, n, func(s *kista.Self) {
					s.TrapExits(true)
					check(statem.StartLink(s, s, f, 0, o))
					pid, ref, err := statem.StartMonitor(s, s, f, 0, o)
					check(pid, err)
					if err == nil {
						down, err := kista.Receive[kista.Down](s)
						assert.NoError(t, err)
						assert.Equal(t, down, kista.Down{Ref: ref, Addr: pid})
					}
				})
			})
		})
	}
}

func TestS159_StartErrors(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		m := mux()
		f := statem.Of(m, counting)
		first := start(t, n, f, 0, statem.Opts{Name: "m"})
		_, err := statem.Start(t.Context(), n, f, 0, statem.Opts{Name: "m"})
		assert.Equal(t, assert.ErrorAs[*kista.NameTakenError](t, err).PID, first)

		gate := make(chan struct{})
		slow := statem.Of(m, func(*ctx, int) (string, *int, error) { <-gate; return "one", nil, nil })
		second, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err = statem.Start(second, n, slow, 0, statem.Opts{Name: "slow"})
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		_, there := n.WhereIs("slow")
		assert.True(t, !there, "the name is still taken")
		close(gate)

		notData := statem.Of(m, func(*ctx, func()) (string, *int, error) { return "one", nil, nil })
		_, err = statem.Start(t.Context(), n, notData, func() {}, statem.Opts{})
		assert.ErrorAs[*kista.DataError](t, err)
	})
}

// Each start has a private copy of the arguments.
func TestArgumentsAreCopied(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		m := new(statem.Mux[string, []int])
		statem.OnCall(m.Any(), func(_ *ctx, d *[]int, _ ask) (string, error) {
			(*d)[0]++
			return string(rune('0' + (*d)[0])), nil
		})
		args := []int{1}
		pr := statem.Child(statem.Of(m, func(_ *ctx, args []int) (string, *[]int, error) { return "one", &args, nil }), args, statem.Opts{})
		args[0] = 7
		for range 2 {
			pid, err := n.Start(t.Context(), pr)
			assert.NoError(t, err)
			got, err := server.Call(t.Context(), pid, ask{})
			assert.NoError(t, err)
			assert.Equal(t, got, "2")
		}
	})
}

func TestS159_Shutdown(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		gate := make(chan struct{})
		told := make(chan error, 9)
		m := mux()
		statem.OnCast(m.Any(), func(*ctx, *int, string) error { <-gate; return nil })
		statem.OnTerminate(m, func(_ *ctx, _ *int, reason error) error { told <- reason; return nil })
		f := statem.Of(m, counting)
		pid := start(t, n, f, 0, statem.Opts{})
		assert.NoError(t, statem.Shutdown(t.Context(), pid, nil))
		assert.NoError(t, <-told)
		assert.ErrorIs(t, statem.Shutdown(t.Context(), pid, nil), kista.ErrNoProcess)

		pid = start(t, n, f, 0, statem.Opts{})
		assert.NoError(t, server.Cast(pid, "block"))
		assert.ErrorIs(t, statem.Shutdown(t.Context(), pid, errBoom), context.DeadlineExceeded)
		assert.True(t, n.Alive(pid), "it has ended before it came to it")
		end := endOf(n, pid)
		close(gate)
		assert.ErrorIs(t, <-end, errBoom)
	})
}

// A supervisor starts a machine again in its first state, with its first data.
func TestUnderASupervisor(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		m := answering(func(c *ctx, what string) (string, error) {
			if what != "" {
				c.NextState(what)
			}
			return c.State(), nil
		})
		statem.OnCast(m.Any(), func(*ctx, *int, string) error { return errBoom })
		_, err := supervisor.Start(t.Context(), n, supervisor.Spec{Children: []supervisor.Child{
			{ID: "m", Start: statem.Child(statem.Of(m, counting), 0, statem.Opts{Name: "m"})},
		}}, supervisor.Opts{})
		assert.NoError(t, err)
		asked := func(what, want string) {
			t.Helper()
			got, err := server.Call(t.Context(), n.Name("m"), ask{What: what})
			assert.NoError(t, err)
			assert.Equal(t, got, want)
		}
		asked("two", "one")
		asked("", "two")
		assert.NoError(t, server.Cast(n.Name("m"), "crash"))
		kistatest.Pass(0)
		asked("", "one")
	})
}
