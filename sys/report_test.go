package sys_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/slogtest"
	"testing/synctest"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/kistatest"
	"github.com/kista-go/kista/server"
	"github.com/kista-go/kista/supervisor"
	"github.com/kista-go/kista/sys"
)

func attrsOf(rec slog.Record) map[string]string {
	out := map[string]string{}
	rec.Attrs(func(a slog.Attr) bool { out[a.Key] = a.Value.String(); return true })
	return out
}

// crashed runs a supervised server and lets it crash.
func crashed(t *testing.T, n *kista.Node) (pid kista.PID) {
	t.Helper()
	_, err := supervisor.Start(t.Context(), n, specs(counter1(), "c"), supervisor.Opts{Name: "sup"})
	assert.NoError(t, err)
	pid, err = n.AwaitName(t.Context(), "c")
	assert.NoError(t, err)
	_, err = server.Call(t.Context(), pid, crash{})
	assert.True(t, err != nil, "it did not crash")
	synctest.Wait()
	return pid
}

// One crash makes OTP's three reports. They name the same process, one of them is
// an error, and each has a kind (statements 199, 225).
func TestS225_TheReportsOfOneCrash(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, log *kistatest.Log) {
		pid := crashed(t, n)
		var got []string
		for _, rec := range log.Take() {
			a := attrsOf(rec)
			assert.Equal(t, kista.KindOf(rec), kista.ReportKind(a["report"]))
			who := a["pid"]
			if a["before"] != "" {
				who = a["before"]
			}
			got = append(got, fmt.Sprint(rec.Level, " ", a["report"], " ", who == pid.String(), " ", rec.Message))
		}
		slices.Sort(got) // who tells first is nobody's promise
		assert.Equal(t, got, []string{
			"ERROR crash true process crashed",
			"INFO progress true supervisor: child restarted",
			"WARN supervisor true supervisor: child terminated",
			"WARN terminate true server terminates",
		})
	})
}

// Progress is hidden unless somebody asks for it.
func TestS225_Progress(t *testing.T) {
	for _, level := range []slog.Level{slog.LevelInfo, slog.LevelDebug} {
		synctest.Test(t, func(t *testing.T) {
			var out buffer
			n, err := kista.Start(kista.Config{Logger: slog.New(sys.NewJSONHandler(&out, &sys.ReportOptions{Level: level}))})
			assert.NoError(t, err)
			_, err = supervisor.Start(t.Context(), n, specs(counter1(), "c"), supervisor.Opts{})
			assert.NoError(t, err)
			assert.NoError(t, n.Stop(context.Background()))
			assert.Equal(t, strings.Contains(out.String(), `"report":"progress"`), level == slog.LevelDebug)
		})
	}
}

// last_message names what was cast, not the envelope.
func TestS103_LastMessage(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, log *kistatest.Log) {
		m := counter1()
		server.OnCast(m, func(*server.Ctx, *counter, crash) error { return errBoom })
		pid, err := server.Start(t.Context(), n, server.Of(m, newCounter), 0, server.Opts{})
		assert.NoError(t, err)
		assert.NoError(t, server.Cast(pid, crash{}))
		synctest.Wait()
		for _, rec := range log.Take() {
			if kista.KindOf(rec) == kista.ReportCrash {
				assert.Equal(t, attrsOf(rec)["last_message"], "sys_test.crash")
				assert.Equal(t, attrsOf(rec)["version"], "counter/1")
				return
			}
		}
		t.Fatal("no crash report")
	})
}

// Handlers can be attached and detached while the node runs; one that fails harms
// nobody (226). Differs from OTP: it is not removed, for it may do better next time.
func TestS226_AttachAndDetach(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, log *kistatest.Log) {
		first, second := new(kistatest.Log), new(kistatest.Log)
		detach := n.AttachReports(sys.Only(first, kista.ReportCrash))
		defer n.AttachReports(second)()
		crashed(t, n)
		detach()
		detach() // twice is fine
		got := first.Take()
		assert.Equal(t, len(got), 1)
		assert.Equal(t, got[0].Message, "process crashed")
		assert.Equal(t, len(second.Take()), 4)
		assert.Equal(t, len(log.Take()), 4)
		n.Spawn(func(*kista.Self) error { return errBoom })
		synctest.Wait()
		assert.Equal(t, len(first.Take()), 0)
		assert.Equal(t, len(second.Take()), 1)
	})
}

type hostile struct {
	slog.Handler
	do func() error
}

func (h hostile) Enabled(context.Context, slog.Level) bool      { return true }
func (h hostile) Handle(_ context.Context, _ slog.Record) error { return h.do() }

func TestS226_AHandlerThatFailsHarmsNobody(t *testing.T) {
	for name := range faults(nil) {
		t.Run(name, func(t *testing.T) {
			kistatest.Bubble(t, func(t *testing.T, n *kista.Node, log *kistatest.Log) {
				gate := make(chan struct{})
				detach := n.AttachReports(hostile{do: faults(gate)[name].do})
				began := time.Now()
				crashed(t, n)
				crashes := 0
				for range 1500 { // more than fit into its queue
					n.Spawn(func(*kista.Self) error { return errBoom })
				}
				synctest.Wait()
				for _, rec := range log.Take() {
					if kista.KindOf(rec) == kista.ReportCrash {
						crashes++
					}
				}
				assert.True(t, crashes > 1000, "the logger got %d of 1501", crashes)
				assert.Equal(t, time.Since(began), 0)
				detach()
				close(gate)
			})
		})
	}
}

