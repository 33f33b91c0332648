package wheel_test

import (
	"cmp"
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/kista-go/kista/internal/wheel"
)

// model is what a wheel must do: a list, sorted by time and then by setting.
type model struct {
	t     fataler
	clock *fakeClock
	wheel *wheel.Wheel
	late  bool // the clock jumps, and alarms run at the end of the jump only
	bells []*bell
	set   []planned
	seq   int
	// what a callback does besides
	script map[int][]step
}

type fataler interface {
	Helper()
	Fatalf(format string, args ...any)
}

type planned struct {
	who  int
	when time.Duration
	seq  int
}

// step is one thing that a test or a callback does.
type step struct {
	op  byte
	who int
	d   time.Duration
}

const (
	opSet = iota
	opStop
	opCancel
	opRemaining
	opAdvance
	ops
)

func newModel(t fataler, bells int) *model {
	m := &model{t: t, clock: newFakeClock(), script: map[int][]step{}}
	m.wheel = wheel.New(m.clock)
	for i := range bells {
		m.bells = append(m.bells, newBell(func() { m.fired(i) }))
	}
	return m
}

func (m *model) now() time.Duration { return m.clock.Now().Sub(epoch) }

func (m *model) find(who int) int {
	return slices.IndexFunc(m.set, func(p planned) bool { return p.who == who })
}

// fired is called for each callback: it must be the one that the model has next.
func (m *model) fired(who int) {
	m.t.Helper()
	now := m.now()
	if len(m.set) == 0 {
		m.t.Fatalf("%d fired at %d, and nothing was set", who, now)
	}
	next := m.set[0]
	if next.who != who {
		m.t.Fatalf("%d fired at %d, and %v was next", who, now, next)
	}
	if now < next.when || !m.late && now != next.when {
		m.t.Fatalf("%d, due at %d, fired at %d", who, next.when, now)
	}
	m.set = m.set[1:]
	steps := m.script[who]
	delete(m.script, who)
	for _, s := range steps {
		m.do(s)
	}
}

func (m *model) do(s step) {
	m.t.Helper()
	e := &m.bells[s.who].Entry
	i := m.find(s.who)
	left := time.Duration(0)
	if i >= 0 {
		left = max(m.set[i].when-m.now(), 0)
	}
	switch s.op {
	case opSet:
		if was := m.wheel.Set(e, s.d); was != (i >= 0) {
			m.t.Fatalf("set %d: was set: %v", s.who, was)
		}
		if i >= 0 {
			m.set = slices.Delete(m.set, i, i+1)
		}
		when := m.now() + max(s.d, 0)
		if when < 0 {
			when = math.MaxInt64
		}
		m.seq++
		m.set = append(m.set, planned{s.who, when, m.seq})
		slices.SortFunc(m.set, func(a, b planned) int {
			return cmp.Or(cmp.Compare(a.when, b.when), cmp.Compare(a.seq, b.seq))
		})
	case opStop:
		if stopped := m.wheel.Stop(e); stopped != (i >= 0) {
			m.t.Fatalf("stop %d: %v", s.who, stopped)
		}
	case opCancel:
		if got, stopped := m.wheel.Cancel(e); stopped != (i >= 0) || got != left {
			m.t.Fatalf("cancel %d: %v, %d left instead of %d", s.who, stopped, got, left)
		}
	case opRemaining:
		if got, set := m.wheel.Remaining(e); set != (i >= 0) || got != left {
			m.t.Fatalf("remaining of %d: %v, %d left instead of %d", s.who, set, got, left)
		}
	}
	if (s.op == opStop || s.op == opCancel) && i >= 0 {
		m.set = slices.Delete(m.set, i, i+1)
	}
}

func (m *model) advance(d time.Duration) {
	m.t.Helper()
	m.clock.advance(d, m.late)
	now := m.now()
	if len(m.set) > 0 && m.set[0].when <= now {
		m.t.Fatalf("at %d, %v had not fired", now, m.set[0])
	}
	if got := m.wheel.Len(); got != len(m.set) {
		m.t.Fatalf("%d are set, the wheel says %d", len(m.set), got)
	}
	want := 1
	if len(m.set) == 0 {
		want = 0
	}
	got := m.clock.outstanding()
	if got == 1 && want == 0 && m.clock.resets {
		return // left for the next one
	}
	if got != want {
		m.t.Fatalf("%d alarms are armed for %d entries", got, len(m.set))
	}
}

// drawDuration favours the edges of levels and what comes out at the same time.
func drawDuration(t *rapid.T) time.Duration {
	switch rapid.IntRange(0, 3).Draw(t, "kind") {
	case 0:
		return time.Duration(rapid.IntRange(-2, 70).Draw(t, "short"))
	case 1:
		edge := int64(1) << rapid.IntRange(0, 62).Draw(t, "edge")
		return time.Duration(edge + int64(rapid.IntRange(-2, 2).Draw(t, "beside")))
	case 2:
		return time.Duration(rapid.IntRange(0, 50).Draw(t, "round")) * 100 * time.Millisecond
	}
	return time.Duration(rapid.Int64().Draw(t, "any"))
}

func drawStep(t *rapid.T, ops, bells int) step {
	return step{
		op:  byte(rapid.IntRange(0, ops-1).Draw(t, "op")),
		who: rapid.IntRange(0, bells-1).Draw(t, "who"),
		d:   drawDuration(t),
	}
}

func TestAgainstModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const bells = 24
		m := newModel(t, bells)
		m.late = rapid.Bool().Draw(t, "late")
		m.clock.resets = rapid.Bool().Draw(t, "resets")
		for range rapid.IntRange(1, 120).Draw(t, "steps") {
			s := drawStep(t, ops, bells)
			switch {
			case s.op == opAdvance:
				m.advance(min(max(s.d, 0), forever-m.now()))
			case rapid.IntRange(0, 4).Draw(t, "scripted") == 0:
				m.script[s.who] = append(m.script[s.who], drawStep(t, opAdvance, bells))
				fallthrough
			default:
				m.do(s)
			}
		}
		m.advance(forever - m.now())
	})
}

// FuzzModel does the same from bytes.
func FuzzModel(f *testing.F) {
	f.Add([]byte{0, 1, 10, 0, 2, 10, 4, 0, 11})
	f.Add([]byte{0, 1, 0x3f, 0, 2, 0x3f, 5, 3, 0x20, 9, 0, 0x3f, 6, 3, 0x3e, 0, 3, 0x80, 4, 9, 0x3f})
	f.Fuzz(func(t *testing.T, in []byte) {
		const bells = 8
		m := newModel(t, bells)
		m.clock.resets = len(in)%2 == 0
		for len(in) >= 3 {
			s := step{
				op:  in[0] % ops,
				who: int(in[1]) % bells,
				// 1 to 7, shifted to any place, less one or not
				d: time.Duration(uint64(in[2]>>6+1)<<(in[2]&63)) - time.Duration(in[1]>>7),
			}
			if s.op == opAdvance {
				m.late = in[0] >= 128
				m.advance(min(max(s.d, 0), forever-m.now()))
			} else if m.do(s); in[0] >= 128 {
				m.script[s.who] = []step{{op: in[1] >> 3 % opAdvance, who: int(in[1]>>4) % bells, d: s.d}}
			}
			in = in[3:]
		}
		m.late = false
		m.advance(forever - m.now())
	})
}
