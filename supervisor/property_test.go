package supervisor

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/kista-go/kista"
)

// TestProperties runs the core in a world that does whatever processes can do,
// and checks after each step what must hold at all times, and once everything
// has come to rest what must hold then.
func TestProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t)
		for range rapid.IntRange(0, 80).Draw(t, "steps") {
			w.act()
		}
		w.settle()
		w.atRest()
		w.step(halt{kista.ErrShutdown})
		w.settle()
		if !w.core.ended {
			t.Fatal("told to stop, and everybody did, and it has not ended")
		}
	})
}

// process is what the world knows of a child's process.
type process struct {
	c      *child
	up     bool
	dead   bool
	told   bool
	killed bool
	mail   []any // what it has sent the core and the core has not taken yet
}

type world struct {
	t       *rapid.T
	core    *core
	now     time.Time
	procs   map[*child]*process // until the core has heard of their end
	order   []*child            // of procs: what a map has not
	ticks   []tick              // armed, and perhaps forgotten since
	retries []again
	asked   map[string]bool // true: answered
	reqs    map[string]any
	idle    map[*child]bool // why it may be without a process: by request, or it ignored its start
	normal  map[*child]bool // its last end was a normal one
}

func newWorld(t *rapid.T) *world {
	spec := Spec{
		Strategy:  rapid.SampledFrom([]Strategy{OneForOne, OneForAll, RestForOne}).Draw(t, "strategy"),
		Intensity: rapid.SampledFrom([]int{NoRestarts, 1, 2, 5, 100}).Draw(t, "intensity"),
	}
	var pool *Child
	if rapid.IntRange(0, 4).Draw(t, "pool") == 0 {
		c := drawChild(t, "", Never)
		spec.Strategy, pool = OneForOne, &c
	} else {
		spec.AutoShutdown = rapid.SampledFrom([]AutoShutdown{Never, Never, AnySignificant, AllSignificant}).Draw(t, "auto")
		for i := range rapid.IntRange(0, 5).Draw(t, "children") {
			spec.Children = append(spec.Children, drawChild(t, fmt.Sprint("c", i), spec.AutoShutdown))
		}
	}
	w := &world{
		t: t, core: newCore(spec, pool), procs: map[*child]*process{},
		asked: map[string]bool{}, reqs: map[string]any{}, idle: map[*child]bool{}, normal: map[*child]bool{},
	}
	w.step(boot{})
	return w
}

func drawChild(t *rapid.T, id string, auto AutoShutdown) Child {
	c := Child{
		ID: id, Start: nothing,
		Restart:      rapid.SampledFrom([]Restart{Permanent, Permanent, Transient, Temporary}).Draw(t, "restart"),
		Shutdown:     rapid.SampledFrom([]time.Duration{0, BrutalKill, kista.NoTimeout, time.Second}).Draw(t, "shutdown"),
		StartTimeout: rapid.SampledFrom([]time.Duration{0, kista.NoTimeout, time.Second}).Draw(t, "start"),
	}
	if rapid.Bool().Draw(t, "type") {
		c.Start = Program(Spec{}, Opts{})
	}
	for range rapid.IntRange(0, 2).Draw(t, "ways") {
		c.OrElse = append(c.OrElse, nothing)
	}
	c.Significant = auto != Never && c.Restart != Permanent && rapid.Bool().Draw(t, "significant")
	return c
}

var reasons = []error{nil, kista.ErrShutdown, &kista.ShutdownError{}, errors.New("boom"), &SameFault{}, kista.ErrKilled}

// act lets one thing happen in the world.
func (w *world) act() {
	switch what := rapid.SampledFrom([]string{"start", "start", "die", "die", "deliver", "deliver", "deliver", "tick", "again", "time", "ask", "ask", "halt"}).Draw(w.t, "what"); what {
	case "start":
		if p := w.pick(func(p *process) bool { return !p.up && !p.dead }); p != nil {
			w.startEnds(p, rapid.SampledFrom([]error{nil, nil, nil, kista.ErrIgnore, errors.New("bang")}).Draw(w.t, "outcome"))
		}
	case "die":
		if p := w.pick(func(p *process) bool { return p.up && !p.dead }); p != nil {
			w.dies(p, rapid.SampledFrom(reasons).Draw(w.t, "reason"))
		}
	case "deliver":
		if p := w.pick(func(p *process) bool { return len(p.mail) > 0 }); p != nil {
			w.deliver(p)
		}
	case "tick":
		if i := w.index(len(w.ticks)); i >= 0 {
			w.step(w.ticks[i])
		}
	case "again":
		if i := w.index(len(w.retries)); i >= 0 {
			a := w.retries[i]
			w.retries = slices.Delete(w.retries, i, i+1)
			w.step(a)
		}
	case "time":
		w.now = w.now.Add(time.Duration(rapid.IntRange(0, 4000).Draw(w.t, "ms")) * time.Millisecond)
	case "ask":
		w.ask()
	case "halt":
		if rapid.IntRange(0, 9).Draw(w.t, "really") == 0 {
			w.step(halt{errors.New("told")})
		}
	}
}

