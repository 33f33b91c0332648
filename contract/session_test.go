package contract_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/kista-go/kista/contract"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/term"
)

const talk = `+NAME("talk").
+VSN("1").
+TYPES
go() :: go; ask() :: {ask, integer()}; yes() :: yes; no() :: no; maybe() :: yes | no; tick() :: {tick, 1..9}; tock() :: {tock, 1..9}.
+STATE start  ask() => yes() & a | no() & b | maybe() & stop; EVENT => tick().
+STATE a      go() => yes() & start; EVENT <= tock().
+STATE b      go() => no() & stop.
+ANYSTATE     ask() => no(); EVENT <= tick().
`

func ask(n int64) term.Term { return term.Tuple{term.Atom("ask"), n} }

func violation(t *testing.T, err error, blame contract.Side, kind contract.MessageKind, state term.Atom) *contract.Violation {
	t.Helper()
	v := assert.ErrorAs[*contract.Violation](t, err)
	if v.Blame != blame || v.Kind != kind || v.State != state || v.Contract != "talk" || v.Version != "1" || !strings.HasPrefix(v.Error(), "contract: the ") {
		t.Fatalf("%+v: %v", v, v)
	}
	return v
}

func TestSession(t *testing.T) {
	k := compile(t, talk)
	s := k.Session()
	assert.Equal(t, s.State(), term.Atom("start"))

	v := violation(t, s.Request(term.Atom("go")), contract.Client, contract.RequestMessage, "start")
	assert.Equal(t, v.Elsewhere, []term.Atom{"a", "b"})
	assert.Equal(t, term.String(v.Expect),
		"[{input,{prim,1,1,ask},[{output,{prim,1,1,yes},a},{output,{prim,1,1,no},b},{output,{prim,1,1,maybe},stop}]},{event_out,{prim,1,1,tick}}]")

	v = violation(t, s.Reply(term.Atom("yes"), "a"), contract.Server, contract.ReplyMessage, "start") // nobody asked
	assert.Equal(t, v.Request, nil)

	assert.NoError(t, s.Request(ask(1)))
	assert.ErrorIs(t, s.Request(ask(2)), contract.ErrPending)
	q, ok := s.Pending()
	assert.Equal(t, ok && term.Identical(q, ask(1)), true)
	v = violation(t, s.Reply(term.Atom("yes"), "b"), contract.Server, contract.ReplyMessage, "start") // the state of another reply
	assert.Equal(t, v.Mismatch == nil, true)
	assert.Equal(t, v.Expected, []string{"yes() & a", "no() & b", "maybe() & stop"})
	assert.Equal(t, term.String(v.Expect), "[{prim,1,1,yes},{prim,1,1,no},{prim,1,1,maybe}]")
	assert.Equal(t, s.State(), term.Atom("start"))

	assert.NoError(t, s.Request(ask(1)))
	assert.NoError(t, s.Reply(term.Atom("yes"), "a"))
	assert.NoError(t, s.Request(ask(1))) // a rule for every state
	assert.NoError(t, s.Reply(term.Atom("no"), "a"))
	assert.NoError(t, s.Request(term.Atom("go")))
	v = violation(t, s.Reply(term.Atom("perhaps"), "start"), contract.Server, contract.ReplyMessage, "a")
	assert.Equal(t, v.Mismatch.Meaning, "yes")

	assert.NoError(t, s.Enter("stop"))
	v = violation(t, s.Request(ask(1)), contract.Client, contract.RequestMessage, "stop")
	assert.Equal(t, term.String(v.Expect), "[]")
	assert.ErrorIs(t, s.Enter("nowhere"), contract.ErrNoState)
}

func TestSessionEvents(t *testing.T) {
	s := compile(t, talk).Session()
	tick, tock := term.Tuple{term.Atom("tick"), int64(1)}, term.Tuple{term.Atom("tock"), int64(1)}
	assert.NoError(t, s.Event(contract.Server, tick))
	assert.NoError(t, s.Event(contract.Client, tick))
	violation(t, s.Event(contract.Server, tock), contract.Server, contract.EventMessage, "start")
	v := violation(t, s.Event(contract.Client, tock), contract.Client, contract.EventMessage, "start")
	assert.Equal(t, v.Elsewhere, []term.Atom{"a"})
	assert.NoError(t, s.Request(ask(1)))
	assert.NoError(t, s.Event(contract.Server, tick)) // at any time
	assert.NoError(t, s.Enter("a"))
	assert.NoError(t, s.Event(contract.Client, tock))
	assert.NoError(t, s.Enter("stop"))
	violation(t, s.Event(contract.Client, tick), contract.Client, contract.EventMessage, "stop")
}

// Replies without states leave open where the conversation is, until something tells.
func TestSessionAnswer(t *testing.T) {
	s := compile(t, talk).Session()
	assert.NoError(t, s.Request(ask(1)))
	assert.NoError(t, s.Answer(term.Atom("no")))
	assert.Equal(t, s.States(), []term.Atom{"b", "stop"})
	assert.NoError(t, s.Request(term.Atom("go"))) // so it was b
	assert.NoError(t, s.Answer(term.Atom("no")))
	assert.Equal(t, s.States(), []term.Atom{"stop"})

	assert.NoError(t, s.Enter("start"))
	assert.NoError(t, s.Request(ask(1)))
	violation(t, s.Answer(term.Atom("perhaps")), contract.Server, contract.ReplyMessage, "start")
	assert.Equal(t, s.States(), []term.Atom{"start"})
}

