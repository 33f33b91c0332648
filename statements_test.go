package kista_test

import (
	"context"
	"errors"
	"log/slog"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
)

// Statements about what a node as a whole does.

// With all processors busy and a long queue of ordinary behaviours, one with
// high priority is served next; who has endless work of his own gives way to
// others after a while.
func TestS096_HighPriorityIsServedFirst(t *testing.T) {
	if raceEnabled {
		t.Skip("under the race detector Go's scheduler runs every execution")
	}
	n := node(t)
	const crowd = 400
	var handled, sent, served atomic.Int64
	start := func(o kista.SpawnOpts, do func(s *kista.Self)) kista.PID {
		pid, err := n.Start(context.Background(), program(o, counter{handle: func(s *kista.Self, _ any) error { do(s); return nil }}))
		assert.NoError(t, err)
		return pid
	}
	done := make(chan struct{}, crowd+1)
	high := start(kista.SpawnOpts{Priority: kista.PriorityHigh}, func(*kista.Self) {
		served.Store(handled.Load())
		done <- struct{}{}
	})
	var all []kista.PID
	for range crowd {
		all = append(all, start(kista.SpawnOpts{}, func(s *kista.Self) {
			for began := time.Now(); time.Since(began) < 50*time.Microsecond; {
			}
			if handled.Add(1) == crowd/4 {
				sent.Store(handled.Load())
				assert.NoError(t, s.Send(high, "now"))
			}
			done <- struct{}{}
		}))
	}
	for _, pid := range all {
		assert.NoError(t, kista.Send(pid, "work"))
	}
	for range crowd + 1 {
		assert.Within(t, 20*time.Second, done)
	}
	if behind := served.Load() - sent.Load(); behind > int64(8*runtime.GOMAXPROCS(0)) {
		t.Errorf("%d of %d ordinary ones were served before it", behind, crowd-sent.Load())
	}
}

func TestS096_EndlessMailKeepsNobodyWaiting(t *testing.T) {
	n := node(t)
	for range 2 * runtime.GOMAXPROCS(0) {
		busy := serve(t, n, counter{handle: func(s *kista.Self, msg any) error { return s.Send(s.PID(), msg) }})
		assert.NoError(t, kista.Send(busy, "again"))
	}
	other := serve(t, n, counter{})
	for range 50 {
		answers(t, other)
	}
}

// A behaviour without mail owns no goroutine, keeps what it has been sent, and
// wakes at the next message.
func TestS097_AnIdleBehaviourOwnsNoGoroutine(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		const many = 1000
		settle()
		before := runtime.NumGoroutine()
		var all []kista.PID
		for range many {
			all = append(all, serve(t, n, counter{}))
		}
		for _, pid := range all {
			answers(t, pid)
		}
		settle()
		if more := runtime.NumGoroutine() - before; more > many/10 {
			t.Errorf("%d goroutines for %d idle behaviours", more, many)
		}
		for _, pid := range all {
			if i, _ := n.Info(pid); i.Status != kista.Idle {
				t.Fatalf("%v is %v", pid, i.Status)
			}
			answers(t, pid)
		}
	})
}

// Differs from OTP: a plain process that ends by a fault or with an abnormal
// reason makes the same report as any other.
func TestS104_EveryCrashMakesOneReport(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &handler{}
		n := start(t, kista.Config{Name: "a", Logger: slog.New(h)})
		fails := map[string]kista.Body{
			"boom":               ends(errBoom),
			"kista: panic: boom": func(*kista.Self) error { panic(errBoom) },
			kista.ErrGoexit.Error(): func(*kista.Self) error {
				runtime.Goexit()
				return nil
			},
		}
		for reason, body := range fails {
			for _, how := range []func() kista.PID{
				func() kista.PID { return n.Spawn(body) },
				func() (pid kista.PID) {
					within(t, n, func(s *kista.Self) { pid = s.Spawn(body) })
					return pid
				},
				func() kista.PID {
					pid, _ := n.Start(context.Background(), kista.BodyProgram(kista.SpawnOpts{}, false, body))
					return pid
				},
			} {
				_ = wait(t, how())
				settle()
				assert.Equal(t, h.fields(t)["reason"], reason)
			}
		}
	})
}

// While more processes than there are processors loop for ever, the others of
// all kinds go on: they are spawned, answer, hear of ends, and timers fire.
func TestS276_OthersGoOnBesideEndlessLoops(t *testing.T) {
	n := node(t)
	loops, end := spin(n, runtime.GOMAXPROCS(0)+1)
	defer end()
	var over atomic.Bool
	defer over.Store(true)
	loop := serve(t, n, counter{handle: func(*kista.Self, any) error {
		for !over.Load() {
		}
		return nil
	}})
	assert.NoError(t, kista.Send(loop, "loop"))
	within(t, n, func(s *kista.Self) {
		kista.SendAfter(time.Millisecond, s.PID(), red{1})
		assert.Equal(t, receive[red](t, s), red{1})
		pid, err := s.StartLink(s, program(kista.SpawnOpts{}, counter{}))
		assert.NoError(t, err)
		answers(t, pid)
		child, ref := s.SpawnMonitor(ends(errBoom))
		d := receive[kista.Down](t, s)
		assert.True(t, d.Ref == ref && d.Addr == child && errors.Is(d.Reason, errBoom), "%v", d)
	})
	for _, pid := range loops {
		assert.True(t, n.Alive(pid), "%v has ended", pid)
	}
}

// A mailbox that nobody reads grows to its limit and no further, hurts only who
// sends to it, and others can see how long it is.
func TestS278_AFullMailboxHurtsNobodyElse(t *testing.T) {
	n := node(t)
	const limit = 1000
	deaf, err := n.SpawnWith(kista.SpawnOpts{Mailbox: kista.MailboxLimit{Messages: limit}}, func(s *kista.Self) error {
		_, err := kista.Receive[blue](s)
		return err
	})
	assert.NoError(t, err)
	other := serve(t, n, counter{})
	for i := range 2 * limit {
		err := kista.Send(deaf, red{i})
		if i < limit {
			assert.NoError(t, err)
		} else {
			full := assert.ErrorAs[*kista.MailboxFullError](t, err)
			assert.True(t, full.PID == deaf && full.Messages == limit, "%+v", full)
		}
		if i%100 == 0 {
			info, alive := n.Info(deaf)
			assert.True(t, alive && info.MailboxLen == min(i+1, limit), "%+v", info)
			answers(t, other)
		}
	}
	assert.NoError(t, kista.Exit(deaf, errBoom)) // signals are not counted
	assert.ErrorIs(t, wait(t, deaf), errBoom)
}
