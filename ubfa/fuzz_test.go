package ubfa_test

import (
	"bytes"
	"errors"
	"runtime"
	"testing"

	"github.com/kista-go/kista/term"
	"github.com/kista-go/kista/ubfa"
)

// Whatever bytes come: an error with its place, or a term that writes and reads back the same, however the bytes arrive.
func FuzzDecode(f *testing.F) {
	v := load(f)
	for _, e := range v.Encode {
		f.Add(unhex(f, e.Hex))
	}
	for _, e := range v.Decode {
		f.Add(unhex(f, e.Hex))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		lim := ubfa.Limits{Bytes: 1 << 16, Terms: 1 << 16, Expanded: 1 << 16}
		for _, d := range []ubfa.Decoder{{Limits: lim}, {Limits: lim, Compat: true}} {
			x, used, err := d.Decode(b)
			pieces, perr := byTheByte(d, b)
			if (err == nil) != (perr == nil) || err == nil && !term.Identical(x, pieces) {
				t.Fatalf("%q: %v, %v; by the byte %v, %v", b, x, err, pieces, perr)
			}
			if err != nil {
				var e *ubfa.DecodeError
				if !errors.As(err, &e) || e.Offset < 0 || e.Offset > int64(len(b)) {
					t.Fatalf("%q: %v", b, err)
				}
				continue
			}
			if used > len(b) {
				t.Fatalf("%q: %d bytes used", b, used)
			}
			out, err := ubfa.Encode(x)
			if err != nil {
				continue // an improper list, which only Compat makes
			}
			again, n, err := ubfa.Decode(out)
			if err != nil || n != len(out) || !term.Identical(again, x) {
				t.Fatalf("%q: %v written as %q: %v, %v", b, x, out, again, err)
			}
		}
	})
}

// byTheByte decodes bytes that arrive one by one.
func byTheByte(d ubfa.Decoder, b []byte) (term.Term, error) {
	m := d.Machine()
	for i := range b {
		_, done, err := m.Feed(b[i : i+1])
		if err != nil {
			return nil, err
		}
		if done {
			return m.Term(), nil
		}
	}
	if err := m.End(); err != nil {
		return nil, err
	}
	return nil, errors.New("no message")
}

// What a few bytes can make of a decoder: the memory that it takes stays in proportion to them, and within its limits.
func TestHostileInputsTakeLittleMemory(t *testing.T) {
	inputs := map[string][]byte{
		"doubling":       append(bytes.Repeat([]byte("{1 1}>a{aa}>a"), 1), append(bytes.Repeat([]byte("{aa}>a"), 1000), []byte("a$")...)...),
		"doubling lists": append([]byte("#1&>a"), append(bytes.Repeat([]byte("#a&a&>a"), 1000), []byte("a$")...)...),
		"a long length":  []byte("99999999999999999999~x"),
		"a large length": []byte("9999999~x"),
		"digits":         bytes.Repeat([]byte("9"), 1<<20),
		"deep":           bytes.Repeat([]byte("{"), 1<<20),
		"many":           bytes.Repeat([]byte("1 "), 1<<20),
		"a long string":  append([]byte(`"`), bytes.Repeat([]byte("x"), 1<<20)...),
		"a long atom":    append([]byte(`'`), bytes.Repeat([]byte("x"), 1<<20)...),
	}
	for _, e := range load(t).Decode {
		inputs[e.Name] = unhex(t, e.Hex)
	}
	const (
		fixed = 1 << 20
		each  = 150 // bytes allocated in all for one of input: a term of one byte, its place on a stack, and the growing of that
	)
	for name, b := range inputs {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, _, err := ubfa.Decode(b)
		runtime.ReadMemStats(&after)
		taken := after.TotalAlloc - before.TotalAlloc
		if taken > uint64(fixed+each*len(b)) {
			t.Errorf("%s: %d bytes of input took %d bytes of memory (%v)", name, len(b), taken, err)
		}
	}
	t.Logf("%d inputs", len(inputs))
}

func BenchmarkEncode(b *testing.B) {
	x := sample()
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		buf, _ = ubfa.Encoder{}.Append(buf[:0], x)
	}
	b.SetBytes(int64(len(buf)))
}

func BenchmarkDecode(b *testing.B) {
	text, err := ubfa.Encode(sample())
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		_, _, _ = ubfa.Decode(text)
	}
}

// sample is a list of a hundred structs.
func sample() term.Term {
	l := term.List{}
	for i := range 100 {
		l = append(l, term.Tuple{term.Atom("person"), i, term.Binary("person"), ubfa.String("somebody").Term(), term.Atom("true")})
	}
	return l
}
