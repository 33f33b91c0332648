package frozen_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"reflect"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"unicode/utf8"

	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/internal/copier"
	"github.com/kista-go/kista/internal/frozen"
)

// messages is wired as the kernel wires it.
var messages = copier.New(copier.Options{
	Opaque: func(t reflect.Type) bool { return t == reflect.TypeFor[*frozen.Error]() },
	Freeze: func(err error, copy func(any) (any, int, error)) (error, int, error) {
		f := frozen.Freeze(err, copy)
		return f, frozen.Size(f), nil
	},
})

func freeze(err error) error { return frozen.Freeze(err, messages.Copy) }

// frozenError freezes err, which must become an *Error.
func frozenError(t testing.TB, err error) *frozen.Error {
	t.Helper()
	e, ok := freeze(err).(*frozen.Error)
	if !ok {
		t.Fatalf("Freeze(%T) is a %T, want *frozen.Error", err, freeze(err))
	}
	return e
}

var errPlain = errors.New("plain")

// order is an error that is data.
type order struct {
	Item  string
	Tags  []string
	Cause error
}

func (o *order) Error() string { return "order " + o.Item }
func (o *order) Unwrap() error { return o.Cause }

// code is a comparable value.
type code int

func (c code) Error() string { return "code " + strconv.Itoa(int(c)) }

// stuck is not data.
type stuck struct {
	c     chan int
	cause error
}

func (s *stuck) Error() string { return "stuck" }
func (s *stuck) Unwrap() error { return s.cause }

func TestKeptAsTheyAre(t *testing.T) {
	assert.True(t, freeze(nil) == nil, "nil is frozen to something")
	for _, s := range []error{
		io.EOF, io.ErrUnexpectedEOF, context.Canceled, context.DeadlineExceeded, fs.ErrNotExist, os.ErrPermission,
		os.ErrDeadlineExceeded, os.ErrProcessDone, net.ErrClosed, errors.ErrUnsupported, syscall.ENOENT,
	} {
		assert.True(t, freeze(s) == s, "%v lost its identity", s)
	}
	e := frozenError(t, errPlain)
	assert.True(t, freeze(e) == error(e), "a frozen error was frozen again")
	out, _, err := messages.Copy([]error{e, io.EOF})
	assert.NoError(t, err)
	assert.True(t, out.([]error)[0] == error(e) && out.([]error)[1] == io.EOF, "a message changed frozen errors: %v", out)
}

func TestText(t *testing.T) {
	assert.Equal(t, frozenError(t, errPlain).Error(), "plain")
	e := frozenError(t, fmt.Errorf("outer: %w", &order{Item: "x"}))
	assert.Equal(t, e.Error(), "outer: order x")
	for format, want := range map[string]string{"%v": "outer: order x", "%+v": "outer: order x", "%s": "outer: order x", "%q": `"outer: order x"`, "%#v": `frozen.Error("outer: order x")`} {
		assert.Equal(t, fmt.Sprintf(format, e), want)
	}
	assert.Equal(t, (&frozen.Error{}).Error(), "")
}

type says string

func (s says) Error() string { return string(s) }

func TestTextIsBounded(t *testing.T) {
	long := strings.Repeat("ä", 1<<20)
	e := frozenError(t, says(long)).Error()
	assert.True(t, len(e) <= 64<<10 && len(e) > 64<<10-32 && strings.HasSuffix(e, " ... (cut)") && utf8.ValidString(e), "got %d bytes, ending in %q", len(e), e[len(e)-16:])
	assert.Equal(t, frozenError(t, says("a\xffb\xc3")).Error(), "a\uFFFDb\uFFFD")
	evil := frozenError(t, says(strings.Repeat("\x80", 1<<20))).Error()
	assert.True(t, len(evil) <= 64<<10 && utf8.ValidString(evil), "got %d bytes", len(evil))
	assert.Equal(t, frozenError(t, says("")).Error(), "")
}

func TestIs(t *testing.T) {
	mine := errors.New("mine")
	other := errors.New("mine")
	chain := fmt.Errorf("a: %w", errors.Join(&stuck{cause: io.EOF}, mine, &order{Cause: code(7)}, freeze(fmt.Errorf("%w", fs.ErrExist))))
	for _, f := range []error{freeze(chain), freeze(freeze(chain)), freeze(fmt.Errorf("%w", freeze(chain)))} {
		for _, target := range []error{io.EOF, mine, code(7), fs.ErrExist, chain, f} {
			assert.True(t, errors.Is(f, target), "%v is not in the chain", target)
		}
		for _, target := range []error{other, code(8), io.ErrUnexpectedEOF, &order{}, nil, says("x"), (*order)(nil), slicy{1}} {
			assert.True(t, !errors.Is(f, target), "%v is in the chain", target)
		}
		assert.True(t, errors.Unwrap(f) == nil, "there is something to unwrap")
	}
}

