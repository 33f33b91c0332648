package kista_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/kista-go/kista"
)

// stage is what the actors of one run share: whom they know, and the book in
// which they write what they do. In a deterministic run the book is held against
// the rules, line by line; else it is read at the end.
type stage struct {
	t     testing.TB
	n     *kista.Node
	seed  uint64
	rules *rules // nil: who acts when is not known
	trace strings.Builder
	stay  bool // the next choice is: whoever runs goes on
	wrong bool
	over  bool // the node stops: nothing is written any more

	mu      sync.Mutex
	budget  int
	births  int
	ids     int
	pids    []kista.PID // some that are known, living and dead
	aliases []kista.Ref
	froms   []owed
	numbers map[kista.PID]int
	refs    map[kista.Ref]int
	log     []event // without rules
}

// owed is a request that somebody has taken and nobody answered.
type owed struct {
	id   int
	from kista.From
}

// event is one line of the book: what a process did, and what came of it.
type event struct {
	by     *actor
	op     string
	pid    kista.PID // whom it is about
	ref    kista.Ref
	id     int
	err    error
	ok     bool
	msg    any
	before bool   // written before it acts, at once
	args   string // for the trace
	got    string // what came of it
	want   func(r *rules, p *mproc) string
}

// did writes an event into the book.
func (w *stage) did(e event) {
	if w.rules == nil {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.log = append(w.log, e)
		return
	}
	if w.over || w.wrong {
		return
	}
	r := w.rules
	now := w.n.Now().Sub(epoch)
	r.pass(now)
	w.bind()
	p := r.procs[e.by.number(w)]
	line := strings.TrimSpace(fmt.Sprintf("%v P%d %s %s", now, p.no, e.op, e.args))
	if p.stopping() && now != max(p.last, p.entered) {
		w.fail("%s: it was to stop at %v", line, p.last)
		return
	}
	want := e.got
	if e.want != nil {
		want = e.want(r, p)
		r.act()
	}
	p.entered = now
	if e.got != "" {
		line += " -> " + e.got
	}
	w.trace.WriteString(line + "\n")
	if e.got != want {
		w.fail("it got %q, want %q", e.got, want)
		return
	}
	if !e.before {
		if diff := w.compare(); diff != "" {
			w.fail("%s", diff)
		}
	}
}

func (w *stage) fail(format string, args ...any) {
	w.wrong = true
	lines := strings.Split(strings.TrimSuffix(w.trace.String(), "\n"), "\n")
	if len(lines) > 60 && !testing.Verbose() {
		lines = lines[len(lines)-60:]
	}
	w.t.Errorf("seed %d: %s\n%s\nreplay: KISTA_STORM_SEED=%d go test -run %s -v .",
		w.seed, fmt.Sprintf(format, args...), strings.Join(lines, "\n"), w.seed, w.t.Name())
}

// bind finds out which of the processes of the rules are which.
func (w *stage) bind() {
	r := w.rules
	if len(w.numbers) == len(r.procs)-1 {
		return
	}
	next := 1
	bound := map[int]bool{}
	for _, no := range w.numbers {
		bound[no] = true
	}
	for pid := range w.n.Processes() {
		if _, known := w.numbers[pid]; known {
			continue
		}
		for next < len(r.procs) && (bound[next] || r.procs[next].state == dead) {
			next++
		}
		if next == len(r.procs) {
			return // it has just been made, which comes now
		}
		w.numbers[pid] = next
		next++
	}
}

// no is the number of a process in the rules.
func (w *stage) no(pid kista.PID) int {
	if pid.IsZero() || w.rules == nil {
		return 0
	}
	no, known := w.numbers[pid]
	if !known {
		w.bind()
		if no, known = w.numbers[pid]; !known {
			return -1
		}
	}
	return no
}

// refNo is the number of a reference; a new one gets what the rules gave last.
func (w *stage) refNo(ref kista.Ref) int {
	if ref.IsZero() {
		return 0
	}
	return w.refs[ref]
}

func (w *stage) addr(to kista.Addr) maddr {
	switch to := to.(type) {
	case kista.PID:
		return maddr{no: w.no(to)}
	case kista.Ref:
		return maddr{ref: w.refNo(to)}
	}
	return maddr{name: fmt.Sprint(to)}
}

// What the actors know of each other. All of it may be out of date.

func (w *stage) id() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ids++
	return w.ids
}

func (w *stage) know(pid kista.PID) {
	if pid.IsZero() {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.pids = append(w.pids, pid); len(w.pids) > 24 {
		w.pids = slices.Delete(w.pids, 0, 8)
	}
}

func (w *stage) knowAlias(ref kista.Ref) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.aliases = append(w.aliases, ref); len(w.aliases) > 12 {
		w.aliases = slices.Delete(w.aliases, 0, 4)
	}
}

func (w *stage) owe(o owed) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.froms = append(w.froms, o)
}

// spend takes one operation of what is left.
func (w *stage) spend() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.budget--
	return w.budget >= 0 && !w.wrong
}

func (w *stage) someone(r *rand.Rand) kista.PID {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.pids) == 0 || r.IntN(30) == 0 {
		return kista.PID{}
	}
	return w.pids[r.IntN(len(w.pids))]
}

func (w *stage) someOwed(r *rand.Rand) (o owed, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.froms) == 0 {
		return o, false
	}
	i := r.IntN(len(w.froms))
	o = w.froms[i]
	if r.IntN(4) > 0 { // else it is answered twice
		w.froms = slices.Delete(w.froms, i, i+1)
	}
	return o, true
}

func (w *stage) someAddr(r *rand.Rand) kista.Addr {
	switch r.IntN(6) {
	case 0:
		return w.n.Name(fmt.Sprint("n", r.IntN(4)))
	case 1:
		if ref, ok := w.someAlias(r); ok {
			return ref
		}
	}
	return w.someone(r)
}

func (w *stage) someAlias(r *rand.Rand) (ref kista.Ref, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.aliases) == 0 {
		return ref, false
	}
	return w.aliases[r.IntN(len(w.aliases))], true
}
