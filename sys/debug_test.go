package sys_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/kistatest"
	"github.com/kista-go/kista/server"
	"github.com/kista-go/kista/sys"
)

func TestS222_Statistics(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		pid := start(t, n, 0, server.Opts{})
		_, err := sys.Statistics(t.Context(), pid)
		assert.ErrorIs(t, err, kista.ErrNotDebugged)
		call(t, pid, 1)
		began := time.Now()
		assert.NoError(t, sys.CountOn(t.Context(), pid))
		call(t, pid, 1)
		assert.NoError(t, server.Cast(pid, add{N: 1}))
		call(t, pid, 1)
		kistatest.Pass(time.Minute)
		s, err := sys.Statistics(t.Context(), pid)
		assert.NoError(t, err)
		assert.Equal(t, s, kista.DebugStatistics{Since: began, Now: began.Add(time.Minute), In: 3, Out: 2, Reductions: 3})
		assert.NoError(t, sys.CountOff(t.Context(), pid))
		_, err = sys.Statistics(t.Context(), pid)
		assert.ErrorIs(t, err, kista.ErrNotDebugged)
		assert.NoError(t, sys.CountOn(t.Context(), pid)) // from zero again
		s, err = sys.Statistics(t.Context(), pid)
		assert.NoError(t, err)
		assert.Equal(t, s.In, 0)
	})
}

func lines(events []sys.Event) (out []string) {
	for _, e := range events {
		out = append(out, strings.TrimSuffix(strings.TrimPrefix(sys.Text(e), "*DBG* "), "\n"))
	}
	return out
}

func TestS223_LogKeepsTheLastEvents(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		pid := start(t, n, 0, server.Opts{Name: "c"})
		_, err := sys.Log(t.Context(), pid)
		assert.ErrorIs(t, err, kista.ErrNotDebugged)
		assert.NoError(t, sys.LogOn(t.Context(), pid, 5))
		var me kista.PID
		kistatest.Within(t, n, func(s *kista.Self) {
			me = s.PID()
			_, err := server.Call(s, pid, add{N: 7})
			assert.NoError(t, err)
		})
		call(t, pid, 1)
		assert.NoError(t, kista.Send(pid, "hello"))
		synctest.Wait()
		events, err := sys.Log(t.Context(), pid)
		assert.NoError(t, err)
		want := []string{
			"c got call sys_test.add{Replies:{} N:7} from " + me.String(),
			"c sent 7 to " + me.String(),
			"c has state sys_test.counter{N:7}",
			"c got call sys_test.add{Replies:{} N:1}",
			"c sent 8",
			"c has state sys_test.counter{N:8}",
			`c got info "hello"`,
			"c has state sys_test.counter{N:8}",
		}
		assert.Equal(t, lines(events), want[3:])
		assert.NoError(t, sys.LogOn(t.Context(), pid, 2)) // keeps the newest
		var b bytes.Buffer
		assert.NoError(t, sys.PrintLog(t.Context(), pid, &b))
		at := time.Now().Format("15:04:05.000000 ")
		assert.Equal(t, b.String(), at+want[6]+"\n"+at+want[7]+"\n")
		assert.ErrorIs(t, sys.PrintLog(t.Context(), pid, failing{}), io.ErrClosedPipe)
		assert.NoError(t, sys.LogOff(t.Context(), pid))
		_, err = sys.Log(t.Context(), pid)
		assert.ErrorIs(t, err, kista.ErrNotDebugged)
		for _, bad := range []int{-1, kista.MaxDebugLog + 1} {
			assert.True(t, sys.LogOn(t.Context(), pid, bad) != nil, "a log of %d", bad)
		}
	})
}

// A log is bounded by size too.
func TestS223_LogOfLargeMessages(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		pid := start(t, n, 0, server.Opts{})
		assert.NoError(t, sys.LogOn(t.Context(), pid, 1000))
		for range 10 {
			assert.NoError(t, kista.Send(pid, make([]byte, 4<<20)))
			synctest.Wait()
		}
		events, err := sys.Log(t.Context(), pid)
		assert.NoError(t, err)
		large := 0
		for _, e := range events {
			if e.Kind == kista.DebugIn {
				large++
			}
		}
		assert.True(t, large >= 3 && large <= 4, "%d messages of 4 MiB in a log of 16", large)
	})
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

// buffer is a writer that a test may read meanwhile.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

func TestS223_Trace(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		pid := start(t, n, 0, server.Opts{Name: "c"})
		var one, two buffer
		tr, err := sys.Trace(t.Context(), pid, &one)
		assert.NoError(t, err)
		_, err = sys.Trace(t.Context(), pid, &two)
		assert.NoError(t, err)
		call(t, pid, 1)
		assert.NoError(t, tr.Stop(t.Context()))
		assert.NoError(t, tr.Stop(t.Context())) // twice is fine
		assert.NoError(t, server.Cast(pid, add{N: 2}))
		synctest.Wait()
		assert.NoError(t, sys.Terminate(t.Context(), pid, nil))
		synctest.Wait()
		first := "*DBG* c got call sys_test.add{Replies:{} N:1}\n*DBG* c sent 1\n*DBG* c has state sys_test.counter{N:1}\n"
		assert.Equal(t, one.String(), first)
		assert.Equal(t, two.String(), first+
			"*DBG* c got cast sys_test.add{Replies:{} N:2}\n*DBG* c has state sys_test.counter{N:3}\n"+
			"*DBG* "+pid.String()+" ended: normal\n")
		assert.Equal(t, n.Stats().Processes, 0) // nor is there a writer left
	})
}

