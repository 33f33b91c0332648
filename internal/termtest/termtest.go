// Package termtest makes random terms for tests.
//
// A [Gen] says which terms are wanted, and gives a generator for property tests (rapid) that draws terms of every type,
// nested up to five levels, and often at an edge: the first integer that needs another encoding, an atom that just needs quotes,
// an empty container, a map large enough for Erlang to keep it differently. Every term that is drawn is one that Erlang takes, so that a
// test may ask a real node about it (internal/erltest).
package termtest

import (
	"math"
	"math/big"
	"strings"

	"pgregory.net/rapid"

	"github.com/kista-go/kista/term"
)

// Gen says which terms are drawn. The zero value draws all.
type Gen struct {
	// NoNegativeZero leaves out -0.0, about which Erlang releases differ.
	NoNegativeZero bool
	// NoIdentifiers leaves out pids, ports, references and funs, which print differently at every node and do not parse.
	NoIdentifiers bool
	// MaxPairs is the largest map; 0 means 40, which is beyond where Erlang's maps change their representation.
	MaxPairs int
}

// Term returns a generator of terms up to five levels deep.
func (g Gen) Term() *rapid.Generator[term.Term] {
	if g.MaxPairs == 0 {
		g.MaxPairs = 40
	}
	return rapid.Custom(func(t *rapid.T) term.Term { return g.draw(t, 5) })
}

func (g Gen) draw(t *rapid.T, depth int) term.Term {
	kinds := []func(*rapid.T) term.Term{g.integer, g.integer, g.float, g.atom, g.binary, g.bits}
	if !g.NoIdentifiers {
		kinds = append(kinds, g.pid, g.port, g.ref, g.export)
	}
	if depth > 0 {
		inner := rapid.Custom(func(t *rapid.T) term.Term { return g.draw(t, depth-1) })
		kinds = append(kinds, g.containers(inner)...)
		if !g.NoIdentifiers {
			kinds = append(kinds, func(t *rapid.T) term.Term { return g.fun(t, inner) })
		}
	}
	return rapid.SampledFrom(kinds).Draw(t, "kind")(t)
}

func (g Gen) containers(inner *rapid.Generator[term.Term]) []func(*rapid.T) term.Term {
	elems := rapid.SliceOfN(inner, 0, 6)
	return []func(*rapid.T) term.Term{
		func(t *rapid.T) term.Term { return term.Tuple(elems.Draw(t, "tuple")) },
		func(t *rapid.T) term.Term { return term.List(elems.Draw(t, "list")) },
		func(t *rapid.T) term.Term { return term.Cons(elems.Draw(t, "elems"), inner.Draw(t, "tail")) },
		func(t *rapid.T) term.Term { return g.charlist(t) },
		func(t *rapid.T) term.Term {
			pair := rapid.Custom(func(t *rapid.T) term.Pair { return term.Pair{Key: inner.Draw(t, "k"), Value: inner.Draw(t, "v")} })
			small := rapid.Custom(func(t *rapid.T) term.Pair { return term.Pair{Key: g.integer(t), Value: g.atom(t)} })
			if rapid.IntRange(0, 9).Draw(t, "large") == 0 {
				return term.NewMap(rapid.SliceOfN(small, 0, g.MaxPairs).Draw(t, "pairs")...)
			}
			return term.NewMap(rapid.SliceOfN(pair, 0, min(5, g.MaxPairs)).Draw(t, "pairs")...)
		},
	}
}

func (g Gen) charlist(t *rapid.T) term.Term {
	return term.Charlist(rapid.StringN(0, 20, -1).Draw(t, "charlist"))
}

var edges = []int64{
	0, 1, -1, 255, 256, -128, math.MaxInt32, math.MinInt32, math.MaxInt32 + 1, math.MinInt32 - 1,
	1 << 53, 1<<53 + 1, 1<<59 - 1, 1 << 59, -1 << 59, -1<<59 - 1, math.MaxInt64, math.MinInt64,
}

func (g Gen) integer(t *rapid.T) term.Term {
	switch rapid.IntRange(0, 4).Draw(t, "int") {
	case 0:
		return rapid.SampledFrom(edges).Draw(t, "edge")
	case 1:
		return rapid.Int64().Draw(t, "int64")
	case 2:
		n := new(big.Int).SetBytes(rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "big"))
		if rapid.Bool().Draw(t, "negative") {
			n.Neg(n)
		}
		return term.Canonical(n)
	}
	return int64(rapid.IntRange(-300, 300).Draw(t, "small"))
}

