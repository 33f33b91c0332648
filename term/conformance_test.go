package term_test

import (
	"math"
	"math/big"
	"testing"

	"github.com/kista-go/kista/term"
)

// parse reads the terms of a table.
func parse(t testing.TB, text string) term.Term {
	t.Helper()
	v, err := term.Parse(text)
	if err != nil {
		t.Fatalf("parse %s: %v", text, err)
	}
	return v
}

// ascending checks that each term is less than all that follow.
func ascending(t *testing.T, order func(a, b term.Term) int, terms ...term.Term) {
	t.Helper()
	for i, a := range terms {
		for j, b := range terms {
			want := 0
			if i < j {
				want = -1
			} else if i > j {
				want = 1
			}
			if got := order(a, b); got != want {
				t.Errorf("order of %v and %v is %d, want %d", a, b, got, want)
			}
		}
	}
}

func ascendingText(t *testing.T, order func(a, b term.Term) int, texts ...string) {
	t.Helper()
	terms := make([]term.Term, len(texts))
	for i, s := range texts {
		terms[i] = parse(t, s)
	}
	ascending(t, order, terms...)
}

func TestS282_OrderOfTypes(t *testing.T) {
	ascending(t, term.Compare,
		1, term.Atom("a"), term.NewRef("n@h", 1, 1), term.Fun{Module: "m"}, term.Export{Module: "a", Function: "b"},
		term.Port{Node: "n@h"}, term.PID{Node: "n@h"}, term.Tuple{}, term.NewMap(), term.List{}, term.List{1}, term.Binary(""))
}

func TestS283_NumbersByExactValue(t *testing.T) {
	if !term.Equal(1, 1.0) || term.Identical(1, 1.0) || !term.Identical(1.0, 1.0) || !term.Identical(uint8(1), int64(1)) {
		t.Errorf("1 == 1.0, 1 =/= 1.0, 1.0 =:= 1.0, and Go's integer types do not matter")
	}
	two := func(n uint) *big.Int { return new(big.Int).Lsh(big.NewInt(1), n) }
	ascending(t, term.Compare, new(big.Int).Neg(two(1024)), -math.MaxFloat64, new(big.Int).Neg(two(64)), -0x1p63-2048, int64(math.MinInt64),
		-1.5, -1, -0.5, 0, math.SmallestNonzeroFloat64, 1, 1.5, 2, 9007199254740992.0, int64(9007199254740993), int64(math.MaxInt64), 0x1p63,
		new(big.Int).Add(two(63), big.NewInt(1)), two(64), new(big.Int).Add(two(64), big.NewInt(1)), 1e20, math.MaxFloat64, two(1024))
	for _, p := range [][2]term.Term{{int64(math.MinInt64), -0x1p63}, {two(63), 0x1p63}, {two(100), 0x1p100}, {0, 0.0}, {0, math.Copysign(0, -1)}} {
		if !term.Equal(p[0], p[1]) || !term.Equal(p[1], p[0]) || term.Identical(p[0], p[1]) {
			t.Errorf("%v == %v, and not =:=", p[0], p[1])
		}
	}
}

func TestS284_TuplesListsAtomsBitstrings(t *testing.T) {
	ascendingText(t, term.Compare, "{}", "{1}", "{b}", "{a,a}", "{a,b}", "{0,0,0}")
	ascendingText(t, term.Compare, "[]", "[1|2]", "[1]", "[1,1]", "[1,2]", "[2]", "[a|b]", "[a]", "[a,b|c]", "[a,b]", "[a|<<>>]", "[[]]")
	ascendingText(t, term.Compare, "''", "'A'", "a", "aa", "ab", "b", "ÿ", "'Ā'", "'日'", "'\uffff'", "'😀'")
	ascendingText(t, term.Compare, "<<>>", "<<0:1>>", "<<0:7>>", "<<0>>", "<<0,0:1>>", "<<0,0>>", "<<1>>", "<<1:1>>", "<<127:7>>", "<<255>>")
}