func (w *world) index(n int) int {
	if n == 0 {
		return -1
	}
	return rapid.IntRange(0, n-1).Draw(w.t, "which")
}

func (w *world) pick(fits func(*process) bool) *process {
	var some []*process
	for _, c := range w.order {
		if p := w.procs[c]; fits(p) {
			some = append(some, p)
		}
	}
	if i := w.index(len(some)); i >= 0 {
		return some[i]
	}
	return nil
}

func (w *world) ask() {
	a := ask{from: fmt.Sprint("q", len(w.asked))}
	id := fmt.Sprint("c", rapid.IntRange(0, 7).Draw(w.t, "id"))
	switch rapid.SampledFrom([]string{"start", "terminate", "terminate", "restart", "delete", "which", "count", "pid", "update"}).Draw(w.t, "request") {
	case "start":
		a.req = startChild{child: drawChild(w.t, id, w.core.spec.AutoShutdown)}
	case "terminate":
		a.req = terminateChild{id}
	case "restart":
		a.req = restartChild{id}
	case "delete":
		a.req = deleteChild{id}
	case "which":
		a.req = whichChildren{}
	case "count":
		a.req = countChildren{}
	case "update":
		spec := w.core.spec
		ids := rapid.Permutation([]int{0, 1, 2, 3, 4, 5}).Draw(w.t, "order")
		for _, i := range ids[:rapid.IntRange(0, len(ids)).Draw(w.t, "children")] {
			spec.Children = append(spec.Children, drawChild(w.t, fmt.Sprint("c", i), spec.AutoShutdown))
		}
		a.req = update{spec: spec}
	case "pid":
		if p := w.pick(func(*process) bool { return true }); p != nil {
			a.c = p.c
		}
		a.req = terminatePID{}
	}
	w.asked[a.from.(string)] = false
	w.reqs[a.from.(string)] = a.req
	w.step(a)
}

func (w *world) startEnds(p *process, err error) {
	if err == nil {
		p.up = true
		p.mail = append(p.mail, started{p.c})
		return
	}
	p.dead = true
	p.mail = append(p.mail, failed{p.c, err})
}

func (w *world) dies(p *process, reason error) {
	switch {
	case p.dead:
	case p.up:
		p.dead = true
		p.mail = append(p.mail, exited{p.c, reason})
	default:
		w.startEnds(p, errOr(reason, errors.New("ended early")))
	}
}

func errOr(err, other error) error {
	if err == nil {
		return other
	}
	return err
}

func (w *world) deliver(p *process) {
	m := p.mail[0]
	p.mail = p.mail[1:]
	switch m := m.(type) {
	case failed:
		if m.err == kista.ErrIgnore {
			w.idle[p.c] = true
		}
		w.forget(p)
	case exited:
		w.normal[p.c] = !kista.Abnormal(m.reason)
		w.forget(p)
	}
	w.step(m)
}

func (w *world) forget(p *process) {
	delete(w.procs, p.c)
	w.order = slices.DeleteFunc(w.order, func(c *child) bool { return c == p.c })
}

// step lets the core take a step, does what it says, and checks.
func (w *world) step(event any) {
	was := w.core.ended
	effects := w.core.step(w.now, event)
	if was && len(effects) > 0 {
		w.t.Fatalf("%T after the end: %d effects", event, len(effects))
	}
	for _, e := range effects {
		w.effect(e)
	}
	w.always()
}

