package wasm

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"weak"

	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"
	"github.com/tetratelabs/wazero/sys"

	"github.com/kista-go/kista/wasm/internal/rewrite"
	"github.com/kista-go/kista/wasm/internal/slab"
)

// instance is one running copy of code: a memory, globals, and what the host
// keeps for it. Calls come one at a time, but who ends it may be another
// goroutine: then the call under way ends at its next yield, and gives the
// memory back itself.
type instance struct {
	code *code
	proc *process // whose it is; nil for one that is only asked its version
	life *life

	in     []byte    // what the guest may read: a message, or the result of a host function
	out    []byte    // what it has written
	said   []byte    // the beginning of what it wrote to standard error in this callback
	lines  [2][]byte // of output, not yet ended
	spent  int64     // fuel in this callback
	budget int64     // most of it
	until  time.Time
	quiet  bool // only asked for its state, or to take one: it must not act
	marked bool // it has tried to, or done what others can see
	cause  error
	full   bool // memory was refused in this callback

	cached [callbacks]weak.Pointer[entry]
	stack  [4]uint64
}

// entry keeps a function of the engine, which is heavy: it has a stack. Nobody but
// the process holds it for longer than a callback, so that it goes with the next
// garbage collection if the process is idle, and is there while it is busy.
type entry struct{ f api.Function }

// life is the part of an instance that outlives the rest of it until the memory
// has been given back.
type life struct {
	code *code
	mod  api.Module
	slot *slab.Slot
	dead atomic.Bool // it must stop

	mu     sync.Mutex
	busy   bool
	closed bool
}

// loadFuel bounds what a guest that is no process may do: begin, say its version.
const loadFuel = 300_000_000

type instanceKey struct{}

// instanceContext is how host functions find the instance that calls them.
type instanceContext struct {
	context.Context
	in *instance
}

// Value implements context.Context.
func (c instanceContext) Value(key any) any {
	if key == (instanceKey{}) {
		return c.in
	}
	return nil
}

func (in *instance) context() context.Context { return instanceContext{context.Background(), in} }

// memory gives an instance its slot.
type memory struct {
	in   *instance
	slot *slab.Slot
}

// Allocate implements experimental.MemoryAllocator.
func (m memory) Allocate(_, _ uint64) experimental.LinearMemory { return m }

// Reallocate implements experimental.LinearMemory.
func (m memory) Reallocate(size uint64) []byte {
	b := m.slot.Resize(int(size))
	if b == nil {
		m.in.full = true
	}
	return b
}

// Free implements experimental.LinearMemory. The slot is given back with the
// instance.
func (m memory) Free() {}

// instantiate makes an instance and runs its start functions. With a time limit it
// must not act before it is [instance.awake]. The use of c passes to the instance,
// or ends with the error.
func (c *code) instantiate(p *process, until time.Time) (*instance, error) {
	most := c.lim.Memory
	if p != nil && p.o.Memory > 0 {
		most = min(most, p.o.Memory)
	}
	slot, err := c.memory.Get(int(most))
	if err != nil {
		c.release()
		return nil, err
	}
	in := &instance{code: c, proc: p, until: until, quiet: !until.IsZero(), life: &life{code: c, slot: slot, busy: true}}
	in.budget = loadFuel
	if p != nil {
		in.budget = p.o.Fuel
		p.adopt(in.life)
	}
	mod, err := c.start(in, slot)
	in.life.mod = mod
	if err != nil {
		err = in.trap(err, "start")
	}
	if stopped := in.life.leave(err != nil); err == nil && stopped {
		err = errStopped
	}
	if err != nil {
		return nil, err
	}
	runtime.AddCleanup(in, func(l *life) { l.end() }, in.life)
	return in, nil
}

// start lets the engine make the instance, and lets it begin: from the image, if
// the code has one. Memory that is smaller than what the module begins with would
// make the engine panic.
func (c *code) start(in *instance, slot *slab.Slot) (mod api.Module, err error) {
	least := c.info.MinPages * rewrite.PageSize
	im := c.image.Load()
	if im != nil {
		least = im.size
	}
	if slot.Resize(least) == nil {
		in.full = true
		return nil, errors.New("the memory it begins with is more than it may have")
	}
	ctx := experimental.WithMemoryAllocator(in.context(), memory{in, slot})
	mod, err = c.rt.InstantiateModule(ctx, c.compiled, c.config)
	if err != nil {
		return nil, err // a typed nil would be one otherwise
	}
	if im != nil {
		return mod, im.put(mod)
	}
	for _, d := range c.info.Data {
		if !mod.Memory().Write(d.Offset, d.Bytes) {
			return mod, errors.New("a data segment does not fit into its memory")
		}
	}
	for _, name := range c.starts {
		if _, err := mod.ExportedFunction(name).Call(in.context()); err != nil {
			return mod, err
		}
	}
	in.flush(1)
	in.flush(2)
	return mod, nil
}

// has reports whether the guest has a callback.
func (in *instance) has(cb callback) bool { return in.code.exports[cb] }

