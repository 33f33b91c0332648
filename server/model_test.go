package server_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/kistatest"
	"github.com/kista-go/kista/server"
)

// A server under random calls, casts, postponed answers, continuations, idle
// timeouts, suspensions, time outs of callers and deaths does what a few lines
// without any concurrency do.

type (
	add struct { // a call or a cast
		server.Replies[int]
		N int
	}
	hold struct{ server.Replies[int] } // answered by the next release
	free struct{}
	more struct { // N is added by a continuation
		server.Replies[int]
		N int
	}
	nap struct { // a timeout is asked for
		server.Replies[int]
		For time.Duration
	}
	die struct { // in that way
		server.Replies[int]
		How string
	}
)

type ledger struct {
	Sum     int
	Idle    int
	Waiting []kista.From
}

func ledgerMux() *server.Mux[ledger] {
	m := new(server.Mux[ledger])
	server.OnCall(m, func(_ *server.Ctx, l *ledger, q add) (int, error) {
		if q.N < 0 {
			return 0, fmt.Errorf("%d: %w", q.N, errFunds)
		}
		l.Sum += q.N
		return l.Sum, nil
	})
	server.OnCast(m, func(_ *server.Ctx, l *ledger, q add) error { l.Sum += q.N; return nil })
	server.OnCall(m, func(c *server.Ctx, l *ledger, _ hold) (int, error) {
		l.Waiting = append(l.Waiting, c.From())
		return 0, server.Later
	})
	server.OnInfo(m, func(_ *server.Ctx, l *ledger, _ free) error {
		for _, w := range l.Waiting {
			if err := w.Reply(l.Sum); err != nil {
				return err
			}
		}
		l.Waiting = nil
		return nil
	})
	server.OnCall(m, func(c *server.Ctx, l *ledger, q more) (int, error) { c.Continue(q.N); return l.Sum, nil })
	server.OnContinue(m, func(_ *server.Ctx, l *ledger, n int) error { l.Sum += n; return nil })
	server.OnCall(m, func(c *server.Ctx, l *ledger, q nap) (int, error) { c.Timeout(q.For); return l.Sum, nil })
	server.OnTimeout(m, func(_ *server.Ctx, l *ledger) error { l.Idle++; return nil })
	server.OnCall(m, func(_ *server.Ctx, l *ledger, q die) (int, error) {
		switch q.How {
		case "panic":
			panic(errBoom)
		case "goexit":
			runtime.Goexit()
		case "crash":
			return 0, server.Crash(errBoom)
		}
		return l.Sum, server.Stop(errBoom)
	})
	return m
}

// promise is a call whose end the model foresees.
type promise struct {
	call *server.Pending[int]
	over bool
	val  int
	err  error // that errors.Is must find
}

// answer ends the promise; only the first one counts.
func (p *promise) answer(val int, err error) {
	if !p.over {
		p.over, p.val, p.err = true, val, err
	}
}

// model is what the server should be.
type model struct {
	sum, idle int
	waiting   []*promise
	queue     []func() // while suspended
	suspended bool
	round     int       // messages handled
	alarm     time.Time // zero: none
	dead      bool
}

func (m *model) handle(do func()) {
	if m.suspended {
		m.queue = append(m.queue, func() { m.now(do) })
		return
	}
	m.now(do)
}

func (m *model) now(do func()) {
	if m.dead {
		return
	}
	m.round++
	m.alarm = time.Time{}
	do()
}

func (m *model) pass(d time.Duration) {
	if m.alarm.IsZero() || m.alarm.After(time.Now().Add(d)) {
		return
	}
	m.alarm = time.Time{}
	round := m.round
	tick := func() {
		if m.round == round {
			m.now(func() { m.idle++ })
		}
	}
	if m.suspended {
		m.queue = append(m.queue, tick)
	} else {
		tick()
	}
}

// end is the server's death, of which all who wait hear.
func (m *model) end(err error) {
	m.dead = true
	for _, p := range m.waiting {
		p.answer(0, err)
	}
	m.waiting = nil
}

func TestModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) { rapid.SyncTest(rt, checkModel) })
}

