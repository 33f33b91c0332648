package contract_test

import (
	"encoding/xml"
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/kista-go/kista/contract"
	"github.com/kista-go/kista/term"
)

func checkXML(t testing.TB, text string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(text))
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
	}
}

// FuzzParse reads anything in every notation. What is taken is printed so that UBF 2.x takes it, and read back to the same; what is
// not has a place.
func FuzzParse(f *testing.F) {
	var v malformed
	load(f, "contract_malformed.json", &v)
	for _, c := range v.Cases {
		f.Add(bytesOf(f, c.Contract))
	}
	for _, name := range []string{"file_server.con", "file_server_slides.con"} {
		src, err := os.ReadFile("testdata/" + name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(src)
	}
	f.Add([]byte("+NAME(\"irc\").\n+VSN(\"ubf1.0\").\n+TYPES nick() = string() \"who\"; n() = int().\n+STATE s {join, nick()} => n() & s.\n+ANYSTATE n() => n().\n"))
	f.Fuzz(func(t *testing.T, src []byte) {
		for _, dialect := range []contract.Dialect{contract.Auto, contract.UBF2, contract.UBF1, contract.Slides} {
			c, err := contract.Parser{Dialect: dialect}.Parse("f.con", src)
			var perr *contract.ParseError
			if err != nil {
				if !errors.As(err, &perr) || len(perr.Diagnostics) == 0 || !strings.HasPrefix(err.Error(), "contract: ") {
					t.Fatalf("%v: %T %v", dialect, err, err)
				}
				continue
			}
			text := c.String()
			back, err := contract.Parser{Dialect: contract.UBF2}.Parse("f.con", []byte(text))
			if err != nil {
				t.Fatalf("%v: %v in\n%s\nfrom\n%s", dialect, err, text, src)
			}
			if back.String() != text || !term.Identical(back.Term(), c.Term()) {
				t.Fatalf("%v: read back\n%s\nprinted\n%s", dialect, back, text)
			}
			again, err := contract.Parse("f.con", c.Format())
			if err != nil || again.String() != text {
				t.Fatalf("%v: formatted %v\n%s", dialect, err, c.Format())
			}
			if _, err := contract.Compile(c); err != nil {
				t.Fatal(err)
			}
			if len(src) < 1000 {
				contract.Analyse(c)
				_ = c.Mermaid()
				checkXML(t, string(c.SVG()))
			}
		}
	})
}

// FuzzCheck checks almost valid messages: values of a type with parts replaced. The compiled checker agrees with one that walks the
// tree, and sessions blame without failing.
func FuzzCheck(f *testing.F) {
	file, err := contract.ParseFile("testdata/file_server.con")
	if err != nil {
		f.Fatal(err)
	}
	k := compiled(f, file)
	f.Fuzz(rapid.MakeFuzz(func(t *rapid.T) {
		s := k.Session()
		for range rapid.IntRange(1, 6).Draw(t, "messages") {
			d := rapid.SampledFrom(file.Types).Draw(t, "type")
			v := genValue(t, file, d.Type, 6)
			if want := (naive{file}).is(&contract.Ref{Name: d.Name}, v, 1); k.Is(d.Name, v) != want || (k.Match(d.Name, v) == nil) != want {
				t.Fatalf("%s: %v: want %v", d, v, want)
			}
			_, pending := s.Pending()
			var err error
			if before := s.State(); pending {
				next := rapid.SampledFrom([]term.Atom{"start", "ready", "atEof", "stop", "nowhere"}).Draw(t, "next")
				if err = s.Reply(v, next); err == nil && s.State() != next || err != nil && s.State() != before {
					t.Fatalf("%v after %v with %v in state %v: %v", s.State(), v, next, before, err)
				}
			} else if err = s.Request(v); s.State() != before {
				t.Fatal("a request has changed the state")
			}
			var bad *contract.Violation
			if err != nil && (!errors.As(err, &bad) || bad.Blame == contract.Server != pending || err.Error() == "") {
				t.Fatalf("%T %v", err, err)
			}
		}
	}))
}
