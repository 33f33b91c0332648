package term

import (
	"encoding/binary"
	"math"
	"math/big"
)

// Key returns a string that is the same for two terms exactly where they are [Identical]: the key for a Go map. The
// text is not for people, not ordered, and may differ between versions of this package. It panics like [Compare].
func Key(t Term) string { return string(appendKey(nil, t, 0)) }

func appendKey(b []byte, t Term, depth int) []byte {
	r, t := rank(t)
	if depth++; depth > maxNesting {
		panic(tooDeep)
	}
	b = append(b, byte(r))
	switch v := t.(type) {
	case int64:
		return binary.BigEndian.AppendUint64(append(b, 'i'), uint64(v))
	case *big.Int:
		return keyText(append(b, 'b', byte(v.Sign())), string(v.Bytes()))
	case float64:
		return binary.BigEndian.AppendUint64(append(b, 'f'), math.Float64bits(v))
	case Atom:
		return keyText(b, string(v))
	case Binary, Bits:
		data, n, _ := bitsOf(v)
		return keyText(binary.AppendUvarint(b, uint64(n)), string(data))
	case Tuple:
		return keySeq(b, v, depth)
	case List:
		return appendTail(keySeq(b, v, depth), List(nil), depth)
	case Improper:
		return appendTail(keySeq(b, v.Elems, depth), v.Tail, depth)
	case Map:
		b = binary.AppendUvarint(b, uint64(len(v.kv)))
		for _, p := range v.kv {
			b = appendKey(appendKey(b, p.Key, depth), p.Value, depth)
		}
		return b
	case PID:
		return binary.AppendUvarint(binary.AppendUvarint(keyNode(b, v.Node, v.Creation), uint64(v.ID)), uint64(v.Serial))
	case Port:
		return binary.AppendUvarint(keyNode(b, v.Node, v.Creation), v.ID)
	case Ref:
		b = keyNode(b, v.Node, v.Creation)
		for i := range RefWords {
			b = binary.AppendUvarint(b, uint64(v.word(i)))
		}
		return b
	case Fun:
		b = binary.AppendVarint(keyText(append(b, 'l'), string(v.Module)), int64(v.Index))
		return keySeq(binary.AppendVarint(b, v.OldUniq), v.Free, depth)
	case Export:
		return binary.AppendVarint(keyText(keyText(append(b, 'x'), string(v.Module)), string(v.Function)), int64(v.Arity))
	}
	return b
}

func appendTail(b []byte, tail Term, depth int) []byte {
	if l, ok := tail.(List); ok && len(l) == 0 {
		return append(b, 0)
	}
	return appendKey(append(b, 1), tail, depth)
}

func keyText(b []byte, s string) []byte { return append(binary.AppendUvarint(b, uint64(len(s))), s...) }

func keyNode(b []byte, node Atom, creation uint32) []byte {
	return binary.AppendUvarint(keyText(b, string(node)), uint64(creation))
}

func keySeq(b []byte, elems []Term, depth int) []byte {
	b = binary.AppendUvarint(b, uint64(len(elems)))
	for _, e := range elems {
		b = appendKey(b, e, depth)
	}
	return b
}
