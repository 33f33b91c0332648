package contract_test

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/kista-go/kista/contract"
	"github.com/kista-go/kista/term"
)

// The vectors in testdata were made by UBF 2.2.4 itself. Texts hold one character for each byte.

// value is a value as the vectors write it.
type value struct {
	Int, Float, Atom *string
	BinaryHex        *string `json:"binary_hex"`
	String           *string
	Tuple, List      *[]value
	Cons             *[2]value
}

func (v value) term(t testing.TB) term.Term {
	t.Helper()
	switch {
	case v.Int != nil:
		n, ok := new(big.Int).SetString(*v.Int, 10)
		if !ok {
			t.Fatalf("%q is no integer", *v.Int)
		}
		return term.Canonical(n)
	case v.Float != nil:
		f, err := strconv.ParseFloat(*v.Float, 64)
		if err != nil {
			t.Fatal(err)
		}
		return f
	case v.Atom != nil:
		return term.Atom(*v.Atom)
	case v.BinaryHex != nil:
		b, err := hex.DecodeString(*v.BinaryHex)
		if err != nil {
			t.Fatal(err)
		}
		return term.Binary(b)
	case v.String != nil:
		return term.Tuple{term.Atom("#S"), term.Charlist(*v.String)}
	case v.Tuple != nil:
		tu := term.Tuple{}
		for _, e := range *v.Tuple {
			tu = append(tu, e.term(t))
		}
		return tu
	case v.List != nil:
		l := term.List{}
		for _, e := range *v.List {
			l = append(l, e.term(t))
		}
		return l
	case v.Cons != nil:
		return term.Cons(term.List{v.Cons[0].term(t)}, v.Cons[1].term(t))
	}
	t.Fatalf("a value of no known kind: %+v", v)
	return nil
}

func load(t testing.TB, file string, dst any) {
	t.Helper()
	raw, err := os.ReadFile("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, dst); err != nil {
		t.Fatal(err)
	}
}

// bytesOf returns text of one character for each byte as those bytes.
func bytesOf(t testing.TB, s string) []byte {
	t.Helper()
	var b []byte
	for _, r := range s {
		if r > 0xff {
			t.Fatalf("%q holds more than bytes", s)
		}
		b = append(b, byte(r))
	}
	return b
}

// malformed is testdata/contract_malformed.json: texts, and what the compiler of UBF 2.2.4 says to them.
type malformed struct {
	Cases []struct {
		Name, Contract, Verdict, Stage, Message string
		OwnTypes                                []struct{ Name, AST, Note string } `json:"own_types"`
		States, AnyState                        string
	}
}

// deviations are the texts that the lenient reader takes although UBF 2.2.4 does not, and why it does.
var deviations = map[string]string{
	"empty list with a space [ ]":              "a blank inside a token: taken with a warning, never printed",
	"list + after a space":                     "a blank inside a token: taken with a warning, never printed",
	"inline request type (slide and 1.7 form)": "the type of a request written out, as UBF 1.7 allowed: it gets a name",
	"inline literal request":                   "the type of a request written out, as UBF 1.7 allowed: it gets a name",
	"slide: +deftype":                          "the notation of the slides",
}

func TestVectorsMalformed(t *testing.T) {
	var v malformed
	load(t, "contract_malformed.json", &v)
	same, differ := 0, 0
	for _, c := range v.Cases {
		src := bytesOf(t, c.Contract)
		got, err := contract.Parser{Dialect: contract.UBF2}.Parse("t.con", src)
		if (err == nil) != (c.Verdict == "accept") {
			t.Errorf("%s: strictly: %v, want %s %s", c.Name, err, c.Verdict, c.Message)
			continue
		}
		same++
		if err == nil {
			checkTree(t, c.Name, got, c.OwnTypes, c.States, c.AnyState)
		} else {
			checkPlaces(t, c.Name, src, err)
		}
		lenient, lerr := contract.Parse("t.con", src)
		why := deviations[c.Name]
		switch {
		case (lerr == nil) == (c.Verdict == "accept") && why == "":
			if lerr == nil && lenient.String() != got.String() {
				t.Errorf("%s: leniently\n%s\nstrictly\n%s", c.Name, lenient, got)
			}
		case why == "":
			t.Errorf("%s: leniently: %v, want %s %s", c.Name, lerr, c.Verdict, c.Message)
		case lerr != nil:
			t.Errorf("%s: leniently: %v, want it taken: %s", c.Name, lerr, why)
		default:
			differ++
			t.Logf("deviation of the lenient reader: %q: %s", c.Name, why)
		}
	}
	t.Logf("contract_malformed.json: %d of %d as UBF 2.2.4 in the notation 2.x; leniently %d as it, %d deviations", same, len(v.Cases), len(v.Cases)-differ, differ)
	if differ != len(deviations) {
		t.Errorf("%d deviations, %d are listed", differ, len(deviations))
	}
}

