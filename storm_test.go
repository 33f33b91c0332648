package kista_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
)

// The storm: targets come and go and do everything to each other at random;
// observers, which live through it, keep books and check what was promised.
// What is random follows the seed; who runs when does not. KISTA_STORM_SEED
// starts at a seed, KISTA_STORM_ROUNDS says how many.

func TestStorm(t *testing.T) {
	seed, rounds := uint64(1), 10
	if testing.Short() {
		rounds = 3
	}
	if v, err := strconv.ParseUint(os.Getenv("KISTA_STORM_SEED"), 10, 64); err == nil {
		seed = v
	}
	if v, err := strconv.Atoi(os.Getenv("KISTA_STORM_ROUNDS")); err == nil {
		rounds = v
	}
	for range rounds {
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) { storm(t, seed) })
		seed++
	}
}

const (
	stormObservers = 4
	stormSteps     = 400
)

// world is what the storm's processes know of each other.
type world struct {
	t     *testing.T
	n     *kista.Node
	mu    sync.Mutex
	pids  []kista.PID // targets, some of them dead
	birth int
}

type (
	stamped struct {
		From kista.PID
		N    int
	} // the same with its sender
	ping   struct{ Reply kista.Ref } // answered twice, heard once
	pong   struct{ Reply kista.Ref }
	tick   struct{ ID int }
	doWork struct{ Observers []kista.PID }
)

func (w *world) add(pid kista.PID) {
	if pid.IsZero() {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.pids = append(w.pids, pid)
	if len(w.pids) > 200 {
		w.pids = w.pids[100:]
	}
}

func (w *world) pick(r *rand.Rand) kista.PID {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.pids) == 0 {
		return kista.PID{}
	}
	return w.pids[r.IntN(len(w.pids))]
}

func (w *world) rand(seed uint64) *rand.Rand {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.birth++
	return rand.New(rand.NewPCG(seed, uint64(w.birth)))
}

func storm(t *testing.T, seed uint64) {
	n := start(t, kista.Config{Name: "a", Grace: time.Millisecond})
	w := &world{t: t, n: n}
	for range 20 {
		w.add(n.Spawn(w.target(w.rand(seed), seed)))
	}
	var wg sync.WaitGroup
	observers := make([]kista.PID, stormObservers)
	ready := make(chan struct{})
	for i := range observers {
		wg.Add(1)
		pid, err := n.SpawnWith(kista.SpawnOpts{TrapExits: true, Label: "observer"}, func(s *kista.Self) error {
			defer wg.Done()
			<-ready
			o := &observer{world: w, s: s, r: w.rand(seed), all: observers, seed: seed}
			return o.run()
		})
		assert.NoError(t, err)
		observers[i] = pid
	}
	close(ready)
	wg.Wait()
	assert.NoError(t, n.Stop(context.Background()))
}

// target is a process that does what it is told, and more.
func (w *world) target(r *rand.Rand, seed uint64) kista.Body {
	return func(s *kista.Self) error {
		sent := map[kista.PID]int{}
		refs := []kista.Ref{}
		for {
			m, err := s.Receive()
			if err != nil {
				return err
			}
			switch m := m.(type) {
			case ping:
				_, _ = s.Send(m.Reply, pong(m)), s.Send(m.Reply, pong(m))
			case kista.Request:
				_ = m.From.Reply(1)
			case kista.Exited:
				if errors.Is(m.Reason, kista.ErrShutdown) {
					return nil // the node stops
				}
			case doWork:
				to := m.Observers[r.IntN(len(m.Observers))]
				for range r.IntN(4) {
					if s.Send(to, stamped{s.PID(), sent[to]}) != nil {
						return errOther
					}
					sent[to]++
				}
				switch r.IntN(16) {
				case 0:
					_ = s.Link(w.pick(r))
				case 1:
					_ = s.Unlink(w.pick(r))
				case 2:
					refs = append(refs, s.Monitor(w.pick(r)))
				case 3:
					for _, ref := range refs {
						s.DemonitorFlush(ref)
					}
					refs = nil
				case 4:
					_ = s.Register(fmt.Sprint("name", r.IntN(5)))
				case 5:
					s.TrapExits(r.IntN(2) == 0)
				case 6:
					_ = s.Exit(w.pick(r), errOther)
				case 7:
					_ = s.Exit(w.pick(r), kista.Kill)
				case 8:
					return errBoom
				case 9:
					panic("storm")
				case 10:
					return nil
				case 11:
					w.add(s.SpawnLink(w.target(w.rand(seed), seed)))
				case 12:
					pid, _ := s.SpawnMonitor(w.target(w.rand(seed), seed))
					w.add(pid)
				case 13:
					_ = s.Exit(s.PID(), errBoom)
				case 14:
					_, _ = kista.CallFor(s, time.Millisecond, w.pick(r), 1)
				case 15:
					kista.SendAfter(time.Duration(r.IntN(3))*time.Millisecond, w.pick(r), tick{-1})
				}
			}
		}
	}
}