func TestS285_Maps(t *testing.T) {
	ascendingText(t, term.Compare, "#{}", "#{1 => b}", "#{2 => a}", "#{0.5 => a}", "#{1.0 => a}", "#{a => 1}", "#{a => 2}", "#{b => 1}",
		"#{1 => a, 2 => b}", "#{1 => b, 2 => a}", "#{1 => a, 1.0 => a}", "#{a => 2, b => 1}")
	if a, b := parse(t, "#{a => 1}"), parse(t, "#{a => 1.0}"); !term.Equal(a, b) || term.Identical(a, b) {
		t.Errorf("values of a map compare by ==")
	}
	if a, b := parse(t, "#{1 => a}"), parse(t, "#{1.0 => a}"); term.Equal(a, b) {
		t.Errorf("keys of a map compare by =:=")
	}
	if a, b := parse(t, "#{{1,[2]} => a}"), parse(t, "#{{1.0,[2]} => a}"); term.Compare(a, b) >= 0 {
		t.Errorf("within a key, too, an integer is less than any float")
	}
	if a, b := parse(t, "#{a => 1, b => 2}"), parse(t, "#{b => 2, a => 1}"); !term.Identical(a, b) {
		t.Errorf("order of insertion does not matter")
	}
}

func TestS286_Identifiers(t *testing.T) {
	pid := func(id, serial uint32, node term.Atom, creation uint32) term.Term {
		return term.PID{Node: node, ID: id, Serial: serial, Creation: creation}
	}
	ascending(t, term.Compare, pid(1, 0, "a@b", 1), pid(1, 0, "a@b", 2), pid(1, 0, "c@d", 1), pid(2, 0, "a@b", 1), pid(1, 1, "a@b", 1))
	ascending(t, term.Compare, term.NewRef("a@b", 1, 1, 2, 3), term.NewRef("a@b", 1, 2, 2, 3), term.NewRef("a@b", 1, 1, 2, 4), term.NewRef("c@d", 1, 1, 2, 3))
	ascending(t, term.Compare, term.Port{Node: "a@b", ID: 1, Creation: 1}, term.Port{Node: "a@b", ID: 2, Creation: 1}, term.Port{Node: "a@b", ID: 1, Creation: 2}, term.Port{Node: "c@d", ID: 1, Creation: 1})
	ascending(t, term.Compare,
		term.Fun{Module: "a", Index: 2, OldUniq: 9}, term.Fun{Module: "b", Index: math.MaxUint32, OldUniq: 9}, term.Fun{Module: "b", OldIndex: 7},
		term.Fun{Module: "b", Index: 1, OldUniq: 3, Free: []term.Term{1, 2}}, term.Fun{Module: "b", Index: 1, OldUniq: 4},
		term.Fun{Module: "b", Index: 1, OldUniq: 4, Free: []term.Term{3}}, term.Fun{Module: "b", Index: 1, OldUniq: 4, Free: []term.Term{1, 2}})
	a := term.Fun{Module: "m", Arity: 1, Uniq: [16]byte{1}, Index: 3, OldIndex: 3, OldUniq: 5, Free: []term.Term{1}}
	b := term.Fun{Module: "m", Arity: 2, Uniq: [16]byte{2}, Index: 3, OldIndex: 4, OldUniq: 5, Free: []term.Term{1}, Creator: term.PID{ID: 1}}
	if !term.Identical(a, b) || term.Key(a) != term.Key(b) {
		t.Errorf("funs of one module, index, uniq and environment are identical")
	}
}

func TestS287_NegativeZero(t *testing.T) {
	minus := math.Copysign(0, -1)
	if !term.Equal(0.0, minus) || term.Identical(0.0, minus) || term.CompareExact(minus, 0.0) != -1 {
		t.Errorf("0.0 == -0.0, and as from OTP 27 not =:=")
	}
	if m := term.NewMap(term.Pair{Key: 0.0, Value: 1}, term.Pair{Key: minus, Value: 2}); m.Len() != 2 {
		t.Errorf("0.0 and -0.0 are two keys, not %v", m)
	}
	if term.Key(0.0) == term.Key(minus) {
		t.Errorf("0.0 and -0.0 have the same Key")
	}
}

func TestS288_KeysOneAndOnePointZero(t *testing.T) {
	m := term.NewMap(term.Pair{Key: 1.0, Value: term.Atom("float")}, term.Pair{Key: 1, Value: term.Atom("int")})
	if i, _ := m.Get(1); m.Len() != 2 || i != term.Term(term.Atom("int")) {
		t.Errorf("got %v", m)
	}
	if got, want := m.String(), "#{1 => int,1.0 => float}"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	ascending(t, term.CompareExact, -1, 0, 1, 2, math.Copysign(0, -1), 0.0, 0.5, 1.0)
}
