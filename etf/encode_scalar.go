package etf

import (
	"encoding/binary"
	"math"
	"math/big"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/kista-go/kista/term"
)

func (w *encoder) integer(n int64) {
	switch {
	case n >= 0 && n <= math.MaxUint8:
		w.b = append(w.b, tagSmallInteger, byte(n))
	case n >= math.MinInt32 && n <= math.MaxInt32:
		w.tag(tagInteger)
		w.u32(uint32(n))
	default:
		sign, u := byte(0), uint64(n)
		if n < 0 {
			sign, u = 1, -u
		}
		var le [8]byte
		binary.LittleEndian.PutUint64(le[:], u)
		size := 8
		for le[size-1] == 0 {
			size--
		}
		w.b = append(w.b, tagSmallBig, byte(size), sign)
		w.b = append(w.b, le[:size]...)
	}
}

func (w *encoder) bigInt(v *big.Int) *EncodeError {
	if v == nil {
		return refuse("nil *big.Int")
	}
	magnitude := v.Bytes()
	if n := len(magnitude); n <= math.MaxUint8 {
		w.b = append(w.b, tagSmallBig, byte(n))
	} else if err := w.count(tagLargeBig, n); err != nil {
		return err
	}
	sign := byte(0)
	if v.Sign() < 0 {
		sign = 1
	}
	slices.Reverse(magnitude)
	w.b = append(append(w.b, sign), magnitude...)
	return nil
}

func (w *encoder) atom(a term.Atom) *EncodeError {
	if w.cache != nil {
		if i, ok := w.cache(a); ok {
			w.b = append(w.b, tagAtomCacheRef, i)
			return nil
		}
	}
	if !utf8.ValidString(string(a)) {
		return refuse("atom %.60q is not UTF-8", string(a))
	}
	n := len(a)
	if n > maxAtomChars && utf8.RuneCountInString(string(a)) > maxAtomChars {
		return refuse("atom of more than %d characters", maxAtomChars)
	}
	if w.latin1 && w.latin1Atom(string(a)) {
		return nil
	}
	if n <= math.MaxUint8 {
		w.b = append(w.b, tagSmallAtomUTF8, byte(n))
	} else {
		w.tag(tagAtomUTF8)
		w.u16(n)
	}
	w.b = append(w.b, a...)
	return nil
}

// latin1Atom writes an atom in the old form, if it fits.
func (w *encoder) latin1Atom(a string) bool {
	n := 0
	for _, r := range a {
		if r > math.MaxUint8 {
			return false
		}
		n++
	}
	w.tag(tagAtom)
	w.u16(n)
	for _, r := range a {
		w.b = append(w.b, byte(r))
	}
	return true
}

func (w *encoder) bits(v term.Bits) *EncodeError {
	data := v.Bytes()
	if len(data) == 0 {
		return w.count(tagBinary, 0)
	}
	if err := w.count(tagBitBinary, len(data)); err != nil {
		return err
	}
	w.b = append(append(w.b, byte(v.Len()-(len(data)-1)*8)), data...)
	return nil
}

// maxNewPortID is where NEW_PORT ends and V4_PORT begins.
const maxNewPortID = 1<<28 - 1

func (w *encoder) identifier(t term.Term) *EncodeError {
	switch v := t.(type) {
	case term.PID:
		w.tag(tagNewPID)
		if err := w.atom(v.Node); err != nil {
			return err.at(".node")
		}
		w.u32(v.ID)
		w.u32(v.Serial)
		w.u32(v.Creation)
	case term.Port:
		small := v.ID <= maxNewPortID
		if small {
			w.tag(tagNewPort)
		} else {
			w.tag(tagV4Port)
		}
		if err := w.atom(v.Node); err != nil {
			return err.at(".node")
		}
		if !small {
			w.u32(uint32(v.ID >> 32))
		}
		w.u32(uint32(v.ID))
		w.u32(v.Creation)
	case term.Ref:
		if v.Len > term.RefWords {
			return refuse("reference of %d words, at most %d", v.Len, term.RefWords)
		}
		w.tag(tagNewerRef)
		w.u16(int(v.Len))
		if err := w.atom(v.Node); err != nil {
			return err.at(".node")
		}
		w.u32(v.Creation)
		for _, word := range v.Words() {
			w.u32(word)
		}
	}
	return nil
}

func (w *encoder) export(e term.Export) *EncodeError {
	if e.Arity < 0 || e.Arity > math.MaxInt32 {
		return refuse("external fun of arity %d", e.Arity)
	}
	w.tag(tagExport)
	if err := w.atom(e.Module); err != nil {
		return err.at(".module")
	}
	if err := w.atom(e.Function); err != nil {
		return err.at(".function")
	}
	w.integer(int64(e.Arity))
	return nil
}

func (w *encoder) fun(f term.Fun) *EncodeError {
	if len(f.Free) > maxFunFree {
		return refuse("fun with %d free variables, at most %d", len(f.Free), maxFunFree)
	}
	w.tag(tagNewFun)
	start := len(w.b)
	w.u32(0) // the size, known at the end
	w.b = append(append(w.b, f.Arity), f.Uniq[:]...)
	w.u32(f.Index)
	w.u32(uint32(len(f.Free)))
	if err := w.atom(f.Module); err != nil {
		return err.at(".module")
	}
	w.integer(f.OldIndex)
	w.integer(f.OldUniq)
	if err := w.identifier(f.Creator); err != nil {
		return err.at(".creator")
	}
	for i, v := range f.Free {
		if err := w.term(v); err != nil {
			return err.at(".free[" + strconv.Itoa(i) + "]")
		}
	}
	size := len(w.b) - start
	if int64(size) > math.MaxUint32 {
		return refuse("fun of %d bytes", size)
	}
	binary.BigEndian.PutUint32(w.b[start:], uint32(size))
	return nil
}