func (g Gen) float(t *rapid.T) term.Term {
	var f float64
	switch rapid.IntRange(0, 3).Draw(t, "float") {
	case 0:
		f = float64(rapid.SampledFrom(edges).Draw(t, "edge"))
	case 1:
		f = math.Float64frombits(rapid.Uint64().Draw(t, "bits"))
	case 2:
		f = float64(rapid.IntRange(-3000, 3000).Draw(t, "tenths")) / 10
	default:
		f = rapid.Float64().Draw(t, "float64")
	}
	if math.IsNaN(f) || math.IsInf(f, 0) || f == 0 && g.NoNegativeZero {
		return 0.0
	}
	return f
}

var atoms = []string{
	"", "ok", "true", "undefined", "Ok", "a b", "if", "maybe", "else", "cond", "a@b", "ä", "ÿ", "÷", "Ä", "_x", "x_Y1",
	"'", `\`, "\n", "\x00", "\x7f", "\u0080", "\u00a0", "ß", "À", "×", "日", "😀", "[]", strings.Repeat("å", 200),
}

func (g Gen) atom(t *rapid.T) term.Term { return g.name(t) }

func (g Gen) name(t *rapid.T) term.Atom {
	if rapid.Bool().Draw(t, "known") {
		return term.Atom(rapid.SampledFrom(atoms).Draw(t, "atom"))
	}
	return term.Atom(rapid.StringN(0, 30, -1).Draw(t, "atom"))
}

func (g Gen) binary(t *rapid.T) term.Term {
	if rapid.Bool().Draw(t, "text") {
		return term.Binary(rapid.StringN(0, 20, -1).Draw(t, "text"))
	}
	return term.Binary(rapid.SliceOfN(rapid.Byte(), 0, 20).Draw(t, "binary"))
}

func (g Gen) bits(t *rapid.T) term.Term {
	data := rapid.SliceOfN(rapid.Byte(), 0, 5).Draw(t, "bits")
	return term.BitString(term.Binary(data), rapid.IntRange(0, 40).Draw(t, "length"))
}

func (g Gen) node(t *rapid.T) term.Atom {
	return rapid.SampledFrom([]term.Atom{"a@b", "c@d", "nodé@värd"}).Draw(t, "node")
}

func word(t *rapid.T) uint32 {
	if rapid.Bool().Draw(t, "small") {
		return rapid.Uint32Range(0, 2).Draw(t, "word")
	}
	return rapid.Uint32().Draw(t, "word")
}

func (g Gen) process(t *rapid.T) term.PID {
	return term.PID{Node: g.node(t), ID: word(t), Serial: word(t), Creation: word(t)}
}

func (g Gen) pid(t *rapid.T) term.Term { return g.process(t) }

func (g Gen) port(t *rapid.T) term.Term {
	id := uint64(word(t))
	if rapid.Bool().Draw(t, "large") {
		id |= uint64(word(t)) << 32
	}
	return term.Port{Node: g.node(t), ID: id, Creation: word(t)}
}

func (g Gen) ref(t *rapid.T) term.Term {
	words := make([]uint32, rapid.IntRange(1, term.RefWords).Draw(t, "words"))
	for i := range words {
		words[i] = word(t)
	}
	return term.NewRef(g.node(t), word(t), words...)
}

func (g Gen) export(t *rapid.T) term.Term {
	return term.Export{Module: g.name(t), Function: g.name(t), Arity: rapid.IntRange(0, 255).Draw(t, "arity")}
}

// fun draws funs that can exist together: in Erlang one module, index and old uniq have one arity, index and uniq.
func (g Gen) fun(t *rapid.T, inner *rapid.Generator[term.Term]) term.Term {
	n := rapid.IntRange(0, 5).Draw(t, "fun")
	return term.Fun{
		Module: rapid.SampledFrom([]term.Atom{"kista_no_such_module", "kista_nor_this"}).Draw(t, "module"),
		Arity:  uint8(n), Uniq: [16]byte{1, byte(n)}, Index: uint32(n), OldIndex: int64(n), OldUniq: int64(n) * 1e7,
		Creator: g.process(t), Free: rapid.SliceOfN(inner, n%3, n%3).Draw(t, "free"),
	}
}