func TestStatelessContract(t *testing.T) {
	k := compile(t, "+NAME(\"t\").\n+VSN(\"1\").\n+TYPES a() :: a.\n+ANYSTATE a() => a().\n")
	s := k.Session()
	assert.Equal(t, s.State(), contract.None)
	assert.NoError(t, s.Request(term.Atom("a")))
	assert.NoError(t, s.Reply(term.Atom("a"), contract.None))
	var v *contract.Violation
	if err := s.Request(term.Atom("b")); !errors.As(err, &v) || term.String(v.Expect) != "[]" {
		t.Errorf("%v", err)
	}
}

// A state with many requests finds its rules by their tags; the candidates are those of a state with few.
func TestManyRequests(t *testing.T) {
	var types, rules []string
	for i := range 40 {
		types = append(types, fmt.Sprintf("q%d() :: {q%d, integer()} | a%d | {both, %d..%d}", i, i, i%3, i, i+1))
		rules = append(rules, fmt.Sprintf("q%d() => ok() & s", i))
	}
	types = append(types, "num() :: 1..5", "flag() :: true", "ok() :: ok")
	rules = append(rules, "num() => ok() & s", "flag() => ok() & s")
	k := compile(t, "+NAME(\"t\").\n+VSN(\"1\").\n+TYPES "+strings.Join(types, ";")+".\n+STATE s "+strings.Join(rules, ";")+".\n")
	for _, q := range []term.Term{
		term.Tuple{term.Atom("q7"), int64(1)},
		term.Tuple{term.Atom("q7"), term.Atom("x")},
		term.Tuple{term.Atom("both"), int64(5)},
		term.Atom("a1"), term.Atom("a9"), int64(3), int64(9), true, term.Atom("true"),
		term.Tuple{},
		term.Tuple{int64(1)},
		term.List{},
		term.Tuple{term.Atom("q7"), int64(1), int64(2)},
	} {
		var want, got []string
		for _, r := range k.Contract().State("s").Rules {
			if k.Is(r.Message.Name, q) {
				want = append(want, r.Message.Name)
			}
		}
		s := k.Session()
		if err := s.Request(q); (err == nil) != (len(want) > 0) {
			t.Errorf("%v: %v", q, err)
		}
		for _, c := range s.Outcomes() {
			got = append(got, c.Request.Name)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%v: %v, want %v", q, got, want)
		}
	}
}

func TestServices(t *testing.T) {
	var all contract.Services
	k := compile(t, talk)
	assert.NoError(t, all.Add(k))
	if err := all.Add(compile(t, talk)); err == nil {
		t.Error("two contracts of one name are taken")
	}
	assert.Equal(t, all.Names(), []string{"talk"})
	assert.Equal(t, all.Lookup("talk") == k && all.Lookup("walk") == nil, true)
}

func TestNothingIsAllocatedForGoodMessages(t *testing.T) {
	c, err := contract.ParseFile("testdata/file_server.con")
	assert.NoError(t, err)
	k := compiled(t, c)
	var open, line term.Term = term.Tuple{term.Atom("open"), ubfString("a file of some name"), term.Atom("read")}, term.Atom("eof")
	var opened, read term.Term = term.Tuple{term.Atom("ok"), int64(7)}, term.Tuple{term.Atom("read_line"), int64(7)}
	s := k.Session()
	n := testing.AllocsPerRun(100, func() {
		_ = k.Is("open", open)
		for _, err := range [...]error{
			s.Enter("start"), s.Request(open), s.Reply(opened, "ready"), s.Request(read), s.Reply(line, "atEof"),
		} {
			if err != nil {
				t.Fatal(err)
			}
		}
	})
	if n > 0.5 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkFourFields(b *testing.B) {
	k := compile(b, "+NAME(\"t\").\n+VSN(\"1\").\n+TYPES q() :: {transfer, name(), name(), 1..1000000}; name() :: atom(nonempty).\n")
	var q term.Term = term.Tuple{term.Atom("transfer"), term.Atom("joe"), term.Atom("robert"), int64(100)}
	b.ReportAllocs()
	for b.Loop() {
		if !k.Is("q", q) {
			b.Fatal("no")
		}
	}
}

func BenchmarkConversation(b *testing.B) {
	c, err := contract.ParseFile("testdata/file_server.con")
	if err != nil {
		b.Fatal(err)
	}
	s := compiled(b, c).Session()
	var open, opened term.Term = term.Tuple{term.Atom("open"), ubfString("foo.dat"), term.Atom("read")}, term.Tuple{term.Atom("ok"), int64(7)}
	b.ReportAllocs()
	for b.Loop() {
		if s.Enter("start") != nil || s.Request(open) != nil || s.Reply(opened, "ready") != nil {
			b.Fatal("no")
		}
	}
}
