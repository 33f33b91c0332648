package contract_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/kista-go/kista/contract"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/term"
)

func tuple(tag string, fields ...any) term.Tuple {
	return append(term.Tuple{term.Atom(tag)}, fields...)
}

func TestAnalyse(t *testing.T) {
	for _, c := range []struct{ src, want string }{
		{"+TYPES a() :: a.\n+STATE start a() => a() & stop.\n", ""},
		{"+TYPES a() :: a.\n+STATE start a() => a() & stop.\n+STATE lost a() => a() & stop.\n", "5:8 unreachable-state"},
		{"+TYPES a() :: a; b() :: b.\n+STATE start a() => a() & stop; b() => b() & trap.\n+STATE trap a() => a() & trap.\n", "5:8 dead-end"},
		{"+TYPES a() :: a.\n+STATE start a() => a() & start.\n", "4:8 dead-end"},
		{"+TYPES a() :: {a, 1..5}; b() :: {atom(), 5..9}.\n+STATE start a() => a() & stop; b() => b() & stop.\n", "4:33 overlap"},
		{"+TYPES a() :: {a, 1..5}; b() :: {atom(), 6..9}.\n+STATE start a() => a() & stop; b() => b() & stop.\n", ""},
		{"+TYPES a() :: a.\n+STATE start a() => a() & stop | a() & stop.\n", "4:34 overlap"},
		{"+TYPES a() :: a; b() :: a | b.\n+STATE start a() => a() & stop.\n+ANYSTATE b() => a().\n", "4:14 hidden"},
		{"+TYPES a() :: {a, a()}; b() :: 5..1 | b; c() :: [x]{3,2}; d() :: d().\n", "3:8 no-value 3:32 no-value 3:42 no-value 3:49 no-value 3:59 no-value"},
		{"+TYPES a() :: {event_in, any()}; b() :: contract; c() :: {x, 1} | {clientBrokeContract, 1, 2}.\n" +
			"+STATE start a() => c() & stop; b() => b() & stop.\n", "4:14 reserved 4:21 reserved 4:33 reserved 4:40 reserved"},
		{"+TYPES atom() :: x.\n", "3:8 shadowed"},
		{"+TYPES a() :: #r{x=1::atom(), y=1::integer()}.\n", "3:18 default"},
		{"+TYPES a() :: none().\n", "3:15 none"},
	} {
		got := places(contract.Analyse(parse(t, heading+c.src)), contract.Warning)
		if strings.Join(got, " ") != c.want {
			t.Errorf("%q: %v\nwant %v", c.src, got, c.want)
		}
	}
	old := parse(t, "+NAME(\"t\").\n+VSN(\"ubf1.0\").\n+TYPES a() :: string().\n")
	assert.Equal(t, places(contract.Analyse(old), contract.Warning), []string{"3:15 string"})
}

// What is said to have no value has none, and examples of overlaps are of both types.
func TestSolverIsRight(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := genContract(t)
		k := rapidCompile(t, c)
		state := &contract.State{Name: "start"}
		for _, d := range c.Types {
			r := &contract.Rule{Message: &contract.Ref{Name: d.Name}, Outcomes: []*contract.Outcome{{Reply: &contract.Ref{Name: "any"}, Next: "stop"}}}
			state.Rules = append(state.Rules, r)
		}
		c.States = append(c.States, state)
		empty, overlaps := map[string]bool{}, 0
		for _, d := range contract.Analyse(c) {
			switch d.Code {
			case contract.CodeNoValue:
				empty[d.Text] = true
			case contract.CodeOverlap:
				overlaps++
			}
		}
		for range 5 {
			for _, d := range c.Types {
				v := genValue(t, c, d.Type, 6)
				if empty[d.Name] && k.Is(d.Name, v) {
					t.Fatalf("%s: %v is of a type without values\n%s", d.Name, v, c)
				}
				n := 0
				for _, o := range c.Types {
					if k.Is(o.Name, v) && !improper(v) {
						n++
					}
				}
				if n > 1 && overlaps == 0 {
					t.Fatalf("%v is of %d types, of which none overlap\n%s", v, n, c)
				}
			}
		}
	})
}

// improper reports whether v holds a list that UBF cannot write.
func improper(v term.Term) bool {
	switch v := v.(type) {
	case term.Improper:
		return true
	case term.Tuple:
		for _, e := range v {
			if improper(e) {
				return true
			}
		}
	case term.List:
		for _, e := range v {
			if improper(e) {
				return true
			}
		}
	}
	return false
}