// writer does something wrong, the second time that it is written to.
type writer struct {
	n  int
	do func() error
}

func (w *writer) Write(p []byte) (int, error) {
	if w.n++; w.n > 1 {
		return 0, w.do()
	}
	return len(p), nil
}

func TestS223_AWriterThatFailsHarmsNobody(t *testing.T) {
	for name := range faults(nil) {
		t.Run(name, func(t *testing.T) {
			kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
				gate := make(chan struct{})
				pid := start(t, n, 0, server.Opts{})
				tr, err := sys.Trace(t.Context(), pid, &writer{do: faults(gate)[name].do})
				assert.NoError(t, err)
				began := time.Now()
				for i := range 100 {
					assert.Equal(t, call(t, pid, 1), i+1)
				}
				assert.Equal(t, time.Since(began), 0) // nobody waits for a writer
				if name != "block" {
					synctest.Wait()
					assert.Equal(t, call(t, pid, 1), 101)
					st, err := sys.Status(t.Context(), pid)
					assert.NoError(t, err)
					assert.Equal(t, st.Debug, nil) // the one that has ended is forgotten
				}
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				err = tr.Stop(ctx)
				if name == "block" {
					assert.ErrorIs(t, err, context.DeadlineExceeded)
				} else {
					assert.NoError(t, err)
				}
				close(gate)
				synctest.Wait()
				st, err := sys.Status(t.Context(), pid)
				assert.NoError(t, err)
				assert.Equal(t, st.Debug, nil)
				assert.Equal(t, n.Stats().Processes, 1)
			})
		})
	}
}

// What a slow writer misses is counted.
func TestS223_ASlowWriterIsToldWhatItMissed(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		pid := start(t, n, 0, server.Opts{Name: "c"})
		gate := make(chan struct{})
		var got buffer
		tr, err := sys.Trace(t.Context(), pid, gated{gate, &got})
		assert.NoError(t, err)
		for range 4_000 { // three events each
			call(t, pid, 1)
		}
		close(gate)
		synctest.Wait()
		call(t, pid, 1)
		assert.NoError(t, tr.Stop(t.Context()))
		seen := strings.Count(got.String(), "*DBG* c got ") + strings.Count(got.String(), "*DBG* c sent ") + strings.Count(got.String(), "*DBG* c has ")
		var lost int
		_, rest, found := strings.Cut(got.String(), "*DBG* c: ")
		assert.True(t, found, "nothing was said of what was lost")
		_, err = fmt.Sscanf(rest, "%d events were lost here", &lost)
		assert.NoError(t, err)
		assert.Equal(t, seen+lost, 3*4_001)
		assert.True(t, seen >= 10_000, "only %d were seen", seen)
	})
}

type gated struct {
	gate <-chan struct{}
	w    io.Writer
}

func (g gated) Write(p []byte) (int, error) { <-g.gate; return g.w.Write(p) }

func TestS223_InstallAndRemove(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		pid := start(t, n, 0, server.Opts{})
		var got []string
		collect := func(e sys.Event) bool {
			got = append(got, lines([]sys.Event{e})[0])
			return true
		}
		assert.NoError(t, sys.Install(t.Context(), pid, "collect", collect))
		assert.ErrorIs(t, sys.Install(t.Context(), pid, "collect", collect), kista.ErrDebugInstalled)
		assert.True(t, sys.Install(t.Context(), pid, "none", nil) != nil, "nothing was installed")
		calls := 0
		assert.NoError(t, sys.Install(t.Context(), pid, "once", func(sys.Event) bool { calls++; return false }))
		call(t, pid, 1)
		st, err := sys.Status(t.Context(), pid)
		assert.NoError(t, err)
		assert.Equal(t, st.Debug, []string{`function "collect"`}) // the other one is done
		assert.Equal(t, calls, 1)
		who := pid.String()
		assert.Equal(t, got, []string{
			who + " got call sys_test.add{Replies:{} N:1}", who + " sent 1", who + " has state sys_test.counter{N:1}",
		})
		assert.ErrorIs(t, sys.Remove(t.Context(), pid, "once"), kista.ErrNotDebugged)
		assert.NoError(t, sys.Remove(t.Context(), pid, "collect"))
		call(t, pid, 1)
		assert.Equal(t, len(got), 3)
		assert.NoError(t, sys.Install(t.Context(), pid, "collect", collect))
		assert.NoError(t, sys.LogOn(t.Context(), pid, 3))
		assert.NoError(t, sys.CountOn(t.Context(), pid))
		assert.NoError(t, sys.NoDebug(t.Context(), pid))
		st, err = sys.Status(t.Context(), pid)
		assert.NoError(t, err)
		assert.Equal(t, st.Debug, nil)
	})
}

