package task_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"iter"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/kistatest"
	"github.com/kista-go/kista/task"
)

// Tasks under random starts, waits, timeouts, shutdowns, kills and streams do, in
// virtual time and to the nanosecond, what a few lines without any concurrency do.

var seedFlag = flag.Uint64("task.seed", 0, "seed of the random operations; 0: another one each time")

// plan is what a task does: it ends after a time, in that way. A stubborn one does
// not look whether it is told to end before.
type plan struct {
	Takes    time.Duration
	How      string // "value", "error", "panic", "goexit", "crash"
	Stubborn bool
	N        int
}

func (p plan) run(s *kista.Self) (int, error) {
	told := s.Done()
	if p.Stubborn {
		told = nil
	}
	select {
	case <-time.After(p.Takes):
	case <-told:
		return 0, s.Err()
	}
	if end := ends[p.How]; end != nil {
		return end()
	}
	return p.N, nil
}

// end is what becomes of it: the word for a result or an error.
func (p plan) end() string {
	switch p.How {
	case "value":
		return fmt.Sprint(p.N)
	case "error":
		return "boom"
	case "goexit":
		return "died: goexit"
	}
	return "died: boom"
}

// said is the word for what a task gave.
func said(v int, err error) string {
	var died *task.Error
	switch {
	case err == nil:
		return fmt.Sprint(v)
	case errors.As(err, &died):
		return "died: " + why(err)
	}
	return why(err)
}

func why(err error) string {
	for _, k := range []struct {
		word string
		is   error
	}{
		{"late", context.DeadlineExceeded},
		{"killed", kista.ErrKilled},
		{"shutdown", kista.ErrShutdown},
		{"goexit", kista.ErrGoexit},
		{"boom", errBoom},
		{"other", errOther},
	} {
		if errors.Is(err, k.is) {
			return k.word
		}
	}
	return err.Error()
}

// model is a task as it should be.
type model struct {
	plan
	begun time.Time
	over  time.Time // when it is over, as things stand
	gives string
	asked bool // told to end: only the first time counts
}

func newModel(p plan, now time.Time) *model {
	return &model{plan: p, begun: now, over: now.Add(p.Takes), gives: p.end()}
}

func (m *model) isOver(now time.Time) bool { return !m.over.After(now) }

// dies is its death at once.
func (m *model) dies(now time.Time, gives string) {
	if !m.isOver(now) {
		m.over, m.gives = now, gives
	}
}

// told is an exit signal, with five seconds of grace.
func (m *model) told(now time.Time, reason string) {
	end := now.Add(kista.DefaultGrace)
	if m.isOver(now) || m.asked {
		return
	}
	m.asked = true
	switch {
	case !m.Stubborn:
		m.dies(now, "died: "+reason)
	case m.over.After(end):
		m.over, m.gives = end, "died: "+reason
	case m.How != "value" && m.How != "panic":
		m.gives = "died: " + reason // that it was told counts
	}
}

// walk is one random walk: an owner, its tasks and their models.
type walk struct {
	*rand.Rand
	t     *testing.T
	ctx   context.Context
	start map[string]func(fn task.Func[int]) *task.Task[int]
	tasks []*task.Task[int]
	want  []*model
	log   []string
	ops   int
	numbr int
}

func (w *walk) note(format string, args ...any) { w.log = append(w.log, fmt.Sprintf(format, args...)) }

// span is a random duration that no other one is equal to.
func (w *walk) span(most time.Duration) time.Duration {
	return time.Duration(1 + w.Int64N(int64(most)))
}

func (w *walk) plan() plan {
	w.numbr++
	hows := []string{"value", "value", "value", "error", "panic", "goexit", "crash"}
	return plan{Takes: w.span(12 * time.Second), How: hows[w.IntN(len(hows))], Stubborn: w.IntN(3) == 0, N: w.numbr}
}

// check compares what has come of an operation, and when.
func (w *walk) check(what, got, want string, at time.Time) {
	w.t.Helper()
	if got != want || !time.Now().Equal(at) {
		w.t.Fatalf("%s: got %q at %v, want %q at %v\n%s", what, got, time.Now(), want, at, text(w.log))
	}
}

func text(log []string) (out string) {
	for _, l := range log[max(len(log)-40, 0):] {
		out += l + "\n"
	}
	return out
}

