package term_test

import (
	"math"
	"math/big"
	"strings"
	"testing"

	"github.com/kista-go/kista/term"
)

func TestFormatAndString(t *testing.T) {
	for _, c := range []struct {
		term         term.Term
		format, text string // text "" where it is the same
	}{
		{term.Tuple{term.Atom("deposit"), term.Charlist("joe"), 5}, "{deposit,[106,111,101],5}", `{deposit,"joe",5}`},
		{term.Binary("joe"), "<<106,111,101>>", `<<"joe">>`},
		{term.Binary("å"), "<<195,165>>", `<<"å"/utf8>>`},
		{term.Binary("\xff"), "<<255>>", ""},
		{term.Binary("a\x00"), "<<97,0>>", ""},
		{term.Binary(""), "<<>>", ""},
		{term.List{}, "[]", ""},
		{term.List{104, "no term"}, "[104,#Go<string>]", ""},
		{term.List{10, 34, 92}, "[10,34,92]", `"\n\"\\"`},
		{term.List{7}, "[7]", ""},
		{term.List{0xD800}, "[55296]", ""},
		{term.Improper{Elems: term.List{1, 2}, Tail: term.Atom("x")}, "[1,2|x]", ""},
		{term.Improper{Elems: term.List{1}, Tail: term.List{2}}, "[1,2]", ""},
		{term.NewMap(term.Pair{Key: term.Atom("b"), Value: 2}, term.Pair{Key: 1, Value: term.Tuple{}}), "#{1 => {},b => 2}", ""},
		{term.BitString("\xff\xff", 11), "<<255,7:3>>", ""},
		{term.Bits{}, "<<>>", ""},
		{term.PID{Node: "a@b", ID: 5, Serial: 1}, "<a@b.5.1>", ""},
		{term.Port{Node: "A b", ID: 5}, "#Port<'A b'.5>", ""},
		{term.NewRef("a@b", 1, 1, 2, 3), "#Ref<a@b.3.2.1>", ""},
		{term.NewRef("a@b", 1), "#Ref<a@b>", ""},
		{term.Export{Module: "lists", Function: "map", Arity: 2}, "fun lists:map/2", ""},
		{term.Export{Module: "Elixir.M", Function: "if", Arity: 0}, "fun 'Elixir.M':'if'/0", ""},
		{term.Fun{Module: "m", OldIndex: 1, OldUniq: 2}, "#Fun<m.1.2>", ""},
		{term.Fun{Module: "Elixir.M 'x' \x00\n"}, `#Fun<Elixir.M 'x' \000\n.0.0>`, ""},
		{true, "true", ""},
		{math.Inf(1), "#Go<+Inf>", ""},
		{nil, "#Go<nil>", ""},
		{(*big.Int)(nil), "#Go<*big.Int>", ""},
		{struct{}{}, "#Go<struct {}>", ""},
	} {
		if c.text == "" {
			c.text = c.format
		}
		if got := term.Format(c.term); got != c.format {
			t.Errorf("Format: %s, want %s", got, c.format)
		}
		if got := term.String(c.term); got != c.text {
			t.Errorf("String: %s, want %s", got, c.text)
		}
	}
}

func TestPrinterLimit(t *testing.T) {
	long := term.Tuple{term.Atom("a"), term.Charlist(strings.Repeat("å", 100)), slicesOf(1000)}
	for limit := 1; limit < 300; limit++ {
		got := term.Printer{Strings: true, Limit: limit}.String(long)
		if len(got) > limit+3 || !strings.HasSuffix(got, "...") || !strings.HasPrefix(term.String(long), got[:len(got)-3]) {
			t.Fatalf("limit %d: %q", limit, got)
		}
	}
	if got := (term.Printer{Limit: 5}).String(12345); got != "12345" {
		t.Errorf("at the limit: %q", got)
	}
}

func slicesOf(n int) term.List {
	l := make(term.List, n)
	for i := range l {
		l[i] = i
	}
	return l
}

func TestPrintsWhatContainsItself(t *testing.T) {
	loop := term.Tuple{nil}
	loop[0] = loop
	if got := (term.Printer{Limit: 50}).String(loop); got != strings.Repeat("{", 50)+"..." {
		t.Errorf("got %q", got)
	}
	if got := term.Format(loop); !strings.Contains(got, "{...}") {
		t.Errorf("no end in %d bytes", len(got))
	}
}

