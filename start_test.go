package kista_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
)

func TestS098_StartWaitsForTheAcknowledgement(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		slow := kista.BodyProgram(kista.SpawnOpts{}, true, func(s *kista.Self) error {
			time.Sleep(3 * time.Second)
			_, _ = s.Started(), s.Started() // later ones do nothing
			return idle(s)
		})
		began := time.Now()
		pid, err := n.Start(context.Background(), slow)
		assert.NoError(t, err)
		assert.True(t, n.Alive(pid) && time.Since(began) == 3*time.Second, "took %v", time.Since(began))
		for _, c := range []struct {
			body kista.Body
			want error
		}{{ends(errBoom), errBoom}, {func(*kista.Self) error { panic(errBoom) }, errBoom}, {func(s *kista.Self) error { return s.Exit(s.PID(), kista.Kill) }, kista.ErrKilled}} {
			pid, err = n.Start(context.Background(), kista.BodyProgram(kista.SpawnOpts{}, true, c.body))
			assert.ErrorIs(t, err, c.want)
			assert.True(t, pid.IsZero(), "a PID for a failed start")
		}
		_, err = n.Start(context.Background(), kista.BodyProgram(kista.SpawnOpts{}, true, ends(nil)))
		assert.True(t, err != nil, "it ended before it was up")
		_, err = n.Start(context.Background(), program(kista.SpawnOpts{}, counter{init: func(*kista.Self) error { return kista.ErrIgnore }}))
		assert.True(t, err == kista.ErrIgnore, "%v", err)
		_, err = n.Start(context.Background(), program(kista.SpawnOpts{}, counter{init: func(*kista.Self) error { return kista.Stop{Reason: errBoom} }}))
		assert.ErrorIs(t, err, errBoom)
		_, err = n.Start(context.Background(), kista.Program{})
		assert.True(t, err != nil, "an empty program started")
	})
}

func TestS099_StartTimeoutKillsTheChild(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		gate := make(chan struct{})
		hangs := program(kista.SpawnOpts{Name: "it"}, counter{init: func(*kista.Self) error { <-gate; return nil }})
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_, err := n.Start(ctx, hangs)
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		_, there := n.WhereIs("it")
		assert.True(t, !there && n.Stats().Processes == 0, "the child is there")
		within(t, n, func(s *kista.Self) { // nor does a link tell of it
			ctx, cancel := context.WithTimeout(s, time.Second)
			defer cancel()
			_, err := s.StartLink(ctx, hangs)
			assert.ErrorIs(t, err, context.DeadlineExceeded)
			s.TrapExits(true)
			settleInside()
			empty(t, s)
		})
		close(gate)
	})
}

// settleInside gives everything else its turn; to be called in a bubble.
func settleInside() { time.Sleep(time.Nanosecond) } // sleep: virtual time, in a bubble

func TestS100_FailedStartLink(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		fails := program(kista.SpawnOpts{Name: "it"}, counter{init: func(*kista.Self) error { return errBoom }})
		within(t, n, func(s *kista.Self) {
			s.TrapExits(true)
			_, err := s.StartLink(s, fails)
			assert.ErrorIs(t, err, errBoom)
			_, there := n.WhereIs("it")
			assert.True(t, !there, "the name is still there")
			settleInside()
			empty(t, s)
		})
		within(t, n, func(s *kista.Self) {
			s.SpawnMonitor(func(s *kista.Self) error {
				_, err := s.StartLink(s, fails)
				_, _ = s.StartLink(s, fails)
				return errors.Join(errOther, err)
			})
			assert.ErrorIs(t, receive[kista.Down](t, s).Reason, errBoom) // S108: not trapping, it ends with it
		})
		within(t, n, func(s *kista.Self) {
			_, err := s.StartLink(s, program(kista.SpawnOpts{}, counter{init: func(*kista.Self) error { return kista.ErrIgnore }}))
			assert.True(t, err == kista.ErrIgnore, "%v", err)
		})
	})
}

// A start that is complete at once is no start under way: the end of such a
// process is told like any other.
func TestStartLinkOfABodyTellsOfItsEnd(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		within(t, n, func(s *kista.Self) {
			s.TrapExits(true)
			pid, err := s.StartLink(s, kista.BodyProgram(kista.SpawnOpts{}, false, ends(errBoom)))
			assert.NoError(t, err)
			ex := receive[kista.Exited](t, s)
			assert.Equal(t, ex.PID, pid)
			assert.ErrorIs(t, ex.Reason, errBoom)
		})
	})
}

