package ubfa_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"os"
	"strings"
	"testing"

	"github.com/kista-go/kista/term"
	"github.com/kista-go/kista/ubfa"
)

// vectors is testdata/ubfa.json: golden data made by UBF 2.2.4 on Erlang/OTP 25.
type vectors struct {
	Encode, Unencodable, Decode []vector
}

type vector struct {
	Name   string
	Term   json.RawMessage
	Erlang string
	Hex    string
	Text   string
	Error  string
	Result string
	Rest   string `json:"rest_hex"`
	Again  *struct {
		Result string
		Term   json.RawMessage
	} `json:"redecode"`
}

func load(t testing.TB) vectors {
	t.Helper()
	b, err := os.ReadFile("testdata/ubfa.json")
	if err != nil {
		t.Fatal(err)
	}
	var v vectors
	if err := json.Unmarshal(b, &v); err != nil {
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

// termOf builds the term that a vector describes.
func termOf(t testing.TB, raw json.RawMessage) term.Term {
	t.Helper()
	var v struct {
		Int, Atom, String *string
		Binary            *string `json:"binary_hex"`
		List, Tuple, Cons []json.RawMessage
		Tag               *string
		Of                json.RawMessage
	}
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatalf("%s: %v", raw, err)
	}
	all := func(raws []json.RawMessage) []term.Term {
		out := []term.Term{}
		for _, r := range raws {
			out = append(out, termOf(t, r))
		}
		return out
	}
	switch {
	case v.Int != nil:
		n, ok := new(big.Int).SetString(*v.Int, 10)
		if !ok {
			t.Fatalf("integer %s", raw)
		}
		return term.Canonical(n)
	case v.Atom != nil:
		return term.Atom(*v.Atom)
	case v.String != nil:
		return term.Tuple{term.Atom("#S"), term.Charlist(*v.String)}
	case v.Binary != nil:
		return term.Binary(unhex(t, *v.Binary))
	case v.List != nil:
		return term.List(all(v.List))
	case v.Tuple != nil:
		return term.Tuple(all(v.Tuple))
	case v.Cons != nil:
		return term.Cons(term.List{termOf(t, v.Cons[0])}, termOf(t, v.Cons[1]))
	case v.Tag != nil:
		return term.Tuple{term.Atom("$TYPE"), term.Charlist(*v.Tag), termOf(t, v.Of)}
	}
	t.Fatalf("no term: %s", raw)
	return nil
}

// bug reports whether the encoder of UBF 2.2.4 writes what none reads back: only Compat writes that.
func bug(name string) bool {
	return strings.HasPrefix(name, "improper list") || strings.Contains(name, "45 registers") ||
		strings.Contains(name, "46 registers") || strings.Contains(name, "100 registers") || strings.Contains(name, "260 candidates")
}

func TestVectorsEncode(t *testing.T) {
	same, differ, refused := 0, 0, 0
	for _, v := range load(t).Encode {
		if v.Error != "" {
			if b, err := ubfa.Encode(parse(t, v.Erlang)); err == nil {
				t.Errorf("%s: %s is encoded: %q", v.Name, v.Erlang, b)
			}
			refused++
			continue
		}
		want := unhex(t, v.Hex)
		x := termOf(t, v.Term)
		if got, err := (ubfa.Encoder{Compat: true}).Encode(x); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %s: %v\n got %q\nwant %q", v.Name, v.Erlang, err, got, want)
		}
		if text := term.Format(x); v.Erlang != "" && !term.Identical(parse(t, v.Erlang), x) {
			t.Errorf("%s: %s is not %s", v.Name, text, v.Erlang)
		}
		got, err := ubfa.Encode(x)
		switch {
		case !bug(v.Name):
			same++
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("%s: %s: %v\n got %q\nwant %q", v.Name, v.Erlang, err, got, want)
			}
			decodesTo(t, want, x)
		case strings.HasPrefix(v.Name, "improper"):
			differ++
			if err == nil {
				t.Errorf("%s: encoded without Compat: %q", v.Name, got)
			}
		default:
			differ++
			if err != nil || bytes.Equal(got, want) {
				t.Errorf("%s: %v, and the same as UBF 2.2.4 writes", v.Name, err)
			}
			decodesTo(t, got, x)
		}
	}
	t.Logf("ubfa.json, encode: %d the same bytes, %d the same with Compat only (improper lists; register 45), %d refused by both", same, differ, refused)
}

func decodesTo(t *testing.T, b []byte, want term.Term) {
	t.Helper()
	got, used, err := ubfa.Decode(b)
	if err != nil || used != len(b) || !term.Identical(got, want) {
		t.Errorf("%q: %v, %d of %d bytes, %v\nwant %v", b, err, used, len(b), got, want)
	}
}

func parse(t testing.TB, text string) term.Term {
	t.Helper()
	x, err := term.Parse(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return x
}

func TestVectorsUnencodable(t *testing.T) {
	n := 0
	for _, v := range load(t).Unencodable {
		var x term.Term = term.PID{Node: "nonode@nohost", ID: 9}
		if v.Name != "pid" {
			x = parse(t, v.Erlang)
		}
		var refusal *ubfa.EncodeError
		if b, err := ubfa.Encode(x); !errors.As(err, &refusal) || b != nil {
			t.Errorf("%s: %s: %q, %v", v.Name, v.Erlang, b, err)
		}
		if b, err := (ubfa.Encoder{Compat: true}).Encode(x); !errors.As(err, &refusal) || b != nil {
			t.Errorf("%s: %s, Compat: %q, %v", v.Name, v.Erlang, b, err)
		}
		n++
	}
	t.Logf("ubfa.json, unencodable: %d refused", n)
}

func TestVectorsDecode(t *testing.T) {
	counts := map[string]int{}
	for _, v := range load(t).Decode {
		b := unhex(t, v.Hex)
		got, used, err := ubfa.Decoder{Compat: true}.Decode(b)
		switch v.Result {
		case "done":
			want := termOf(t, v.Term)
			if err != nil || !term.Identical(got, want) || fmt.Sprintf("%x", b[used:]) != v.Rest {
				t.Errorf("%s: %q: %v, %v, rest %q", v.Name, b, got, err, b[used:])
			}
			strict, n, serr := ubfa.Decode(b)
			if serr == nil && (!term.Identical(strict, want) || n != used) {
				t.Errorf("%s: strictly %v, %d bytes of %d", v.Name, strict, n, used)
			}
			if serr != nil {
				counts["done, strictly refused"]++
				t.Logf("stricter than UBF 2.2.4: %q: %v (%s)", b, serr, v.Name)
			}
		case "more":
			// It waits. We say that the message is cut short, or that it can never become one.
			if !errors.Is(err, ubfa.ErrTruncated) && !errors.Is(err, ubfa.ErrLimit) {
				t.Errorf("%s: %q: %v, %v", v.Name, b, got, err)
			}
			if _, _, err := ubfa.Decode(b); err == nil {
				t.Errorf("%s: %q is decoded", v.Name, b)
			}
		case "error":
			if !errors.Is(err, ubfa.ErrMalformed) {
				t.Errorf("%s: %q: %v, %v", v.Name, b, got, err)
			}
			if _, _, err := ubfa.Decode(b); !errors.Is(err, ubfa.ErrMalformed) {
				t.Errorf("%s: %q strictly: %v", v.Name, b, err)
			}
		default:
			t.Errorf("%s: result %q", v.Name, v.Result)
		}
		counts[v.Result]++
	}
	t.Logf("ubfa.json, decode: %v", counts)
}
