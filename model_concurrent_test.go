package kista_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
)

// TestModelConcurrently has the actors do the same on an ordinary node, on all
// processors. Who acts when is not known then, so what must hold whatever the
// order is checked, in the book, at the end.
func TestModelConcurrently(t *testing.T) {
	for _, seed := range stormSeeds(6) {
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			w := &stage{t: t, seed: seed, budget: 6000}
			w.n = start(t, kista.Config{Name: "a"})
			choice := rand.New(rand.NewPCG(seed, 0))
			ends := make(chan struct{}, 1)
			for range 4 {
				boss, _ := w.child(choice, false)
				boss.boss = true
				pid, err := w.n.SpawnWith(kista.SpawnOpts{TrapExits: true, Grace: kista.NoTimeout}, func(s *kista.Self) error {
					boss.s, boss.pid = s, s.PID()
					for w.spend() {
						if _, end := boss.something(); end {
							return errors.New("a director was to stop")
						}
					}
					return nil
				})
				assert.NoError(t, err)
				go func() {
					if reason := wait(t, pid); reason != nil {
						t.Errorf("seed %d: %v", seed, reason)
					}
					ends <- struct{}{}
				}()
			}
			for range 4 {
				<-ends
			}
			for w.n.Stats().Processes > 0 { // who traps exits would have time to think it over
				for pid := range w.n.Processes() {
					_ = kista.Exit(pid, kista.Kill)
				}
			}
			assert.NoError(t, w.n.Stop(t.Context()))
			w.audit()
		})
	}
}

// audit reads the book.
func (w *stage) audit() {
	w.mu.Lock()
	defer w.mu.Unlock()
	type pair struct{ from, to *actor }
	var (
		sent     = map[int]*event{}       // messages and timers
		taken    = map[int]bool{}         // messages
		cursor   = map[pair]int{}         // the last red one of a pair
		stopped  = map[int]bool{}         // timers
		gone     = map[kista.Ref]bool{}   // monitors that have told, or were taken away
		reasons  = map[kista.PID]string{} // of the dead
		answered = map[int]map[string]bool{}
		dead     = map[*actor]map[kista.PID]bool{} // whose Down somebody has taken
	)
	for i := range w.log { // what is written late must be known before
		switch e := &w.log[i]; e.op {
		case "sends", "sends from outside", "sets timer":
			sent[e.id] = e
		case "answers":
			if answered[e.id] == nil {
				answered[e.id] = map[string]bool{}
			}
			text := fmt.Sprint("answer ", e.msg)
			if e.msg == nil {
				text = w.why(e.err)
			}
			answered[e.id][text] = true
		}
	}
	bad := func(e *event, format string, args ...any) {
		w.t.Errorf("seed %d: %v %s %s -> %s: %s", w.seed, e.by.pid, e.op, e.args, e.got, fmt.Sprintf(format, args...))
	}
	for i := range w.log {
		e := &w.log[i]
		switch e.op {
		case "demonitors", "demonitors, flushing":
			if e.ok {
				if gone[e.ref] {
					bad(e, "it has told")
				}
				gone[e.ref] = true
			}
		case "stops timer":
			if e.ok {
				stopped[e.id] = true
			}
		case "waits for the answer":
			if strings.HasPrefix(e.got, "answer ") && !answered[e.id][e.got] {
				bad(e, "nobody answered so: %v", answered[e.id])
			}
		case "receives", "handles":
			id := 0
			switch m := e.msg.(type) {
			case red:
				id = m.ID
				if s := sent[id]; s != nil && s.op != "sets timer" {
					if p := (pair{s.by, e.by}); cursor[p] > id {
						bad(e, "after %d", cursor[p])
					} else {
						cursor[p] = id
					}
				}
			case blue:
				id = m.ID
			case kista.Down:
				w.told(e, m, gone, reasons, bad)
				if pid, is := m.Addr.(kista.PID); is && e.op == "handles" && !errors.Is(m.Reason, kista.ErrNoProcess) {
					if dead[e.by] == nil {
						dead[e.by] = map[kista.PID]bool{}
					}
					dead[e.by][pid] = true
				}
			case kista.Tagged:
				w.told(e, m.Down, gone, reasons, bad)
			}
			if id == 0 {
				continue
			}
			s := sent[id]
			switch {
			case s == nil:
				bad(e, "nobody sent it")
			case e.op == "handles" && s.op == "sends" && dead[e.by][s.by.pid]:
				bad(e, "after the Down of who sent it")
			case taken[id]:
				bad(e, "twice")
			case stopped[id]:
				bad(e, "its timer was stopped")
			}
			taken[id] = true
		}
	}
	if len(taken) < 100 || len(reasons) < 10 {
		w.t.Errorf("seed %d: little has happened: %d messages, %d ends", w.seed, len(taken), len(reasons))
	}
}

// told checks a Down: the first and last of its monitor, with the one reason of
// that end.
func (w *stage) told(e *event, d kista.Down, gone map[kista.Ref]bool, reasons map[kista.PID]string, bad func(*event, string, ...any)) {
	if gone[d.Ref] {
		bad(e, "a Down too many: %v", d)
	}
	gone[d.Ref] = true
	pid, is := d.Addr.(kista.PID)
	if !is || errors.Is(d.Reason, kista.ErrNoProcess) {
		return
	}
	why := w.why(d.Reason)
	if old, known := reasons[pid]; known && old != why {
		bad(e, "%v ended with %s and %s", pid, old, why)
	}
	reasons[pid] = why
	if w.n.Alive(pid) {
		bad(e, "%v lives", pid)
	}
}
