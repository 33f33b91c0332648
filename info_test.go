package kista_test

import (
	"context"
	"errors"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
)

func TestS093_InfoOfTheDead(t *testing.T) {
	pair(t, func(t *testing.T, n, other *kista.Node, _ func()) {
		dead := n.Spawn(ends(nil))
		settle()
		for _, pid := range []kista.PID{dead, {}, other.Spawn(idle), carryOver(t, other, n, other.Spawn(idle))} {
			_, ok := n.Info(pid)
			assert.True(t, !ok && !n.Alive(pid), "info of %v", pid)
		}
	})
}

func TestS094_Info(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		gate := make(chan struct{})
		defer close(gate)
		target := n.Spawn(idle)
		pid, err := n.SpawnWith(kista.SpawnOpts{Name: "it", Label: "l", TrapExits: true}, func(s *kista.Self) error {
			s.SetLabel("label")
			s.Monitor(target)
			_ = s.Link(target)
			<-gate
			return nil
		})
		assert.NoError(t, err)
		within(t, n, func(s *kista.Self) {
			s.Monitor(pid)
			_ = s.Send(pid, "abc")
			settleInside()
			time.Sleep(time.Second)
			i, ok := n.Info(pid)
			assert.True(t, ok && i.PID == pid && i.Name == "it" && i.Label == "label" && i.Kind == "body" && i.Level == "L1", "%+v", i)
			assert.True(t, i.TrapExits && i.Status == kista.Running && i.Age >= time.Second && i.Since == i.Age, "%+v", i)
			assert.True(t, i.MailboxLen == 1 && i.MailboxSize > 3 && i.Handled == 0, "%+v", i)
			assert.True(t, len(i.Links) == 1 && i.Links[0] == target && len(i.Monitors) == 1 && i.Monitors[0] == kista.Addr(target), "%+v", i)
			assert.True(t, len(i.MonitoredBy) == 1 && i.MonitoredBy[0] == s.PID(), "%+v", i)
		})
		i, _ := n.Info(target)
		assert.True(t, i.Status == kista.Waiting && i.WaitingFor == "receive", "%+v", i)
		server := serve(t, n, counter{handle: func(*kista.Self, any) error { return nil }})
		for range 3 {
			kista.Begin(context.Background(), server, 1)
		}
		settle()
		i, _ = n.Info(server)
		assert.True(t, i.Status == kista.Idle && i.Requests == 3 && i.Handled == 3 && i.Kind == "counter", "%+v", i)
	})
}

func TestS095_InfoReflectsWhatTheCallerSent(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		within(t, n, func(s *kista.Self) {
			gate := make(chan struct{})
			defer close(gate)
			other := s.Spawn(func(*kista.Self) error { <-gate; return nil })
			for i := range 100 {
				_ = s.Send(other, i)
				_ = s.Link(other)
				info, _ := n.Info(other)
				assert.True(t, info.MailboxLen == i+1 && len(info.Links) == 1, "%+v", info)
				_ = s.Unlink(other)
				info, _ = n.Info(other)
				assert.Equal(t, len(info.Links), 0)
			}
		})
	})
}

// Every process that lives all the while is seen once, however much comes and
// goes, and whoever else is looking.
func TestProcessesUnderChurn(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		stay := map[kista.PID]bool{}
		var wg sync.WaitGroup
		stop := make(chan struct{})
		for i := range 3000 {
			pid := n.Spawn(idle)
			if i%3 == 0 {
				stay[pid] = true
				continue
			}
			wg.Go(func() { _ = kista.Exit(pid, kista.Kill) })
		}
		for range 2 {
			wg.Go(func() {
				for {
					select {
					case <-stop:
						return
					default:
						_ = kista.Exit(n.Spawn(idle), kista.Kill)
					}
				}
			})
		}
		var lookers sync.WaitGroup
		for range 4 {
			lookers.Go(func() {
				seen := map[kista.PID]int{}
				for pid := range n.Processes() {
					seen[pid]++
				}
				for pid := range stay {
					if seen[pid] != 1 {
						t.Errorf("%v seen %d times", pid, seen[pid])
					}
				}
			})
		}
		lookers.Wait()
		close(stop)
		wg.Wait()
		for range n.Processes() {
			break
		}
		var order []kista.PID
		for pid := range n.Processes() {
			order = append(order, pid)
		}
		assert.Equal(t, len(order), len(stay))
	})
}

// handler is a log handler that keeps records, and misbehaves on order.
type handler struct {
	mu   sync.Mutex
	recs []slog.Record
	do   func()
}

