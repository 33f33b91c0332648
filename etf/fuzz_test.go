package etf_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"io"
	"runtime"
	"testing"

	"github.com/kista-go/kista/etf"
	"github.com/kista-go/kista/term"
)

func seed(f *testing.F, add func([]byte)) {
	v := load(f)
	for _, set := range [][]vector{v.Valid, v.Big, v.DecodeOnly, v.Malformed, v.Safe, v.Order} {
		for _, x := range set {
			for _, s := range []string{x.MV2, x.MV1, x.MV0, x.Det, x.Zip, x.Hex} {
				if b, err := hex.DecodeString(s); err == nil && len(b) > 0 && len(b) < 2000 {
					add(b)
				}
			}
		}
	}
}

// What decodes encodes, and comes back equal; nothing panics; memory is in proportion.
func FuzzDecode(f *testing.F) {
	seed(f, func(b []byte) { f.Add(b) })
	small := etf.Decoder{Limits: etf.Limits{Inflated: 1 << 16}}
	f.Fuzz(func(t *testing.T, b []byte) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		v, used, err := small.Decode(b)
		runtime.ReadMemStats(&after)
		most := uint64(200*len(b) + 1<<20)
		if len(b) > 1 && b[1] == 80 {
			most += 200 << 16
		}
		if got := after.TotalAlloc - before.TotalAlloc; got > most {
			t.Errorf("%d bytes of input allocate %d", len(b), got)
		}
		if err != nil {
			var e *etf.DecodeError
			if !errors.As(err, &e) || e.Offset < 0 || !e.Inflated && e.Offset > len(b) || v != nil {
				t.Errorf("%v, %#v", v, err)
			}
			return
		}
		if used < 2 || used > len(b) {
			t.Fatalf("used %d of %d bytes", used, len(b))
		}
		out, err := etf.Encode(v)
		if err != nil {
			t.Fatalf("decoded to %v, which does not encode: %v", v, err)
		}
		again, err := etf.DecodeAll(out)
		if err != nil || !term.Identical(again, v) {
			t.Fatalf("decoded to %v, encoded to %x, which decodes to %v, %v", v, out, again, err)
		}
		if second, err := etf.Encode(again); err != nil || !bytes.Equal(second, out) {
			t.Fatalf("encodings differ: %x, %x, %v", out, second, err)
		}
		if term.Format(v) == "" || term.Key(v) != term.Key(again) {
			t.Errorf("text or key of %v", v)
		}
		// The same without version byte, and cut short.
		if bare, n, err := small.DecodeBare(out[1:]); err != nil || n != len(out)-1 || !term.Identical(bare, v) {
			t.Errorf("bare: %v, %v", bare, err)
		}
		if _, _, err := etf.Decode(out[:len(out)-1]); !errors.Is(err, etf.ErrTruncated) {
			t.Errorf("cut by one byte: %v", err)
		}
	})
}

// Frames split the stream and nothing else, whatever it holds.
func FuzzFrames(f *testing.F) {
	f.Add([]byte(frame("\x83a\x05")+frame("")+"\x00\x00"), 100)
	f.Add([]byte("\xff\xff\xff\xff\x83"), 0)
	f.Add([]byte("\x00\x00\x00\x63\x83"), -1)
	seed(f, func(b []byte) { f.Add([]byte(frame(string(b))), len(b)) })
	f.Fuzz(func(t *testing.T, b []byte, limit int) {
		r := etf.NewReader(bytes.NewReader(b))
		r.Limit = limit
		var out bytes.Buffer
		w := etf.NewWriter(&out)
		w.Limit = limit
		for {
			got, err := r.ReadFrame()
			if err == io.EOF {
				if !bytes.Equal(out.Bytes(), b) {
					t.Errorf("frames of %x written anew give %x", b, out.Bytes())
				}
				return
			}
			if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, etf.ErrLimit) {
				if !bytes.HasPrefix(b, out.Bytes()) {
					t.Errorf("frames of %x written anew give %x", b, out.Bytes())
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if err := w.WriteFrame(got); err != nil {
				t.Fatal(err)
			}
			etf.DecodeAll(got)
		}
	})
}
