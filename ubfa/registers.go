package ubfa

import (
	"cmp"
	"math/big"
	"slices"
	"strconv"

	"github.com/kista-go/kista/term"
)

// names are registers in the order in which UBF 2.2.4 gives them away.
var names = func() []byte {
	var b []byte
	for c := byte('!'); c < 0x7d; c++ {
		if classes[c] == register || c == '`' {
			b = append(b, c)
		}
	}
	for c := 0x7f; c <= 0xff; c++ {
		b = append(b, byte(c))
	}
	return b
}()

// candidate is a constant or integer that a register may hold.
type candidate struct {
	term   term.Term
	length int // printed, without quotes
	cost   int // written out
	count  int
	weight int
}

// define writes the definitions of registers, and remembers them.
func (w *encoder) define(t term.Term) *EncodeError {
	if w.Registers == Never {
		return nil
	}
	found := finder{all: map[any]*candidate{}, lists: w.Registers == Paying, depth: w.depth}
	switch t.(type) {
	case term.Tuple, term.List:
		found.walk(t, 0)
	}
	chosen := found.chosen(w.Registers)
	free := names
	if !w.Compat {
		free = slices.DeleteFunc(slices.Clone(names), func(c byte) bool { return c == '`' })
	}
	chosen = chosen[:min(len(chosen), len(free))]
	if len(chosen) == 0 {
		return nil
	}
	registers := make(map[any]byte, len(chosen))
	for i := len(chosen) - 1; i >= 0; i-- {
		if err := w.term(chosen[i].term); err != nil {
			return err
		}
		w.b = append(w.b, '>', free[i])
		registers[keyOf(chosen[i].term)] = free[i]
	}
	w.registers = registers
	return nil
}

// keyOf gives what an integer or atom in canonical form is found by.
func keyOf(t term.Term) any {
	if n, ok := t.(*big.Int); ok {
		return n.String()
	}
	return t
}

// finder counts the constants and integers of a term.
type finder struct {
	all   map[any]*candidate
	lists bool // also what lists hold
	depth int
}

func (f *finder) walk(t term.Term, depth int) {
	if depth > f.depth {
		return // which the encoder will refuse
	}
	switch v := term.Canonical(t).(type) {
	case int64:
		if v < 0 || v > 9 {
			f.add(v, v, func() int { return len(strconv.AppendInt(nil, v, 10)) })
		}
	case *big.Int:
		if v != nil {
			text := v.String()
			f.add(text, v, func() int { return len(text) })
		}
	case term.Atom:
		f.add(v, v, func() int {
			n, _ := constantLen(v)
			return n
		})
	case term.Tuple:
		if _, ok := stringOf(v); ok {
			return
		}
		for _, e := range v {
			f.walk(e, depth+1)
		}
	case term.List:
		if f.lists {
			for _, e := range v {
				f.walk(e, depth+1)
			}
		}
	}
}

func (f *finder) add(key any, t term.Term, length func() int) {
	c := f.all[key]
	if c == nil {
		c = &candidate{term: t, length: length()}
		c.cost = c.length
		if a, ok := t.(term.Atom); ok {
			c.cost += 2
			for i := range len(a) {
				if a[i] == '\'' || a[i] == '\\' {
					c.cost++
				}
			}
		}
		f.all[key] = c
	}
	c.count++
}

// chosen gives the candidates that shall have registers, in the order in which they get them.
func (f *finder) chosen(by Registers) []*candidate {
	var all []*candidate
	for _, c := range f.all {
		switch {
		case by == Standard && c.length > 1 && c.count > 1:
			c.weight = (c.length - 1) * c.count
		case by == Paying:
			c.weight = (c.cost-1)*c.count - c.cost - len(">x")
		}
		if c.weight > 0 {
			all = append(all, c)
		}
	}
	slices.SortFunc(all, func(a, b *candidate) int {
		return cmp.Or(cmp.Compare(b.weight, a.weight), term.Compare(b.term, a.term))
	})
	return all
}
