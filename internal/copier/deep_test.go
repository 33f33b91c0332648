package copier_test

import (
	"reflect"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/internal/copier"
)

type ring struct {
	N    int
	Next *ring
	Tags []string
}

type dag struct{ L, R *dag }

func TestCycles(t *testing.T) {
	t.Run("pointer", func(t *testing.T) {
		a := &ring{N: 1, Tags: []string{"a"}}
		a.Next = &ring{N: 2, Next: a}
		out := mustCopy(t, plain, a)
		assert.True(t, out.Next.Next == out, "the cycle is not closed")
	})
	t.Run("by value at the top", func(t *testing.T) {
		a := &ring{N: 1}
		a.Next = a
		out, _, err := plain.Copy(*a)
		assert.NoError(t, err)
		c := out.(ring)
		assert.True(t, c.Next.Next == c.Next && c.Next != a, "the cycle is not closed")
	})
	t.Run("pointer to itself", func(t *testing.T) {
		var p selfPtr
		p = &p
		out := first(t, p)
		assert.True(t, *out == out && out != p, "the cycle is not closed")
	})
	t.Run("slice", func(t *testing.T) {
		s := make(selfSlice, 2)
		s[0] = s
		out := first(t, s)
		assert.True(t, &out[0][0] == &out[0] && &out[0] != &s[0] && out[1] == nil, "the cycle is not closed")
	})
	t.Run("slice of any", func(t *testing.T) {
		s := []any{nil, 1}
		s[0] = s
		out := first(t, s)
		assert.True(t, &out[0].([]any)[0] == &out[0] && &out[0] != &s[0], "the cycle is not closed")
	})
	t.Run("map", func(t *testing.T) {
		m := selfMap{}
		m["m"] = m
		out := first(t, m)
		out["new"] = nil
		assert.True(t, len(out["m"]) == 2 && len(m) == 1, "the cycle is not closed")
	})
	t.Run("map of any", func(t *testing.T) {
		m := map[string]any{"n": 1}
		m["m"] = m
		out := first(t, m)
		out["new"] = 1
		assert.True(t, len(out["m"].(map[string]any)) == 3 && len(m) == 2, "the cycle is not closed")
	})
	t.Run("interface", func(t *testing.T) {
		var x any
		x = &x
		out := first(t, x).(*any)
		assert.True(t, *out == any(out) && out != &x, "the cycle is not closed")
	})
	t.Run("map key", func(t *testing.T) {
		type node struct{ Peers map[*node]bool }
		n := &node{Peers: map[*node]bool{}}
		n.Peers[n] = true
		out := first(t, n)
		assert.True(t, out.Peers[out] && len(out.Peers) == 1, "the cycle is not closed")
		k := map[any]int{}
		key := &box[any]{k}
		k[box[any]{key}] = 1
		c := first(t, k)
		for x := range c {
			p := x.(box[any]).V.(*box[any])
			assert.True(t, reflect.ValueOf(p.V).UnsafePointer() == reflect.ValueOf(c).UnsafePointer(), "the cycle is not closed")
			assert.Equal(t, c[x], 1)
		}
	})
	t.Run("pointer-shaped", func(t *testing.T) {
		p := &[1]any{}
		p[0] = struct{ P *[1]any }{p}
		for _, v := range []any{p, *p, p[0]} {
			out, _, err := plain.Copy(v)
			assert.NoError(t, err)
			assert.NoError(t, independent(v, out))
		}
	})
	t.Run("first field and struct at one address", func(t *testing.T) {
		type outer struct {
			A *outer
			B **outer
		}
		o := &outer{}
		o.A, o.B = o, &o.A
		out := first(t, o)
		assert.True(t, out.A == out && *out.B == out, "the cycle is not closed")
		assert.NoError(t, independent(o, out))
	})
}

func chain(n int) *ring {
	var head *ring
	for i := range n {
		head = &ring{N: i, Next: head}
	}
	return head
}