func (h *handler) Enabled(context.Context, slog.Level) bool { return true }
func (h *handler) WithAttrs([]slog.Attr) slog.Handler       { return h }
func (h *handler) WithGroup(string) slog.Handler            { return h }

func (h *handler) Handle(_ context.Context, r slog.Record) error {
	h.mu.Lock()
	h.recs = append(h.recs, r)
	do := h.do
	h.mu.Unlock()
	if do != nil {
		do()
	}
	return nil
}

// fields returns the attributes of the only record, and forgets it.
func (h *handler) fields(t *testing.T) map[string]string {
	t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.recs) != 1 {
		t.Fatalf("%d records, want 1", len(h.recs))
	}
	out := map[string]string{"msg": h.recs[0].Message}
	h.recs[0].Attrs(func(a slog.Attr) bool { out[a.Key] = a.Value.String(); return true })
	h.recs = nil
	return out
}

// Differs from OTP: plain processes report like those of proc_lib (104).
func TestS102_WhoReports(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &handler{}
		n := start(t, kista.Config{Name: "a", Logger: slog.New(h)})
		for _, quiet := range []kista.Body{
			ends(nil), ends(kista.ErrShutdown), ends(&kista.ShutdownError{Cause: errBoom}),
			func(s *kista.Self) error { _ = kista.Exit(s.PID(), errBoom); return nil }, // by others: their news
			func(s *kista.Self) error { s.SpawnLink(ends(kista.ErrShutdown)); return idle(s) },
		} {
			n.Spawn(quiet)
			settle()
			assert.Equal(t, len(h.recs), 0)
		}
		n.Spawn(func(s *kista.Self) error { s.SpawnLink(ends(errBoom)); return idle(s) })
		settle()
		assert.Equal(t, h.fields(t)["reason"], "boom") // one crash, one report
		for _, loud := range []kista.Body{ends(errBoom), func(*kista.Self) error { panic(1) }, func(*kista.Self) error { runtime.Goexit(); return nil }} {
			n.Spawn(loud)
			settle()
			assert.Equal(t, h.fields(t)["msg"], "process crashed")
		}
	})
}

func TestS103_WhatACrashReportSays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &handler{}
		n := start(t, kista.Config{Name: "a", Logger: slog.New(h)})
		gate := make(chan struct{})
		pid, _ := n.SpawnWith(kista.SpawnOpts{Name: "it", Label: "label", TrapExits: true}, func(s *kista.Self) error {
			<-gate
			receive[string](t, s)
			panic("value")
		})
		_ = kista.Send(pid, "last")
		_ = kista.Send(pid, "waiting")
		close(gate)
		settle()
		f := h.fields(t)
		for key, want := range map[string]string{
			"node": "a", "pid": pid.String(), "name": "it", "label": "label", "kind": "body", "reason": "kista: panic: value",
			"mailbox_len": "1", "links": "0", "trap_exits": "true", "handled": "1", "last_message": "string", "ancestors": "[]",
		} {
			assert.Equal(t, f[key], want)
		}
		assert.True(t, strings.Contains(f["stack"], "info_test.go"), "stack %q", f["stack"])
		assert.True(t, f["age"] != "", "no age")
	})
}

// A log handler that panics, calls Goexit or blocks harms nobody.
func TestHostileLogHandlers(t *testing.T) {
	for name, do := range map[string]func(){
		"panics": func() { panic("handler") },
		"exits":  func() { runtime.Goexit() },
		"blocks": func() { select {} },
	} {
		t.Run(name, func(t *testing.T) {
			if name == "blocks" {
				return // TestStopWithABlockedLogHandler
			}
			synctest.Test(t, func(t *testing.T) {
				n := start(t, kista.Config{Logger: slog.New(&handler{do: do})})
				for range 100 {
					n.Spawn(ends(errBoom))
				}
				settle()
				assert.Equal(t, n.Stats().DroppedReports, int64(100))
				answers(t, serve(t, n, counter{}))
			})
		})
	}
}

func TestStopWithABlockedLogHandler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		n := start(t, kista.Config{Logger: slog.New(&handler{do: func() { <-gate }})})
		for range 3000 {
			n.Spawn(ends(errBoom))
		}
		settle()
		assert.True(t, n.Stats().DroppedReports > 1000, "%d dropped", n.Stats().DroppedReports)
		answers(t, serve(t, n, counter{}))
		began := time.Now()
		assert.NoError(t, n.Stop(context.Background()))
		assert.Equal(t, time.Since(began), 5*time.Second)
		close(gate)
	})
}

