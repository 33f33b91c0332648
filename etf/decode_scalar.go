package etf

import (
	"bytes"
	"math"
	"math/big"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/kista-go/kista/term"
)

func (d *decoder) newFloat(at int) term.Term {
	hi, lo := d.u32(), d.u32()
	f := math.Float64frombits(uint64(hi)<<32 | uint64(lo))
	if d.err == nil && (math.IsNaN(f) || math.IsInf(f, 0)) {
		d.fail(ErrMalformed, at, "float %v", f)
		return nil
	}
	return f
}

// textFloat decodes the float of minor version 0: 31 bytes of text, padded with zero bytes.
func (d *decoder) textFloat(at int) term.Term {
	text, _, _ := bytes.Cut(d.take(31), []byte{0})
	if d.err != nil {
		return nil
	}
	text = bytes.Replace(text, []byte(","), []byte("."), 1) // Erlang takes either for the decimal point
	if !floatSyntax(text) {
		d.fail(ErrMalformed, at, "float text %.31q", text)
		return nil
	}
	f, err := strconv.ParseFloat(string(text), 64)
	if err != nil && math.IsInf(f, 0) {
		d.fail(ErrMalformed, at, "float text %.31q is out of range", text)
		return nil
	}
	return f
}

// floatSyntax takes [+-]digits.digits[e[+-]digits].
func floatSyntax(s []byte) bool {
	sign := func() {
		if len(s) > 0 && (s[0] == '+' || s[0] == '-') {
			s = s[1:]
		}
	}
	digits := func() bool {
		n := 0
		for n < len(s) && s[n] >= '0' && s[n] <= '9' {
			n++
		}
		s = s[n:]
		return n > 0
	}
	sign()
	if !digits() || len(s) == 0 || s[0] != '.' {
		return false
	}
	s = s[1:]
	if !digits() {
		return false
	}
	if len(s) == 0 {
		return true
	}
	if s[0] != 'e' && s[0] != 'E' {
		return false
	}
	s = s[1:]
	sign()
	return digits() && len(s) == 0
}

// bigInt decodes sign and n bytes of magnitude, least significant first.
func (d *decoder) bigInt(n int) term.Term {
	at := d.pos
	negative := d.u8() != 0
	p := d.take(n)
	for len(p) > 0 && p[len(p)-1] == 0 {
		p = p[:len(p)-1]
	}
	if len(p) > d.BigBytes {
		d.fail(ErrLimit, at, "integer of %d bytes, at most %d", len(p), d.BigBytes)
	}
	if d.err != nil {
		return nil
	}
	if len(p) < 8 {
		var v int64
		for i, c := range p {
			v |= int64(c) << (8 * i)
		}
		if negative {
			v = -v
		}
		return v
	}
	magnitude := slices.Clone(p)
	slices.Reverse(magnitude)
	v := new(big.Int).SetBytes(magnitude)
	if negative {
		v.Neg(v)
	}
	return term.Canonical(v)
}

func (d *decoder) bits(at int) term.Term {
	n := d.u32()
	last := d.u8()
	if d.err == nil && uint64(n) > uint64(len(d.b)-d.pos) {
		d.fail(ErrTruncated, at, "bitstring of %d bytes, %d left", n, len(d.b)-d.pos)
	}
	if d.err == nil && (last > 8 || (last == 0) != (n == 0)) {
		d.fail(ErrMalformed, at, "bitstring of %d bytes with %d bits in the last", n, last)
	}
	if d.err != nil {
		return nil
	}
	if n == 0 {
		return emptyBinary
	}
	return term.BitString(term.Binary(d.take(int(n))), int(n-1)*8+last)
}

// atomTable remembers the atoms of one term: each is stored once, and counted once.
type atomTable struct {
	few  []atomEntry
	many map[string]atomEntry
}

type atomEntry struct {
	name  term.Atom
	boxed term.Term // name in an interface, to box it once only
}

const fewAtoms = 12

