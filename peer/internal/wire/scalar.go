package wire

import (
	"encoding/binary"
	"math"
	"math/big"
	"reflect"
	"unsafe"

	"github.com/kista-go/kista/term"
)

func signed(p *plan) {
	at := func(q unsafe.Pointer) reflect.Value { return reflect.NewAt(p.t, q).Elem() }
	p.enc = func(_ *encoder, q unsafe.Pointer) (term.Term, *fault) { return at(q).Int(), nil }
	p.dec = func(_ *decoder, t term.Term, q unsafe.Pointer) error {
		n, ok := t.(int64)
		if v := at(q); !ok || v.OverflowInt(n) {
			return errShape
		}
		at(q).SetInt(n)
		return nil
	}
}

func unsigned(p *plan) {
	at := func(q unsafe.Pointer) reflect.Value { return reflect.NewAt(p.t, q).Elem() }
	p.enc = func(_ *encoder, q unsafe.Pointer) (term.Term, *fault) { return at(q).Uint(), nil }
	p.dec = func(_ *decoder, t term.Term, q unsafe.Pointer) error {
		n, ok := natural(t)
		if v := at(q); !ok || v.OverflowUint(n) {
			return errShape
		}
		at(q).SetUint(n)
		return nil
	}
}

// natural reads a number that is not negative.
func natural(t term.Term) (uint64, bool) {
	switch n := t.(type) {
	case int64:
		return uint64(n), n >= 0
	case *big.Int:
		return n.Uint64(), n.IsUint64()
	}
	return 0, false
}

// float: what Erlang has no float for, infinities and the like, travels as its bits.
func float(v float64) term.Term {
	if math.IsInf(v, 0) || math.IsNaN(v) {
		return term.Binary(binary.BigEndian.AppendUint64(nil, math.Float64bits(v)))
	}
	return v
}

func unfloat(t term.Term) (float64, bool) {
	switch v := t.(type) {
	case float64:
		return v, true
	case term.Binary:
		if len(v) == 8 {
			return math.Float64frombits(binary.BigEndian.Uint64([]byte(v))), true
		}
	}
	return 0, false
}

func floating(p *plan) {
	at := func(q unsafe.Pointer) reflect.Value { return reflect.NewAt(p.t, q).Elem() }
	p.enc = func(_ *encoder, q unsafe.Pointer) (term.Term, *fault) { return float(at(q).Float()), nil }
	p.dec = func(_ *decoder, t term.Term, q unsafe.Pointer) error {
		v, ok := unfloat(t)
		if !ok {
			return errShape
		}
		at(q).SetFloat(v)
		return nil
	}
}

func complexes(p *plan) {
	at := func(q unsafe.Pointer) reflect.Value { return reflect.NewAt(p.t, q).Elem() }
	p.enc = func(e *encoder, q unsafe.Pointer) (term.Term, *fault) {
		c := at(q).Complex()
		return term.Tuple{float(real(c)), float(imag(c))}, e.charge(2)
	}
	p.dec = func(_ *decoder, t term.Term, q unsafe.Pointer) error {
		tu, ok := t.(term.Tuple)
		if !ok || len(tu) != 2 {
			return errShape
		}
		re, ok1 := unfloat(tu[0])
		im, ok2 := unfloat(tu[1])
		if !ok1 || !ok2 {
			return errShape
		}
		at(q).SetComplex(complex(re, im))
		return nil
	}
}
