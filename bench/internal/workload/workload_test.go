package workload

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kista-go/kista/bench/internal/harness"
)

// small are sizes at which everything is over in no time.
const small = "Spawn=50,Idle=50,Send=500,FanIn=800,Pairs=4,PairTrips=20,PingPong=50,RingSize=10,RingLaps=5,Call=50,Callers=5," +
	"CallsEach=10,Pay1k=600,Pay64k=600,PayTree=600,Restarts=5,BigBox=500,Timers=50,Crowd=50,Blockers=2,CellMS=1," +
	"Outstanding=100,SetCancel=100"

// sys is a System of goroutines and channels that can be told to be wrong.
type sys struct {
	drop   func(m any) bool // loses a message
	change func(m any) any  // changes one
}

type box struct {
	ch   chan any
	dead chan struct{}
}

type asked struct {
	m   any
	rep chan any
}

type self struct {
	s    *sys
	b    *box
	rep  chan any
	exit bool
}

func (s *sys) spawn(p Proc, over func()) *box {
	b := &box{make(chan any, 2000), make(chan struct{})}
	go func() {
		c := &self{s: s, b: b}
		defer over()
		defer close(b.dead)
		defer func() { _ = recover(); p.Exited() }()
		p.Init(c)
		for !c.exit {
			m := <-b.ch
			if q, ok := m.(asked); ok {
				c.rep, m = q.rep, q.m
			}
			p.Handle(c, m)
		}
	}()
	return b
}

func (s *sys) Spawn(p Proc) Ref { return s.spawn(p, func() {}) }
func (s *sys) Send(to Ref, m any) {
	if s.drop != nil && s.drop(m) {
		return
	}
	if s.change != nil {
		m = s.change(m)
	}
	b := to.(*box)
	select {
	case b.ch <- m:
	case <-b.dead:
	}
}

func (s *sys) Call(to Ref, m any, d time.Duration) (any, error) {
	rep := make(chan any, 1)
	b := to.(*box)
	b.ch <- asked{m, rep}
	select {
	case v := <-rep:
		if s.change != nil {
			v = s.change(v)
		}
		return v, nil
	case <-b.dead:
		return nil, errGone
	}
}

type gone struct{}

func (gone) Error() string { return "gone" }

var errGone = gone{}

func (s *sys) Go(fn func(Caller)) { go fn(s) }
func (s *sys) Supervise(mk func() Proc) func(any) {
	var mu sync.Mutex
	var now *box
	var start func()
	start = func() {
		b := s.spawn(mk(), func() { start() })
		mu.Lock()
		now = b
		mu.Unlock()
	}
	start()
	return func(m any) {
		mu.Lock()
		b := now
		mu.Unlock()
		s.Send(b, m)
	}
}

func (c *self) Self() Ref          { return c.b }
func (c *self) Send(to Ref, m any) { c.s.Send(to, m) }
func (c *self) Reply(m any)        { c.rep <- m }
func (c *self) Exit()              { c.exit = true }
func (c *self) SendAfter(to Ref, m any, d time.Duration) {
	time.AfterFunc(d, func() { c.s.Send(to, m) })
}
func (c *self) Call(to Ref, m any, d time.Duration) (any, error) { return c.s.Call(to, m, d) }

// try runs one workload and returns what it prints.
func try(t *testing.T, name string, s *sys) string {
	t.Helper()
	var p harness.Params
	if err := p.Set("Links=1,TreeNodes=100," + small); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	r := harness.New(&out, "test", name, p, 300*time.Millisecond)
	if name == "W12" || name == "W21" || name == "W17" || s.drop == nil && s.change == nil {
		r = harness.New(&out, "test", name, p, 10*time.Second)
	}
	Generic(func() System { return s })[name](r)
	return out.String()
}

func TestARightSystemHasFigures(t *testing.T) {
	for name, metric := range map[string]string{
		"W1": "spawn_msg_exit", "W2": "heap_per_proc", "W3": "msg_outside", "W4": "msg", "W5": "msgs_per_s", "W6": "round_trip",
		"W7": "hop", "W8": "call_goroutine", "W9": "tree_100_usercopy", "W10": "restart_p99", "W11": "drain", "W12": "late_p99",
		"W17": "gc_pause_max", "W21": "file_20ms_1pc_rate", "W22": "spin_x2_max",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out := try(t, name, &sys{})
			if strings.Contains(out, "ERROR") || !strings.Contains(out, name+",test,"+metric+",") {
				t.Errorf("no %s, or an error, in:\n%s", metric, out)
			}
		})
	}
}

