package sys_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/server"
	"github.com/kista-go/kista/sys"
)

// A server under random system requests, good ones and bad ones, among calls,
// casts, crashes, upgrades and time that passes, does what a few lines without any
// concurrency do.

// model is what is expected of the server.
type model struct {
	sum      int
	version  int
	held     bool         // suspended by the test itself
	holders  map[int]bool // and by these processes
	prepared int          // the version that is ready, 0: none
	queue    []*sent
	stats    bool
	in, out  uint64
	logLen   int
	logged   int
	counts   bool // a function counts events
	counted  int
	bad      bool // a function is installed that fails, or has enough, at once
	stalls   bool // and it blocks
}

// sent is a message under way; a call has a result.
type sent struct {
	n        int
	crash    bool
	deadline time.Time
	result   chan outcome // nil: a cast
}

type outcome struct {
	sum int
	err error
}

type world struct {
	t   *testing.T
	n   *kista.Node
	rng *rand.Rand
	m   model
	pid kista.PID

	counted  *int
	owners   map[int]chan struct{} // let processes that hold the server end
	lastID   int
	stuck    []chan struct{} // gates of what blocks
	did      []string
	ops      int
	finished []*sent // whose result is to be checked, with what the model says
	expected []outcome
}

func (w *world) fatalf(format string, args ...any) {
	w.t.Helper()
	last := w.did[max(0, len(w.did)-40):]
	w.t.Fatalf("%s\nafter %d operations, the last ones:\n%q", fmt.Sprintf(format, args...), w.ops, last)
}

func (w *world) check(ok bool, format string, args ...any) {
	w.t.Helper()
	if !ok {
		w.fatalf(format, args...)
	}
}

func (w *world) suspended() bool { return w.m.held || len(w.m.holders) > 0 }

func (w *world) restart() {
	w.pid = start(w.t, w.n, 0, server.Opts{})
	for _, gate := range w.owners {
		close(gate)
	}
	w.m = model{version: 1, holders: map[int]bool{}}
	w.owners = map[int]chan struct{}{}
	w.counted = new(int)
}

// event is what the log and the function see.
func (m *model) event(n int) {
	m.bad, m.stalls = false, false
	if m.logLen > 0 {
		m.logged += n
	}
	if m.counts {
		m.counted += n
	}
}

// drain lets the model handle what has come, unless it is suspended.
func (w *world) drain() {
	m := &w.m
	for !w.suspended() && len(m.queue) > 0 {
		s := m.queue[0]
		m.queue = m.queue[1:]
		if m.stats {
			m.in++
		}
		if m.stalls {
			time.Sleep(kista.DefaultHookTimeout) // sleep: time is virtual
			synctest.Wait()
		}
		m.event(1)
		var o outcome
		if s.crash {
			o.err = errBoom
		} else {
			m.sum += s.n
			o.sum = m.sum
			if s.result != nil {
				m.event(1)
				if m.stats {
					m.out++
				}
			}
			m.event(1)
		}
		w.expect(s, o)
		if s.crash {
			for _, rest := range m.queue {
				w.expect(rest, o)
			}
			w.restart()
			m = &w.m
		}
	}
}

func (w *world) expect(s *sent, o outcome) {
	if s.result == nil {
		return
	}
	if !time.Now().Before(s.deadline) {
		o = outcome{err: context.DeadlineExceeded}
	}
	w.finished, w.expected = append(w.finished, s), append(w.expected, o)
}

// settle lets everything come to rest and compares.
func (w *world) settle() {
	synctest.Wait()
	w.drain()
	synctest.Wait()
	for i, s := range w.finished {
		want := w.expected[i]
		select {
		case got := <-s.result:
			w.check(got.sum == want.sum && errors.Is(got.err, want.err), "a call got %v, want %v", got, want)
		default:
			w.fatalf("a call has no answer, want %v", want)
		}
	}
	w.finished, w.expected = nil, nil
	for _, s := range w.m.queue {
		if s.result != nil && time.Now().Before(s.deadline) {
			w.check(len(s.result) == 0, "a call to a suspended server was answered")
		}
	}
	if w.m.counts {
		w.check(*w.counted == w.m.counted, "a debug function saw %d events, want %d", *w.counted, w.m.counted)
	}
}

func (w *world) send(s *sent) {
	pid := w.pid
	var req server.Request[int] = add{N: s.n}
	if s.crash {
		req = crash{}
	}
	if s.result == nil {
		w.check(server.Cast(pid, req) == nil, "cast failed")
	} else {
		d := time.Until(s.deadline)
		go func() {
			sum, err := server.CallFor(context.Background(), d, pid, req)
			s.result <- outcome{sum, err}
		}()
	}
	synctest.Wait()
	w.m.queue = append(w.m.queue, s)
}

