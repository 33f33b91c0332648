package kista_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
)

func TestS001_ReturnEndsNormally(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		pid := n.Spawn(func(s *kista.Self) error { _, err := s.Receive(); return errors.Join(err) })
		assert.NoError(t, kista.Send(pid, 1))
		assert.NoError(t, wait(t, pid))
	})
}

func TestS002_PanicGoexitAndErrorAreReasons(t *testing.T) {
	type custom struct{ N []int }
	var nothing *counter
	for _, c := range []struct {
		name  string
		body  kista.Body
		check func(t *testing.T, reason error)
	}{
		{"error", ends(errBoom), func(t *testing.T, r error) { assert.ErrorIs(t, r, errBoom) }},
		{"wrapped", ends(fmt.Errorf("at work: %w", errBoom)), func(t *testing.T, r error) {
			assert.ErrorIs(t, r, errBoom)
			assert.Equal(t, r.Error(), "at work: boom")
		}},
		{"panic value", func(*kista.Self) error { panic(custom{[]int{1}}) }, func(t *testing.T, r error) {
			e := assert.ErrorAs[*kista.PanicError](t, r)
			assert.Equal(t, e.Value.(custom).N[0], 1)
			assert.True(t, strings.Contains(e.StackText(), "TestS002"), "stack: %s", e.StackText())
			assert.True(t, !strings.Contains(e.StackText(), "runBody"), "kernel's frames: %s", e.StackText())
		}},
		{"panic error", func(*kista.Self) error { panic(errBoom) }, func(t *testing.T, r error) {
			assert.ErrorAs[*kista.PanicError](t, r)
			assert.ErrorIs(t, r, errBoom)
		}},
		{"nil pointer", func(*kista.Self) error { nothing.calls++; return nil }, func(t *testing.T, r error) {
			e := assert.ErrorAs[*kista.PanicError](t, r)
			assert.True(t, strings.Contains(e.Error(), "nil pointer"), "%v", e)
			assert.True(t, strings.Contains(e.StackText(), "exit_test.go"), "stack: %s", e.StackText())
		}},
		{"panic nil", func(*kista.Self) error { panic(nil) }, func(t *testing.T, r error) { assert.ErrorAs[*kista.PanicError](t, r) }},
		{"goexit", func(*kista.Self) error { runtime.Goexit(); return nil }, func(t *testing.T, r error) { assert.ErrorIs(t, r, kista.ErrGoexit) }},
		{"channel", func(*kista.Self) error { panic(make(chan int)) }, func(t *testing.T, r error) {
			_, text := assert.ErrorAs[*kista.PanicError](t, r).Value.(string)
			assert.True(t, text, "a value that is not data becomes text")
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, n *kista.Node) { c.check(t, wait(t, n.Spawn(c.body))) })
		})
	}
}

func TestS003_FailingFactoryStillEndsAProcess(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		_, err := n.Start(context.Background(), kista.BehaviourProgram(kista.SpawnOpts{}, "x", func() (kista.Behaviour, error) { panic("no such code") }))
		assert.ErrorAs[*kista.PanicError](t, err)
		_, err = n.Start(context.Background(), kista.BehaviourProgram(kista.SpawnOpts{}, "x", func() (kista.Behaviour, error) { return nil, nil }))
		assert.ErrorAs[*kista.PanicError](t, err)
		_, err = n.Start(context.Background(), kista.BehaviourProgram(kista.SpawnOpts{}, "x", func() (kista.Behaviour, error) { return nil, errBoom }))
		assert.ErrorIs(t, err, errBoom)
	})
}

func TestS004_SpawnThatMakesNoSenseMakesNoProcess(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		before := n.Stats().Spawned
		for _, o := range []kista.SpawnOpts{
			{Mailbox: kista.MailboxLimit{Messages: -1}},
			{Mailbox: kista.MailboxLimit{Bytes: -1}},
			{Mailbox: kista.MailboxLimit{Policy: 9}},
			{Grace: -time.Second},
			{Shutdown: -time.Second},
		} {
			pid, err := n.SpawnWith(o, idle)
			assert.True(t, err != nil && pid.IsZero(), "%+v: %v %v", o, pid, err)
		}
		pid, err := n.SpawnWith(kista.SpawnOpts{}, nil)
		assert.True(t, err != nil && pid.IsZero(), "no body: %v %v", pid, err)
		assert.Equal(t, n.Stats().Spawned, before)
	})
}

