package chaos

import (
	"context"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/examples/bank"
)

// Victim is a kind of process.
type Victim string

// The victims.
const (
	Account    Victim = "account"    // in the middle of an operation
	Connection Victim = "connection" // in the middle of a request
	Courier    Victim = "courier"    // in the middle of a transfer
	Store      Victim = "store"      // the journal's writer
	Listener   Victim = "listener"
	Supervisor Victim = "supervisor"
)

// Victims lists them in the order of the tables.
var Victims = []Victim{Account, Connection, Courier, Store, Listener, Supervisor}

// Death is one that was brought about.
type Death struct {
	Victim Victim
	Who    string // its name or label
	Cause  Cause
	Reason error
	By     string        // who started it again; empty: nobody has to
	Took   time.Duration // from its death to its next incarnation
}

// Driver ends processes of one bank. Its zero value is not ready: see New.
type Driver struct {
	// Every is the pause between two deaths of one kind. Zero: 200 ms.
	Every time.Duration
	// Told is called for each death, by several goroutines.
	Told func(Death)

	node   *kista.Node
	faults faults
}

// New returns a driver for a bank on node, whose Config.Fault must be At.
func New(node *kista.Node) *Driver { return &Driver{node: node, Every: 200 * time.Millisecond} }

// At is the bank's Config.Fault.
func (d *Driver) At(point bank.Point, who string) { d.faults.at(point, who) }

// Run goes on until ctx ends.
func (d *Driver) Run(ctx context.Context) {
	var all sync.WaitGroup
	for i, v := range Victims {
		all.Go(func() { d.hunt(ctx, v, time.Duration(i)*d.Every/time.Duration(len(Victims))) })
	}
	all.Wait()
}

func (d *Driver) hunt(ctx context.Context, v Victim, first time.Duration) {
	rest(ctx, first)
	for i := 0; ctx.Err() == nil; i++ {
		if death, ok := d.strike(ctx, v, cause(v, i)); ok && d.Told != nil {
			d.Told(death)
		}
		rest(ctx, d.Every)
	}
}

// cause chooses how number i of a kind is to end. A supervisor runs no code but
// the library's, so it can only be killed; the store has a point in its code once
// a second, and can be killed at any time.
func cause(v Victim, i int) Cause {
	switch {
	case v == Supervisor || v == Store && i%4 != 3:
		return Kill
	case v == Store:
		return Causes[i/4%len(Causes)]
	}
	return Causes[i%len(Causes)]
}

func rest(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// strike brings about one death. A process that does not come along in time is
// killed where it is.
func (d *Driver) strike(ctx context.Context, v Victim, cause Cause) (Death, bool) {
	if v == Supervisor || v == Store && cause == Kill {
		return d.killOne(ctx, v)
	}
	ft := d.faults.arm(v, cause)
	defer close(ft.release)
	select {
	case who := <-ft.hit:
		return d.finish(ctx, v, ft, who)
	case <-time.After(patience(v)):
	case <-ctx.Done():
	}
	if !d.faults.disarm(v, ft) {
		return d.finish(ctx, v, ft, <-ft.hit)
	}
	if ctx.Err() != nil {
		return Death{}, false
	}
	return d.killOne(ctx, v)
}

// patience is how long to wait for one of a kind; the store looks around once a
// second only, and the others are busy.
func patience(v Victim) time.Duration {
	if v == Store {
		return 1200 * time.Millisecond
	}
	return 500 * time.Millisecond
}

// finish lets a process that has met a fault go through with it, and watches.
func (d *Driver) finish(ctx context.Context, v Victim, ft *fault, who string) (Death, bool) {
	pid, info, ok := d.find(v, who)
	if !ok {
		close(ft.act)
		return Death{}, false
	}
	return d.watch(ctx, v, ft.cause, pid, info, func() {
		close(ft.act)
		switch ft.cause {
		case Kill:
			_ = kista.Exit(pid, kista.Kill)
		case Block: // as a supervisor would: told, given time, killed
			_ = kista.Exit(pid, kista.ErrShutdown)
			late, done := context.WithTimeout(context.Background(), 50*time.Millisecond)
			defer done()
			if _, err := kista.Wait(late, pid); err != nil {
				_ = kista.Exit(pid, kista.Kill)
			}
		}
	})
}

// killOne kills any process of a kind.
func (d *Driver) killOne(ctx context.Context, v Victim) (Death, bool) {
	pid, info, ok := d.find(v, "")
	if !ok {
		return Death{}, false
	}
	return d.watch(ctx, v, Kill, pid, info, func() { _ = kista.Exit(pid, kista.Kill) })
}

// watch monitors pid, does it, and waits for the death and for the next
// incarnation.
func (d *Driver) watch(ctx context.Context, v Victim, cause Cause, pid kista.PID, info kista.ProcessInfo, do func()) (Death, bool) {
	parent, _ := d.node.Info(info.Parent)
	type end struct {
		reason error
		err    error
		at     time.Time
	}
	ended := make(chan end, 1)
	ready := make(chan struct{})
	go func() { // ends with the process, or with the limit
		limit, done := context.WithTimeout(context.Background(), 5*time.Second)
		defer done()
		close(ready)
		reason, err := kista.Wait(limit, pid)
		ended <- end{reason, err, time.Now()}
	}()
	<-ready
	do()
	e := <-ended
	if e.err != nil {
		return Death{}, false
	}
	death := Death{Victim: v, Who: info.Label, Cause: cause, Reason: e.reason}
	if info.Name == "" {
		return death, true // nobody starts it again: its client comes back
	}
	limit, done := context.WithTimeout(ctx, 5*time.Second)
	defer done()
	if _, err := d.node.AwaitName(limit, info.Name); err == nil {
		death.By, death.Took = parent.Name, time.Since(e.at)
		if death.By == "" {
			death.By = parent.Label
		}
	}
	return death, true
}

// find returns a living process of a kind: the one that who means, or any.
func (d *Driver) find(v Victim, who string) (kista.PID, kista.ProcessInfo, bool) {
	var pids []kista.PID
	var infos []kista.ProcessInfo
	for pid := range d.node.Processes() {
		info, ok := d.node.Info(pid)
		if ok && is(v, info) && strings.Contains(info.Label, who) {
			pids, infos = append(pids, pid), append(infos, info)
		}
	}
	if len(pids) == 0 {
		return kista.PID{}, kista.ProcessInfo{}, false
	}
	i := rand.IntN(len(pids))
	return pids[i], infos[i], true
}

// is tells whether a process is of a kind, by its label and what it runs.
func is(v Victim, info kista.ProcessInfo) bool {
	role, isBank := strings.CutPrefix(info.Label, "bank ")
	if info.Kind == "supervisor" {
		return v == Supervisor && isBank
	}
	role, _, _ = strings.Cut(role, " ")
	switch v {
	case Account:
		return role == "account"
	case Connection:
		return strings.HasSuffix(role, ".connection")
	case Courier:
		return role == "courier"
	case Store:
		return role == "store"
	case Listener:
		return strings.HasSuffix(role, ".listener")
	}
	return false
}
