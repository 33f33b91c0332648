package heart

import (
	"errors"
	"net"
	"time"

	"github.com/kista-go/kista/heart/internal/slab"
)

// Death is how the life before this one has ended.
type Death struct {
	// Kind is "fatal" (the Go runtime ended it, or a panic that no process owns), "exit" (it called exit), "signal" (something killed
	// it), "memory" (the heart killed it because it had more than [Config.Memory]), "silent" (because it gave no sign of life for
	// [Config.Silence]), or "renewed" ([Renew]).
	Kind    string
	Status  int    // with which it exited; 128 and the number of a signal
	Text    string // the first line of the fatal error, the name of the signal, or why it was ended
	Report  string // the first lines of what the runtime wrote
	Subtree string // whose code did it, if that is known: see [Subtree]
	Process string // which process did it, if that is known: its kind, name and PID
	Lasted  time.Duration
	At      time.Time
}

// Errors of what is kept.
var (
	// ErrNone says that nothing was committed under the key.
	ErrNone = slab.ErrNone
	// ErrBroken says that what was committed cannot be trusted: the life that died has scribbled on it. Begin anew, or from a
	// journal.
	ErrBroken = slab.ErrBroken
	// ErrTooLarge says that a value is larger than the heart keeps.
	ErrTooLarge = slab.ErrTooLarge
	// ErrFull says that there is no room for more: see kista run --heart-state.
	ErrFull = slab.ErrFull
	// ErrFenced says that somebody else has opened the key since.
	ErrFenced = slab.ErrFenced
	// ErrNoHeart says that there is no heart.
	ErrNoHeart = errors.New("heart: there is none: start the program with kista run --heart")
)

// Present reports whether the program has a heart.
func Present() bool { return theHeart() != nil }

// Life returns which life of the program this is: 1 is the first one, and the only one without a heart.
func Life() int {
	if c := theHeart(); c != nil {
		return c.welcome.Life
	}
	return 1
}

// LastDeath returns how the life before this one has ended; nil in the first one.
func LastDeath() *Death {
	c := theHeart()
	if c == nil || c.welcome.Death == nil {
		return nil
	}
	d := c.welcome.Death
	return &Death{d.Kind, d.Status, d.Text, d.Report, d.Subtree, d.Process, d.Lasted, d.At}
}

// Listen is net.Listen, but the listener belongs to the heart: it is there while the program is not, and the same one in the next
// life. Closing it gives it up for this life only; [Unlisten] for good. The address of a listener finds it again, too. With port 0
// the n-th call of a life gets what the n-th one got before, so that ports stay as they are. The error is that of net.Listen, or
// the heart's: it keeps 100 listeners.
func Listen(network, address string) (net.Listener, error) {
	c := theHeart()
	if c == nil {
		return net.Listen(network, address)
	}
	return c.listen(network, address)
}

// Unlisten has the heart give a listener up.
func Unlisten(network, address string) error {
	if c := theHeart(); c != nil {
		return c.unlisten(network, address)
	}
	return nil
}

// Conn is a connection from the life before.
type Conn struct {
	Key  string
	Note string // as given to Keep
	// Owed says that something had been read of it that was not answered, as far as its [Session] knew.
	Owed bool
	net.Conn
}

// Keep gives the heart a connection to be kept under a key, with a note of up to a kilobyte for whoever takes it over, and leaves it
// to the caller as well. It takes the place of an older one of that key. [Drop] gives it up: without that, the other side does not see
// that the connection is closed here. (Not in a deferred function: the panic that ends the program would drop it on its way.) The connection is a *net.TCPConn or a *net.UnixConn. Without a heart Keep does nothing.
func Keep(key string, conn net.Conn, note string) error {
	if c := theHeart(); c != nil {
		return c.keep(key, conn, note)
	}
	return nil
}

// Drop has the heart close a connection that it keeps. The program's own is not touched.
func Drop(key string) error {
	if c := theHeart(); c != nil {
		return c.drop(key)
	}
	return nil
}

// Kept returns the connections that the life before has left. They stay kept until they are dropped. Call it once: each
// call makes connections of its own.
func Kept() ([]Conn, error) {
	if c := theHeart(); c != nil {
		all, err := c.kept()
		for i := range all {
			all[i].Owed = owed(all[i].Key)
		}
		return all, err
	}
	return nil, nil
}

// State is the value of one process, which outlives the program. Its methods may be used by any goroutine.
type State struct{ h *slab.Handle }

// Open makes the caller the owner of the state under a key; who has opened it before is fenced from now on ([ErrFenced]). Without
// a heart the state ends with the program.
func Open(key string) (*State, error) {
	s, err := memory()
	if err != nil {
		return nil, err
	}
	h, err := s.Open(key)
	if err != nil {
		return nil, err
	}
	return &State{h}, nil
}

// Load returns what was committed last, in this life or one before. Errors: [ErrNone], [ErrBroken], [ErrFenced].
func (s *State) Load() ([]byte, error) { return s.h.Load() }

// Commit keeps data in place of what was kept before. It holds from the moment when Commit returns, also if the program ends in that
// moment; a program that ends before leaves the old value. Errors, after which the old value holds: [ErrTooLarge],
// [ErrFull], [ErrFenced].
func (s *State) Commit(data []byte) error { return s.h.Commit(data) }

// Delete forgets the state.
func (s *State) Delete() error { return s.h.Delete() }

// Renew ends this life now, and has the next one begin: to be rid of zombies (see Node.Zombies of package kista), for instance. Nothing is
// stopped in order: commit first. The subtrees that are named stay away from the next life on ([Subtree]). It returns only
// with an error: there is no heart, or it is told too much (64 names of 255 bytes).
func Renew(why string, without ...string) error {
	c := theHeart()
	if c == nil {
		return ErrNoHeart
	}
	return c.renew(why, without)
}
