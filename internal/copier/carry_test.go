package copier_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/internal/copier"
)

// pid stands for an identity: comparable, with a pointer that must not be
// followed.
type pid struct {
	slot *slotOf
	gen  uint64
}

type slotOf struct{ mailbox chan any }

// ref is an identity that is one pointer.
type ref struct{ s *slotOf }

// catalogue is declared immutable by its author, and holds an identity.
type catalogue struct {
	owner  pid
	prices map[string]int
}

// prices is immutable and holds none.
type prices struct{ m map[string]int }

// cache is immutable, holds an identity and cannot be copied.
type cache struct {
	owner pid
	slotOf
}

func isIdentity(t reflect.Type) bool {
	return t == reflect.TypeFor[pid]() || t == reflect.TypeFor[ref]()
}

func newCarrier() *copier.Copier {
	return copier.New(copier.Options{
		Identity: isIdentity,
		Opaque: func(t reflect.Type) bool {
			return t == reflect.TypeFor[*catalogue]() || t == reflect.TypeFor[*prices]() || t == reflect.TypeFor[*cache]() || isIdentity(t)
		},
	})
}

func TestCarry(t *testing.T) {
	c := newCarrier()
	here, there := &slotOf{make(chan any)}, &slotOf{}
	var seen int
	swap := func(ptr any) error {
		seen++
		switch p := ptr.(type) {
		case *pid:
			assert.True(t, p.slot == here, "an identity was handed over twice")
			p.slot = there
		case *ref:
			p.s = there
		default:
			t.Fatalf("swap got a %T", ptr)
		}
		return nil
	}
	a, b := pid{here, 1}, pid{there, 1}
	type hides struct {
		p  pid
		in struct{ r ref }
		e  any
	}
	immutable := &catalogue{owner: a, prices: map[string]int{"x": 1}}
	for _, x := range []struct {
		v, want any
		n       int
	}{
		{a, b, 1},
		{ref{here}, ref{there}, 1},
		{[]pid{a, a}, []pid{b, b}, 2},
		{[2]any{a, ref{here}}, [2]any{b, ref{there}}, 2},
		{map[pid]pid{a: a}, map[pid]pid{b: b}, 2},
		{map[any]int{a: 1, ref{here}: 2, 3: 3}, map[any]int{b: 1, ref{there}: 2, 3: 3}, 2},
		{map[string]any{"a": a}, map[string]any{"a": b}, 1},
		{map[string]any{"a": []any{map[int][]pid{1: {a}}}}, map[string]any{"a": []any{map[int][]pid{1: {b}}}}, 1},
		{hides{p: a, in: struct{ r ref }{ref{here}}, e: &a}, hides{p: b, in: struct{ r ref }{ref{there}}, e: &b}, 3},
		{&a, &b, 1},
		{[1]ref{{here}}, [1]ref{{there}}, 1},
		{immutable, &catalogue{b, map[string]int{"x": 1}}, 1},
		{[]any{immutable}, []any{&catalogue{b, map[string]int{"x": 1}}}, 1},
		{[]string{"a"}, []string{"a"}, 0},
		{7, 7, 0},
	} {
		seen = 0
		out, size, err := c.Carry(x.v, swap)
		assert.NoError(t, err)
		if !reflect.DeepEqual(out, x.want) || seen != x.n || size <= 0 {
			t.Fatalf("Carry(%#v) = %#v, size %d, %d swaps; want %#v, %d swaps", x.v, out, size, seen, x.want, x.n)
		}
		// The source kept its own, and Copy passes identities as they are.
		seen = 0
		again, _, err := c.Copy(x.v)
		assert.NoError(t, err)
		if !reflect.DeepEqual(again, x.v) || seen != 0 {
			t.Fatalf("Copy(%#v) = %#v", x.v, again)
		}
	}
	assert.Equal(t, immutable.owner, a)
	// An immutable value without identities stays where it is.
	p := &prices{}
	out, _, err := c.Carry([]any{p}, swap)
	assert.NoError(t, err)
	assert.True(t, out.([]any)[0] == any(p), "an immutable value was copied")

	// What must be opened and cannot be is refused on the way out only.
	_, _, err = c.Copy(&cache{})
	assert.NoError(t, err)
	_, _, err = c.Carry(&cache{}, swap)
	assert.Equal(t, assert.ErrorAs[*copier.Error](t, err).Path, "cache.slotOf.mailbox")
}

func TestCarryDeep(t *testing.T) {
	c := newCarrier()
	here, there := &slotOf{}, &slotOf{}
	type node struct {
		P    pid
		Next *node
	}
	n := &node{P: pid{here, 1}}
	n.Next = n
	out, _, err := c.Carry(n, func(ptr any) error { ptr.(*pid).slot = there; return nil })
	assert.NoError(t, err)
	assert.True(t, out.(*node).P.slot == there && n.P.slot == here && out.(*node).Next == out, "not translated")
}

func TestCarryFails(t *testing.T) {
	c := newCarrier()
	gone := errors.New("no route")
	for _, v := range []any{pid{}, []pid{{}}, map[string]any{"a": []any{&pid{}}}} {
		out, size, err := c.Carry(v, func(any) error { return gone })
		if out != nil || size != 0 || err != gone {
			t.Fatalf("Carry = %v, %d, %v; want swap's error", out, size, err)
		}
	}
	// Two identities that become one would lose an entry.
	_, _, err := c.Carry(map[pid]int{{gen: 1}: 1, {gen: 2}: 2}, func(ptr any) error { *ptr.(*pid) = pid{}; return nil })
	e := assert.ErrorAs[*copier.Error](t, err)
	assert.Equal(t, e.Path, "message")
	assert.True(t, strings.Contains(e.Why, "became equal"), "%s", e.Why)
}