func (t *atomTable) get(text []byte) (atomEntry, bool) {
	if t.many != nil {
		e, ok := t.many[string(text)]
		return e, ok
	}
	for _, e := range t.few {
		if string(e.name) == string(text) {
			return e, true
		}
	}
	return atomEntry{}, false
}

func (t *atomTable) put(a term.Atom) atomEntry {
	e := atomEntry{a, a}
	if t.many == nil && len(t.few) < fewAtoms {
		t.few = append(t.few, e)
		return e
	}
	if t.many == nil {
		t.many = make(map[string]atomEntry, 2*fewAtoms)
		for _, f := range t.few {
			t.many[string(f.name)] = f
		}
	}
	t.many[string(a)] = e
	return e
}

func (t *atomTable) len() int { return max(len(t.few), len(t.many)) }

// atom decodes an announced atom.
func (d *decoder) atom(what string) term.Atom {
	if d.err == nil {
		d.owed--
	}
	return d.bareAtom(what)
}

// bareAtom decodes an atom that is part of another term, such as the node of a pid.
func (d *decoder) bareAtom(what string) term.Atom {
	at := d.pos
	switch tag := d.u8(); tag {
	case tagAtom, tagSmallAtom, tagAtomUTF8, tagSmallAtomUTF8, tagAtomCacheRef:
		a, _ := d.atomOf(at, tag)
		return a
	default:
		d.fail(ErrMalformed, at, "%s is no atom", what)
		return ""
	}
}

// atomOf decodes what follows the tag of an atom.
func (d *decoder) atomOf(at, tag int) (term.Atom, term.Term) {
	var text []byte
	switch tag {
	case tagAtomCacheRef:
		return d.cachedAtom(at)
	case tagSmallAtom, tagSmallAtomUTF8:
		text = d.take(d.u8())
	default:
		text = d.take(d.u16())
	}
	if tag == tagAtom || tag == tagSmallAtom {
		text = d.fromLatin1(at, text)
	} else if d.err == nil && !utf8.Valid(text) {
		d.fail(ErrMalformed, at, "atom is not UTF-8")
	}
	if d.err != nil {
		return "", nil
	}
	if e, ok := d.atoms.get(text); ok {
		return e.name, e.boxed
	}
	if len(text) > maxAtomChars && utf8.RuneCount(text) > maxAtomChars {
		d.fail(ErrMalformed, at, "atom of more than %d characters", maxAtomChars)
		return "", nil
	}
	return d.newAtom(at, term.Atom(text))
}

func (d *decoder) newAtom(at int, a term.Atom) (term.Atom, term.Term) {
	if d.atoms.len() >= d.Atoms {
		d.fail(ErrLimit, at, "more than %d different atoms", d.Atoms)
		return "", nil
	}
	if err := d.safe.checkAtom(a); err != nil {
		d.fail(ErrUnsafe, at, "%v", err)
		return "", nil
	}
	e := d.atoms.put(a)
	return e.name, e.boxed
}

func (d *decoder) cachedAtom(at int) (term.Atom, term.Term) {
	i := d.u8()
	if d.err != nil {
		return "", nil
	}
	if i >= len(d.cache) {
		d.fail(ErrMalformed, at, "atom cache reference %d of %d", i, len(d.cache))
		return "", nil
	}
	a := d.cache[i]
	if e, ok := d.atoms.get([]byte(a)); ok {
		return e.name, e.boxed
	}
	return d.newAtom(at, a)
}

func (d *decoder) fromLatin1(at int, text []byte) []byte {
	if len(text) > maxAtomChars {
		d.fail(ErrMalformed, at, "atom of more than %d characters", maxAtomChars)
		return nil
	}
	high := 0
	for _, c := range text {
		if c >= utf8.RuneSelf {
			high++
		}
	}
	if high == 0 {
		return text
	}
	out := make([]byte, 0, len(text)+high)
	for _, c := range text {
		out = utf8.AppendRune(out, rune(c))
	}
	return out
}