// checkTree compares the syntax tree with that of the oracle, as both go over the wire.
func checkTree(t *testing.T, name string, c *contract.Contract, types []struct{ Name, AST, Note string }, states, anystate string) {
	t.Helper()
	builtins := map[string]bool{}
	for _, d := range contract.Builtin() {
		builtins[d.Name] = true
	}
	var own []*contract.TypeDef
	for _, d := range c.Types {
		if !builtins[d.Name] {
			own = append(own, d)
		}
	}
	slices.SortFunc(own, func(a, b *contract.TypeDef) int { return strings.Compare(a.Name, b.Name) })
	if len(own) != len(types) {
		t.Errorf("%s: %d types, want %d", name, len(own), len(types))
		return
	}
	for i, want := range types {
		d := own[i]
		note := ""
		if d.Note != nil {
			note = d.Note.Text
		}
		if ast := term.String(contract.TypeTerm(d.Type)); d.Name != want.Name || ast != want.AST || note != string(bytesOf(t, want.Note)) {
			t.Errorf("%s: type %s %s %q\nwant %s %s %q", name, d.Name, ast, note, want.Name, want.AST, want.Note)
		}
	}
	tree := c.Term().(term.Tuple)
	if got := term.String(tree[1].(term.Tuple)[1]); got != states {
		t.Errorf("%s: states %s\nwant %s", name, got, states)
	}
	if got := term.String(tree[2].(term.Tuple)[1]); got != anystate {
		t.Errorf("%s: anystate %s\nwant %s", name, got, anystate)
	}
}

// checkPlaces demands that every error has a place in the text where the offending text really stands.
func checkPlaces(t *testing.T, name string, src []byte, err error) {
	t.Helper()
	var perr *contract.ParseError
	if !errors.As(err, &perr) {
		t.Fatalf("%s: %T", name, err)
	}
	lines := strings.Split(string(src), "\n")
	for _, d := range perr.Diagnostics {
		if d.Severity != contract.Error {
			continue
		}
		if d.Message == "" || d.Code == "" || d.Pos.Line < 1 || d.Pos.Line > len(lines) || d.Pos.Column < 1 || d.Pos.Column > len(lines[d.Pos.Line-1])+1 {
			t.Errorf("%s: the diagnostic %+v has no place", name, d)
			continue
		}
	}
}

func TestVectorsTypecheck(t *testing.T) {
	var v struct {
		Cases []struct {
			Type, AST                 string
			Accepts, Rejects, Crashes []value
		}
	}
	load(t, "contract_typecheck.json", &v)
	checks, differ := 0, 0
	for _, c := range v.Cases {
		k := compile(t, "+NAME(\"t\").\n+VSN(\"1\").\n+TYPES\nt() :: "+c.Type+" .\n")
		if ast := term.String(contract.TypeTerm(k.Contract().Lookup("t").Type)); ast != c.AST {
			t.Errorf("%s: tree %s, want %s", c.Type, ast, c.AST)
		}
		check := func(vs []value, accepted bool) {
			for _, x := range vs {
				checks++
				v, want := x.term(t), accepted
				if c.Type == `"abc"` && term.Identical(v, ubfString("abc")) {
					differ++
					t.Logf("deviation: %s matches %v: a string in a contract is the UBF string of its bytes; in UBF 2.2.4 it is by mistake nothing", c.Type, v)
					want = true
				}
				err := k.Match("t", v)
				if (err == nil) != want || k.Is("t", v) != want {
					t.Errorf("%s: %v: %v, want %v", c.Type, v, err, want)
				}
				checkMismatch(t, c.Type, v, err)
			}
		}
		check(c.Accepts, true)
		check(c.Rejects, false)
		check(c.Crashes, false) // an improper list crashes the checker of UBF 2.2.4
	}
	t.Logf("contract_typecheck.json: %d types, %d checks, %d deviations", len(v.Cases), checks, differ)
	if differ != 1 {
		t.Errorf("%d deviations, 1 is known", differ)
	}
}

func ubfString(s string) term.Tuple { return term.Tuple{term.Atom("#S"), term.Charlist(s)} }