func TestS005_SpawnWithLinkAndMonitorIsOneStep(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		within(t, n, func(s *kista.Self) {
			s.TrapExits(true)
			for range 200 {
				child := s.SpawnLink(ends(errBoom))
				assert.Equal(t, receive[kista.Exited](t, s).PID, child)
				child, ref := s.SpawnMonitor(ends(nil))
				d := receive[kista.Down](t, s)
				assert.Equal(t, d, kista.Down{Ref: ref, Addr: child})
			}
			empty(t, s)
		})
	})
}

func TestS006_ExitedComesBeforeDown(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		within(t, n, func(s *kista.Self) {
			s.TrapExits(true)
			_, ref, err := s.SpawnWith(kista.SpawnOpts{Link: true, Monitor: true}, ends(errBoom))
			assert.NoError(t, err)
			first, err := s.Receive()
			assert.NoError(t, err)
			assert.ErrorIs(t, first.(kista.Exited).Reason, errBoom)
			second, err := s.Receive()
			assert.NoError(t, err)
			assert.Equal(t, second.(kista.Down).Ref, ref)
			assert.ErrorIs(t, second.(kista.Down).Reason, errBoom)
		})
	})
}

func TestS007_PIDsAreNeverReused(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		seen := map[kista.PID]bool{}
		for range 2000 {
			pid := n.Spawn(ends(nil))
			assert.True(t, !seen[pid], "%v again", pid)
			seen[pid] = true
		}
		assert.True(t, kista.PID{}.IsZero() && kista.PID{}.String() == "<none>", "the zero PID")
	})
}

// The name is free when the Down is handled: whoever hears may take it.
func TestS008_NameIsGoneBeforeDown(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		within(t, n, func(s *kista.Self) {
			s.TrapExits(true)
			for range 100 {
				_, _, err := s.SpawnWith(kista.SpawnOpts{Name: "it", Link: true, Monitor: true}, ends(nil))
				assert.NoError(t, err)
				for range 2 {
					_, err := s.Receive()
					assert.NoError(t, err)
					_, there := n.WhereIs("it")
					assert.True(t, !there, "the name is still there")
				}
			}
		})
	})
}

// Names go first, then links, then monitors and callers, and the process is off
// the list when they hear.
func TestS009_OrderOfAnEnd(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		server := serve(t, n, counter{handle: func(s *kista.Self, msg any) error {
			if _, ok := msg.(kista.Request); ok {
				return nil // kept, never answered
			}
			return errBoom
		}})
		assert.NoError(t, n.Register("it", server))
		within(t, n, func(s *kista.Self) {
			s.TrapExits(true)
			assert.NoError(t, s.Link(server))
			s.Monitor(server)
			call := kista.Begin(s, server, "x")
			assert.NoError(t, s.Send(server, "end"))
			_, err := call.Wait(s)
			assert.ErrorIs(t, err, errBoom)
			first, _ := s.Receive()
			second, _ := s.Receive()
			_, ok1 := first.(kista.Exited)
			_, ok2 := second.(kista.Down)
			assert.True(t, ok1 && ok2, "%T, %T", first, second)
			_, there := n.WhereIs("it")
			assert.True(t, !there && !n.Alive(server), "still there")
		})
	})
}

func TestS010_AliveKnowsOfSignalsSentBefore(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		for _, busy := range []bool{false, true} {
			gate := make(chan struct{})
			pid := n.Spawn(func(s *kista.Self) error {
				if busy {
					<-gate
				}
				return idle(s)
			})
			assert.True(t, n.Alive(pid), "not alive")
			assert.NoError(t, kista.Exit(pid, errBoom))
			assert.True(t, !n.Alive(pid), "alive after an exit signal (busy %v)", busy)
			close(gate)
			assert.ErrorIs(t, wait(t, pid), errBoom)
		}
	})
}

type bigReason struct {
	Items []string
	Inner map[string][]int
}

func (e *bigReason) Error() string { return "big" }