func checkModel(t *rapid.T) {
	ctx := context.Background()
	n, err := kista.Start(kista.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := n.Stop(ctx); err != nil {
			t.Fatal(err)
		}
	}()
	pr := server.Child(server.Of(ledgerMux(), func(*server.Ctx, any) (*ledger, error) { return new(ledger), nil }), nil, server.Opts{})
	var (
		pid      kista.PID
		m        *model
		promises []*promise
	)
	restart := func() {
		m = new(model)
		if pid, err = n.Start(ctx, pr); err != nil {
			t.Fatal(err)
		}
	}
	restart()
	// call begins a call; then says what the model does with it.
	call := func(req server.Request[int], then func(p *promise)) {
		p := &promise{call: server.Begin(ctx, pid, req)}
		promises = append(promises, p)
		m.handle(func() { then(p) })
	}
	small := rapid.IntRange(-2, 9)
	system := func(req kista.SystemRequest) any {
		v, err := kista.System(ctx, pid, req)
		if err != nil {
			t.Fatalf("%T: %v", req, err)
		}
		return v
	}

	t.Repeat(map[string]func(*rapid.T){
		"add": func(t *rapid.T) {
			k := small.Draw(t, "n")
			call(add{N: k}, func(p *promise) {
				if k < 0 {
					p.answer(0, errFunds)
					return
				}
				m.sum += k
				p.answer(m.sum, nil)
			})
		},
		"cast": func(t *rapid.T) {
			k := small.Draw(t, "n")
			if err := server.Cast(pid, add{N: k}); err != nil {
				t.Fatal(err)
			}
			m.handle(func() { m.sum += k })
		},
		"hold": func(*rapid.T) { call(hold{}, func(p *promise) { m.waiting = append(m.waiting, p) }) },
		"free": func(t *rapid.T) {
			if err := kista.Send(pid, free{}); err != nil {
				t.Fatal(err)
			}
			m.handle(func() {
				for _, p := range m.waiting {
					p.answer(m.sum, nil)
				}
				m.waiting = nil
			})
		},
		"continue": func(t *rapid.T) {
			k := small.Draw(t, "n")
			call(more{N: k}, func(p *promise) {
				p.answer(m.sum, nil)
				m.now(func() { m.sum += k })
			})
		},
		"nap": func(t *rapid.T) {
			d := time.Duration(rapid.IntRange(-1, 3).Draw(t, "d")) * time.Second
			call(nap{For: d}, func(p *promise) {
				p.answer(m.sum, nil)
				switch {
				case d == 0:
					m.now(func() { m.idle++ })
				case d > 0:
					m.alarm = time.Now().Add(d)
				}
			})
		},
		"time": func(t *rapid.T) {
			d := time.Duration(rapid.IntRange(500, 2500).Draw(t, "ms")) * time.Millisecond
			m.pass(d)
			kistatest.Pass(d)
		},
		"give up": func(t *rapid.T) {
			for _, p := range promises {
				if !p.over && rapid.Bool().Draw(t, "this one") {
					p.call.Cancel()
					p.answer(0, context.Canceled)
				}
			}
		},
		"suspend": func(*rapid.T) { system(kista.Suspend{}); m.suspended = true },
		"resume": func(*rapid.T) {
			system(kista.Resume{})
			m.suspended = false
			queue := m.queue
			m.queue = nil
			for _, do := range queue {
				do()
			}
		},
		"die": func(t *rapid.T) {
			how := rapid.SampledFrom([]string{"panic", "goexit", "crash", "stop"}).Draw(t, "how")
			call(die{How: how}, func(p *promise) {
				err := errBoom
				switch how {
				case "stop":
					p.answer(m.sum, nil)
				case "goexit":
					err = kista.ErrGoexit
				}
				p.answer(0, err)
				m.end(err)
			})
		},
		"kill": func(*rapid.T) {
			if err := kista.Exit(pid, kista.Kill); err != nil {
				t.Fatal(err)
			}
			m.dead, m.queue = true, nil
			for _, p := range promises {
				p.answer(0, kista.ErrKilled)
			}
		},
		"": func(t *rapid.T) {
			synctest.Wait()
			if m.dead {
				if n.Alive(pid) {
					t.Fatal("the server lives")
				}
				for _, p := range promises { // what was queued behind the end
					p.answer(0, errAny)
				}
				settle(t, promises)
				promises = nil
				restart()
				return
			}
			settle(t, promises)
			got := system(kista.GetState{}).(ledger)
			if got.Sum != m.sum || got.Idle != m.idle {
				t.Fatalf("the server has %d and was idle %d times, want %d and %d", got.Sum, got.Idle, m.sum, m.idle)
			}
		},
	})
}

// errAny stands for whatever the server died of.
var errAny = errors.New("any error")

// settle compares each promise with its call.
func settle(t *rapid.T, promises []*promise) {
	for _, p := range promises {
		if !p.over {
			select {
			case <-p.call.Done():
				v, err := p.call.Wait(context.Background())
				t.Fatalf("a call is over too early: %v, %v", v, err)
			default:
			}
			continue
		}
		v, err := p.call.WaitFor(context.Background(), 0)
		switch {
		case p.err == nil && (err != nil || v != p.val):
			t.Fatalf("a call gave %v, %v, want %v", v, err, p.val)
		case p.err == errAny && err == nil, p.err != errAny && p.err != nil && !errors.Is(err, p.err):
			t.Fatalf("a call gave %v, %v, want the error %v", v, err, p.err)
		}
	}
}