// fault makes a function fail in one of the ways, or not at all.
func (w *world) fault() (name string, do func() error) {
	gate := make(chan struct{})
	w.stuck = append(w.stuck, gate)
	switch w.rng.IntN(9) {
	case 0:
		return "error", func() error { return errBoom }
	case 1:
		return "panic", func() error { panic(errBoom) }
	case 2:
		return "goexit", func() error { runtime.Goexit(); return nil }
	case 3:
		return "block", func() error { <-gate; return nil }
	}
	return "", func() error { return nil }
}

func (w *world) failed(name string, err error) {
	w.t.Helper()
	var cb *kista.CallbackError
	w.check(errors.As(err, &cb), "%s: got %v, want a CallbackError", name, err)
}

func (w *world) code(up bool, do func() error) server.Code {
	if up {
		return server.Upgrade(counter2(), func(ch kista.CodeChange, s *counter) (*v2, error) {
			n := s.N
			s.N = -1 << 40 // a copy
			if err := do(); err != nil {
				return nil, err
			}
			return &v2{Sum: n}, nil
		})
	}
	return server.Upgrade(counter1(), func(ch kista.CodeChange, s *v2) (*counter, error) {
		n := s.Sum
		s.Sum = -1 << 40
		if err := do(); err != nil {
			return nil, err
		}
		return &counter{N: n}, nil
	})
}

var bg = context.Background()

