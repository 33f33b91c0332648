package peer

import (
	"context"
	"fmt"
	"reflect"
	"sync"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/known"
)

// Entry is what a peer can be asked to run: a function of the program, registered under a name, that makes the description
// of a process, a supervisor as a rule, of its arguments. Make one with [Register]. It is a value; its methods may be used by
// any goroutine.
type Entry[A any] struct{ name string }

// entry is an Entry without its type.
type entry struct {
	name string
	args reflect.Type
	make func(args any) (kista.Program, bool)
}

var entries = struct {
	sync.RWMutex
	byName map[string]*entry
}{byName: map[string]*entry{}}

// Register makes an entry. It is for package-level variables and init functions, which run in a peer's copy of the program
// too; f is called there, in a process of its own, and so is what it describes. The arguments are data and travel as a
// message does; their type need not be registered. Like http.Handle, Register panics if the name is taken or empty, or f is
// nil, since that is a mistake in the program's text.
func Register[A any](name string, f func(args A) kista.Program) Entry[A] {
	entries.Lock()
	defer entries.Unlock()
	switch {
	case name == "" || f == nil:
		panic("peer: Register needs a name and a function")
	case entries.byName[name] != nil:
		panic(fmt.Sprintf("peer: entry %q is registered twice", name))
	}
	t := reflect.TypeFor[A]()
	known.Add(t)
	entries.byName[name] = &entry{name: name, args: t, make: func(args any) (kista.Program, bool) {
		a, ok := args.(A)
		if !ok && !(args == nil && t.Kind() == reflect.Interface) {
			return kista.Program{}, false
		}
		return f(a), true
	}}
	return Entry[A]{name}
}

// RegisterType makes types known to peers: the types of values that interfaces in messages hold, and so of messages
// themselves, of requests and of their answers. Give a value of each; what it is does not matter. Types built of others, as
// []T, map[K]V and *T, need it for their parts only. The kernel's own types, those of package term, of the language, and
// some of the standard library (time, netip, big.Int) are known.
//
// Call it in an init function: what the other side does not know, it cannot be sent. It panics if two types have one name,
// as two functions may each have a type of that name, since neither could be told from the other.
func RegisterType(samples ...any) {
	for _, s := range samples {
		t := reflect.TypeOf(s)
		for t != nil && t.Kind() == reflect.Pointer && t.Name() == "" {
			t = t.Elem()
		}
		if t == nil {
			panic("peer: RegisterType needs a value of each type, not nil")
		}
		if !known.Add(t) {
			panic(fmt.Sprintf("peer: there are two types %s; give one of them another name", t))
		}
	}
}

func entryNamed(name string) *entry {
	entries.RLock()
	defer entries.RUnlock()
	return entries.byName[name]
}

// program is what the entry describes.
func (e *entry) program(peer string, args any) (kista.Program, error) {
	p, ok := e.make(args)
	if !ok {
		return p, &EntryError{Entry: e.name, Peer: peer, Why: fmt.Sprintf("its arguments are a %v, not a %T", e.args, args)}
	}
	if p.IsZero() {
		return p, &EntryError{Entry: e.name, Peer: peer, Why: "its function describes nothing"}
	}
	return p, nil
}

// Name returns the name under which the entry is registered.
func (e Entry[A]) Name() string { return e.name }

// Program describes a peer for a supervisor: a process here that starts an OS process and in it what the entry describes
// for args, and lives as long as that does. Its exit reason is that of what runs there, or a [*DeathError] when the OS process
// dies. A mistake in spec fails each of its starts, with a [*SpecError]; so do arguments that are not data, with a
// [*kista.DataError]. args are copied now.
//
// Two incarnations of one Program, the next of which is started because the one before has ended, are never there at once.
func (e Entry[A]) Program(args A, spec Spec, o Opts) kista.Program {
	args, err := kista.Copy(args)
	sh := &shared{entry: e.name, args: args, spec: spec, err: err}
	o.TrapExits = true
	if o.Shutdown == 0 {
		o.Shutdown = 2 * max(spec.withDefaults().Grace, 0)
	}
	return kista.BehaviourProgram(o, "peer", func() (kista.Behaviour, error) { return sh.face() }).AtLevel("L3")
}

// Start starts a peer on a node, from outside, and waits until what the entry describes is up. Nobody is linked. ctx bounds
// the wait.
//
// The error is a [*StartError], a [*SpecError], a [*port.UnsupportedError] for what cannot be had here, an [*EntryError], a
// [*kista.DataError] for args, [ErrNoMain], [ErrNested], a [*DeathError] if the OS process died on the way, or why what the
// entry describes did not start. Nothing is left then.
func (e Entry[A]) Start(ctx context.Context, n *kista.Node, args A, spec Spec, o Opts) (kista.PID, error) {
	return n.Start(ctx, e.Program(args, spec, o))
}

// StartLink is [Entry.Start] from a process, to which the peer is linked.
func (e Entry[A]) StartLink(ctx context.Context, self *kista.Self, args A, spec Spec, o Opts) (kista.PID, error) {
	return self.StartLink(ctx, e.Program(args, spec, o))
}

// Spawn starts one more process, or subtree, in the peer that at stands for, and returns its PID once it is up. It lives until
// it ends or the peer does; whoever wants to know links with it or monitors it. ctx bounds the wait; without a deadline it
// is five seconds. Errors: as of [Entry.Start], in a [*kista.CallError] if there is no answer.
func (e Entry[A]) Spawn(ctx context.Context, at kista.Addr, args A) (kista.PID, error) {
	v, err := kista.Call(ctx, at, spawn{Entry: e.name, Args: args})
	if err != nil {
		return kista.PID{}, err
	}
	pid, ok := v.(kista.PID)
	if !ok {
		return pid, fmt.Errorf("peer: %v answered with %T: it is no peer", at, v)
	}
	return pid, nil
}

// Opts say how the peer's process here starts: name, label, mailbox limit. It traps exits whatever they say; Link and Monitor
// are ignored. Shutdown, if it is zero, is twice [Spec.Grace].
type Opts = kista.SpawnOpts