// checkMismatch demands that a mismatch tells something, and that what it has seen stands where its path leads.
func checkMismatch(t *testing.T, typ string, v term.Term, err error) {
	t.Helper()
	if err == nil {
		return
	}
	var m *contract.Mismatch
	if !errors.As(err, &m) {
		t.Fatalf("%s: %v: %T", typ, v, err)
	}
	if m.Type != "t()" || m.Expected == "" {
		t.Errorf("%s: %v: %+v", typ, v, m)
	}
	if at, ok := follow(v, m.Path); !ok || !term.Identical(at, m.Seen) {
		t.Errorf("%s: %v: the path %s leads to %v, not to %v", typ, v, m.Path, at, m.Seen)
	}
}

// follow returns the part of v at the path of a mismatch.
func follow(v term.Term, path string) (term.Term, bool) {
	for path != "" {
		end := strings.IndexAny(path, "}]")
		i, err := strconv.Atoi(path[1:end])
		if err != nil {
			return nil, false
		}
		switch p := v.(type) {
		case term.Tuple:
			v = p[i-1]
		case term.List:
			v = p[i-1]
		default:
			return nil, false
		}
		path = path[end+1:]
	}
	return v, true
}

func compile(t testing.TB, src string) *contract.Checker {
	t.Helper()
	c, err := contract.Parse("t.con", []byte(src))
	if err != nil {
		t.Fatalf("%v\n%s", err, src)
	}
	k, err := contract.Compile(c)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestVectorsSemantics(t *testing.T) {
	var v struct {
		Cases []struct {
			Contract     string
			RepliesTried []value     `json:"replies_tried"`
			NextTried    []term.Atom `json:"next_tried"`
			Rows         []struct {
				State      term.Atom
				Request    value
				Verdict    string
				Candidates []string
				Accepted   []struct {
					Reply value
					Next  term.Atom
				} `json:"accepted_replies"`
				EventOut bool `json:"event_out_ok"`
				EventIn  bool `json:"event_in_ok_oracle"`
			}
		}
	}
	load(t, "contract_semantics.json", &v)
	rows, replies, differ := 0, 0, 0
	for _, c := range v.Cases {
		k := compile(t, c.Contract)
		for _, row := range c.Rows {
			rows++
			q := row.Request.term(t)
			s := at(t, k, row.State)
			err := s.Request(q)
			if (err == nil) != (row.Verdict == "ok") {
				t.Errorf("%s %v: %v, want %s", row.State, q, err, row.Verdict)
			}
			var cands []string
			for _, o := range s.Outcomes() {
				cands = append(cands, term.String(term.Tuple{contract.TypeTerm(o.Request), contract.TypeTerm(o.Reply), o.Next}))
			}
			if !slices.Equal(cands, row.Candidates) {
				t.Errorf("%s %v: candidates %v\nwant %v", row.State, q, cands, row.Candidates)
			}
			if err == nil {
				var want, got []string
				for _, a := range row.Accepted {
					want = append(want, fmt.Sprint(a.Reply.term(t), a.Next))
				}
				for _, r := range c.RepliesTried {
					for _, next := range c.NextTried {
						replies++
						s := at(t, k, row.State)
						if err := s.Request(q); err != nil {
							t.Fatal(err)
						}
						if r := r.term(t); s.Reply(r, next) == nil {
							got = append(got, fmt.Sprint(r, next))
							if s.State() != next {
								t.Errorf("%s %v: state %s after %s", row.State, q, s.State(), next)
							}
						} else if s.State() != row.State {
							t.Errorf("%s %v: state %s after a violation", row.State, q, s.State())
						}
					}
				}
				slices.Sort(want)
				slices.Sort(got)
				if !slices.Equal(got, want) {
					t.Errorf("%s %v: replies %v\nwant %v", row.State, q, got, want)
				}
			}
			if ok := s.Event(contract.Server, q) == nil; ok != row.EventOut {
				t.Errorf("%s: event to the client %v: %v", row.State, q, ok)
			}
			if ok := s.Event(contract.Client, q) == nil; ok != row.EventIn {
				differ++ // the oracle looks at the events of the other direction
				if ok != declaredIn(row.State, q) {
					t.Errorf("%s: event from the client %v: %v", row.State, q, ok)
				}
			}
		}
	}
	t.Logf("contract_semantics.json: %d rows, %d replies; %d deviations: events from the client are checked against EVENT <=, "+
		"in UBF 2.2.4 by mistake against EVENT =>", rows, replies, differ)
}

// declaredIn says which values the one contract of the vectors declares as events from the client.
func declaredIn(state term.Atom, v term.Term) bool {
	tu, ok := v.(term.Tuple)
	return term.Identical(v, term.Atom("b")) || state == "s1" && ok && len(tu) == 2 && tu[0] == term.Term(term.Atom("ev2"))
}

func at(t testing.TB, k *contract.Checker, state term.Atom) *contract.Session {
	t.Helper()
	s, err := k.SessionAt(state)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
