package jsf_test

import (
	"bytes"
	"errors"
	"io"
	"math"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"

	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/jsf"
	"github.com/kista-go/kista/term"
	"github.com/kista-go/kista/ubfa"
)

func TestFloats(t *testing.T) {
	for f, want := range map[float64]string{
		0: "0.0", math.Copysign(0, -1): "0.0", 1: "1.0", -2.5: "-2.5", 0.1: "0.1", 1e-6: "0.000001", 1e-7: "1.0e-7", 1.25e-7: "1.25e-7",
		100: "100.0", 1e5: "100000.0", 1e6: "1.0e+6", 123456789: "123456789.0", 1.5e9: "1.5e+9", 1.5e6: "1500000.0", 1e21: "1.0e+21",
		12345.678: "12345.678", math.MaxFloat64: "1.7976931348623157e+308", math.SmallestNonzeroFloat64: "5.0e-324",
	} {
		b, err := jsf.Encode(f)
		assert.NoError(t, err)
		assert.Equal(t, string(b), want)
		back, err := jsf.DecodeAll(b)
		assert.NoError(t, err)
		assert.Equal(t, back.(float64), f)
	}
}

// What was written reads back as it was, whatever it is.
func TestRoundTrip(t *testing.T) {
	var gen func(depth int) *rapid.Generator[term.Term]
	gen = func(depth int) *rapid.Generator[term.Term] {
		return rapid.Custom(func(t *rapid.T) term.Term {
			text := rapid.String()
			leaves := []func() term.Term{
				func() term.Term { return rapid.Int64().Draw(t, "int") },
				func() term.Term { return rapid.Float64Range(-1e300, 1e300).Draw(t, "float") },
				func() term.Term { return term.Binary(text.Draw(t, "binary")) },
				func() term.Term { return term.Atom(text.Draw(t, "atom")) },
				func() term.Term { return ubfa.String(text.Draw(t, "string")).Term() },
			}
			if depth > 0 {
				some := rapid.SliceOfN(gen(depth-1), 0, 4)
				leaves = append(leaves,
					func() term.Term { return term.List(some.Draw(t, "list")) },
					func() term.Term { return term.Tuple(some.Draw(t, "tuple")) },
					func() term.Term {
						p := ubfa.PropList{}
						for _, v := range some.Draw(t, "values") {
							p = append(p, term.Pair{Key: term.Binary("k" + text.Draw(t, "key")), Value: v})
						}
						return p.Term()
					})
			}
			return rapid.SampledFrom(leaves).Draw(t, "leaf")()
		})
	}
	rapid.Check(t, func(t *rapid.T) {
		x := gen(4).Draw(t, "term")
		b, err := jsf.Encode(x)
		if err != nil {
			t.Fatal(err)
		}
		back, err := jsf.DecodeAll(b)
		if f, is := x.(float64); is && f == 0 {
			return // 0.0 has one form
		}
		if err != nil || !term.Equal(back, x) {
			t.Fatalf("%s: %v, %v, want %v", b, back, err, x)
		}
	})
}