// Every recipient has a copy of what can change in a reason.
func TestS011_ReasonsOfAnySizeAreCopied(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		mine := &bigReason{Items: make([]string, 100_000), Inner: map[string][]int{"a": {1}}}
		got := make(chan error, 3)
		gate := make(chan struct{})
		watched := n.Spawn(func(s *kista.Self) error { <-gate; return mine })
		panicked := n.Spawn(func(s *kista.Self) error { <-gate; panic(map[string][]int{"a": {1}}) })
		for range 3 {
			n.Spawn(func(s *kista.Self) error {
				s.Monitor(watched)
				s.Monitor(panicked)
				for range 2 {
					d := receive[kista.Down](t, s)
					var big *bigReason
					var pe *kista.PanicError
					var inner map[string][]int
					switch {
					case errors.As(d.Reason, &big):
						inner = big.Inner
					case errors.As(d.Reason, &pe):
						inner = pe.Value.(map[string][]int)
						pe.Stack[0] = 0
					}
					if inner["a"][0] != 1 {
						got <- errors.New("somebody changed it")
						return nil
					}
					inner["a"][0] = 2 // nobody else may see it
				}
				got <- nil
				return nil
			})
		}
		settle()
		close(gate)
		for range 3 {
			assert.NoError(t, <-got)
		}
		assert.Equal(t, mine.Inner["a"][0], 1)
	})
}

func TestS012_LocalsBelongToOneProcess(t *testing.T) {
	var local kista.Local[string]
	bubble(t, func(t *testing.T, n *kista.Node) {
		within(t, n, func(s *kista.Self) {
			_, had := local.Set(s, "one")
			assert.True(t, !had, "had a value")
			old, had := local.Set(s, "two")
			assert.True(t, had && old == "one", "old %q %v", old, had)
			child, ref := s.SpawnMonitor(func(c *kista.Self) error {
				if _, has := local.Get(c); has {
					return errBoom
				}
				local.Set(c, "theirs")
				return nil
			})
			assert.Equal(t, receive[kista.Down](t, s), kista.Down{Ref: ref, Addr: child})
			v, _ := local.Get(s)
			assert.Equal(t, v, "two")
			v, had = local.Erase(s)
			assert.True(t, had && v == "two", "erased %q %v", v, had)
			_, had = local.Erase(s)
			assert.True(t, !had, "erased twice")
		})
	})
}

// Return, self exit, a signal and a panic are heard of in the same way.
func TestS014_EveryEndGivesTheSameNotifications(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		for name, body := range map[string]kista.Body{
			"return": ends(errBoom),
			"exit": func(s *kista.Self) error {
				err := s.Exit(s.PID(), errBoom)
				assert.ErrorIs(t, err, errBoom)
				return errOther
			},
			"panic":  func(s *kista.Self) error { panic(errBoom) },
			"signal": func(s *kista.Self) error { _ = kista.Exit(s.PID(), errBoom); return idle(s) },
		} {
			within(t, n, func(s *kista.Self) {
				s.TrapExits(true)
				gate := make(chan struct{})
				pid, _, err := s.SpawnWith(kista.SpawnOpts{Link: true, Monitor: true}, func(c *kista.Self) error { <-gate; return body(c) })
				assert.NoError(t, err)
				close(gate)
				assert.ErrorIs(t, receive[kista.Exited](t, s).Reason, errBoom)
				assert.ErrorIs(t, receive[kista.Down](t, s).Reason, errBoom)
				assert.True(t, !n.Alive(pid), "%s: alive", name)
				empty(t, s)
			})
		}
	})
}

func TestS046_ExitSignalEndsOrBecomesAMessage(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		pid := n.Spawn(idle)
		assert.NoError(t, kista.Exit(pid, errBoom))
		assert.ErrorIs(t, wait(t, pid), errBoom)
		within(t, n, func(s *kista.Self) {
			s.TrapExits(true)
			sender := s.Spawn(func(o *kista.Self) error { return o.Exit(s.PID(), errBoom) })
			ex := receive[kista.Exited](t, s)
			assert.Equal(t, ex.PID, sender)
			assert.ErrorIs(t, ex.Reason, errBoom)
			_ = kista.Exit(s.PID(), errOther) // from outside: nobody's
			ex = receive[kista.Exited](t, s)
			assert.True(t, ex.PID.IsZero(), "from %v", ex.PID)
		})
	})
}