func TestS223_ADebugFunctionThatFailsIsRemoved(t *testing.T) {
	for _, name := range []string{"panic", "nil", "goexit", "block"} {
		t.Run(name, func(t *testing.T) {
			kistatest.Bubble(t, func(t *testing.T, n *kista.Node, log *kistatest.Log) {
				gate := make(chan struct{})
				f := faults(gate)[name]
				pid := start(t, n, 0, server.Opts{})
				calls := 0
				assert.NoError(t, sys.Install(t.Context(), pid, "bad", func(sys.Event) bool {
					calls++
					return f.do() == nil
				}))
				assert.Equal(t, call(t, pid, 1), 1)
				assert.Equal(t, call(t, pid, 1), 2)
				close(gate)
				synctest.Wait()
				assert.Equal(t, calls, 1)
				assert.ErrorIs(t, sys.Remove(t.Context(), pid, "bad"), kista.ErrNotDebugged)
				said := log.Messages()
				assert.Equal(t, said[len(said)-1], "kista: a debug function failed and was removed")
			})
		})
	}
}

// A debug function may keep and change what it gets: it is its own.
func TestS223_DebugFunctionsGetCopies(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		pid, err := server.Start(t.Context(), n, server.Of(counter2(), func(*server.Ctx, int) (*v2, error) {
			return &v2{By: map[string]int{"a": 1}}, nil
		}), 0, server.Opts{})
		assert.NoError(t, err)
		spoil := func(e sys.Event) bool {
			if s, ok := e.Msg.(v2); ok {
				assert.Equal(t, s.By, map[string]int{"a": 1})
				s.By["a"] = 99
			}
			return true
		}
		assert.NoError(t, sys.LogOn(t.Context(), pid, 1))
		assert.NoError(t, sys.Install(t.Context(), pid, "one", spoil))
		assert.NoError(t, sys.Install(t.Context(), pid, "two", spoil))
		call(t, pid, 1)
		s, err := sys.State[v2](t.Context(), pid)
		assert.NoError(t, err)
		assert.Equal(t, s.By, map[string]int{"a": 1})
		events, err := sys.Log(t.Context(), pid)
		assert.NoError(t, err)
		assert.Equal(t, events[0].Msg.(v2).By, map[string]int{"a": 1})
	})
}

// peculiar is a Handler whose optional methods do what a test says.
type peculiar struct {
	state  func() any
	status func() string
}

func (*peculiar) Handle(_ *server.Ctx, msg any) error {
	if q, ok := msg.(kista.Request); ok {
		return q.From.Reply("fine")
	}
	return nil
}
func (o *peculiar) State() any     { return o.state() }
func (o *peculiar) Report() string { return o.status() }

type fine struct{ server.Replies[string] }

// Whatever a behaviour's own functions do when it is asked, it lives on.
func TestS219_AStateOrStatusThatFails(t *testing.T) {
	for _, name := range []string{"panic", "nil", "goexit", "block"} {
		t.Run(name, func(t *testing.T) {
			kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
				gate := make(chan struct{})
				f := faults(gate)[name]
				pid, err := server.Start(t.Context(), n, func(*server.Ctx, int) (server.Handler, error) {
					return &peculiar{
						state:  func() any { _ = f.do(); return 1 },
						status: func() string { _ = f.do(); return "1" },
					}, nil
				}, 0, server.Opts{})
				assert.NoError(t, err)
				_, err = sys.State[int](t.Context(), pid)
				f.want(t, err)
				assert.Equal(t, assert.ErrorAs[*kista.CallbackError](t, err).Callback, "state")
				_, err = sys.Status(t.Context(), pid)
				f.want(t, err)
				assert.Equal(t, assert.ErrorAs[*kista.CallbackError](t, err).Callback, "status")
				assert.NoError(t, sys.LogOn(t.Context(), pid, 0)) // asks for the state too
				said, err := server.Call(t.Context(), pid, fine{})
				assert.NoError(t, err)
				assert.Equal(t, said, "fine")
				close(gate)
			})
		})
	}
}

func TestS219_AStateThatIsNotData(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		pid, err := server.Start(t.Context(), n, func(*server.Ctx, int) (server.Handler, error) {
			return &peculiar{state: func() any { return make(chan int) }, status: func() string { return "" }}, nil
		}, 0, server.Opts{})
		assert.NoError(t, err)
		_, err = sys.State[any](t.Context(), pid)
		assert.ErrorAs[*kista.DataError](t, err)
		st, err := sys.Status(t.Context(), pid)
		assert.NoError(t, err)
		assert.Equal(t, st.State, any("chan int (not data)"))
	})
}

// Nobody has to be asked for which code it runs (232).
func TestS232_InfoTellsTheVersion(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		pid := start(t, n, 0, server.Opts{})
		info, _ := n.Info(pid)
		assert.Equal(t, info.Version, "counter/1")
		assert.NoError(t, upgrade(t, server.Upgrade(counter2(), up), pid))
		info, _ = n.Info(pid)
		assert.Equal(t, info.Version, "counter/2")
	})
}
