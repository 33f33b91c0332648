package kista_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
)

// Actors do at random whatever processes can do to each other, on a
// deterministic node, and each thing that one of them does or sees is held
// against a model (rules), which is sequential and knows nothing of locks, queues
// and goroutines. KISTA_STORM_SEED runs one seed, KISTA_STORM_ROUNDS says how many
// there are otherwise.

// epoch is when the deterministic runs begin.
var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func TestModel(t *testing.T) {
	for _, seed := range stormSeeds(25) {
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) { modelRun(t, seed) })
	}
}

// TestModelReplays shows that a run is made by its seed alone.
func TestModelReplays(t *testing.T) {
	for _, seed := range []uint64{1001, 1002, 1003} {
		first, second := modelRun(t, seed), modelRun(t, seed)
		if first != second {
			t.Errorf("seed %d is different the second time", seed)
		}
		if len(first) < 10_000 {
			t.Errorf("seed %d: little has happened:\n%s", seed, first)
		}
	}
}

// stormSeeds are the seeds of a test.
func stormSeeds(rounds int) (seeds []uint64) {
	if v, err := strconv.ParseUint(os.Getenv("KISTA_STORM_SEED"), 10, 64); err == nil {
		return []uint64{v}
	}
	if v, err := strconv.Atoi(os.Getenv("KISTA_STORM_ROUNDS")); err == nil {
		rounds = v
	} else if testing.Short() {
		rounds = max(rounds/8, 3)
	}
	for i := range rounds {
		seeds = append(seeds, uint64(i+1))
	}
	return seeds
}

// modelRun is one run. It returns its trace.
func modelRun(t *testing.T, seed uint64) string {
	w := &stage{
		t: t, seed: seed, rules: newRules(), budget: 1500,
		numbers: map[kista.PID]int{}, refs: map[kista.Ref]int{},
	}
	choice := rand.New(rand.NewPCG(seed, 0))
	w.n = start(t, kista.Config{Name: "a", Clock: kista.NewVirtualClock(epoch), Pick: func(n int) int {
		if w.stay {
			w.stay = false
			return n - 1
		}
		return choice.IntN(n)
	}})
	boss, _ := w.child(choice, false)
	boss.boss = true
	boss.o = spawnOpts{trap: true}
	opts := kista.SpawnOpts{TrapExits: true, Grace: kista.NoTimeout}
	_, _, _ = w.rules.spawn(nil, boss.o, nil)
	done := make(chan struct{})
	_, err := w.n.SpawnWith(opts, func(s *kista.Self) error {
		defer close(done)
		boss.direct(s)
		return nil
	})
	assert.NoError(t, err)
	<-done
	return w.trace.String()
}

// direct is the code of the process that lives longest.
func (a *actor) direct(s *kista.Self) {
	w := a.w
	a.s, a.pid = s, s.PID()
	w.did(event{by: a, op: "begins", want: func(_ *rules, p *mproc) string {
		p.begun, p.inside = true, true
		return ""
	}})
	for w.spend() {
		if _, end := a.something(); end {
			w.fail("the director was to stop")
			return
		}
	}
	a.quiet()
	w.over = true
}

// quiet waits until nothing more happens, and looks whether anybody waits for
// what has come.
func (a *actor) quiet() {
	w, d := a.w, time.Minute
	for quiet := false; !quiet && !w.wrong; {
		quiet = true
		err := a.s.Select(kista.On(func(m any) error {
			quiet = false
			w.did(event{by: a, op: "receives", got: w.show(m), want: func(r *rules, p *mproc) string {
				return r.take(p, d, func(mmsg) bool { return true })
			}})
			return nil
		}), kista.After(d, nil))
		assert.NoError(w.t, err)
	}
	if w.wrong {
		return
	}
	w.did(event{by: a, op: "finds all quiet", want: func(r *rules, _ *mproc) string {
		for _, p := range r.procs {
			if p.state == dead || p.no == 1 {
				continue
			}
			r.systemMail(p, nil)
			for _, m := range p.box {
				if p.body && p.rests != nil && p.rests(m) || !p.body && !p.suspended {
					return fmt.Sprintf("P%d has not taken %s", p.no, m.text)
				}
			}
		}
		return ""
	}})
}

// finished reports whether no operations are left.
func (w *stage) finished() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.budget <= 0 || w.wrong
}