func TestAWrongSystemHasErrors(t *testing.T) {
	// once does something to the n-th message of a type, counted from 1.
	once := func(n int64, is func(m any) bool) func(m any) bool {
		var seen atomic.Int64
		return func(m any) bool { return is(m) && seen.Add(1) == n }
	}
	isMsg := func(m any) bool { _, ok := m.(Msg); return ok }
	isRep := func(m any) bool { _, ok := m.(CallRep); return ok }
	lose := func(n int64) *sys { return &sys{drop: once(n, isMsg)} }
	spoil := func(n int64) *sys {
		hit := once(n, isMsg)
		return &sys{change: func(m any) any {
			if hit(m) {
				return Msg{m.(Msg).A, m.(Msg).B + 1}
			}
			return m
		}}
	}
	for what, c := range map[string]struct {
		name string
		s    *sys
	}{
		"a lost message":              {"W3", lose(100)},
		"a changed message":           {"W3", spoil(100)},
		"a lost one of many senders'": {"W4", lose(100)},
		"a changed one of theirs":     {"W4", spoil(100)},
		"a trip counted twice":        {"W5", spoil(10)},
		"a trip of one pair":          {"W6", spoil(10)},
		"a lost token":                {"W7", lose(7)},
		"a token that takes a short cut": {"W7", func() *sys {
			hit := once(7, isMsg)
			return &sys{change: func(m any) any {
				if hit(m) {
					return Msg{m.(Msg).A - 1, 0}
				}
				return m
			}}
		}()},
		"somebody else's answer": {"W8", func() *sys {
			hit := once(7, isRep)
			return &sys{change: func(m any) any {
				if hit(m) {
					return CallRep{m.(CallRep).A + 1, 0}
				}
				return m
			}}
		}()},
		"bytes cut short": {"W9", func() *sys {
			hit := once(3, func(m any) bool { _, ok := m.([]byte); return ok })
			return &sys{change: func(m any) any {
				if hit(m) {
					return m.([]byte)[:10]
				}
				return m
			}}
		}()},
		"a child that is not asked": {"W10", &sys{drop: func(m any) bool { _, ok := m.(ping); return ok }}},
		"a lost queued message":     {"W11", lose(3)},
		"a changed queued message":  {"W11", spoil(3)},
		"an idle process is silent": {"W2", &sys{drop: once(3, func(m any) bool { _, ok := m.(ping); return ok })}},
		"one that does not end":     {"W1", &sys{drop: once(3, func(m any) bool { _, ok := m.(start); return ok })}},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			if out := try(t, c.name, c.s); !strings.Contains(out, ",ERROR,") {
				t.Errorf("%s notices nothing:\n%s", c.name, out)
			}
		})
	}
}

func TestSetCancelChecksTheCancels(t *testing.T) {
	var p harness.Params
	if err := p.Set("Outstanding=10,SetCancel=10"); err != nil {
		t.Fatal(err)
	}
	for _, late := range []int{-1, 3, 12} {
		var out strings.Builder
		n := 0
		SetCancel(harness.New(&out, "test", "W16", p, time.Second), func(time.Duration, int) func() bool {
			n++
			is := n != late+1
			return func() bool { return is }
		})
		if got := strings.Contains(out.String(), ",ERROR,"); got != (late >= 0) {
			t.Errorf("cancel %d comes too late: error %v\n%s", late, got, out.String())
		}
	}
}

func TestTree(t *testing.T) {
	for _, n := range []int{1, 2, 10, 11, 20, 100, 101, 1000} {
		tree := NewTree(n)
		if got, want := tree.Sum(), n*(n+1); got != want { // ids, and the same in the maps
			t.Errorf("%d nodes: sum %d, want %d", n, got, want)
		}
		copied := tree.Clone()
		copied.Attrs["a"] = 0
		if len(copied.Kids) > 0 {
			copied.Kids[0].Attrs["a"] = 0
			copied.Kids[0] = nil
		}
		if got, want := tree.Sum(), n*(n+1); got != want {
			t.Errorf("%d nodes: the clone shares something: sum %d, want %d", n, got, want)
		}
	}
	tree := NewTree(100)
	if len(tree.Kids) != 9 || len(tree.Kids[8].Kids) != 10 {
		t.Errorf("a root, 9, 90 is wanted; got %d, %d", len(tree.Kids), len(tree.Kids[8].Kids))
	}
}

func TestCellNamesAreASCII(t *testing.T) {
	if got := Cell("sleep", Blocks[0], "all"); got != "sleep_200us_all" {
		t.Error(got)
	}
}
