package term_test

import (
	"math/big"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/kista-go/kista/internal/termtest"
	"github.com/kista-go/kista/term"
)

var anyTerm = termtest.Gen{}.Term()

// sign of the order the other way round.
func TestCompareIsATotalOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		// Few shapes, so that terms are often equal or nearly so.
		small := rapid.OneOf(anyTerm, rapid.SampledFrom([]term.Term{
			0, 0.0, 1, 1.0, 2,
			term.Tuple{1},
			term.Tuple{1.0},
			term.List{1},
			term.List{1.0},
			term.Improper{Elems: term.List{1}, Tail: 2},
			term.List{},
			term.NewMap(term.Pair{Key: 1, Value: 1.0}), term.NewMap(term.Pair{Key: 1, Value: 1}),
			term.Tuple{1, term.Atom("a")},
			term.Tuple{1.0, term.Atom("b")},
		}))
		for _, order := range []func(a, b term.Term) int{term.Compare, term.CompareExact} {
			ts := rapid.SliceOfN(small, 3, 3).Draw(t, "terms")
			a, b, c := ts[0], ts[1], ts[2]
			if order(a, a) != 0 {
				t.Errorf("%v is not equal to itself", a)
			}
			if order(a, b) != -order(b, a) {
				t.Errorf("%v and %v: %d one way, %d the other", a, b, order(a, b), order(b, a))
			}
			slices.SortFunc(ts, order)
			if order(ts[0], ts[1]) > 0 || order(ts[1], ts[2]) > 0 || order(ts[0], ts[2]) > 0 {
				t.Errorf("not transitive: %v, %v, %v", a, b, c)
			}
			if order(a, b) == 0 && order(b, c) == 0 && order(a, c) != 0 {
				t.Errorf("equality is not transitive: %v, %v, %v", a, b, c)
			}
			same := term.CompareExact(a, b) == 0
			if term.Identical(a, b) != same || (term.Key(a) == term.Key(b)) != same {
				t.Errorf("%v and %v: Identical %v, same Key %v, CompareExact %v", a, b, term.Identical(a, b), term.Key(a) == term.Key(b), same)
			}
			if same && !term.Equal(a, b) {
				t.Errorf("%v and %v are identical and not equal", a, b)
			}
		}
	})
}

func TestParseReadsWhatPrints(t *testing.T) {
	gen := termtest.Gen{NoIdentifiers: true}.Term()
	rapid.Check(t, func(t *rapid.T) {
		v := gen.Draw(t, "term")
		for _, text := range []string{term.Format(v), term.String(v), " " + term.String(v) + " % done\n."} {
			back, err := term.Parse(text)
			if err != nil {
				t.Fatalf("%s: %v", text, err)
			}
			if !term.Identical(back, v) {
				t.Errorf("%s parses as %v", text, back)
			}
		}
	})
}

func TestMapAgreesWithGoMap(t *testing.T) {
	keys := rapid.SampledFrom([]term.Term{0, 0.0, 1, 1.0, term.Atom("a"), term.Tuple{1}, term.List{}, term.Binary("a"), uint8(1)})
	rapid.Check(t, func(t *rapid.T) {
		var m term.Map
		model := map[string]term.Term{}
		for i := range rapid.IntRange(0, 30).Draw(t, "steps") {
			k := keys.Draw(t, "key")
			if rapid.Bool().Draw(t, "delete") {
				m = m.Without(k)
				delete(model, term.Key(k))
			} else {
				m = m.With(k, i)
				model[term.Key(k)] = i
			}
			if m.Len() != len(model) {
				t.Fatalf("%d entries, want %d", m.Len(), len(model))
			}
			got, ok := m.Get(k)
			want, has := model[term.Key(k)]
			if ok != has || got != want {
				t.Fatalf("Get(%v) = %v, %v, want %v, %v", k, got, ok, want, has)
			}
		}
		pairs := []term.Pair{}
		for k, v := range m.All() {
			pairs = append(pairs, term.Pair{Key: k, Value: v})
		}
		slices.Reverse(pairs)
		if again := term.NewMap(pairs...); !term.Identical(again, m) {
			t.Errorf("built anew it is %v, want %v", again, m)
		}
	})
}

func TestConversionRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := anyTerm.Draw(t, "term")
		same, err := term.From(v)
		if err != nil || !term.Identical(same, v) {
			t.Fatalf("From(%v) = %v, %v", v, same, err)
		}
		var back any
		if err := term.To(v, &back); err != nil || !term.Identical(back, v) {
			t.Fatalf("To(%v) = %v, %v", v, back, err)
		}
	})
}

func TestFloatsCompareLikeBigFloats(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		i := rapid.Int64().Draw(t, "i")
		f := rapid.OneOf(rapid.Float64(), rapid.Map(rapid.Int64(), func(n int64) float64 { return float64(n) }), rapid.Just(float64(i))).Draw(t, "f")
		for shift := range 3 {
			n := new(big.Int).Lsh(big.NewInt(i), uint(shift*40))
			want := new(big.Float).SetInt(n).Cmp(big.NewFloat(f))
			if got := term.Compare(n, f); got != want {
				t.Errorf("Compare(%v, %v) = %d, want %d", n, f, got, want)
			}
		}
	})
}
