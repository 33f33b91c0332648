package etf_test

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/kista-go/kista/etf"
	"github.com/kista-go/kista/term"
)

// vectors is testdata/etf.json: golden data made by Erlang/OTP 25. Its meta part explains the fields.
type vectors struct {
	Meta       struct{ Counts map[string]int }
	Valid      []vector
	Big        []vector
	DecodeOnly []vector `json:"decode_only"`
	Malformed  []vector
	Safe       []vector
	TagSweep   []sweep `json:"tag_sweep"`
	Order      []vector
}

type vector struct {
	ID                       int
	Cat, Term, Why, Note     string
	MV2, MV1, MV0, Det, Zip  string
	Hex, B2T, Re             string
	Used                     int
	Expr, SHA256, Head, Safe string
	Bytes                    int
	EqPrev                   bool `json:"eq_prev"`
	ExactPrev                bool `json:"exact_prev"`
}

func (v vector) name() string { return fmt.Sprintf("#%d %s%s%s", v.ID, v.Cat, v.Why, v.Expr) }

type sweep struct {
	Tag                        int
	Alone, Zeros64, Safe, Term string
	Used                       int
}

func load(t testing.TB) *vectors {
	t.Helper()
	raw, err := os.ReadFile("testdata/etf.json")
	if err != nil {
		t.Fatal(err)
	}
	v := new(vectors)
	if err := json.Unmarshal(raw, v); err != nil {
		t.Fatal(err)
	}
	return v
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// erlangNodes are the indexes that the node which made the vectors printed for the nodes in identifiers.
var erlangNodes = map[term.Atom]string{
	"nonode@nohost": "0", "a@b": "8347", "bank@host.example.org": "8352", "nodé@värd": "8461", "c@d": "8367",
}

var erlang = term.Printer{Node: func(n term.Atom, _ uint32) string { return erlangNodes[n] }}

// largeMaps reports whether t holds a map whose entries OTP 25 writes and prints in the order of a hash.
func largeMaps(t term.Term) bool {
	switch v := t.(type) {
	case term.Tuple:
		return slices.ContainsFunc(v, largeMaps)
	case term.List:
		return slices.ContainsFunc(v, largeMaps)
	case term.Improper:
		return slices.ContainsFunc(v.Elems, largeMaps) || largeMaps(v.Tail)
	case term.Map:
		for k, x := range v.All() {
			if largeMaps(k) || largeMaps(x) {
				return true
			}
		}
		return v.Len() > 32
	}
	return false
}

func decodeAll(t *testing.T, name, form, src string) term.Term {
	t.Helper()
	got, err := etf.DecodeAll(unhex(t, src))
	if err != nil {
		t.Fatalf("%s: decode %s: %v", name, form, err)
	}
	return got
}

// checkText compares printed text; that of maps in hash order as text that parses to the same term.
func checkText(t *testing.T, name string, got term.Term, want string) {
	t.Helper()
	if !largeMaps(got) {
		if s := erlang.String(got); s != want {
			t.Errorf("%s: printed\n%s\nwant\n%s", name, s, want)
		}
		return
	}
	parsed, err := term.Parse(want)
	if err != nil {
		t.Fatalf("%s: parse the text: %v", name, err)
	}
	if !term.Identical(parsed, got) {
		t.Errorf("%s: decoded\n%v\nwant\n%v", name, got, parsed)
	}
}

func checkEncoding(t *testing.T, name string, v term.Term, want string) {
	t.Helper()
	checkEncodingWith(t, etf.Encoder{}, name, v, want)
}

func checkEncodingWith(t *testing.T, e etf.Encoder, name string, v term.Term, want string) {
	t.Helper()
	got, err := e.Encode(v)
	if err != nil {
		t.Fatalf("%s: encode: %v", name, err)
	}
	if s := hex.EncodeToString(got); s != want {
		t.Errorf("%s: encoded\n%s\nwant\n%s", name, s, want)
	}
}

func TestVectorsValid(t *testing.T) {
	passed, total := map[string]int{}, map[string]int{}
	for _, v := range load(t).Valid {
		ok := t.Run(v.name(), func(t *testing.T) {
			got := decodeAll(t, v.name(), "mv2", v.MV2)
			checkText(t, v.name(), got, v.Term)
			for form, src := range map[string]string{"mv1": v.MV1, "mv0": v.MV0, "det": v.Det, "zip": v.Zip} {
				if src == "" {
					continue
				}
				if same := decodeAll(t, v.name(), form, src); !term.Identical(same, got) {
					t.Errorf("%s decodes to %v, want %v", form, same, got)
				}
			}
			if v.Det == "" && !largeMaps(got) {
				checkEncodingWith(t, etf.Encoder{Minor1: true}, v.name(), got, cmp.Or(v.MV1, v.MV2))
			}
			switch {
			case v.Det != "":
				checkEncoding(t, v.name(), got, v.Det)
			case !largeMaps(got):
				checkEncoding(t, v.name(), got, v.MV2)
			default:
				t.Errorf("a map over 32 pairs without det")
			}
		})
		total[v.Cat]++
		if ok {
			passed[v.Cat]++
		}
	}
	for _, cat := range slices.Sorted(func(yield func(string) bool) {
		for c := range total {
			if !yield(c) {
				return
			}
		}
	}) {
		t.Logf("valid %-10s %3d/%3d", cat+":", passed[cat], total[cat])
	}
}

// bigTerms builds the terms of the category "big" from their Erlang expressions.
var bigTerms = map[string]func() term.Term{
	"lists:duplicate(65534,97)":                         func() term.Term { return repeat(65534, 97) },
	"lists:duplicate(65535,97)":                         func() term.Term { return repeat(65535, 97) },
	"lists:duplicate(65536,97)":                         func() term.Term { return repeat(65536, 97) },
	"lists:duplicate(70000,255)":                        func() term.Term { return repeat(70000, 255) },
	"binary:copy(<<0>>,1048576)":                        func() term.Term { return term.Binary(make([]byte, 1<<20)) },
	"binary:copy(<<1,2,3>>,1000000)":                    func() term.Term { return term.Binary(strings.Repeat("\x01\x02\x03", 1000000)) },
	"1 bsl (8*300)":                                     func() term.Term { return new(big.Int).Lsh(big.NewInt(1), 8*300) },
	"1 bsl (8*65536)":                                   func() term.Term { return new(big.Int).Lsh(big.NewInt(1), 8*65536) },
	"-(1 bsl (8*70000)) + 1":                            func() term.Term { n := new(big.Int).Lsh(big.NewInt(1), 8*70000); return n.Neg(n).Add(n, big.NewInt(1)) },
	"maps:from_list([{N,N} || N <- lists:seq(1,1000)])": func() term.Term { return squares(1000) },
	"100000 nested 1-element lists around []":           func() term.Term { return nested(100000) },
}

func repeat(n int, v int64) term.List { return slices.Repeat(term.List{v}, n) }

func squares(n int) term.Map {
	pairs := make([]term.Pair, n)
	for i := range pairs {
		pairs[i] = term.Pair{Key: i + 1, Value: i + 1}
	}
	return term.NewMap(pairs...)
}

func nested(n int) term.Term {
	var t term.Term = term.List{}
	for range n {
		t = term.List{t}
	}
	return t
}

func TestVectorsBig(t *testing.T) {
	deep := etf.Decoder{Limits: etf.Limits{Depth: 100_000}}
	all := load(t).Big
	for _, v := range all {
		t.Run(v.Expr, func(t *testing.T) {
			if bigTerms[v.Expr] == nil {
				t.Fatalf("no such term in the test")
			}
			want := bigTerms[v.Expr]()
			zipped, err := deep.DecodeAll(unhex(t, v.Zip))
			if err != nil {
				t.Fatal(err)
			}
			if !term.Identical(zipped, want) {
				t.Errorf("the compressed form decodes to something else")
			}
			b, err := etf.Encoder{Depth: 100_000}.Encode(want)
			if err != nil {
				t.Fatal(err)
			}
			sum := sha256.Sum256(b)
			if len(b) != v.Bytes || hex.EncodeToString(sum[:]) != v.SHA256 && !largeMaps(want) || hex.EncodeToString(b[:16]) != v.Head {
				t.Errorf("encoded to %d bytes, sha256 %x, head %x, want %d, %s, %s", len(b), sum, b[:16], v.Bytes, v.SHA256, v.Head)
			}
			back, err := deep.DecodeAll(b)
			if err != nil || !term.Identical(back, want) {
				t.Errorf("does not come back: %v", err)
			}
		})
	}
	t.Logf("big: %d", len(all))
}

// internalAtomRefs are tags that OTP takes by accident; this package refuses them.
var internalAtomRefs = []byte{73, 75}

func TestVectorsDecodeOnlyAndMalformed(t *testing.T) {
	v := load(t)
	for _, set := range []struct {
		name string
		vs   []vector
	}{{"decode_only", v.DecodeOnly}, {"malformed", v.Malformed}} {
		good, bad := 0, 0
		for _, v := range set.vs {
			src := unhex(t, v.Hex)
			got, used, err := etf.Decode(src)
			if v.B2T != "ok" {
				bad++
				if err == nil {
					t.Errorf("%s: decoded to %v, want a refusal", v.name(), got)
				} else if !errors.Is(err, etf.ErrMalformed) && !errors.Is(err, etf.ErrLimit) {
					t.Errorf("%s: refused as %v, want a malformed term", v.name(), err)
				}
				continue
			}
			good++
			if err != nil {
				t.Errorf("%s: %v", v.name(), err)
				continue
			}
			// For a reference without words (#1143) OTP counts a word that is not there, beyond the end of its input.
			if want := min(v.Used, len(src)); used != want {
				t.Errorf("%s: used %d bytes, want %d", v.name(), used, want)
			}
			checkText(t, v.name(), got, v.Term)
			checkEncoding(t, v.name(), got, v.Re)
			if _, err := etf.DecodeAll(src); (err == nil) != (used == len(src) && !strings.Contains(v.Why, "trailing byte inside")) {
				t.Errorf("%s: DecodeAll with %d of %d bytes used: %v", v.name(), used, len(src), err)
			}
		}
		t.Logf("%s: %d taken, %d refused", set.name, good, bad)
	}
}

// known is what the node that made the vectors knew of the atoms and exports in the category "safe".
var known = &etf.Safe{
	Atom:   func(a term.Atom) bool { return !strings.HasPrefix(string(a), "zz_") },
	Export: func(e term.Export) bool { return e == term.Export{Module: "lists", Function: "map", Arity: 2} },
}

func TestVectorsSafe(t *testing.T) {
	v := load(t)
	safe := etf.Decoder{Safe: known}
	for _, v := range slices.Concat(v.Safe, v.DecodeOnly, v.Malformed) {
		_, _, err := safe.Decode(unhex(t, v.Hex))
		if (err == nil) != (v.Safe == "ok") {
			t.Errorf("%s: safe decoding: %v, want %s", v.name(), err, v.Safe)
		}
		if v.B2T == "ok" && v.Safe != "ok" && !errors.Is(err, etf.ErrUnsafe) {
			t.Errorf("%s: %v, want an unsafe term", v.name(), err)
		}
		if _, _, err := etf.Decode(unhex(t, v.Hex)); (err == nil) != (v.B2T == "ok") {
			t.Errorf("%s: decoding: %v, want %s", v.name(), err, v.B2T)
		}
	}
	t.Logf("safe: %d", len(v.Safe))
}

func TestVectorsTagSweep(t *testing.T) {
	all := load(t).TagSweep
	for _, s := range all {
		alone := []byte{131, byte(s.Tag)}
		if _, _, err := etf.Decode(alone); (err == nil) != (s.Alone == "ok") {
			t.Errorf("tag %d alone: %v, want %s", s.Tag, err, s.Alone)
		}
		got, used, err := etf.Decode(append(alone, make([]byte, 64)...))
		if slices.Contains(internalAtomRefs, byte(s.Tag)) {
			if err == nil {
				t.Errorf("tag %d: decoded to %v, want a refusal", s.Tag, got)
			}
			continue
		}
		if (err == nil) != (s.Zeros64 == "ok") {
			t.Errorf("tag %d and zeros: %v, want %s", s.Tag, err, s.Zeros64)
		}
		if err == nil && (used != s.Used || term.Format(got) != s.Term) {
			t.Errorf("tag %d and zeros: %s in %d bytes, want %s in %d", s.Tag, term.Format(got), used, s.Term, s.Used)
		}
	}
	t.Logf("tag_sweep: %d tags, alone and followed by zeros", len(all))
}

func TestS286_OrderVectors(t *testing.T) {
	all := load(t).Order
	terms := make([]term.Term, len(all))
	eq := make([]int, len(all)) // terms with the same number are ==
	for i, v := range all {
		terms[i] = decodeAll(t, v.Term, "mv2", v.MV2)
		checkText(t, v.Term, terms[i], v.Term)
		if i > 0 {
			eq[i] = eq[i-1] + 1
			if v.EqPrev {
				eq[i] = eq[i-1]
			}
			if term.Identical(terms[i-1], terms[i]) != v.ExactPrev {
				t.Errorf("%s =:= %s is %v", all[i-1].Term, v.Term, !v.ExactPrev)
			}
		}
	}
	for i, a := range terms {
		for j, b := range terms {
			want := 0
			if eq[i] != eq[j] {
				want = 2*b2i(eq[i] > eq[j]) - 1
			}
			if got := term.Compare(a, b); got != want {
				t.Errorf("Compare(%s, %s) = %d, want %d", all[i].Term, all[j].Term, got, want)
			}
		}
	}
	t.Logf("order: %d terms, every pair", len(all))
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// Every encoding cut anywhere is refused, and says so.
func TestVectorsCutAnywhere(t *testing.T) {
	cuts := 0
	for _, v := range load(t).Valid {
		for _, src := range []string{v.MV2, v.MV1, v.MV0} {
			b := unhex(t, src)
			for n := range min(len(b), 300) {
				cuts++
				if got, err := etf.DecodeAll(bytes.Clone(b[:n])); !errors.Is(err, etf.ErrTruncated) {
					t.Fatalf("%s cut to %d bytes: %v, %v", v.name(), n, got, err)
				}
			}
		}
	}
	t.Logf("cut: %d", cuts)
}