func length(r *ring) (n int) {
	for ; r != nil; r = r.Next {
		n++
	}
	return n
}

func TestDepth(t *testing.T) {
	// A small stack: a walk that recurses as deep as the message would end the
	// test program.
	defer debug.SetMaxStack(debug.SetMaxStack(1 << 20))
	for _, n := range []int{1, 499, 500, 501, 99_999} {
		out, size, err := plain.Copy(chain(n))
		assert.NoError(t, err)
		assert.Equal(t, length(out.(*ring)), n)
		assert.True(t, size >= n*40, "size of %d elements is %d", n, size)
	}
	for _, n := range []int{100_001, 2_000_000} {
		e := refusal(t, plain, chain(n))
		assert.True(t, e.Limit, "no limit")
		assert.Equal(t, e.Error(), "copier: cannot send ring (*copier_test.ring): the message is nested more than 100000 deep; send a long list as a slice")
	}
	// Nesting of every other kind.
	var maps selfMap
	var slices selfSlice
	var anys, keys any
	for i := range 20_000 {
		maps = selfMap{"m": maps}
		slices = selfSlice{slices}
		anys = box[any]{anys}
		if i < 400 {
			keys = box[any]{keys}
		}
	}
	for _, v := range []any{maps, slices, anys, map[any]int{keys: 1}, []any{anys, maps}, map[any]any{keys: anys}} {
		out, _, err := plain.Copy(v)
		assert.NoError(t, err)
		if reflect.TypeOf(out) != reflect.TypeOf(v) {
			t.Fatalf("got %T, want %T", out, v)
		}
	}
	for range 300 {
		keys = box[any]{keys}
	}
	e := refusal(t, plain, map[any]any{keys: &keys})
	assert.True(t, e.Limit, "no limit")
}

func TestLimits(t *testing.T) {
	small := copier.New(copier.Options{MaxDepth: 10, MaxNodes: 100, MaxBytes: 1000})
	mustCopy(t, small, chain(9))
	mustCopy(t, small, make([]byte, 900))
	mustCopy(t, small, make([]any, 50))
	for _, c := range []struct {
		v    any
		want string
	}{
		{chain(12), "nested more than 10 deep"},
		{make([]byte, 1001), "larger than 1000 bytes"},
		{string(make([]byte, 1001)), "larger than 1000 bytes"},
		{[]string{string(make([]byte, 600)), string(make([]byte, 600))}, "larger than 1000 bytes"},
		{[]any{string(make([]byte, 2000))}, "larger than 1000 bytes"},
		{map[string]int{string(make([]byte, 2000)): 1}, "larger than 1000 bytes"},
		{&[200]int{}, "larger than 1000 bytes"},
		{wide(101), "more than 100 parts"},
	} {
		e := refusal(t, small, c.v)
		assert.True(t, e.Limit, "no limit")
		if got := e.Error(); !strings.Contains(got, c.want) {
			t.Fatalf("got %q, want %q in it", got, c.want)
		}
	}
}

// wide has n parts in one level and few bytes.
func wide(n int) []*byte {
	out := make([]*byte, n)
	for i := range out {
		out[i] = new(byte)
	}
	return out
}

// TestShared: 60 levels of doubly used parts are 60 parts, not 2^60.
func TestShared(t *testing.T) {
	var d *dag
	for range 60 {
		d = &dag{d, d}
	}
	out := first(t, d)
	n := 0
	for x := out; x != nil; x = x.L {
		assert.True(t, x.L == x.R, "level %d was copied twice", n)
		n++
	}
	assert.Equal(t, n, 60)

	type pair struct{ L, R any }
	var boxes any
	for range 60 {
		boxes = pair{boxes, boxes}
	}
	_, _, err := plain.Copy(boxes)
	assert.NoError(t, err)

	// A small message with sharing loses it.
	x := 1
	two := first(t, []*int{&x, &x})
	assert.True(t, two[0] != two[1], "sharing was kept")
}
