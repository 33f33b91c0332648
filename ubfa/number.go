package ubfa

import (
	"math/big"

	"github.com/kista-go/kista/term"
)

const (
	shortDigits = 18  // fit an int64
	plainDigits = 600 // beyond them, halving pays
)

// parseInteger gives the integer of digits without leading zeros. Time grows as multiplication's does, not with the square.
func parseInteger(digits []byte, minus bool) term.Term {
	if len(digits) <= shortDigits {
		var n int64
		for _, c := range digits {
			n = n*10 + int64(c-'0')
		}
		if minus {
			n = -n
		}
		return n
	}
	n := new(parser).parse(digits)
	if minus {
		n.Neg(n)
	}
	return term.Canonical(n)
}

// parser keeps powers of ten that halves of the same length share.
type parser struct{ powers map[int]*big.Int }

func (p *parser) parse(digits []byte) *big.Int {
	n := new(big.Int)
	if len(digits) <= plainDigits {
		n.SetString(string(digits), 10)
		return n
	}
	low := plainDigits
	for low*2 < len(digits) {
		low *= 2
	}
	high := p.parse(digits[:len(digits)-low])
	return n.Add(high.Mul(high, p.power(low)), p.parse(digits[len(digits)-low:]))
}

// power gives ten to the power of n, which is plainDigits times a power of two.
func (p *parser) power(n int) *big.Int {
	if v, ok := p.powers[n]; ok {
		return v
	}
	v := new(big.Int)
	if n == plainDigits {
		v.Exp(big.NewInt(10), big.NewInt(int64(n)), nil)
	} else {
		half := p.power(n / 2)
		v.Mul(half, half)
	}
	if p.powers == nil {
		p.powers = map[int]*big.Int{}
	}
	p.powers[n] = v
	return v
}

// bigSign gives the sign of an integer that is no int64; it is 0 for every other term.
func bigSign(t term.Term) (*big.Int, int) {
	n, ok := t.(*big.Int)
	if !ok {
		return nil, 0
	}
	return n, n.Sign()
}
