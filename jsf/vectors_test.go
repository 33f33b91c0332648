package jsf_test

import (
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/jsf"
	"github.com/kista-go/kista/term"
)

// The records of the contract that the vectors were made with.
var records = jsf.NewRecords(
	jsf.Record{Name: "foo", Fields: []string{"attribute1"}},
	jsf.Record{Name: "dummyrecord", Fields: []string{"foo", "bar"}},
	jsf.Record{Name: "dummy5", Fields: []string{"hoge1", "hoge2", "hoge3", "hoge4"}},
)

// vectors is testdata/jsf.json: golden data made by ubf-jsonrpc on Erlang/OTP 25. Its texts show each byte as a character.
type vectors struct {
	Encode []struct {
		Erlang, JSON string
		Redecode     json.RawMessage
	}
	Errors []struct{ Name, Result string } `json:"encode_errors"`
	Decode []struct{ JSON, Result string }
}

func load(t testing.TB) (v vectors) {
	t.Helper()
	b, err := os.ReadFile("testdata/jsf.json")
	assert.NoError(t, err)
	assert.NoError(t, json.Unmarshal(b, &v))
	return v
}

// latin1 are the bytes that a text shows.
func latin1(t testing.TB, s string) []byte {
	t.Helper()
	var b []byte
	for _, r := range s {
		assert.True(t, r < 256, "%q is not Latin-1", r)
		b = append(b, byte(r))
	}
	return b
}

func parse(t testing.TB, text string) term.Term {
	t.Helper()
	x, err := term.Parse(text)
	assert.NoError(t, err)
	return x
}

func TestVectorsEncode(t *testing.T) {
	enc, dec := jsf.Encoder{Records: records}, jsf.Decoder{Records: records}
	v := load(t)
	for _, e := range v.Encode {
		x := parse(t, e.Erlang)
		want := latin1(t, e.JSON)
		got, err := enc.Encode(x)
		if err != nil || string(got) != string(want) {
			t.Errorf("%s: %v\n got %s\nwant %s", e.Erlang, err, got, want)
		}
		again, err := dec.DecodeAll(want)
		if err != nil || e.Redecode == nil && !term.Identical(again, x) {
			t.Errorf("%s: read back as %v, %v", want, again, err)
		}
	}
	refused := map[string]term.Term{
		"lone latin-1 byte in a binary": term.Binary("\xe9"),
		"lone latin-1 byte in a string": parse(t, `{'#S',[233]}`),
		"improper list":                 parse(t, `[1|2]`),
		"pid":                           term.PID{Node: "nonode@nohost", ID: 9},
		"map":                           parse(t, `#{a => 1}`),
	}
	for _, e := range v.Errors {
		x, known := refused[e.Name]
		assert.True(t, known, "what is %q?", e.Name)
		b, err := enc.Encode(x)
		assert.ErrorAs[*jsf.EncodeError](t, err)
		assert.Equal(t, len(b), 0)
	}
	t.Logf("jsf.json, encode: %d the same bytes, %d refused", len(v.Encode), len(v.Errors))
}

func TestVectorsDecode(t *testing.T) {
	counts := map[string]int{}
	for _, e := range load(t).Decode {
		got, err := jsf.Decoder{Records: records}.DecodeAll(latin1(t, e.JSON))
		kind, text, _ := strings.Cut(e.Result, " ")
		switch kind {
		case "done":
			if want := parse(t, text); err != nil || !term.Identical(got, want) {
				t.Errorf("%s: %v, %v, want %v", e.JSON, got, err, want)
			}
		case "more", "error", "exit": // the original waits, closes the connection, or crashes
			if !errors.Is(err, jsf.ErrMalformed) {
				t.Errorf("%s: %v, %v, want an error", e.JSON, got, err)
			}
		default:
			t.Errorf("result %q", e.Result)
		}
		counts[kind]++
	}
	t.Logf("jsf.json, decode: %v", counts)
}