func TestRefusals(t *testing.T) {
	deep := strings.Repeat("[", 10_001) + strings.Repeat("]", 10_001)
	for text, want := range map[string]struct {
		kind error
		at   int64
		lim  jsf.Limits
	}{
		"":                        {kind: jsf.ErrTruncated, at: 0},
		" \n":                     {kind: jsf.ErrTruncated, at: 2},
		"[1,2":                    {kind: jsf.ErrTruncated, at: 4},
		`"abc`:                    {kind: jsf.ErrTruncated, at: 4},
		`"\u12`:                   {kind: jsf.ErrTruncated, at: 5},
		"tru":                     {kind: jsf.ErrTruncated, at: 3},
		"-":                       {kind: jsf.ErrTruncated, at: 1},
		"1.":                      {kind: jsf.ErrTruncated, at: 2},
		"trux":                    {kind: jsf.ErrMalformed, at: 0},
		"1 2":                     {kind: jsf.ErrTrailing, at: 2},
		"[,1]":                    {kind: jsf.ErrMalformed, at: 1},
		"[1,,2]":                  {kind: jsf.ErrMalformed, at: 3},
		"[1 2]":                   {kind: jsf.ErrMalformed, at: 3},
		"{1:2}":                   {kind: jsf.ErrMalformed, at: 1},
		`{"a"}`:                   {kind: jsf.ErrMalformed, at: 4},
		`{"a":}`:                  {kind: jsf.ErrMalformed, at: 5},
		`{,}`:                     {kind: jsf.ErrMalformed, at: 1},
		"[\xff]":                  {kind: jsf.ErrMalformed, at: 1},
		"\"a\xc3(\"":              {kind: jsf.ErrMalformed, at: 2},
		`"\x41"`:                  {kind: jsf.ErrMalformed, at: 1},
		`"\ud800"`:                {kind: jsf.ErrMalformed, at: 1},
		`"\ud800x"`:               {kind: jsf.ErrMalformed, at: 1},
		`"\udc00\ud800"`:          {kind: jsf.ErrMalformed, at: 1},
		`"\u00zz"`:                {kind: jsf.ErrMalformed, at: 1},
		"-01":                     {kind: jsf.ErrMalformed, at: 0},
		"1e999":                   {kind: jsf.ErrMalformed, at: 0},
		"1ex":                     {kind: jsf.ErrMalformed, at: 2},
		".5":                      {kind: jsf.ErrMalformed, at: 0},
		deep:                      {kind: jsf.ErrLimit, at: 10_000},
		`[1,2,3]`:                 {kind: jsf.ErrLimit, at: 5, lim: jsf.Limits{Terms: 3}},
		`[[1],[[2]]]`:             {kind: jsf.ErrLimit, at: 6, lim: jsf.Limits{Depth: 2}},
		`"0123456789"`:            {kind: jsf.ErrLimit, at: 8, lim: jsf.Limits{Bytes: 8}},
		"12345":                   {kind: jsf.ErrLimit, at: 0, lim: jsf.Limits{Digits: 4}},
		`[{"$A":"a"},{"$A":"b"}]`: {kind: jsf.ErrLimit, at: 12, lim: jsf.Limits{Atoms: 1}},
		`{"$S":"abcdef"}`:         {kind: jsf.ErrLimit, at: 0, lim: jsf.Limits{Terms: 6}},
		`{"$R":1}`:                {kind: jsf.ErrMalformed, at: 0},
		`{"$R":"foo"}`:            {kind: jsf.ErrMalformed, at: 0},
		`{"$R":"foo","x":1}`:      {kind: jsf.ErrMalformed, at: 0},
		`{"$R":"foo","attribute1":1,"attribute1":2}`: {kind: jsf.ErrMalformed, at: 0},
		`{"$A":"` + strings.Repeat("x", 256) + `"}`:  {kind: jsf.ErrMalformed, at: 0},
	} {
		x, err := jsf.Decoder{Limits: want.lim, Records: records}.DecodeAll([]byte(text))
		var e *jsf.DecodeError
		if !errors.As(err, &e) || !errors.Is(err, want.kind) || e.Offset != want.at || x != nil {
			t.Errorf("%.40q: %v, %v; want %v at %d", text, x, err, want.kind, want.at)
		}
	}
	_, err := jsf.Decoder{Safe: func(a term.Atom) bool { return a == "ok" }}.DecodeAll([]byte(`[{"$A":"ok"},true,null,{"$A":"no"}]`))
	assert.ErrorIs(t, err, jsf.ErrUnsafe)
}

func TestUnencodable(t *testing.T) {
	for text, path := range map[string]string{
		"[a,#{}]": "[1]", "{a,{b,<<1:3>>}}": "[1][1]", "{'#P',[{<<\"k\">>,#{}}]}": ".k", "{'#P',[{1,2}]}": "", "{'#P',[{<<\"$A\">>,<<\"x\">>}]}": "",
		"{'#P',[{<<\"$R\">>,1},{<<\"x\">>,1}]}": "", "{foo,<<255>>}": "[1]", "'\\x{d8}'": "?",
	} {
		x, err := term.Parse(text)
		assert.NoError(t, err)
		_, err = jsf.Encoder{Records: records}.Encode(x)
		if path == "?" {
			assert.NoError(t, err)
			continue
		}
		e := assert.ErrorAs[*jsf.EncodeError](t, err)
		assert.Equal(t, e.Path, path)
	}
	var x term.Term = 1
	for range 20_000 {
		x = term.List{x}
	}
	_, err := jsf.Encode(x)
	assert.ErrorIs(t, err, jsf.ErrLimit)
	_, err = jsf.Encode(math.NaN())
	assert.ErrorAs[*jsf.EncodeError](t, err)
	_, err = jsf.Encode(struct{}{})
	assert.ErrorAs[*jsf.EncodeError](t, err)
}

