package term

// Bits is a bitstring whose length is no multiple of 8; one that is a multiple is a [Binary]. It is immutable and
// comparable with ==. Make one with [BitString]. The zero value is the empty bitstring.
type Bits struct {
	data Binary // the last byte holds its bits at the top, the rest of it is 0
	last uint8  // number of bits in the last byte, 1..7
}

// BitString returns the first n bits of data, from the top bit of its first byte on: a [Binary] where n is a multiple
// of 8, else [Bits]. It takes as many bits as there are where n is larger, and none where it is negative.
func BitString(data Binary, n int) Term {
	if n < 0 {
		n = 0
	}
	full, rest := n/8, n%8
	if full >= len(data) {
		return data
	}
	if rest == 0 {
		return data[:full]
	}
	if mask := byte(0xff) << (8 - rest); data[full]&^mask == 0 {
		return Bits{data[:full+1], uint8(rest)}
	}
	b := []byte(data[:full+1])
	b[full] &= byte(0xff) << (8 - rest)
	return Bits{Binary(b), uint8(rest)}
}

// Len returns the number of bits.
func (b Bits) Len() int {
	if len(b.data) == 0 {
		return 0
	}
	return (len(b.data)-1)*8 + int(b.last)
}

// Bytes returns the bits packed from the top; the unused low bits of the last byte are 0.
func (b Bits) Bytes() Binary { return b.data }

// bitsOf gives a bitstring as its bytes and bit count; ok is false for anything else.
func bitsOf(t Term) (data Binary, n int, ok bool) {
	switch v := t.(type) {
	case Binary:
		return v, len(v) * 8, true
	case Bits:
		return v.data, v.Len(), true
	}
	return "", 0, false
}
