package jsf

import (
	"math"
	"strconv"
	"strings"
)

// appendFloat writes a float as mochinum:digits/1 does: the shortest digits that give the same float again, as 12.5, 0.00125
// or 1.25e-10, and always with a point. f is finite.
func appendFloat(dst []byte, f float64) []byte {
	if f == 0 {
		return append(dst, "0.0"...)
	}
	if f < 0 {
		dst = append(dst, '-')
	}
	text := strconv.FormatFloat(math.Abs(f), 'e', -1, 64) // d.ddde±xx
	mantissa, exponent, _ := strings.Cut(text, "e")
	exp, _ := strconv.Atoi(exponent)
	digits := strings.Replace(mantissa, ".", "", 1)
	place := exp + 1 // of the point, before or behind the first digit
	zeros := place - len(digits)
	switch {
	case place > -6 && place <= 0:
		dst = append(dst, "0."...)
		dst = append(dst, strings.Repeat("0", -place)...)
		return append(dst, digits...)
	case place > 0 && zeros < 0:
		dst = append(dst, digits[:place]...)
		dst = append(dst, '.')
		return append(dst, digits[place:]...)
	case place > 0 && zeros < 6:
		dst = append(dst, digits...)
		dst = append(dst, strings.Repeat("0", zeros)...)
		return append(dst, ".0"...)
	}
	dst = append(dst, digits[0], '.')
	if len(digits) == 1 {
		dst = append(dst, '0')
	}
	dst = append(dst, digits[1:]...)
	sign := "e+"
	if place < 0 {
		sign = "e-"
	}
	dst = append(dst, sign...)
	return strconv.AppendInt(dst, int64(max(exp, -exp)), 10)
}