func nested(n int) term.Term {
	var v term.Term = term.List{}
	for range n {
		v = term.Tuple{term.Atom("a"), v}
	}
	return v
}

// A value that needs 10010 nested names or more is refused, as by UBF 2.x.
func TestNestingIsBounded(t *testing.T) {
	k := compile(t, heading+"+TYPES a() :: {a, a()} | [].\n")
	assert.NoError(t, k.Match("a", nested(10008))) // 10009 names
	err := k.Match("a", nested(10009))
	m := assert.ErrorAs[*contract.Mismatch](t, err)
	if !strings.Contains(m.Reason, "too deep") || !strings.HasSuffix(m.Path, "...") || len(m.Path) > 1000 {
		t.Errorf("%.300v", err)
	}
	if k.Is("a", nested(10009)) || k.Is("a", nested(300_000)) {
		t.Error("a value nested deeper is taken")
	}
}

// Alternatives that begin alike are tried one after the other; on a value made for it that doubles the work with every level. Leads
// of types to themselves are no work at all.
func TestWorkIsBounded(t *testing.T) {
	k := compile(t, heading+"+TYPES a() :: {a, a(), x} | {a, a(), y} | [] | {a, a(), a()}; b() :: b() | c() | b; c() :: b() | c() | {c, b()}.\n")
	var v term.Term = term.List{}
	for range 60 {
		v = term.Tuple{term.Atom("a"), v, int64(0)}
	}
	start := time.Now()
	if k.Is("a", v) || k.Match("a", v) == nil {
		t.Error("a value that is not of the type is taken")
	}
	for range 10_000 {
		if k.Is("b", int64(0)) || !k.Is("b", term.Atom("b")) || !k.Is("c", tuple("c", tuple("c", term.Atom("b")))) {
			t.Fatal("a type that leads to itself is wrong")
		}
	}
	if d := time.Since(start); d > 30*time.Second {
		t.Errorf("it took %v", d)
	}
	// Names that lead to two each, forty times over, would be 2^40 paths.
	var defs []string
	for i := range 40 {
		defs = append(defs, fmt.Sprintf("n%d() :: n%d() | n%d()", i, i+1, i+1))
	}
	wide := compile(t, heading+"+TYPES "+strings.Join(defs, ";")+"; n40() :: x.\n")
	if wide.Is("n0", int64(1)) || !wide.Is("n0", term.Atom("x")) {
		t.Error("many names")
	}
	if len(contract.Analyse(wide.Contract())) > 0 {
		t.Error("warnings")
	}
	// A long way round, through many states.
	var states strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&states, "+STATE s%d a() => a() & s%d.\n", i, (i+1)%5000)
	}
	start = time.Now()
	if d := contract.Analyse(parse(t, heading+"+TYPES a() :: a.\n"+states.String())); len(d) != 1 || d[0].Code != contract.CodeDeadEnd {
		t.Errorf("%v", d)
	}
	if d := time.Since(start); d > 30*time.Second {
		t.Errorf("it took %v", d)
	}
}

func TestDrawings(t *testing.T) {
	c := parse(t, heading+"+TYPES a() :: a; 'b<&;#'() :: b.\n+STATE 'odd <name>' a() => 'b<&;#'() & 'end'; EVENT => a().\n+STATE 'end' a() => a() & 'end' | a() & 'odd <name>' | a() & stop.\n+ANYSTATE 'b<&;#'() => a().\n")
	m := c.Mermaid()
	for _, want := range []string{
		"stateDiagram-v2\n", `state "odd #lt;name>" as state0`, "[*] --> state0\n", `state "end" as state1`,
		"state0 --> state1: a() => 'b#lt;&#59;#35;'()\n", "state1 --> state1: a() => a()\n", "state1 --> [*]: a() => a()\n", "in every state#58;",
	} {
		if !strings.Contains(m, want) {
			t.Errorf("no %q in\n%s", want, m)
		}
	}
	svg := string(c.SVG())
	checkXML(t, svg)
	for _, want := range []string{"odd &lt;name&gt;", ">stop<", "in every state: "} {
		if !strings.Contains(svg, want) {
			t.Errorf("no %q in\n%s", want, svg)
		}
	}
	checkXML(t, string(parse(t, heading+"+TYPES a() :: a.\n").SVG()))
}