func TestCompareOfWhatContainsItselfPanics(t *testing.T) {
	loop := term.List{nil}
	loop[0] = loop
	for name, f := range map[string]func(){
		"Compare": func() { term.Compare(loop, loop) },
		"Key":     func() { term.Key(loop) },
		"foreign": func() { term.Compare(struct{}{}, 1) },
		"nil":     func() { term.Compare(nil, 1) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s did not panic", name)
				}
			}()
			f()
		}()
	}
}

func TestParse(t *testing.T) {
	for text, want := range map[string]term.Term{
		"-16#ff":                   int64(-255),
		"1_000":                    int64(1000),
		"2#101":                    int64(5),
		"36#z":                     int64(35),
		"1.5e3":                    1500.0,
		"-0.0":                     math.Copysign(0, -1),
		"$a":                       int64('a'),
		`$\n`:                      int64('\n'),
		`$\x{e5}`:                  int64(0xe5),
		`'\x41\101\^A'`:            term.Atom("AA\x01"),
		`"å\"\s"`:                  term.Charlist("å\" "),
		`""`:                       term.List{},
		`<<"ab",1,$c,3:4>>`:        term.BitString("ab\x01c\x30", 36),
		`<<"å"/utf8>>`:             term.Binary("å"),
		`<<"å">>`:                  term.Binary("\xe5"),
		"<<-1>>":                   term.Binary("\xff"),
		"<<1:1,\"a\">>":            term.BitString("\xb0\x80", 9),
		"<<256:16>>":               term.Binary("\x01\x00"),
		"[a|[b|[c]]]":              term.List{term.Atom("a"), term.Atom("b"), term.Atom("c")},
		"[1|2]":                    term.Improper{Elems: term.List{1}, Tail: 2},
		" { a , % comment\n b } .": term.Tuple{term.Atom("a"), term.Atom("b")},
		"#{a => 1, \"b\" => 2}":    term.NewMap(term.Pair{Key: term.Atom("a"), Value: 1}, term.Pair{Key: term.Charlist("b"), Value: 2}),
		"fun 'A':b/3":              term.Export{Module: "A", Function: "b", Arity: 3},

		"\"a\" % one\n\"b\"\"c\"":     term.Charlist("abc"),
		`<<"a" "å"/utf8,"b">>`:        term.Binary("aåb"),
		"<<18446744073709551615:64>>": term.Binary("\xff\xff\xff\xff\xff\xff\xff\xff"),
		"<<-18446744073709551614>>":   term.Binary("\x02"),
		"<<99999999999999999999>>":    term.Binary("\xff"),
	} {
		got, err := term.Parse(text)
		if err != nil || !term.Identical(got, want) {
			t.Errorf("Parse(%s) = %v, %v, want %v", text, got, err, want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, text := range []string{
		"", "{", "{a", "{a,}", "{a b}", "[", "[a|", "[a|b", "[a|b,c]", "[|a]", "A", "_", "if", "a b", "a,b", "'a", `"a`, "\"\xff\"",
		"#{", "#{a}", "#{a =>", "#{a => 1,}", "#{a => 1, a => 2}", "#{5 => 1, 16#5 => 2}", "<<", "<<a>>", "<<1:", "<<1:65>>", "<<1.5>>", "<<\"日\">>", "<<1,>>",
		"1#0", "37#0", "16#", "16#g", "1e5", "1.0e", "1.0e400", "-", "--1", "$", `$\`, `$\x{110000}`, `$\x{d800}`, `$\x{4_1}`, `'\x{d800}'`, "{\"a\" b}", "\"a\" \"b", "<<\"a\" 1>>", "<0.1.2>", "#Ref<0.1>",
		"fun", "fun a", "fun a:b", "fun a:b/-1", "fun a:b/99999999999", strings.Repeat("[", 20000), "'" + strings.Repeat("a", 256) + "'", strings.Repeat("å", 256), "a..", "\x00", strings.Repeat("9", 100_001),
	} {
		if got, err := term.Parse(text); err == nil {
			t.Errorf("Parse(%.40q) = %v, want a refusal", text, got)
		} else if msg := err.Error(); !strings.HasPrefix(msg, "term: syntax error at byte ") {
			t.Errorf("Parse(%.40q): %v", text, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{`{deposit,"joe",#{1 => <<"a",2:3>>},[a|b],'x y',-1.5e3,$\n,fun a:b/1}`, "[", "<<1:", "'\\x{41}'", "16#ff", "#{a=>b}", "% c\na."} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		v, err := term.Parse(text)
		if err != nil {
			return
		}
		for _, printed := range []string{term.Format(v), term.String(v)} {
			back, err := term.Parse(printed)
			if err != nil || !term.Identical(back, v) {
				t.Fatalf("%q parses as %s, which parses as %v, %v", text, printed, back, err)
			}
		}
	})
}
