package chaos

import (
	"fmt"
	"runtime"
	"sync"
	"time"

	"github.com/kista-go/kista/examples/bank"
)

// Cause is how a process is made to end.
type Cause string

// The causes.
const (
	Panic  Cause = "panic"
	Kill   Cause = "kill"
	Goexit Cause = "goexit"
	Block  Cause = "block"
)

// Causes lists them in the order of the tables.
var Causes = []Cause{Panic, Kill, Goexit, Block}

// fault is one that waits for a process to come along.
type fault struct {
	cause   Cause
	hit     chan string   // who came along
	act     chan struct{} // closed: go on and do it
	release chan struct{} // closed: a blocked one may return
}

// faults has at most one fault for each kind of victim.
type faults struct {
	mu    sync.Mutex
	armed map[Victim]*fault
}

// arm leaves a fault for the next process of that kind.
func (f *faults) arm(v Victim, c Cause) *fault {
	ft := &fault{cause: c, hit: make(chan string, 1), act: make(chan struct{}), release: make(chan struct{})}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.armed == nil {
		f.armed = map[Victim]*fault{}
	}
	f.armed[v] = ft
	return ft
}

// disarm takes a fault away; false if somebody has met it.
func (f *faults) disarm(v Victim, ft *fault) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.armed[v] != ft {
		return false
	}
	delete(f.armed, v)
	return true
}

func (f *faults) take(v Victim) *fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	ft := f.armed[v]
	delete(f.armed, v)
	return ft
}

// at runs in the bank's processes, at the points of their code.
func (f *faults) at(point bank.Point, who string) {
	v, ok := victims[point]
	if !ok {
		return
	}
	ft := f.take(v)
	if ft == nil {
		return
	}
	ft.hit <- who
	select {
	case <-ft.act: // the one who armed it watches now
	case <-time.After(time.Second):
	}
	switch ft.cause {
	case Panic:
		panic(fmt.Sprintf("demo: a bug at %s", point))
	case Goexit:
		runtime.Goexit()
	default: // killed from outside, here
		<-ft.release
	}
}

// victims says whose code has which points.
var victims = map[bank.Point]Victim{
	bank.BeforeAppend: Account, bank.AfterAppend: Account,
	bank.BeforeCredit: Courier, bank.AfterCredit: Courier,
	bank.InRequest: Connection, bank.InStore: Store, bank.InAccept: Listener,
}
