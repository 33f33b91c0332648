package etf_test

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/big"
	"runtime"
	"strings"
	"testing"

	"github.com/kista-go/kista/etf"
	"github.com/kista-go/kista/term"
)

func TestLimits(t *testing.T) {
	atoms := make(term.List, 20)
	for i := range atoms {
		atoms[i] = term.Atom(fmt.Sprint("atom", i))
	}
	repeated := make(term.List, 1000)
	for i := range repeated {
		repeated[i] = term.Atom("same")
	}
	twoAtoms := term.List{term.Atom("a"), term.Atom("b"), term.Atom("a")}
	for _, c := range []struct {
		name     string
		term     term.Term
		ok, less etf.Limits // the last that takes it, and one that does not
	}{
		{"bytes", term.Binary("abc"), etf.Limits{Bytes: 9}, etf.Limits{Bytes: 8}},
		{"depth of lists", nested(10), etf.Limits{Depth: 10}, etf.Limits{Depth: 9}},
		{"depth of tuples", term.Tuple{term.Tuple{}, term.Tuple{term.Atom("a")}}, etf.Limits{Depth: 2}, etf.Limits{Depth: 1}},
		{"depth of maps", term.NewMap(term.Pair{Key: squares(1), Value: 1}), etf.Limits{Depth: 2}, etf.Limits{Depth: 1}},
		{"no depth", 5, etf.Limits{Depth: -1}, etf.Limits{Depth: -1, Terms: -1}},
		{"terms", term.Tuple{term.Atom("a"), term.List{1, 300}}, etf.Limits{Terms: 6}, etf.Limits{Terms: 5}},
		{"terms of a string", term.List{1, 2, 3}, etf.Limits{Terms: 4}, etf.Limits{Terms: 3}},
		{"terms of a map", squares(3), etf.Limits{Terms: 7}, etf.Limits{Terms: 6}},
		{"few atoms", twoAtoms, etf.Limits{Atoms: 2}, etf.Limits{Atoms: 1}},
		{"many atoms", atoms, etf.Limits{Atoms: 20}, etf.Limits{Atoms: 19}},
		{"the same atom", repeated, etf.Limits{Atoms: 1}, etf.Limits{Atoms: -1}},
		{"integer", new(big.Int).Lsh(big.NewInt(1), 8*300), etf.Limits{BigBytes: 301}, etf.Limits{BigBytes: 300}},
		{"small integer", int64(1 << 40), etf.Limits{BigBytes: 6}, etf.Limits{BigBytes: 5}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := encode(t, c.term)
			if got, err := (etf.Decoder{Limits: c.ok}).DecodeAll(b); err != nil || !term.Identical(got, c.term) {
				t.Errorf("%+v: %v", c.ok, err)
			}
			if got, err := (etf.Decoder{Limits: c.less}).DecodeAll(b); !errors.Is(err, etf.ErrLimit) {
				t.Errorf("%+v: %v, %v, want ErrLimit", c.less, got, err)
			}
		})
	}
}

func TestDefaultLimits(t *testing.T) {
	if _, err := etf.DecodeAll(raw(t, nested(10_000))); err != nil {
		t.Errorf("10000 levels: %v", err)
	}
	if _, err := etf.DecodeAll(raw(t, nested(10_001))); !errors.Is(err, etf.ErrLimit) {
		t.Errorf("10001 levels: %v", err)
	}
	huge := raw(t, nested(100_001))
	if _, err := (etf.Decoder{Limits: etf.Limits{Depth: math.MaxInt}}).DecodeAll(huge); !errors.Is(err, etf.ErrLimit) {
		t.Errorf("100001 levels: %v", err)
	}
	many := append([]byte{131, 108, 0, 0x50, 0, 0}, bytes.Repeat([]byte{106}, 0x500001)...)
	if _, err := etf.DecodeAll(many); !errors.Is(err, etf.ErrLimit) {
		t.Errorf("5 million terms: %v", err)
	}
}

// raw encodes nested one-element lists without the encoder's own limit.
func raw(t *testing.T, v term.Term) []byte {
	t.Helper()
	b := []byte{131}
	depth := 0
	for {
		l := v.(term.List)
		if len(l) == 0 {
			break
		}
		b = append(b, 108, 0, 0, 0, 1)
		v = l[0]
		depth++
	}
	return append(b, bytes.Repeat([]byte{106}, depth+1)...)
}