func TestStream(t *testing.T) {
	const text = " {\"$A\":\"ok\"}\n[1,\"]\\\"\"] 12\n\"a\\\\\"true false[{}]-3.5\n\n"
	want := `[ok,[1,<<"]\"">>],12,<<"a\\">>,true,false,[{'#P',[]}],-3.5]`
	for name, r := range map[string]io.Reader{
		"at once": strings.NewReader(text), "by the byte": iotest.OneByteReader(strings.NewReader(text)), "with the end": iotest.DataErrReader(strings.NewReader(text)),
	} {
		in := jsf.NewReader(r)
		var all term.List
		for {
			x, err := in.ReadTerm()
			if errors.Is(err, io.EOF) {
				break
			}
			assert.NoError(t, err)
			all = append(all, x)
		}
		if !term.Identical(all, parse(t, want)) {
			t.Errorf("%s: %s", name, term.Format(all))
		}
	}
	for text, at := range map[string]int64{"1\n[2,x]\n3": 5, "1 [2": 4, "1 }": 2, `1 "x`: 4, "1 nul": 5} {
		in := jsf.NewReader(iotest.OneByteReader(strings.NewReader(text)))
		_, err := in.ReadTerm()
		assert.NoError(t, err)
		_, err = in.ReadTerm()
		e := assert.ErrorAs[*jsf.DecodeError](t, err)
		assert.Equal(t, e.Offset, at)
		_, again := in.ReadTerm()
		assert.Equal(t, again.Error(), err.Error())
	}
	in := jsf.NewReader(strings.NewReader(strings.Repeat(" ", 1000) + `"` + strings.Repeat("x", 1<<20)))
	in.Decoder.Limits.Bytes = 1000
	_, err := in.ReadTerm()
	assert.ErrorIs(t, err, jsf.ErrLimit)
	var out bytes.Buffer
	w := jsf.NewWriter(&out)
	w.Limit = 10
	assert.NoError(t, w.WriteTerm(term.Atom("ok")[:0]))
	assert.ErrorIs(t, w.WriteTerm(term.Binary("0123456789")), jsf.ErrLimit)
	assert.NoError(t, w.WriteTerm(term.List{1}))
	assert.Equal(t, out.String(), "{\"$A\":\"\"}\n[1]\n")
}

func FuzzDecode(f *testing.F) {
	for _, e := range load(f).Decode {
		f.Add([]byte(e.JSON))
	}
	for _, e := range load(f).Encode {
		f.Add([]byte(e.JSON))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		dec := jsf.Decoder{Records: records, Limits: jsf.Limits{Bytes: 1 << 16, Terms: 1 << 16}}
		x, used, err := dec.Decode(b)
		if err != nil {
			var e *jsf.DecodeError
			if !errors.As(err, &e) || e.Offset < 0 || e.Offset > int64(len(b)) {
				t.Fatalf("%q: %v", b, err)
			}
			return
		}
		again, err := jsf.NewReader(bytes.NewReader(b[:used])).ReadTerm()
		if err == nil && !term.Identical(again, x) {
			t.Fatalf("%q: as a stream it is %v", b, again)
		}
		text, err := jsf.Encoder{Records: records}.Encode(x)
		if err != nil {
			return // $A and the like as keys that are not alone
		}
		back, err := dec.DecodeAll(text)
		if err != nil && !errors.Is(err, jsf.ErrLimit) || err == nil && !term.Equal(back, x) {
			t.Fatalf("%q: %s: %v, %v", b, text, back, err)
		}
	})
}

func BenchmarkEncode(b *testing.B) {
	x := sample(b)
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		buf, _ = jsf.Encoder{}.Append(buf[:0], x)
	}
	b.SetBytes(int64(len(buf)))
}

func BenchmarkDecode(b *testing.B) {
	text, err := jsf.Encode(sample(b))
	assert.NoError(b, err)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		_, _ = jsf.DecodeAll(text)
	}
}

func sample(b *testing.B) term.Term {
	b.Helper()
	l := term.List{}
	for i := range 100 {
		l = append(l, ubfa.PropList{
			{Key: term.Binary("id"), Value: i},
			{Key: term.Binary("name"), Value: term.Binary("person " + strconv.Itoa(i))},
			{Key: term.Binary("score"), Value: float64(i) / 7},
			{Key: term.Binary("ok"), Value: true},
		}.Term())
	}
	return l
}