// step does one operation. A little time passes before, so that no two limits of
// five seconds are over at once.
func (w *walk) step() {
	kistatest.Pass(w.span(time.Millisecond))
	now := time.Now()
	w.ops++
	if k := w.IntN(20); len(w.tasks) == 0 || k < 5 {
		p := w.plan()
		kind := []string{"on", "nolink", "async", "under"}[w.IntN(4)]
		if w.start[kind] == nil {
			kind = "on"
		}
		w.note("%v: start %s %+v as %d", now, kind, p, len(w.tasks))
		w.tasks = append(w.tasks, w.start[kind](p.run))
		w.want = append(w.want, newModel(p, now))
		synctest.Wait()
		return
	}
	i := w.IntN(len(w.tasks))
	a, m := w.tasks[i], w.want[i]
	d := w.span(7 * time.Second)
	switch w.IntN(10) {
	case 0, 1:
		w.note("%v: sleep %v", now, d)
		kistatest.Pass(d)
	case 2, 3:
		if w.IntN(4) == 0 {
			d = 0
		}
		w.note("%v: yield to %d for %v", now, i, d)
		v, over, err := a.Yield(w.ctx, d)
		got := "not over"
		if over {
			got = said(v, err)
		}
		if m.isOver(now.Add(d)) {
			w.check("yield", got, m.gives, later(now, m.over))
		} else {
			w.check("yield", got, "not over", now.Add(d))
		}
	case 4, 5:
		d, short := 5*time.Second, w.ctx
		if w.IntN(2) == 0 {
			d = w.span(7 * time.Second)
			ctx, cancel := context.WithTimeout(w.ctx, d)
			defer cancel()
			short = ctx
		}
		w.note("%v: await %d for %v", now, i, d)
		v, err := a.Await(short)
		if m.isOver(now.Add(d)) {
			w.check("await", said(v, err), m.gives, later(now, m.over))
		} else {
			w.check("await", said(v, err), "died: late", now.Add(d))
			m.dies(now.Add(d), "died: killed")
		}
	case 6, 7:
		if w.IntN(4) == 0 {
			d = 0
		}
		w.note("%v: shut down %d in %v", now, i, d)
		if d != 0 {
			m.told(now, "shutdown")
		}
		m.dies(now.Add(d), "died: killed")
		v, err := a.Shutdown(w.ctx, d)
		w.check("shutdown", said(v, err), m.gives, later(now, m.over))
	case 8:
		reason, word := kista.Kill, "kill"
		if w.IntN(2) == 0 {
			reason, word = errOther, "other"
		}
		w.note("%v: exit of %d: %s", now, i, word)
		assert.NoError(w.t, kista.Exit(a.PID(), reason))
		if word == "kill" {
			m.dies(now, "died: killed")
		} else {
			m.told(now, word)
		}
		synctest.Wait()
	default:
		w.many(now, d)
	}
}

// many yields to several tasks at once.
func (w *walk) many(now time.Time, d time.Duration) {
	n := 1 + w.IntN(min(4, len(w.tasks)))
	at := w.IntN(len(w.tasks) - n + 1)
	w.note("%v: yield to %d to %d for %v", now, at, at+n-1, d)
	var got, want string
	end := now
	for i, o := range task.YieldMany(w.ctx, d, w.tasks[at:at+n]...) {
		m := w.want[at+i]
		if o.Over {
			got += said(o.Value, o.Err) + " "
		} else {
			got += "not over "
		}
		if m.isOver(now.Add(d)) {
			want += m.gives + " "
			end = later(end, m.over)
		} else {
			want += "not over "
			end = now.Add(d)
		}
	}
	w.check("yield to many", got, want, end)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func TestModel(t *testing.T) {
	operations := 100_000
	if testing.Short() {
		operations = 5_000
	}
	first := *seedFlag
	if first == 0 {
		first = rand.Uint64()
	}
	done, runs := 0, 0
	for ; done < operations && !t.Failed(); runs++ {
		bubble(t, func(t *testing.T, n *kista.Node, sup kista.PID) {
			defer func() {
				if t.Failed() {
					t.Logf("-task.seed %d, walk %d", first, runs)
				}
			}()
			w := &walk{Rand: rand.New(rand.NewPCG(first, uint64(runs))), t: t}
			if runs%2 == 0 {
				w.walk(t.Context(), n, sup, nil)
			} else {
				kistatest.Within(t, n, func(s *kista.Self) {
					s.TrapExits(true)
					w.walk(s, n, sup, s)
				})
			}
			done += w.ops
		})
	}
	t.Logf("%d operations in %d walks, seed %d", done, runs, first)
}

func (w *walk) walk(ctx context.Context, n *kista.Node, sup kista.PID, s *kista.Self) {
	w.ctx = ctx
	w.start = map[string]func(fn task.Func[int]) *task.Task[int]{}
	for kind, start := range starters(n, sup) {
		w.start[kind] = func(fn task.Func[int]) *task.Task[int] { return start(ctx, fn) }
	}
	do := func(s *kista.Self, p plan) (int, error) { return p.run(s) }
	streams := map[string]func(in iter.Seq[plan], o task.StreamOpts) iter.Seq2[int, error]{
		"on": func(in iter.Seq[plan], o task.StreamOpts) iter.Seq2[int, error] {
			return task.StreamOn(ctx, n, in, o, do)
		},
		"nolink": func(in iter.Seq[plan], o task.StreamOpts) iter.Seq2[int, error] {
			return task.StreamNolink(ctx, sup, in, o, do)
		},
	}
	if s != nil {
		for kind, start := range linkers(sup) {
			w.start[kind] = func(fn task.Func[int]) *task.Task[int] { return start(s, fn) }
		}
		streams["linked"] = func(in iter.Seq[plan], o task.StreamOpts) iter.Seq2[int, error] { return task.Stream(s, in, o, do) }
		streams["under"] = func(in iter.Seq[plan], o task.StreamOpts) iter.Seq2[int, error] {
			return task.StreamUnder(s, sup, in, o, do)
		}
	}
	for w.ops < 400 {
		if w.IntN(12) == 0 {
			w.stream(streams)
		} else {
			w.step()
		}
	}
	for i, a := range w.tasks {
		v, err := a.Shutdown(ctx, 0)
		m := w.want[i]
		m.dies(time.Now(), "died: killed")
		w.check("the last shutdown", said(v, err), m.gives, time.Now())
	}
	kistatest.Pass(time.Minute) // what is stubborn comes back
}