func compressed(size uint32, data []byte) []byte {
	var z bytes.Buffer
	w := zlib.NewWriter(&z)
	w.Write(data)
	w.Close()
	return append(binary.BigEndian.AppendUint32([]byte{131, 80}, size), z.Bytes()...)
}

func TestCompressed(t *testing.T) {
	bin := append([]byte{109, 0, 1, 0, 0}, make([]byte, 1<<16)...)
	size := uint32(len(bin))
	good := compressed(size, bin)
	if got, used, err := etf.Decode(append(bytes.Clone(good), 1, 2, 3)); err != nil || used != len(good) || len(got.(term.Binary)) != 1<<16 {
		t.Errorf("used %d of %d, %v", used, len(good), err)
	}
	lim := func(l etf.Limits) etf.Decoder { return etf.Decoder{Limits: l} }
	for name, c := range map[string]struct {
		d    etf.Decoder
		b    []byte
		want error
	}{
		"trailing":             {etf.Decoder{}, append(bytes.Clone(good), 0), etf.ErrTrailing},
		"trailing inside":      {etf.Decoder{}, compressed(size+1, append(bytes.Clone(bin), 0)), etf.ErrTrailing},
		"claims less":          {etf.Decoder{}, compressed(size-1, bin), etf.ErrMalformed},
		"claims more":          {etf.Decoder{}, compressed(size+1, bin), etf.ErrMalformed},
		"cut":                  {etf.Decoder{}, good[:len(good)-1], etf.ErrMalformed},
		"checksum":             {etf.Decoder{}, append(bytes.Clone(good[:len(good)-1]), good[len(good)-1]^1), etf.ErrMalformed},
		"over the limit":       {lim(etf.Limits{Inflated: len(bin) - 1}), good, etf.ErrLimit},
		"bomb that lies":       {lim(etf.Limits{Inflated: 1000}), compressed(999, bin), etf.ErrMalformed},
		"not allowed":          {lim(etf.Limits{Inflated: -1}), good, etf.ErrLimit},
		"longer than Bytes":    {lim(etf.Limits{Bytes: len(good) - 1}), good, etf.ErrLimit},
		"malformed inside":     {etf.Decoder{}, compressed(2, []byte{1, 1}), etf.ErrMalformed},
		"cut inside":           {etf.Decoder{}, compressed(1, []byte{97}), etf.ErrTruncated},
		"unsafe inside":        {etf.Decoder{Safe: &etf.Safe{}}, compressed(3, []byte{119, 1, 'a'}), etf.ErrUnsafe},
		"terms counted inside": {lim(etf.Limits{Terms: 2}), compressed(6, []byte{107, 0, 3, 1, 2, 3}), etf.ErrLimit},
		"claims 4 GB":          {lim(etf.Limits{Inflated: math.MaxInt}), append([]byte{131, 80, 255, 255, 255, 255}, good[6:]...), etf.ErrMalformed},
	} {
		if got, err := c.d.DecodeAll(c.b); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, %v, want %v", name, got, err, c.want)
		}
	}
	if _, err := lim(etf.Limits{Inflated: len(bin), Bytes: len(good)}).DecodeAll(good); err != nil {
		t.Errorf("at the limits: %v", err)
	}
	var e *etf.DecodeError
	if _, err := etf.DecodeAll(compressed(2, []byte{1, 1})); !errors.As(err, &e) || !e.Inflated || e.Offset != 0 {
		t.Errorf("place of an error inside: %v", err)
	}
}

