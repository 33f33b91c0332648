package term

import (
	"cmp"
	"math"
	"math/big"
)

// compareNumbers compares int64, *big.Int (outside int64) and float64 by exact value. In exact mode an integer is less
// than any float, and -0.0 less than 0.0. NaN, which no term may hold, is less than every number.
func compareNumbers(a, b Term, exact bool) int {
	x, xf := a.(float64)
	y, yf := b.(float64)
	switch {
	case xf && yf:
		c := cmp.Compare(x, y)
		if c == 0 && exact && math.Signbit(x) != math.Signbit(y) {
			if math.Signbit(x) {
				return -1
			}
			return 1
		}
		return c
	case xf && exact:
		return 1
	case yf && exact:
		return -1
	case xf:
		return -compareIntFloat(b, x)
	case yf:
		return compareIntFloat(a, y)
	}
	return compareInts(a, b)
}

func compareInts(a, b Term) int {
	x, xok := a.(int64)
	y, yok := b.(int64)
	if xok && yok {
		return cmp.Compare(x, y)
	}
	return bigOf(a).Cmp(bigOf(b))
}

func bigOf(t Term) *big.Int {
	if v, ok := t.(int64); ok {
		return big.NewInt(v)
	}
	return t.(*big.Int)
}

func compareIntFloat(i Term, f float64) int {
	if math.IsNaN(f) {
		return 1
	}
	if f >= 1<<63 || f < -1<<63 {
		n, ok := i.(*big.Int)
		if !ok || math.IsInf(f, 0) {
			return cmp.Compare(0, f) // f is beyond every integer of this kind
		}
		whole, _ := big.NewFloat(f).Int(nil) // exact: no fraction at this size
		return n.Cmp(whole)
	}
	if n, ok := i.(*big.Int); ok {
		return n.Sign() // beyond int64, and f is not
	}
	whole := math.Trunc(f)
	return cmp.Or(cmp.Compare(i.(int64), int64(whole)), cmp.Compare(0, f-whole))
}