// observer keeps books.
type observer struct {
	*world
	s    *kista.Self
	r    *rand.Rand
	all  []kista.PID
	seed uint64

	monitors map[kista.Ref]kista.PID // that must fire yet, or be taken away
	links    map[kista.PID]bool
	next     map[kista.PID]int // of each target's messages
	dead     map[kista.PID]bool
	aliases  map[kista.Ref]bool // true: answered
	timers   map[int]*kista.Timer
	ids      int
}

func (o *observer) run() error {
	o.monitors, o.links, o.next = map[kista.Ref]kista.PID{}, map[kista.PID]bool{}, map[kista.PID]int{}
	o.dead, o.aliases, o.timers = map[kista.PID]bool{}, map[kista.Ref]bool{}, map[int]*kista.Timer{}
	for range stormSteps {
		o.step()
		for o.drain(0) {
		}
	}
	// Let all that is watched end: every monitor and link must tell, once.
	for _, pid := range o.monitors {
		_ = o.s.Exit(pid, kista.Kill)
	}
	for pid := range o.links {
		_ = o.s.Exit(pid, kista.Kill)
	}
	for len(o.monitors)+len(o.links) > 0 {
		if !o.drain(20 * time.Second) {
			o.t.Errorf("%d monitors and %d links never told", len(o.monitors), len(o.links))
			return nil
		}
	}
	for _, timer := range o.timers {
		timer.Cancel()
	}
	for o.drain(0) {
	}
	return nil
}

func (o *observer) step() {
	pid := o.pick(o.r)
	switch o.r.IntN(12) {
	case 0, 1, 2:
		_ = o.s.Send(pid, doWork{o.all})
	case 3:
		o.monitors[o.s.Monitor(pid)] = pid
	case 4:
		for ref := range o.monitors {
			o.s.DemonitorFlush(ref)
			delete(o.monitors, ref) // from here on no Down
			break
		}
	case 5:
		if pid != (kista.PID{}) && o.s.Link(pid) == nil {
			o.links[pid] = true
		}
	case 6:
		for pid := range o.links {
			_ = o.s.Unlink(pid)
			delete(o.links, pid)
			_ = o.s.Select(kista.OnIf(func(ex kista.Exited) bool { return ex.PID == pid }, func(kista.Exited) error { return nil }), kista.After(0, nil))
			break
		}
	case 7:
		alias := o.s.Alias(kista.Reply)
		o.aliases[alias] = false
		_ = o.s.Send(pid, ping{alias})
	case 8:
		_, err := kista.CallFor(o.s, 50*time.Millisecond, pid, 1)
		if err != nil && !errors.As(err, new(*kista.CallError)) {
			o.t.Errorf("call: %v", err)
		}
	case 9:
		o.ids++
		o.timers[o.ids] = kista.SendAfter(time.Duration(o.r.IntN(2000))*time.Microsecond, o.s.PID(), tick{o.ids})
	case 10:
		for id, timer := range o.timers {
			if _, ok := timer.Cancel(); ok {
				delete(o.timers, id) // from here on no message
			}
			break
		}
	case 11:
		o.add(o.n.Spawn(o.target(o.rand(o.seed), o.seed)))
	}
}

// drain takes one message and checks it; false: there was none.
func (o *observer) drain(d time.Duration) (took bool) {
	_ = o.s.Select(kista.On(func(m any) error {
		took = true
		o.check(m)
		return nil
	}), kista.After(d, nil))
	return took
}

func (o *observer) check(m any) {
	switch m := m.(type) {
	case stamped:
		if m.N != o.next[m.From] {
			o.t.Errorf("message %d of %v, want %d", m.N, m.From, o.next[m.From])
		}
		if o.dead[m.From] {
			o.t.Errorf("message %d of %v after its Down", m.N, m.From)
		}
		o.next[m.From] = m.N + 1
	case kista.Down:
		pid, there := o.monitors[m.Ref]
		if !there {
			o.t.Errorf("a Down too many: %v", m)
		}
		delete(o.monitors, m.Ref)
		o.dead[pid] = true
		if o.n.Alive(pid) {
			o.t.Errorf("%v lives after its Down", pid)
		}
		for i := range 5 {
			if found, there := o.n.WhereIs(fmt.Sprint("name", i)); there && found == pid {
				o.t.Errorf("%v has a name after its Down", pid)
			}
		}
	case kista.Exited:
		if !o.links[m.PID] {
			o.t.Errorf("an exit without a link: %v", m)
		}
		delete(o.links, m.PID)
	case pong:
		if o.aliases[m.Reply] {
			o.t.Errorf("two messages through a reply alias")
		}
		o.aliases[m.Reply] = true
	case tick:
		if m.ID >= 0 && o.timers[m.ID] == nil {
			o.t.Errorf("timer %d fired after it was cancelled, or twice", m.ID)
		}
		delete(o.timers, m.ID)
	}
}