// Hostile claims reserve nothing: what decoding allocates is bounded by what is really there.
func TestDecodeAllocatesInProportion(t *testing.T) {
	level := func(b ...byte) []byte { return b }
	for name, b := range map[string][]byte{
		"list of 4 billion":           {131, 108, 255, 255, 255, 255, 97},
		"tuple of 16 million":         {131, 105, 0, 255, 255, 255, 97},
		"map of 4 billion":            {131, 116, 255, 255, 255, 255, 97},
		"binary of 4 GB":              {131, 109, 255, 255, 255, 255, 97},
		"integer of 4 GB":             {131, 111, 255, 255, 255, 255, 0, 1},
		"compressed 4 GB":             append([]byte{131, 80, 3, 255, 255, 255}, compressed(0, []byte{106})[6:]...),
		"nested tuples of 255":        append([]byte{131}, bytes.Repeat(level(104, 255), 5000)...),
		"nested lists of the rest":    append([]byte{131}, bytes.Repeat(level(108, 0, 0, 0x60, 0), 9000)...),
		"nested maps of the rest":     append([]byte{131}, bytes.Repeat(level(116, 0, 0, 0x30, 0), 9000)...),
		"a chain of tails":            append(append([]byte{131}, bytes.Repeat(level(108, 0, 0, 0, 1, 106), 50000)...), 106),
		"nothing but empty lists":     append([]byte{131, 108, 0, 1, 0, 0}, bytes.Repeat(level(106), 1<<16+1)...),
		"nothing but one-tuples":      append([]byte{131, 108, 0, 1, 0, 0}, append(bytes.Repeat(level(104, 1, 106), 1<<16), 106)...),
		"nothing but different atoms": manyAtoms(60000),
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, _, err := etf.Decode(b)
		runtime.ReadMemStats(&after)
		if got, most := after.TotalAlloc-before.TotalAlloc, uint64(150*len(b)+64<<10); got > most {
			t.Errorf("%s: %d bytes of input allocate %d bytes, want at most %d (%v)", name, len(b), got, most, err)
		}
	}
}

func manyAtoms(n int) []byte {
	b := binary.BigEndian.AppendUint32([]byte{131, 108}, uint32(n))
	for i := range n {
		name := fmt.Sprintf("%x", i)
		b = append(append(b, 119, byte(len(name))), name...)
	}
	return append(b, 106)
}

func TestEncodeRefuses(t *testing.T) {
	deep := term.Term(term.List{})
	for range 10_001 {
		deep = term.Tuple{deep}
	}
	loop := term.Tuple{nil}
	loop[0] = loop
	for want, v := range map[string]term.Term{
		"etf: cannot encode: nil is no term":                                                   nil,
		"etf: cannot encode [1]: string is no term: convert it with term.From, or use Marshal": term.Tuple{1, "s"},
		"etf: cannot encode [0][1].value: float NaN":                                           term.List{term.List{1, term.NewMap(term.Pair{Key: 1, Value: math.NaN()})}},
		"etf: cannot encode .tail: float +Inf":                                                 term.Improper{Elems: term.List{1}, Tail: math.Inf(1)},
		"etf: cannot encode .key: atom of more than 255 characters":                            term.NewMap(term.Pair{Key: term.Atom(strings.Repeat("å", 256)), Value: 1}),
		`etf: cannot encode .node: atom "\xff" is not UTF-8`:                                   term.PID{Node: "\xff"},
		"etf: cannot encode .free[0]: nil *big.Int":                                            term.Fun{Free: []term.Term{(*big.Int)(nil)}},
		"etf: cannot encode: external fun of arity -1":                                         term.Export{Arity: -1},
		"etf: cannot encode: reference of 6 words, at most 5":                                  term.Ref{Len: 6},
		"etf: cannot encode: tuple of 16777216 elements, at most 16777215":                     make(term.Tuple, 1<<24),
		"etf: cannot encode: fun with 256 free variables, at most 255":                         term.Fun{Free: make([]term.Term, 256)},
		"etf: cannot encode " + "..." + strings.Repeat("[0]", 334) + ": nested too deep":       deep,
		"etf: cannot encode " + "..." + strings.Repeat("[0]", 334) + ": nested too deep" + " ": loop,
	} {
		dst := []byte("kept")
		got, err := etf.Encoder{}.Append(dst, v)
		if err == nil || err.Error() != strings.TrimSuffix(want, " ") || string(got) != "kept" {
			t.Errorf("%.100s: %.300v", want, err)
		}
		if errors.Is(err, etf.ErrLimit) != strings.Contains(want, "deep") {
			t.Errorf("%.100s: ErrLimit is %v", want, errors.Is(err, etf.ErrLimit))
		}
	}
	if _, err := (etf.Encoder{Compress: 10}).Encode(1); err == nil {
		t.Errorf("compression level 10 does not exist")
	}
}