// A handler is told of no record that it does not want.
func TestReportsAreMadeForWhoWantsThem(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, log *kistatest.Log) {
		var all buffer
		defer n.AttachReports(sys.NewTextHandler(&all, &sys.ReportOptions{Level: slog.LevelDebug}))()
		synctest.Wait()
		log.Take()
		n.Report(slog.LevelDebug, "small")
		synctest.Wait()
		assert.Equal(t, len(log.Take()), 0)
		assert.True(t, strings.Contains(all.String(), " DEBUG small\n"), "got %q", all.String())
	})
}

// A flood is let through up to a limit for each kind, and what was dropped is told
// (228).
func TestS228_Floods(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, log *kistatest.Log) {
		n.LimitReports(kista.ReportLimit{PerSecond: 10, Burst: 20})
		for range 50 {
			n.Report(slog.LevelError, "one", kista.ReportCrash.Attr())
		}
		for range 25 {
			n.Report(slog.LevelError, "two", kista.ReportSupervisor.Attr())
		}
		n.Report(slog.LevelError, "three") // its kind is not concerned
		synctest.Wait()
		count := func() map[string]int {
			out := map[string]int{}
			for _, rec := range log.Take() {
				out[rec.Message]++
				if rec.Message == "kista: reports were dropped" {
					a := attrsOf(rec)
					out["of "+a["kinds"]+" "+a["dropped"]+" "+a["dropped_crash"]+" "+a["dropped_supervisor"]+" "+a["within"]]++
				}
			}
			return out
		}
		assert.Equal(t, count(), map[string]int{"one": 20, "two": 20, "three": 1})
		assert.Equal(t, n.Stats().DroppedReports, int64(35))
		kistatest.Pass(time.Second)
		assert.Equal(t, count(), map[string]int{"kista: reports were dropped": 1, "of crash,supervisor 35 30 5 1s": 1})
		for range 50 {
			n.Report(slog.LevelError, "one", kista.ReportCrash.Attr())
		}
		synctest.Wait()
		assert.Equal(t, count(), map[string]int{"one": 10}) // a second's worth
		kistatest.Pass(time.Second)
		assert.Equal(t, count(), map[string]int{"kista: reports were dropped": 1, "of crash 40 40  1s": 1})
		n.LimitReports(kista.ReportLimit{PerSecond: kista.NoLimit})
		for range 500 {
			n.Report(slog.LevelError, "one", kista.ReportCrash.Attr())
		}
		synctest.Wait()
		assert.Equal(t, count(), map[string]int{"one": 500})
	})
}

// What was dropped at the end is told at the end.
func TestS228_AFloodBeforeTheNodeStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := new(kistatest.Log)
		n, err := kista.Start(kista.Config{Logger: slog.New(log)})
		assert.NoError(t, err)
		for range 3000 {
			n.Report(slog.LevelError, "one")
			synctest.Wait()
		}
		assert.NoError(t, n.Stop(context.Background()))
		all := log.Take()
		assert.Equal(t, len(all), 2001) // by default, 2000 at once
		assert.Equal(t, attrsOf(all[2000])["dropped"], "1000")
	})
}

func TestTextHandler(t *testing.T) {
	var b bytes.Buffer
	h := sys.NewTextHandler(&b, nil)
	rec := slog.NewRecord(time.Date(2026, 1, 2, 3, 4, 5, 678900, time.UTC), slog.LevelError, "process crashed", 0)
	rec.AddAttrs(kista.ReportCrash.Attr(), slog.String("stack", "main.f\n\t/f.go:1\nmain.main\n\t/main.go:2\n"),
		slog.String("pid", "<a.1>"), slog.String("reason", "two\nlines\x1b[2J"), slog.Any("ancestors", []string{}),
		slog.Group("more", slog.Int("n", 1), slog.Duration("age", time.Second)))
	assert.NoError(t, h.Handle(context.Background(), rec))
	assert.Equal(t, b.String(), strings.TrimLeft(`
2026-01-02 03:04:05.000678 ERROR process crashed
    report:   crash
    pid:      <a.1>
    reason:   two
              lines\u001b[2J
    more.n:   1
    more.age: 1s
    stack:
        main.f
        	/f.go:1
        main.main
        	/main.go:2
`, "\n"))
	assert.Equal(t, h.Enabled(context.Background(), slog.LevelDebug), false)
}

// Both are handlers as package slog wants them.
func TestHandlersAreSlogHandlers(t *testing.T) {
	var b bytes.Buffer
	slogtest.Run(t, func(*testing.T) slog.Handler {
		b.Reset()
		return sys.Only(sys.NewJSONHandler(&b, nil), kista.ReportCrash)
	}, func(t *testing.T) map[string]any {
		out := map[string]any{}
		assert.NoError(t, json.Unmarshal(b.Bytes(), &out))
		return out
	})
	slogtest.Run(t, func(*testing.T) slog.Handler {
		b.Reset()
		return sys.NewTextHandler(&b, nil)
	}, func(t *testing.T) map[string]any { return parsed(t, b.String()) })
}

// parsed reads what the text handler writes.
func parsed(t *testing.T, text string) map[string]any {
	t.Helper()
	out := map[string]any{}
	head, rest, _ := strings.Cut(text, "\n")
	words := strings.Fields(head)
	if len(words[0]) == len("2006-01-02") && words[0][4] == '-' {
		out[slog.TimeKey] = words[0] + words[1]
		words = words[2:]
	}
	out[slog.LevelKey], out[slog.MessageKey] = words[0], strings.Join(words[1:], " ")
	for line := range strings.Lines(rest) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		at := out
		path := strings.Split(key, ".")
		for _, g := range path[:len(path)-1] {
			if at[g] == nil {
				at[g] = map[string]any{}
			}
			at = at[g].(map[string]any)
		}
		at[path[len(path)-1]] = strings.TrimSpace(value)
	}
	return out
}