func TestS047_NormalExitOfAnother(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		pid := n.Spawn(idle)
		assert.NoError(t, kista.Exit(pid, nil))
		settle()
		assert.True(t, n.Alive(pid), "a normal exit signal ended it")
		within(t, n, func(s *kista.Self) {
			s.TrapExits(true)
			assert.NoError(t, kista.Exit(s.PID(), nil))
			assert.NoError(t, receive[kista.Exited](t, s).Reason)
		})
	})
}

func TestS048_NormalExitOfOneself(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		after := false
		pid := n.Spawn(func(s *kista.Self) error {
			err := s.Exit(s.PID(), nil)
			assert.True(t, errors.Is(err, kista.Stop{}), "%v", err)
			_, _ = s.Receive()
			after = true
			return errBoom
		})
		assert.NoError(t, wait(t, pid))
		settle()
		assert.True(t, !after, "code ran after the second operation of an ended process")
		within(t, n, func(s *kista.Self) {
			s.TrapExits(true)
			assert.NoError(t, s.Exit(s.PID(), nil))
			assert.Equal(t, receive[kista.Exited](t, s), kista.Exited{PID: s.PID()})
		})
	})
}

func TestS049_KillCannotBeTrapped(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		pid, err := n.SpawnWith(kista.SpawnOpts{TrapExits: true}, idle)
		assert.NoError(t, err)
		within(t, n, func(s *kista.Self) {
			ref := s.Monitor(pid)
			assert.NoError(t, s.Exit(pid, kista.Kill))
			assert.Equal(t, receive[kista.Down](t, s), kista.Down{Ref: ref, Addr: pid, Reason: kista.ErrKilled})
		})
	})
}

func TestS050_KillOfOneself(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		gate := make(chan struct{})
		pid := n.Spawn(func(s *kista.Self) error {
			<-gate
			s.TrapExits(true)
			assert.ErrorIs(t, s.Exit(s.PID(), kista.Kill), kista.ErrKilled)
			return nil
		})
		go close(gate)
		assert.ErrorIs(t, wait(t, pid), kista.ErrKilled)
	})
}

func TestS051_ExitOfTheDeadIsNoError(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		pid := n.Spawn(ends(nil))
		settle()
		assert.NoError(t, kista.Exit(pid, errBoom))
		assert.NoError(t, kista.Exit(kista.PID{}, kista.Kill))
	})
}

func TestS052_TrappedMessagesStay(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		within(t, n, func(s *kista.Self) {
			s.TrapExits(true)
			_ = kista.Exit(s.PID(), errBoom)
			s.TrapExits(false)
			assert.ErrorIs(t, receive[kista.Exited](t, s).Reason, errBoom)
		})
	})
}

func TestS053_TrapExitsReturnsTheOldValue(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		within(t, n, func(s *kista.Self) {
			got := []bool{s.TrapExits(true), s.TrapExits(true), s.TrapExits(false), s.TrapExits(false)}
			assert.Equal(t, got, []bool{false, true, true, false})
		})
	})
}

func TestS054_FirstExitSignalCounts(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		gate := make(chan struct{})
		for _, grace := range []time.Duration{0, time.Minute, kista.NoTimeout} {
			pid, err := n.SpawnWith(kista.SpawnOpts{Grace: grace}, func(s *kista.Self) error { <-gate; return errOther })
			assert.NoError(t, err)
			settle()
			within(t, n, func(s *kista.Self) {
				s.Monitor(pid)
				assert.NoError(t, s.Exit(pid, errBoom))
				assert.NoError(t, s.Exit(pid, errOther))
				gate <- struct{}{}
				assert.ErrorIs(t, receive[kista.Down](t, s).Reason, errBoom)
			})
		}
	})
}

func TestS055_UnlinkDoesNotStopAnExitSignal(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		within(t, n, func(s *kista.Self) {
			s.TrapExits(true)
			other := s.SpawnLink(func(o *kista.Self) error {
				_ = o.Exit(s.PID(), errBoom)
				return idle(o)
			})
			settle()
			assert.NoError(t, s.Unlink(other))
			assert.ErrorIs(t, receive[kista.Exited](t, s).Reason, errBoom)
			_ = kista.Exit(other, kista.Kill)
		})
	})
}