func (w *world) step() {
	m := &w.m
	note := func(format string, args ...any) { w.did = append(w.did, fmt.Sprintf(format, args...)) }
	switch op := w.rng.IntN(26); op {
	case 0, 1, 2, 3, 4:
		s := &sent{n: w.rng.IntN(9) - 2, deadline: time.Now().Add(time.Duration(w.rng.IntN(9))*time.Second + time.Second/2), result: make(chan outcome, 1)}
		note("call %d", s.n)
		w.send(s)
	case 5:
		note("cast")
		w.send(&sent{n: 1})
	case 6:
		if w.rng.IntN(4) == 0 {
			note("crash")
			w.send(&sent{crash: true, deadline: time.Now().Add(time.Hour), result: make(chan outcome, 1)})
		}
	case 7:
		note("suspend")
		w.check(sys.Suspend(bg, w.pid) == nil, "suspend failed")
		m.held = true
	case 8, 9:
		note("resume")
		w.check(sys.Resume(bg, w.pid) == nil, "resume failed")
		m.held, m.holders, m.prepared = false, map[int]bool{}, 0
	case 10:
		w.lastID++
		id, gate, done := w.lastID, make(chan struct{}), make(chan error, 1)
		note("process %d suspends", id)
		pid := w.pid
		w.n.Spawn(func(s *kista.Self) error {
			done <- sys.Suspend(s, pid)
			<-gate
			return nil
		})
		w.check(<-done == nil, "suspend by a process failed")
		w.owners[id] = gate
		m.holders[id] = true
	case 11, 12:
		for id, gate := range w.owners {
			note("process %d ends", id)
			close(gate)
			delete(w.owners, id)
			if m.holders[id] {
				delete(m.holders, id)
				if !w.suspended() {
					m.prepared = 0
				}
			}
			break
		}
	case 13:
		note("state")
		v, err := sys.State[any](bg, w.pid)
		want := any(counter{m.sum})
		if m.version == 2 {
			s := v.(v2)
			w.check(err == nil && s.Sum == m.sum, "state %v %v, want sum %d", v, err, m.sum)
		} else {
			w.check(err == nil && v == want, "state %v %v, want %v", v, err, want)
		}
	case 14, 15:
		how, do := w.fault()
		n := w.rng.IntN(100)
		note("replace state %d %s", n, how)
		var err error
		if m.version == 1 {
			_, err = sys.ReplaceState(bg, w.pid, func(counter) (counter, error) { return counter{n}, do() })
		} else {
			_, err = sys.ReplaceState(bg, w.pid, func(v2) (v2, error) { return v2{Sum: n}, do() })
		}
		if how != "" {
			w.failed(how, err)
			break
		}
		w.check(err == nil, "replace: %v", err)
		m.sum, m.prepared = n, 0
		m.event(1)
	case 16:
		note("replace state by another type")
		_, err := sys.ReplaceState(bg, w.pid, func(any) (any, error) { return 1.5, nil })
		w.failed("type", err)
	case 17, 18:
		how, do := w.fault()
		atOnce := w.rng.IntN(2) == 0
		note("change code at once=%v %s", atOnce, how)
		req := kista.ChangeCode{Code: w.code(m.version == 1, do)}
		if !atOnce {
			req.Step = kista.ChangePrepare
		}
		_, err := kista.System(bg, w.pid, req)
		if !w.suspended() {
			w.check(errors.Is(err, kista.ErrNotSuspended), "change code of one that runs: %v", err)
			break
		}
		m.prepared = 0
		switch {
		case how != "":
			w.failed(how, err)
		case atOnce:
			w.check(err == nil, "change code: %v", err)
			m.version = 3 - m.version
			m.event(1)
		default:
			w.check(err == nil, "prepare: %v", err)
			m.prepared = 3 - m.version
		}
	case 19:
		note("install")
		_, err := kista.System(bg, w.pid, kista.ChangeCode{Step: kista.ChangeInstall})
		switch {
		case !w.suspended():
			w.check(errors.Is(err, kista.ErrNotSuspended), "install in one that runs: %v", err)
		case m.prepared == 0:
			w.check(errors.Is(err, kista.ErrNotPrepared), "install of nothing: %v", err)
		default:
			w.check(err == nil, "install: %v", err)
			m.version, m.prepared = m.prepared, 0
			m.event(1)
		}
	case 20:
		how, do := w.fault()
		note("upgrade %s", how)
		done, err := sys.Upgrade(bg, sys.Plan{Steps: []sys.Step{{PIDs: []kista.PID{w.pid}, Code: w.code(m.version == 1, do)}}})
		m.prepared = 0
		if how != "" {
			w.failed(how, err)
			break
		}
		w.check(err == nil && done[0].Done, "upgrade: %v %v", done, err)
		m.version = 3 - m.version
		m.event(1)
	case 21:
		switch w.rng.IntN(3) {
		case 0:
			note("count")
			w.check(sys.CountOn(bg, w.pid) == nil, "count")
			m.stats, m.in, m.out = true, 0, 0
		case 1:
			note("do not count")
			w.check(sys.CountOff(bg, w.pid) == nil, "count off")
			m.stats = false
		default:
			s, err := sys.Statistics(bg, w.pid)
			if !m.stats {
				w.check(errors.Is(err, kista.ErrNotDebugged), "statistics: %v", err)
				break
			}
			w.check(err == nil && s.In == m.in && s.Out == m.out, "statistics %v %v, want in %d out %d", s, err, m.in, m.out)
		}
	case 22:
		switch w.rng.IntN(3) {
		case 0:
			n := 1 + w.rng.IntN(12)
			note("log %d", n)
			w.check(sys.LogOn(bg, w.pid, n) == nil, "log")
			m.logLen, m.logged = n, min(m.logged, m.logLen, n)
		case 1:
			note("no log")
			w.check(sys.LogOff(bg, w.pid) == nil, "log off")
			m.logLen, m.logged = 0, 0
		default:
			events, err := sys.Log(bg, w.pid)
			if m.logLen == 0 {
				w.check(errors.Is(err, kista.ErrNotDebugged), "log: %v", err)
				break
			}
			w.check(err == nil && len(events) == min(m.logged, m.logLen), "%d events in a log of %d after %d", len(events), m.logLen, m.logged)
		}
	case 23:
		if m.counts {
			note("remove function")
			w.check(sys.Remove(bg, w.pid, "count") == nil, "remove")
			m.counts = false
			break
		}
		note("install function")
		seen := w.counted
		*seen, m.counted = 0, 0
		w.check(sys.Install(bg, w.pid, "count", func(sys.Event) bool { *seen++; return true }) == nil, "install")
		m.counts = true
	case 24:
		how, do := w.fault()
		note("install bad function %s", how)
		err := sys.Install(bg, w.pid, "bad", func(sys.Event) bool { _ = do(); return false })
		if m.bad {
			w.check(errors.Is(err, kista.ErrDebugInstalled), "install twice: %v", err)
			break
		}
		w.check(err == nil, "install: %v", err)
		m.bad, m.stalls = true, how == "block"
	case 25:
		d := time.Duration(w.rng.IntN(4)) * time.Second
		note("%v pass", d)
		time.Sleep(d) // sleep: time is virtual
		if w.rng.IntN(3) == 0 {
			st, err := sys.Status(bg, w.pid)
			want := fmt.Sprintf("counter/%d", m.version)
			w.check(err == nil && st.Version == want && st.Suspended == w.suspended() && st.Prepared == (m.prepared != 0),
				"status %+v %v, want %s suspended=%v prepared=%d", st, err, want, w.suspended(), m.prepared)
		}
	}
	w.ops++
}

func TestSysAgainstAModel(t *testing.T) {
	runs, ops := 100, 1000
	if testing.Short() {
		runs = 10
	}
	for seed := range runs {
		synctest.Test(t, func(t *testing.T) {
			n, err := kista.Start(kista.Config{Logger: slog.New(slog.DiscardHandler)})
			assert.NoError(t, err)
			w := &world{t: t, n: n, rng: rand.New(rand.NewPCG(uint64(seed), 2))}
			w.restart()
			for range ops {
				w.step()
				w.settle()
			}
			for _, gate := range w.owners {
				close(gate)
			}
			clear(w.owners)
			for _, gate := range w.stuck {
				close(gate)
			}
			synctest.Wait() // what was stuck may crash now
			if err := sys.Resume(bg, w.pid); err != nil && n.Alive(w.pid) {
				t.Errorf("the last resume: %v", err)
			}
			w.m.held, w.m.holders, w.m.stalls = false, nil, false
			w.settle()
			synctest.Wait()
			assert.Equal(t, n.Stats().Zombies, 0)
			assert.NoError(t, n.Stop(bg))
		})
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}
