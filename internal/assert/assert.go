package assert

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Equal fails the test unless got equals want by the rules of go-cmp: deep,
// by the Equal method where there is one, and nil distinct from empty. The
// options are go-cmp's; without them a struct with unexported fields and no
// Equal method makes go-cmp panic, which names the field and the remedy.
//
// Comparable values that are == are equal without asking go-cmp, so that
// opaque identities (process identifiers, references) need no option.
func Equal[T any](t testing.TB, got, want T, opts ...cmp.Option) {
	t.Helper()
	if identical(got, want) {
		return
	}
	if diff := cmp.Diff(want, got, opts...); diff != "" {
		t.Fatalf("got differs from want (-want +got):\n%s", diff)
	}
}

// identical reports whether a and b are comparable and ==. An interface that
// holds an uncomparable value is not identical to anything.
func identical(a, b any) (same bool) {
	defer func() {
		if recover() != nil {
			same = false
		}
	}()
	return a == b
}

// NoError fails the test if err is not nil.
func NoError(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("unexpected error (%T): %v", err, err)
	}
}

// ErrorIs fails the test unless errors.Is(err, target). A nil target demands a
// nil error.
func ErrorIs(t testing.TB, err, target error) {
	t.Helper()
	if !errors.Is(err, target) {
		t.Fatalf("error does not match\n got: %s\nwant: %s", describe(err), describe(target))
	}
}

// ErrorAs fails the test unless err's chain holds an E, and returns the first
// one, as [errors.AsType] does.
func ErrorAs[E error](t testing.TB, err error) E {
	t.Helper()
	found, ok := errors.AsType[E](err)
	if !ok {
		t.Fatalf("no %T in the error's chain\n got: %s", found, describe(err))
	}
	return found
}

// True fails the test unless ok, with the message that format and args make:
// say what should have held, and the values that tell why it did not.
func True(t testing.TB, ok bool, format string, args ...any) {
	t.Helper()
	if !ok {
		t.Fatalf(format, args...)
	}
}

// Within receives one value from ch and returns it. It fails the test if ch is
// closed, or if nothing comes within the bound d, which is real time even
// where the code under test uses a clock of its own. A value that is already
// there is received even if d is zero.
func Within[T any](t testing.TB, d time.Duration, ch <-chan T) T {
	t.Helper()
	v, open := receive(t, d, ch)
	if !open {
		t.Fatalf("channel of %T closed, want a value", v)
	}
	return v
}

// Closed waits until ch is closed, and fails the test if it is not within the
// bound d or if a value comes instead.
func Closed[T any](t testing.TB, d time.Duration, ch <-chan T) {
	t.Helper()
	if v, open := receive(t, d, ch); open {
		t.Fatalf("received %v, want the channel closed", v)
	}
}

// Silent fails the test if a value is already waiting in ch, or ch is closed.
// It does not wait: call it where nothing can come any more, such as after the
// message that would have followed, or after synctest.Wait.
func Silent[T any](t testing.TB, ch <-chan T) {
	t.Helper()
	select {
	case v, open := <-ch:
		if open {
			t.Fatalf("received %v, want silence", v)
		}
		t.Fatalf("channel of %T closed, want silence", v)
	default:
	}
}

// receive takes the next value of ch, or fails the test after the bound d.
func receive[T any](t testing.TB, d time.Duration, ch <-chan T) (v T, open bool) {
	t.Helper()
	select {
	case v, open = <-ch:
		return v, open
	default:
	}
	bound := time.NewTimer(d)
	defer bound.Stop()
	select {
	case v, open = <-ch:
	case <-bound.C:
		t.Fatalf("nothing on channel of %T within %v", v, d)
	}
	return v, open
}

// describe prints err with the type of each link of its chain.
func describe(err error) string {
	if err == nil {
		return "no error"
	}
	var chain []string
	for e := err; e != nil; e = errors.Unwrap(e) {
		chain = append(chain, fmt.Sprintf("%T", e))
	}
	return fmt.Sprintf("%v (%s)", err, strings.Join(chain, " > "))
}
