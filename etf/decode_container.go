package etf

import (
	"math"
	"slices"

	"github.com/kista-go/kista/term"
)

// enter counts a level of nesting; leave must follow.
func (d *decoder) enter(at int) bool {
	if d.depth++; d.depth > d.Depth {
		d.fail(ErrLimit, at, "nested deeper than %d", d.Depth)
	}
	return d.err == nil
}

func (d *decoder) leave() { d.depth-- }

// seq decodes n announced terms.
func (d *decoder) seq(n int) []term.Term {
	elems := slots[term.Term](n)
	for range n {
		t := d.next()
		if d.err != nil {
			return nil
		}
		elems = append(elems, t)
	}
	return elems
}

func (d *decoder) tuple(at, n int) term.Term {
	if n > maxTupleArity {
		d.fail(ErrMalformed, at, "tuple of more than %d elements", maxTupleArity)
	}
	if d.err == nil && n == 0 {
		return emptyTuple
	}
	if !d.open(n) || !d.enter(at) {
		return nil
	}
	defer d.leave()
	return term.Tuple(d.seq(n))
}

// list decodes LIST. A tail that is a list again goes on in the same slice, so that a list written as a chain of tails
// costs neither depth nor copies.
func (d *decoder) list(at int) term.Term {
	if !d.enter(at) {
		return nil
	}
	defer d.leave()
	elems := term.List{}
	for {
		n := int(min(d.u32(), math.MaxInt32-1))
		if !d.open(n + 1) {
			return nil
		}
		elems = slices.Grow(elems, min(n, slotsAtFirst))
		for range n {
			t := d.next()
			if d.err != nil {
				return nil
			}
			elems = append(elems, t)
		}
		if d.pos >= len(d.b) || d.b[d.pos] != tagList {
			break
		}
		d.pos++
		d.owed--
	}
	tail := d.next()
	if d.err != nil {
		return nil
	}
	return term.Cons(elems, tail)
}

// byteList decodes STRING, whose bytes are terms of their own.
func (d *decoder) byteList() term.Term {
	p := d.take(d.u16())
	if len(p) == 0 {
		return emptyList
	}
	if len(p) > d.Terms-d.terms {
		d.fail(ErrLimit, d.pos, "more than %d terms", d.Terms)
		return nil
	}
	d.terms += len(p)
	l := make(term.List, len(p))
	for i, c := range p {
		l[i] = int64(c)
	}
	return l
}

func (d *decoder) mapping(at int) term.Term {
	n := int(min(d.u32(), math.MaxInt32/2))
	if !d.open(2*n) || !d.enter(at) {
		return nil
	}
	defer d.leave()
	pairs := slots[term.Pair](n)
	for range n {
		k := d.next()
		v := d.next()
		if d.err != nil {
			return nil
		}
		pairs = append(pairs, term.Pair{Key: k, Value: v})
	}
	m, ok := term.NewMapStrict(pairs)
	if !ok {
		d.fail(ErrMalformed, at, "map with a key twice")
		return nil
	}
	return m
}

func (d *decoder) fun(at int) term.Term {
	d.u32() // the size of the fun: what is in it says it as well, and Erlang does not look at it either
	f := term.Fun{Arity: uint8(d.u8())}
	copy(f.Uniq[:], d.take(len(f.Uniq)))
	f.Index = d.u32()
	free := d.u32()
	if free > maxFunFree {
		d.fail(ErrMalformed, at, "fun with %d free variables", free)
	}
	if !d.open(4+int(min(free, maxFunFree))) || !d.enter(at) {
		return nil
	}
	defer d.leave()
	f.Module = d.atom("module of a fun")
	f.OldIndex = int64(int32(d.integer("index of a fun"))) // Erlang keeps as much of it
	f.OldUniq = int64(int32(d.integer("uniq of a fun")))
	p := d.pos
	creator := d.next()
	if pid, ok := creator.(term.PID); ok {
		f.Creator = pid
	} else {
		d.fail(ErrMalformed, p, "creator of a fun is no pid")
	}
	f.Free = d.seq(int(free))
	if d.err != nil {
		return nil
	}
	return f
}

func (d *decoder) export(at int) term.Term {
	if !d.open(3) || !d.enter(at) {
		return nil
	}
	defer d.leave()
	e := term.Export{Module: d.atom("module"), Function: d.atom("function")}
	p := d.pos
	arity := d.integer("arity")
	if arity < 0 || arity > math.MaxInt32 {
		d.fail(ErrMalformed, p, "arity %d", arity)
	}
	e.Arity = int(arity)
	if d.err != nil {
		return nil
	}
	if err := d.safe.checkExport(e); err != nil {
		d.fail(ErrUnsafe, at, "%v", err)
		return nil
	}
	return e
}

// integer decodes an announced integer that Erlang holds in one word, of 60 bits.
func (d *decoder) integer(what string) int64 {
	at := d.pos
	if at == len(d.b) {
		d.fail(ErrTruncated, at, "%s missing", what)
		return 0
	}
	switch d.b[at] {
	case tagSmallInteger, tagInteger, tagSmallBig, tagLargeBig:
		if n, ok := d.next().(int64); ok && n >= -1<<59 && n < 1<<59 {
			return n
		}
	}
	d.fail(ErrMalformed, at, "%s is no small integer", what)
	return 0
}