type slicy []int

func (slicy) Error() string { return "slicy" }

// loose is comparable by type but not by value.
type loose struct{ V any }

func (loose) Error() string { return "loose" }

func TestUncomparable(t *testing.T) {
	for _, err := range []error{slicy{1}, loose{[]int{1}}, loose{1}, zeroLen{}} {
		e := frozenError(t, err)
		assert.True(t, !errors.Is(e, slicy{1}) && !errors.Is(e, loose{[]int{2}}), "matches something")
	}
	assert.True(t, errors.Is(freeze(loose{1}), loose{1}), "equal values do not match")
	// Registering what has no identity does nothing.
	frozen.Register(nil, slicy{1}, loose{[]int{1}}, zeroLen{})
	assert.Equal(t, frozenError(t, slicy{1}).Error(), "slicy")
}

type zeroLen [0]func()

func (zeroLen) Error() string { return "zeroLen" }

func TestIsMethods(t *testing.T) {
	// What an Is method says of a registered sentinel is kept.
	_, err := os.Open("/no/such/file")
	e := frozenError(t, fmt.Errorf("load: %w", err))
	assert.ErrorIs(t, e, fs.ErrNotExist)
	assert.ErrorIs(t, e, syscall.ENOENT)
	custom := frozenError(t, &asker{is: io.EOF})
	assert.ErrorIs(t, custom, io.EOF)
	assert.True(t, !errors.Is(custom, io.ErrClosedPipe), "matches something else")
}

type asker struct{ is error }

func (*asker) Error() string          { return "asker" }
func (a *asker) Is(target error) bool { return target == a.is }

func TestAs(t *testing.T) {
	tags := []string{"a"}
	src := &order{Item: "x", Tags: tags, Cause: fmt.Errorf("w: %w", &fs.PathError{Op: "open", Path: "p", Err: syscall.EACCES})}
	f := freeze(fmt.Errorf("outer: %w", src))
	tags[0], src.Item = "changed", "changed" // after the freeze

	a := assert.ErrorAs[*order](t, f)
	b := assert.ErrorAs[*order](t, f)
	assert.True(t, a != b && a != src && &a.Tags[0] != &b.Tags[0], "two callers share memory")
	assert.True(t, a.Item == "x" && a.Tags[0] == "a", "got %+v", a)
	if _, ok := a.Cause.(*frozen.Error); !ok {
		t.Fatalf("the cause is a %T, want it frozen", a.Cause)
	}
	assert.ErrorIs(t, a.Cause, syscall.EACCES)
	pe := assert.ErrorAs[*fs.PathError](t, f)
	assert.True(t, pe.Path == "p" && pe.Err == syscall.EACCES, "got %+v", pe)
	assert.Equal(t, assert.ErrorAs[syscall.Errno](t, f), syscall.EACCES)

	var timeout interface{ Timeout() bool }
	assert.True(t, errors.As(f, &timeout), "no Timeout in the chain")
	var temporary interface{ Nothing() }
	assert.True(t, !errors.As(f, &temporary), "found what is not there")
	var s *stuck
	assert.True(t, !errors.As(freeze(&stuck{}), &s), "handed out what is not data")
	assert.Equal(t, assert.ErrorAs[code](t, freeze(errors.Join(code(1), code(2)))), code(1))
	op := assert.ErrorAs[*net.OpError](t, freeze(&net.OpError{Op: "dial", Addr: &net.TCPAddr{Port: 1}, Err: syscall.ECONNREFUSED}))
	assert.True(t, op.Addr.(*net.TCPAddr).Port == 1 && op.Err == syscall.ECONNREFUSED, "got %+v", op)

	// As a caller that does not go through package errors may use it.
	e := frozenError(t, code(1))
	for _, target := range []any{nil, 1, new(int), (*code)(nil)} {
		assert.True(t, !e.As(target), "As(%T) holds", target)
	}
}

func TestRuntimeErrors(t *testing.T) {
	caught := func(do func()) (err error) {
		defer func() { err = recover().(error) }()
		do()
		return nil
	}
	var m map[string]int
	var s []int
	var x any = "s"
	var p *order
	for _, err := range []error{
		caught(func() { m["a"] = 1 }), caught(func() { _ = s[len(m)] }), caught(func() { _ = x.(int) }),
		caught(func() { _ = x.(fmt.Stringer) }), caught(func() { _ = p.Item }), caught(func() { panic(nil) }), //nolint:govet
	} {
		f := freeze(err)
		assert.Equal(t, f.Error(), err.Error())
		var re runtime.Error
		assert.True(t, errors.As(f, &re) && re.Error() == err.Error(), "%v is no runtime error any more", err)
	}
}