func TestEncoderCompress(t *testing.T) {
	long := term.Binary(strings.Repeat("abc", 1000))
	for _, level := range []int{1, 6, 9} {
		b, err := etf.Encoder{Compress: level}.Append([]byte("x"), long)
		if err != nil || len(b) > 200 || b[2] != 80 {
			t.Fatalf("level %d: %d bytes, %v", level, len(b), err)
		}
		if got, err := etf.DecodeAll(b[1:]); err != nil || got != term.Term(long) {
			t.Errorf("level %d comes back as %.50v, %v", level, got, err)
		}
	}
	if b, err := (etf.Encoder{Compress: 9}).Encode(5); err != nil || string(b) != "\x83a\x05" {
		t.Errorf("a short term stays plain: %x, %v", b, err)
	}
}

func TestBareWithAtomCache(t *testing.T) {
	cache := []term.Atom{"a@b", "ok", "åäö"}
	e := etf.Encoder{CacheIndex: func(a term.Atom) (uint8, bool) {
		for i, c := range cache {
			if a == c {
				return uint8(i), true
			}
		}
		return 0, false
	}}
	v := term.Tuple{term.Atom("ok"), term.Atom("other"), term.PID{Node: "a@b", ID: 1}, term.List{term.Atom("åäö"), term.Atom("ok")}}
	b, err := e.AppendBare(nil, v)
	if err != nil {
		t.Fatal(err)
	}
	if want := "h\x04R\x01w\x05otherXR\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00l\x00\x00\x00\x02R\x02R\x01j"; string(b) != want {
		t.Errorf("got %q, want %q", b, want)
	}
	got, used, err := etf.Decoder{Cache: cache}.DecodeBare(append(b, 7))
	if err != nil || used != len(b) || !term.Identical(got, v) {
		t.Errorf("comes back as %v, %d of %d, %v", got, used, len(b), err)
	}
	if _, _, err := (etf.Decoder{Cache: cache[:2]}).DecodeBare(b); !errors.Is(err, etf.ErrMalformed) {
		t.Errorf("an index beyond the cache: %v", err)
	}
	if _, err := (etf.Decoder{Cache: cache}).DecodeAll([]byte{131, 82, 0}); !errors.Is(err, etf.ErrMalformed) {
		t.Errorf("a cache reference in a stand-alone term: %v", err)
	}
	if _, _, err := (etf.Decoder{Cache: cache, Safe: &etf.Safe{}}).DecodeBare([]byte{82, 0}); !errors.Is(err, etf.ErrUnsafe) {
		t.Errorf("an unknown atom in the cache: %v", err)
	}
	if _, _, err := (etf.Decoder{}).DecodeBare(compressed(1, []byte{106})[1:]); !errors.Is(err, etf.ErrMalformed) {
		t.Errorf("a compressed term in a frame: %v", err)
	}
	if b, err := e.Encode(term.Atom("ok")); err != nil || string(b) != "\x83w\x02ok" {
		t.Errorf("Encode uses the cache: %q, %v", b, err)
	}
}

func TestMarshal(t *testing.T) {
	type deposit struct {
		_      struct{} `term:"deposit"`
		Who    string
		Amount uint
	}
	b, err := etf.Marshal(deposit{Who: "joe", Amount: 5})
	if err != nil {
		t.Fatal(err)
	}
	var d deposit
	if err := etf.Unmarshal(b, &d); err != nil || d.Who != "joe" || d.Amount != 5 {
		t.Errorf("%+v, %v", d, err)
	}
	if _, err := etf.Marshal(make(chan int)); err == nil {
		t.Errorf("a channel is no term")
	}
	if err := etf.Unmarshal(append(b, 0), &d); !errors.Is(err, etf.ErrTrailing) {
		t.Errorf("trailing byte: %v", err)
	}
	var c *term.ConvertError
	if err := etf.Unmarshal([]byte{131, 106}, &d); !errors.As(err, &c) {
		t.Errorf("another term: %v", err)
	}
}