func TestStartChildTellsOnce(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		within(t, n, func(s *kista.Self) {
			s.TrapExits(true)
			for range 100 {
				pid, ref, err := s.StartChild(kista.BodyProgram(kista.SpawnOpts{}, false, ends(nil)))
				assert.NoError(t, err)
				m, _ := s.Receive()
				assert.Equal(t, m, any(kista.Started{Ref: ref, PID: pid}))
				m, _ = s.Receive()
				assert.Equal(t, m, any(kista.Exited{PID: pid}))
			}
			pid, ref, err := s.StartChild(program(kista.SpawnOpts{}, counter{}))
			assert.NoError(t, err)
			assert.Equal(t, receive[kista.Started](t, s), kista.Started{Ref: ref, PID: pid})
			_ = s.Exit(pid, errBoom)
			assert.ErrorIs(t, receive[kista.Exited](t, s).Reason, errBoom)
			_, ref, err = s.StartChild(program(kista.SpawnOpts{}, counter{init: func(*kista.Self) error { panic(errBoom) }}))
			assert.NoError(t, err)
			st := receive[kista.Started](t, s)
			assert.True(t, st.Ref == ref && errors.Is(st.Err, errBoom), "%+v", st)
			settleInside()
			empty(t, s)
		})
	})
}

func TestS101_Ancestors(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		got := make(chan []string, 1)
		grandparent, err := n.SpawnWith(kista.SpawnOpts{Name: "top"}, func(s *kista.Self) error {
			s.Spawn(func(p *kista.Self) error {
				p.Spawn(func(c *kista.Self) error {
					info, _ := n.Info(c.PID())
					assert.Equal(t, info.Parent, p.PID())
					got <- append(info.Ancestors, p.PID().String())
					return nil
				})
				return idle(p)
			})
			return idle(s)
		})
		assert.NoError(t, err)
		list := <-got
		assert.Equal(t, list, []string{list[2], "top", list[2]})
		info, _ := n.Info(grandparent)
		assert.True(t, len(info.Ancestors) == 0 && info.Parent.IsZero(), "%+v", info)
	})
}

// The state of a behaviour's callbacks and of its context, in order.
func TestBehaviourLife(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		ended := make(chan error, 1)
		life := counter{
			handle: func(_ *kista.Self, msg any) error {
				switch msg {
				case "stop":
					return kista.Stop{}
				case "fail":
					return errBoom
				case "panic":
					panic(errBoom)
				}
				return nil
			},
			end: func(s *kista.Self, reason error) error {
				assert.NoError(t, s.Err())
				_, has := s.Deadline()
				assert.True(t, has, "Terminate has no deadline")
				ended <- reason
				return nil
			},
		}
		for msg, want := range map[string]error{"stop": nil, "fail": errBoom, "panic": errBoom} {
			pid, err := n.Start(context.Background(), program(kista.SpawnOpts{Shutdown: time.Second}, life))
			assert.NoError(t, err)
			settle()
			_ = kista.Send(pid, msg)
			reason := wait(t, pid)
			assert.True(t, errors.Is(<-ended, want) && errors.Is(reason, want), "%s: %v", msg, reason)
		}
		pid := serve(t, n, life)
		_ = kista.Exit(pid, errBoom) // S124: not for an exit signal that is not trapped
		settle()
		assert.Silent(t, ended)
		life.end = func(*kista.Self, error) error { panic("in terminate") } // S126
		pid = serve(t, n, life)
		gone := make(chan error, 1)
		go func() { r, _ := kista.Wait(context.Background(), pid); gone <- r }()
		settle()
		_ = kista.Send(pid, "fail")
		assert.Equal(t, assert.ErrorAs[*kista.PanicError](t, <-gone).Value, any("in terminate"))
	})
}

// What a handler derived from its Self ends with the process, also where
// Terminate was given a context of its own.
func TestContextsOfHandlersEnd(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		var derived context.Context
		var stop func()
		pid := serve(t, n, counter{handle: func(s *kista.Self, _ any) error {
			derived, stop = context.WithCancel(s)
			return errBoom
		}})
		_ = kista.Send(pid, 1)
		settle()
		assert.ErrorIs(t, context.Cause(derived), errBoom)
		stop()
	})
}

func TestSystemRequests(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		ctx := context.Background()
		pid := serve(t, n, counter{})
		answers(t, pid)
		v, err := kista.System(ctx, pid, kista.GetState{})
		assert.NoError(t, err)
		assert.Equal(t, v, any(1))
		for range 2 {
			_, err = kista.System(ctx, pid, kista.Suspend{})
			assert.NoError(t, err)
		}
		info, _ := n.Info(pid)
		assert.Equal(t, info.Status, kista.Suspended)
		_, err = kista.Call(ctx, pid, 1)
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		_, err = kista.System(ctx, pid, kista.Resume{})
		assert.NoError(t, err)
		answers(t, pid)
		for _, reason := range []error{nil, errBoom, kista.ErrShutdown, &kista.ShutdownError{Cause: errBoom}} {
			_, err = kista.System(ctx, serve(t, n, counter{}), kista.Terminate{Reason: reason})
			assert.NoError(t, err)
		}
		_, err = kista.System(ctx, n.Spawn(idle), kista.GetState{})
		assert.ErrorIs(t, err, kista.ErrNotBehaviour)
		_, err = kista.System(ctx, kista.PID{}, kista.GetState{})
		assert.ErrorIs(t, err, kista.ErrNoProcess)
	})
}