// rebuilt is a library's type.
type rebuilt struct {
	Name  string
	Cause error
}

func (e *rebuilt) Error() string { return e.Name + ": " + fmt.Sprint(e.Cause) }
func (e *rebuilt) Unwrap() error { return e.Cause }

type brittle struct{ how string }

func (*brittle) Error() string { return "brittle" }

var errMine = errors.New("registered by a test")

func init() {
	frozen.Register(errMine, errMine, nil)
	frozen.RegisterType(func(e *rebuilt, f func(error) error) error { return &rebuilt{e.Name, f(e.Cause)} })
	frozen.RegisterType(func(e *brittle, f func(error) error) error {
		if e.how == "nil" {
			return nil
		}
		panic("brittle")
	})
	frozen.RegisterType(func(error, func(error) error) error { panic("an interface is no dynamic type") })
	frozen.RegisterType[code](nil)
}

func TestRegistered(t *testing.T) {
	assert.True(t, freeze(errMine) == errMine, "lost its identity")
	src := &rebuilt{"r", &order{Item: "x", Cause: errMine}}
	f, ok := freeze(src).(*rebuilt)
	assert.True(t, ok && f != src && f.Name == "r", "got %v", f)
	_, ok = f.Cause.(*frozen.Error)
	assert.True(t, ok, "the cause is a %T", f.Cause)
	assert.ErrorIs(t, f, errMine)

	e := frozenError(t, fmt.Errorf("outer: %w", src))
	assert.Equal(t, assert.ErrorAs[*rebuilt](t, e).Name, "r")
	assert.ErrorIs(t, e, errMine)
	chain := frozenError(t, fmt.Errorf("%w %w %w", errMine, src, freeze(errPlain))).Chain()
	assert.Equal(t, len(chain), 3)
	assert.True(t, chain[0] == errMine, "got %v", chain)

	for _, how := range []string{"nil", "panic"} {
		assert.Equal(t, frozenError(t, &brittle{how}).Error(), "brittle")
	}
	var none *rebuilt // rebuild panics for it, and so does its Error
	assert.Equal(t, frozenError(t, none).Error(), "*frozen_test.rebuilt (its Error method failed)")
}

func TestWithoutCopy(t *testing.T) {
	f := frozen.Freeze(fmt.Errorf("a: %w", &order{Item: "x", Cause: io.EOF}), nil)
	assert.Equal(t, f.Error(), "a: order x")
	assert.ErrorIs(t, f, io.EOF)
	var o *order
	assert.True(t, !errors.As(f, &o), "handed out without a copy")
}

func TestSize(t *testing.T) {
	assert.Equal(t, frozen.Size(nil), 0)
	assert.Equal(t, frozen.Size(io.EOF), 16)
	small, big := frozen.Size(freeze(says("x"))), frozen.Size(freeze(says(strings.Repeat("x", 1000))))
	assert.True(t, small > 0 && big >= small+999, "sizes %d and %d", small, big)
	data := frozen.Size(freeze(fmt.Errorf("%w", &order{Tags: make([]string, 1000)})))
	assert.True(t, data > 16000, "copied data does not count: %d", data)
	assert.True(t, frozen.Size(freeze(&rebuilt{Name: strings.Repeat("x", 1000)})) > 1000, "the text of a rebuilt error does not count")
	assert.True(t, frozen.Size((*frozen.Error)(nil)) > 0, "a typed nil has no size")
}

// TestHammer freezes and asks from many goroutines; the race detector tells
// whether the frozen error shares memory.
func TestHammer(t *testing.T) {
	src := fmt.Errorf("%w", &order{Item: "x", Tags: []string{"a"}, Cause: errors.Join(io.EOF, &rebuilt{"r", code(3)})})
	shared := freeze(src)
	nested, _, err := messages.Copy([]error{&order{Cause: src}})
	assert.NoError(t, err)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for range 100 {
				frozen.Register(says(strconv.Itoa(i)))
				for _, f := range []error{shared, freeze(src), nested.([]error)[0]} {
					var o *order
					if !errors.Is(f, io.EOF) || !errors.Is(f, code(3)) || !errors.As(f, &o) {
						t.Error("the frozen error has lost something")
						return
					}
					o.Item = "mine"
					if o.Tags != nil {
						o.Tags[0] = "mine"
					}
				}
			}
		})
	}
	wg.Wait()
}