func (w *world) effect(e effect) {
	c := e.child
	p := w.procs[c]
	switch e.op {
	case opStart:
		if p != nil {
			w.t.Fatalf("%s is started twice", nameOf(c))
		}
		w.procs[c] = &process{c: c}
		w.order = append(w.order, c)
		w.idle[c] = false
	case opStop, opKill:
		if p == nil {
			w.t.Fatalf("%s is stopped without a process", nameOf(c))
		}
		if w.core.final && w.core.pool == nil && !c.overdue && !p.told {
			w.youngest(c)
		}
		p.told = true
		if e.op == opKill {
			p.killed = true
			w.dies(p, kista.ErrKilled)
		}
	case opArm:
		w.ticks = append(w.ticks, tick{c: c, token: e.token})
	case opAgain:
		w.retries = append(w.retries, again{c: c, token: e.token})
	case opReply:
		who := e.to.(string)
		if w.asked[who] {
			w.t.Fatalf("%s is answered twice", who)
		}
		w.asked[who] = true
		switch q := w.reqs[who].(type) { // it may be without a process by request
		case terminateChild:
			w.idle[w.core.byID[q.ID]] = true
		case restartChild:
			w.idle[w.core.byID[q.ID]] = true
		case update:
			for c := w.core.children.first; c != nil; c = c.next {
				w.idle[c] = w.idle[c] || c.status == Stopped
			}
		}
	case opEnd:
		if len(w.procs) > 0 {
			w.t.Fatalf("the end, and %d processes are left", len(w.procs))
		}
	}
}

// youngest checks that nobody younger than c, who is being stopped for good, has
// a process that the core knows of.
func (w *world) youngest(c *child) {
	for o := c.next; o != nil; o = o.next {
		if o.status.hasProcess() {
			w.t.Fatalf("%s is stopped before %s", nameOf(c), nameOf(o))
		}
	}
}

// always checks what must hold after each step.
func (w *world) always() {
	k := w.core
	active, supervisors, significant, n := 0, 0, 0, 0
	var before uint64
	for c := k.children.first; c != nil; c = c.next {
		n++
		active += one(c.status.hasProcess())
		supervisors += one(c.spec.Type() == Supervisor)
		significant += one(c.spec.Significant && c.status != Stopped)
		if c.num <= before {
			w.t.Fatal("children out of order")
		}
		before = c.num
		if (w.procs[c] != nil) != c.status.hasProcess() {
			w.t.Fatalf("%s is %v, process: %v", nameOf(c), c.status, w.procs[c] != nil)
		}
		if k.pool == nil && k.byID[c.id()] != c {
			w.t.Fatalf("%s is not found", nameOf(c))
		}
	}
	if active != len(w.procs) {
		w.t.Fatalf("%d processes are of no child", len(w.procs)-active)
	}
	got := []int{k.active, k.supervisors, k.significant, k.children.len}
	if want := []int{active, supervisors, significant, n}; !slices.Equal(got, want) {
		w.t.Fatalf("counts are %v, want %v", got, want)
	}
	if k.pool == nil && len(k.byID) != n {
		w.t.Fatalf("%d IDs of %d children", len(k.byID), n)
	}
}

// settle lets the world come to rest in the kindest way.
func (w *world) settle() {
	for range 10_000 {
		switch {
		case len(w.order) > 0 && w.kind(w.order):
		case len(w.retries) > 0:
			a := w.retries[0]
			w.retries = w.retries[1:]
			w.step(a)
		default:
			return
		}
	}
	w.t.Fatal("no rest")
}

// kind does the next kind thing to one of the children's processes; false: there
// is none to do.
func (w *world) kind(all []*child) bool {
	for _, c := range all {
		p := w.procs[c]
		switch {
		case len(p.mail) > 0:
			w.deliver(p)
		case p.told && !p.dead:
			w.dies(p, kista.ErrShutdown)
		case !p.up:
			w.startEnds(p, nil)
		default:
			continue
		}
		return true
	}
	return false
}

// atRest checks what must hold once nothing is under way.
func (w *world) atRest() {
	k := w.core
	if k.final {
		if !k.ended {
			w.t.Fatal("it was to end, and has not")
		}
		return
	}
	if !k.booted || k.sweep.on || len(k.later) > 0 {
		w.t.Fatalf("at rest, and booted %v, sweep %v, %d requests wait", k.booted, k.sweep.on, len(k.later))
	}
	for who, answered := range w.asked {
		if !answered {
			w.t.Fatalf("%s has no answer", who)
		}
	}
	for c := k.children.first; c != nil; c = c.next {
		switch {
		case c.status == Running || w.idle[c]:
		case c.status == Stopped && c.spec.Restart == Transient && w.normal[c]:
		default:
			w.t.Fatalf("at rest, and %s, %v, is %v", nameOf(c), c.spec.Restart, c.status)
		}
	}
}
