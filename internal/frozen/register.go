package frozen

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"maps"
	"net"
	"os"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
)

// registry is what has been registered. It is replaced, never changed, so that
// readers need no lock.
type registry struct {
	known     map[error]bool
	sentinels []error // in order
	kinds     map[reflect.Type]bool
	rebuild   map[reflect.Type]func(error, func(error) error) error
}

var (
	registering sync.Mutex
	current     atomic.Pointer[registry]
)

func init() {
	Register(
		io.EOF, io.ErrUnexpectedEOF, io.ErrClosedPipe, io.ErrNoProgress, io.ErrShortBuffer, io.ErrShortWrite,
		context.Canceled, context.DeadlineExceeded,
		fs.ErrInvalid, fs.ErrPermission, fs.ErrExist, fs.ErrNotExist, fs.ErrClosed, fs.SkipAll, fs.SkipDir,
		os.ErrDeadlineExceeded, os.ErrNoDeadline, os.ErrProcessDone,
		net.ErrClosed, net.ErrWriteToConnected, errors.ErrUnsupported,
	)
	RegisterType(func(e syscall.Errno, _ func(error) error) error { return e })
}

// Register makes sentinels keep their identity when they are frozen. Their
// methods are trusted from then on: they run wherever the error goes. nil and
// values that cannot be compared have no identity and are ignored. Registering
// twice is harmless. It may be called from any goroutine; errors frozen before
// are not affected.
//
// Registered beforehand are those of io, context, io/fs, os, and net.ErrClosed,
// net.ErrWriteToConnected and errors.ErrUnsupported.
func Register(sentinels ...error) {
	update(func(r *registry) {
		for _, s := range sentinels {
			if s == nil || !hashable(s) || r.known[s] {
				continue
			}
			r.known[s] = true
			r.sentinels = append(r.sentinels, s)
			r.kinds[reflect.TypeOf(s)] = true
		}
	})
}

// RegisterType makes errors whose dynamic type is exactly T be frozen by
// rebuild. It returns an error that holds nothing of e but copied data and
// what freeze returned, and whose methods are fit to run anywhere; the result
// must not be changed afterwards. Where rebuild panics or returns nil, e
// becomes text like any other error. A later registration of T replaces the
// earlier. An interface type T is ignored: it is no dynamic type. It may be
// called from any goroutine. syscall.Errno is registered beforehand.
func RegisterType[T error](rebuild func(e T, freeze func(error) error) error) {
	t := reflect.TypeFor[T]()
	if t.Kind() == reflect.Interface || rebuild == nil {
		return
	}
	update(func(r *registry) {
		r.rebuild[t] = func(e error, freeze func(error) error) error { return rebuild(e.(T), freeze) }
	})
}

func update(change func(*registry)) {
	registering.Lock()
	defer registering.Unlock()
	next := &registry{
		known:   make(map[error]bool),
		kinds:   make(map[reflect.Type]bool),
		rebuild: make(map[reflect.Type]func(error, func(error) error) error),
	}
	if old := current.Load(); old != nil {
		maps.Copy(next.known, old.known)
		maps.Copy(next.kinds, old.kinds)
		maps.Copy(next.rebuild, old.rebuild)
		next.sentinels = slices.Clone(old.sentinels)
	}
	change(next)
	current.Store(next)
}

// has reports whether err is a registered sentinel.
func (r *registry) has(err error) bool {
	return r.kinds[reflect.TypeOf(err)] && hashable(err) && r.known[err]
}

// hashable asks the runtime, by a look into an empty map. reflect's Comparable
// takes arrays of length zero for comparable whatever their elements.
func hashable(v any) (ok bool) {
	defer func() { ok = recover() == nil }()
	_ = map[any]struct{}(nil)[v]
	return
}