// Differs from OTP: deferred calls run; nothing else does.
func TestS056_AnEndedProcessRunsOnlyItsDefers(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		var trace []string
		done := make(chan struct{})
		n.Spawn(func(s *kista.Self) error {
			defer close(done)
			defer func() { trace = append(trace, "deferred") }()
			for {
				func() {
					defer func() {
						if r := recover(); r != nil {
							trace = append(trace, "recovered")
						}
					}()
					_ = kista.Exit(s.PID(), kista.Kill)
					trace = append(trace, fmt.Sprint(s.Send(s.PID(), 1)))
					_ = s.Send(s.PID(), 2)
					trace = append(trace, "went on")
				}()
			}
		})
		<-done
		assert.Equal(t, trace, []string{kista.ErrKilled.Error(), "deferred"})
	})
}

// A body in its own code has its context ended, and time to return.
func TestExitGivesABodyItsGrace(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		for _, c := range []struct {
			grace, needs, took time.Duration
		}{
			{0, time.Second, time.Second},
			{0, time.Minute, kista.DefaultGrace},
			{2 * time.Second, time.Minute, 2 * time.Second},
			{kista.NoTimeout, time.Minute, time.Minute},
		} {
			returned := make(chan struct{})
			pid, err := n.SpawnWith(kista.SpawnOpts{Grace: c.grace}, func(s *kista.Self) error {
				<-s.Done()
				assert.ErrorIs(t, context.Cause(s), errBoom)
				time.Sleep(c.needs) // virtual
				close(returned)
				return s.Err()
			})
			assert.NoError(t, err)
			settle()
			began := time.Now()
			_ = kista.Exit(pid, errBoom)
			assert.ErrorIs(t, wait(t, pid), errBoom)
			assert.Equal(t, time.Since(began), c.took)
			<-returned
		}
	})
}

// A failure while ending is news; the reason that it was told is not.
func TestPanicWhileEndingIsTheReason(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		pid := n.Spawn(func(s *kista.Self) error { <-s.Done(); panic("while cleaning up") })
		settle()
		_ = kista.Exit(pid, kista.ErrShutdown)
		assert.ErrorAs[*kista.PanicError](t, wait(t, pid))
	})
}

func TestAbnormal(t *testing.T) {
	for reason, want := range map[error]bool{
		nil: false, kista.ErrShutdown: false, &kista.ShutdownError{Cause: errBoom}: false,
		errBoom: true, kista.ErrKilled: true, kista.Kill: true, context.Canceled: true,
		kista.Freeze(fmt.Errorf("x: %w", kista.ErrShutdown)): false,
	} {
		assert.Equal(t, kista.Abnormal(reason), want)
	}
}

// Self is a context like any other; those derived from it end with it.
func TestSelfIsAContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := start(t, kista.Config{})
		var leaked *kista.Self
		within(t, n, func(s *kista.Self) {
			leaked = s
			ctx, cancel := context.WithTimeout(s, time.Second)
			defer cancel()
			<-ctx.Done()
			assert.ErrorIs(t, ctx.Err(), context.DeadlineExceeded)
			assert.NoError(t, s.Err())
			_, has := s.Deadline()
			assert.True(t, !has && s.Value("x") == nil, "deadline or value")
		})
		<-leaked.Done()
		assert.ErrorIs(t, leaked.Err(), context.Canceled)
	})
}

// A body that returns at the very moment at which its grace is over dies once.
func TestGraceIsOverAsTheBodyReturns(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		stays := n.Spawn(idle)
		for range 500 {
			pid, err := n.SpawnWith(kista.SpawnOpts{Grace: time.Second}, func(s *kista.Self) error {
				<-s.Done()
				time.Sleep(time.Second)
				return nil
			})
			assert.NoError(t, err)
			settle()
			_ = kista.Exit(pid, errBoom)
		}
		time.Sleep(2 * time.Second)
		var left []kista.PID
		for pid := range n.Processes() {
			left = append(left, pid)
		}
		assert.True(t, len(left) == 1 && left[0] == stays && n.Stats().Processes == 1, "left %v, %+v", left, n.Stats())
	})
}