// call lets the guest run. Any error is a *Trap, or errStopped, and the instance
// is gone with it.
func (in *instance) call(cb callback, args ...uint64) (uint64, error) {
	l := in.life
	if !l.enter() {
		return 0, errStopped
	}
	e := in.cached[cb].Value()
	if e == nil {
		e = &entry{l.mod.ExportedFunction(exported[cb].name)}
		in.cached[cb] = weak.Make(e)
	}
	in.spent, in.full, in.cause, in.said = 0, false, nil, nil
	in.stack = [4]uint64{}
	copy(in.stack[:], args)
	returned := false
	defer func() { // a host function may have ended the goroutine
		if !returned {
			l.leave(true)
		}
	}()
	err := e.f.CallWithStack(in.context(), in.stack[:])
	returned = true
	in.flush(1)
	in.flush(2)
	runtime.KeepAlive(e)
	if err != nil {
		err = in.trap(err, exported[cb].word)
	}
	if stopped := l.leave(err != nil); err == nil && stopped {
		err = errStopped
	}
	return in.stack[0], err
}

// hushed calls the guest for something that it must say without acting, in a
// limited time.
func (in *instance) hushed(cb callback, d time.Duration, args ...uint64) (uint64, error) {
	in.quiet, in.until = true, time.Now().Add(d)
	defer in.awake()
	return in.call(cb, args...)
}

// awake lets the guest act.
func (in *instance) awake() { in.quiet, in.until = false, time.Time{} }

// close ends the instance.
func (in *instance) close() { in.life.end() }

// enter begins a call. It says no once the instance has ended.
func (l *life) enter() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed || l.busy || l.dead.Load() {
		return false
	}
	l.busy = true
	return true
}

// leave ends a call, and the instance with it if it has failed or somebody has
// ended it meanwhile.
func (l *life) leave(failed bool) (stopped bool) {
	l.mu.Lock()
	l.busy = false
	stopped = l.dead.Load()
	l.mu.Unlock()
	if failed || stopped {
		l.end()
	}
	return stopped
}

// end ends the instance: at once if it is idle, else at its next yield.
func (l *life) end() {
	l.dead.Store(true)
	l.mu.Lock()
	if l.busy || l.closed {
		l.mu.Unlock()
		return
	}
	l.closed = true
	l.mu.Unlock()
	if l.mod != nil {
		_ = l.mod.Close(context.Background())
	}
	l.slot.Free()
	l.code.release()
}

// stop is what a host function panics with to end the guest's call.
func (in *instance) stop(cause error) {
	in.cause = cause
	panic(cause)
}

// check ends the guest's call if its process has ended or must.
func (in *instance) check() {
	if in.life.dead.Load() {
		in.stop(errStopped)
	}
}

// yield is what a guest calls when its fuel is used up.
func (in *instance) yield(left int32) uint64 {
	if left == rewrite.TooDeep {
		in.stop(&Trap{Kind: TrapStack})
	}
	in.burn(interval - int64(left))
	if !in.until.IsZero() && time.Now().After(in.until) {
		in.stop(&Trap{Kind: TrapTime})
	}
	runtime.Gosched()
	in.check()
	return interval
}

// burn accounts for fuel.
func (in *instance) burn(units int64) {
	in.spent += units
	if in.budget > 0 && in.spent > in.budget {
		in.stop(&Trap{Kind: TrapFuel})
	}
}

// trap makes an exit reason of what the engine says.
func (in *instance) trap(err error, word string) error {
	if in.cause == errStopped || in.life.dead.Load() { //nolint:errorlint // our own
		return errStopped
	}
	t := &Trap{}
	if !errors.As(in.cause, &t) {
		t = &Trap{}
		first, _, _ := strings.Cut(err.Error(), "\n")
		t.Kind = kindOf(first)
		if t.Kind == TrapOther {
			t.Text = first
		}
		var exit *sys.ExitError
		if errors.As(err, &exit) {
			t.Kind = TrapExit
		}
	}
	t.Callback, t.Where = word, frames(err.Error())
	if t.Text == "" && len(in.said) > 0 {
		t.Text = strings.ToValidUTF8(strings.TrimSpace(string(in.said)), "?")
	}
	if in.full {
		t.Full = in.limit()
	}
	return t
}

func (in *instance) limit() int64 {
	if in.proc != nil && in.proc.o.Memory > 0 {
		return min(in.code.lim.Memory, in.proc.o.Memory)
	}
	return in.code.lim.Memory
}

// kindOf knows what the engine says; a test holds it to that.
func kindOf(text string) TrapKind {
	what := strings.TrimPrefix(text, "wasm error: ")
	switch what {
	case "unreachable":
		return TrapUnreachable
	case "out of bounds memory access":
		return TrapMemory
	case "integer divide by zero":
		return TrapDivision
	case "integer overflow":
		return TrapOverflow
	case "invalid conversion to integer":
		return TrapConversion
	case "invalid table access", "indirect call type mismatch":
		return TrapTable
	case "stack overflow":
		return TrapStack
	}
	return TrapOther
}

// frames reads the functions out of the engine's stack trace.
func frames(text string) (out []string) {
	_, trace, _ := strings.Cut(text, "wasm stack trace:\n")
	for _, line := range strings.Split(trace, "\n") {
		line = strings.TrimSpace(line)
		if line == "" {
			break
		}
		if module, _, _ := strings.Cut(line, "."); module == rewrite.YieldModule || module == HostModule || module == wasiModule {
			continue
		}
		out = append(out, strings.TrimPrefix(line, "."))
	}
	return out
}
