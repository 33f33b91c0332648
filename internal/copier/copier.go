package copier

import (
	"reflect"
	"sync"
	"sync/atomic"
	"unsafe"
)

// Options of a [Copier]. The zero value works.
type Options struct {
	// Opaque reports whether values of t pass uncopied because they are
	// immutable or handles by design. It is asked once per type, before any
	// other rule, under a lock: it must not call the Copier. Nil: no type.
	Opaque func(t reflect.Type) bool
	// Identity reports whether values of t are identities that [Copier.Carry]
	// must translate. They are opaque to [Copier.Copy]. Asked as Opaque is.
	// Nil: no type.
	Identity func(t reflect.Type) bool
	// Freeze replaces an error that an interface holds (a field of type error,
	// an error in an any, the message itself) by one that can be shared; size
	// is its number of bytes for accounting. An error value of an opaque type
	// passes without Freeze, and so does a field whose static type is a concrete
	// error type: it is data. copy copies parts of err as data; it counts
	// against the limits of the message that err was found in, which bounds
	// errors within errors; it may be kept, and is Copy once Freeze has returned.
	// It is nil where err is being frozen already, further out, or is nested too
	// deep: only its text can be kept then. Freeze may be called twice for one
	// error, when a copy starts over. Nil: errors are treated as plain data.
	//
	// If the frozen error does not fit the static type it was found under (an
	// interface with more methods than Error), err is copied as data instead.
	Freeze func(err error, copy func(any) (any, int, error)) (frozen error, size int, e error)
	// MaxDepth limits how deep pointers, slices, maps and interfaces are nested
	// in a message, counted by the shortest way. It protects whoever walks a
	// message by recursion later. Zero: 100 000. Keys of maps have a limit of
	// their own, 500 at most.
	MaxDepth int
	// MaxNodes limits the number of separate parts: what pointers point to,
	// slices, maps, map entries, values in interfaces. Elements of slices count
	// only through those. Zero: 1 048 576.
	MaxNodes int
	// MaxBytes limits the size, strings included. Zero: 64 MiB.
	MaxBytes int
}

// Copier copies messages. Make it with [New]; it may be used by any number of
// goroutines. What it learns about types it keeps for ever.
type Copier struct {
	o     Options
	mu    sync.Mutex // held while plans are made
	plain planner    // for Copy
	out   planner    // for Carry
}

// New returns a Copier.
func New(o Options) *Copier {
	for _, l := range []struct {
		v *int
		d int
	}{{&o.MaxDepth, 100_000}, {&o.MaxNodes, 1 << 20}, {&o.MaxBytes, 64 << 20}} {
		if *l.v <= 0 {
			*l.v = l.d
		}
	}
	c := &Copier{o: o}
	c.plain.Copier, c.out.Copier, c.out.carry = c, c, true
	return c
}

// Copy returns a private copy of v, or v itself if nothing in it can change,
// and its approximate size in bytes. The error is an [*Error] or what Freeze
// returned. nil is copied as nil. It does not block beyond the first sight of a
// type, and allocates nothing for flat values.
func (c *Copier) Copy(v any) (out any, size int, err error) {
	return c.plain.run(v, nil)
}

// Carry is [Copier.Copy] for a message that leaves the node: swap is called
// with a pointer to the private copy of every identity in v (a *T for each
// identity type T), and may change it; its error ends the copy and is returned.
// It may be called again for the same identity when the copy starts over.
// Identities inside frozen errors are not visited.
//
// An immutable type that holds an identity, by its type, is copied like any
// other data here, and refused if it cannot be.
func (c *Copier) Carry(v any, swap func(ptr any) error) (out any, size int, err error) {
	return c.out.run(v, swap)
}

// Check reports whether values of type t can be sent at all: nil, or an
// [*Error]. What interfaces will hold, and limits, are known only at the copy.
func (c *Copier) Check(t reflect.Type) error {
	if t == nil {
		return nil
	}
	if p := c.plain.of(t); p.bad != nil && !p.isErr {
		return p.bad.err(t)
	}
	return nil
}

// planner holds the plans of one kind of copy.
type planner struct {
	*Copier
	carry bool
	known sync.Map // reflect.Type to *plan
	// fast finds the plan of an interface value by its first word, a type or
	// itab, either of which stands for one dynamic type for ever. A slot is
	// whoever came last.
	fast [1 << fastBits]atomic.Pointer[slot]
}

const fastBits = 9

type slot struct {
	word unsafe.Pointer
	plan *plan
}

// eface is the layout of every interface value: a word that stands for the
// dynamic type, and the value itself or its address (see isDirect).
type eface struct{ word, data unsafe.Pointer }

// of returns the plan of t, making it if need be.
func (pl *planner) of(t reflect.Type) *plan {
	if p, ok := pl.known.Load(t); ok {
		return p.(*plan)
	}
	pl.mu.Lock()
	defer pl.mu.Unlock()
	b := builder{planner: pl, fresh: make(map[reflect.Type]*plan)}
	p := b.plan(t)
	b.refuse()
	for _, f := range b.order {
		pl.known.Store(f.t, f)
	}
	return p
}

// lookup returns the plan of the dynamic type that an interface's first word
// stands for, or nil if it has not been seen lately.
func (pl *planner) lookup(word unsafe.Pointer) *plan {
	if hit := pl.slot(word).Load(); hit != nil && hit.word == word {
		return hit.plan
	}
	return nil
}

// learn makes the next lookup of word succeed.
func (pl *planner) learn(word unsafe.Pointer, t reflect.Type) *plan {
	p := pl.of(t)
	pl.slot(word).Store(&slot{word, p})
	return p
}

func (pl *planner) slot(word unsafe.Pointer) *atomic.Pointer[slot] {
	return &pl.fast[uintptr(word)>>5%(1<<fastBits)]
}

// run copies the message v.
func (pl *planner) run(v any, swap func(any) error) (any, int, error) {
	if v == nil {
		return nil, 0, nil
	}
	w := *(*eface)(unsafe.Pointer(&v))
	p := pl.lookup(w.word)
	if p == nil {
		p = pl.learn(w.word, reflect.TypeOf(v))
	}
	if p.op != opFlat || p.bad != nil || p.isErr && !p.opaque {
		return pl.walk(p, v, swap)
	}
	n := int(p.size)
	if p.text {
		n += p.strings(w.data)
	}
	if n > pl.o.MaxBytes {
		return nil, 0, pl.o.tooLarge().err(p.t)
	}
	return v, n, nil
}

// walk is run for what is not flat: a function of its own, since it needs some
// stack.
//
//go:noinline
func (pl *planner) walk(p *plan, v any, swap func(any) error) (any, int, error) {
	s := state{pl: pl, swap: swap, max: budget(pl.o)}
	return s.message(p, v)
}

// strings returns the number of bytes of the strings in the flat value at q. A
// value that is one pointer holds none, so q is never a value's own data word.
func (p *plan) strings(q unsafe.Pointer) int {
	switch {
	case p.fields != nil:
		n := 0
		for i := range p.fields {
			f := &p.fields[i]
			n += f.strings(unsafe.Add(q, f.off))
		}
		return n
	case p.elem != nil:
		n := 0
		for i := range p.n {
			n += p.elem.strings(unsafe.Add(q, uintptr(i)*p.elem.size))
		}
		return n
	default:
		return len(*(*string)(q))
	}
}