// levelled is a handler that wants records from a level on.
type levelled struct {
	slog.Handler
	least slog.LevelVar
	seen  atomic.Int64
}

func (h *levelled) Enabled(_ context.Context, l slog.Level) bool { return l >= h.least.Level() }
func (h *levelled) Handle(context.Context, slog.Record) error    { h.seen.Add(1); return nil }

// What the logger does not want drives out nothing, and is nothing dropped. A
// level that is lowered is noticed.
func TestUnwantedReports(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &levelled{}
		h.least.Set(slog.LevelWarn)
		n := start(t, kista.Config{Logger: slog.New(h)})
		settle()
		flood := func() {
			for range 20_000 {
				n.Report(slog.LevelInfo, "much")
			}
			settle()
		}
		flood()
		n.Report(slog.LevelWarn, "little")
		flood()
		assert.Equal(t, h.seen.Load(), int64(1))
		assert.Equal(t, n.Stats().DroppedReports, int64(0))
		h.least.Set(slog.LevelInfo)
		for range 2 {
			for range 1000 {
				n.Report(slog.LevelInfo, "wanted")
			}
			settle()
		}
		assert.True(t, h.seen.Load() > 1000, "%d of 2000 seen", h.seen.Load())
	})
}

// A handler that misbehaves when it is first asked is asked no more than once for
// nothing.
func TestHostileEnabled(t *testing.T) {
	for name, do := range map[string]func(){"panics": func() { panic("enabled") }, "exits": func() { runtime.Goexit() }} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := start(t, kista.Config{Logger: slog.New(&asking{do: do})})
				n.Spawn(ends(errBoom))
				settle()
				assert.Equal(t, n.Stats().DroppedReports, int64(1))
			})
		})
	}
}

type asking struct {
	slog.Handler
	do func()
}

func (a *asking) Enabled(context.Context, slog.Level) bool { a.do(); return true }

// Methods of reasons and of panic values run in the process that made them.
func TestHostileReasons(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		bystander := serve(t, n, counter{})
		for _, do := range []func(){func() { panic("in Error") }, func() { runtime.Goexit() }} {
			for _, v := range []any{&hostile{do: do}, hostileText{do}} {
				reason := wait(t, n.Spawn(func(*kista.Self) error { panic(v) }))
				assert.True(t, reason != nil && reason.Error() != "", "a panic was lost")
				if err, ok := v.(error); ok {
					reason = wait(t, n.Spawn(ends(err)))
					assert.True(t, reason != nil && reason.Error() != "", "an error was lost")
					pid := n.Spawn(idle)
					_ = kista.Exit(pid, err)
					settle()
					assert.True(t, !n.Alive(pid), "alive")
				}
			}
		}
		gate := make(chan struct{})
		pid := n.Spawn(ends(&hostile{do: func() { <-gate }}))
		settle()
		answers(t, bystander) // it blocks itself only
		_ = kista.Exit(pid, kista.Kill)
		settle()
		assert.Equal(t, n.Stats().Zombies, int64(1))
		close(gate)
	})
}

type hostile struct{ do func() }

func (h *hostile) Error() string { h.do(); return "hostile" }

type hostileText struct{ do func() }

func (h hostileText) String() string { h.do(); return "hostile" }

// quietly is data whose String method counts how often it runs.
type quietly struct{ N int }

var shown struct {
	sync.Mutex
	by []string
}

func (quietly) String() string {
	shown.Lock()
	defer shown.Unlock()
	shown.by = append(shown.by, string(stack()))
	return "quietly"
}

func stack() []byte {
	b := make([]byte, 4096)
	return b[:runtime.Stack(b, false)]
}

func TestReasonsAreShownOnceByTheirOwner(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		shown.by = nil
		within(t, n, func(s *kista.Self) {
			s.TrapExits(true)
			_, _, _ = s.SpawnWith(kista.SpawnOpts{Link: true, Monitor: true}, func(*kista.Self) error { panic(quietly{1}) })
			for range 2 {
				m, _ := s.Receive()
				var pe *kista.PanicError
				switch m := m.(type) {
				case kista.Exited:
					assert.True(t, errors.As(m.Reason, &pe), "%v", m)
				case kista.Down:
					assert.True(t, errors.As(m.Reason, &pe), "%v", m)
				}
				assert.True(t, pe.Error() == "kista: panic: quietly" && pe.Value == any(quietly{1}), "%v", pe)
			}
		})
		settle()
		assert.Equal(t, len(shown.by), 1)
		assert.True(t, slices.ContainsFunc(shown.by, func(s string) bool { return strings.Contains(s, "runBody") }), "by %v", shown.by)
	})
}
