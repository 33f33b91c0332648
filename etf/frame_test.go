package etf_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/kista-go/kista/etf"
	"github.com/kista-go/kista/term"
)

func frame(s string) string { return string(binary.BigEndian.AppendUint32(nil, uint32(len(s)))) + s }

func TestFramesComeBack(t *testing.T) {
	var stream bytes.Buffer
	w := etf.NewWriter(&stream)
	want := []string{"", "a", strings.Repeat("x", 4096), strings.Repeat("y", 300_000), "z"}
	for _, s := range want {
		if err := w.WriteFrame([]byte(s)); err != nil {
			t.Fatal(err)
		}
	}
	for name, r := range map[string]func(io.Reader) io.Reader{
		"whole": func(r io.Reader) io.Reader { return r }, "byte by byte": iotest.OneByteReader, "data with EOF": iotest.DataErrReader,
	} {
		in := etf.NewReader(r(bytes.NewReader(stream.Bytes())))
		for i, s := range want {
			got, err := in.ReadFrame()
			if err != nil || string(got) != s {
				t.Fatalf("%s: frame %d: %d bytes, %v", name, i, len(got), err)
			}
		}
		for range 2 {
			if _, err := in.ReadFrame(); err != io.EOF {
				t.Errorf("%s: at the end: %v", name, err)
			}
		}
	}
}

func TestFrameErrors(t *testing.T) {
	for name, c := range map[string]struct {
		in    string
		limit int
		want  error
	}{
		"nothing":            {"", 0, io.EOF},
		"cut in the length":  {"\x00\x00\x00", 0, io.ErrUnexpectedEOF},
		"cut after it":       {"\x00\x00\x00\x01", 0, io.ErrUnexpectedEOF},
		"cut in the data":    {"\x00\x00\x00\x63\x83", 0, io.ErrUnexpectedEOF},
		"4 GB":               {"\xff\xff\xff\xff\x83a", 0, etf.ErrLimit},
		"over the default":   {"\x01\x00\x00\x01", 0, etf.ErrLimit},
		"at the default":     {"\x01\x00\x00\x00", 0, io.ErrUnexpectedEOF},
		"over the limit":     {frame("abcd"), 3, etf.ErrLimit},
		"nothing is allowed": {frame("a"), -1, etf.ErrLimit},
	} {
		r := etf.NewReader(strings.NewReader(c.in))
		r.Limit = c.limit
		_, err := r.ReadFrame()
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		if _, again := r.ReadFrame(); again != err {
			t.Errorf("%s: then %v", name, again)
		}
	}
	var e *etf.FrameError
	_, err := etf.NewReader(strings.NewReader("\xff\xff\xff\xff")).ReadFrame()
	if !errors.As(err, &e) || e.Size != 1<<32-1 || e.Limit != etf.DefaultFrame {
		t.Errorf("got %v", err)
	}
}

func TestFrameClaimReservesNothing(t *testing.T) {
	in := "\x00\xff\xff\xff" + strings.Repeat("x", 5000)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := etf.NewReader(strings.NewReader(in)).ReadFrame()
	runtime.ReadMemStats(&after)
	if got := after.TotalAlloc - before.TotalAlloc; got > 64<<10 || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a claim of 16 MB with 5 KB allocates %d bytes, %v", got, err)
	}
}

func TestTermsOverAStream(t *testing.T) {
	var stream bytes.Buffer
	w := etf.NewWriter(&stream)
	if err := w.WriteTerm(term.Tuple{term.Atom("deposit"), "no term"}); err == nil {
		t.Errorf("a Go string is no term")
	}
	w.Limit = 20
	if err := w.WriteTerm(term.Binary(make([]byte, 20))); !errors.Is(err, etf.ErrLimit) {
		t.Errorf("a frame over the limit: %v", err)
	}
	if stream.Len() != 0 {
		t.Fatalf("%d bytes of refused frames were sent", stream.Len())
	}
	want := term.Tuple{term.Atom("deposit"), term.Atom("joe"), int64(5)}
	if err := w.WriteTerm(want); err != nil {
		t.Fatal(err)
	}
	stream.WriteString(frame("\x01\x02\x03") + frame("\x83a\x05x") + frame("") + frame("\x83a\x05"))
	r := etf.NewReader(&stream)
	if got, err := r.ReadTerm(); err != nil || !term.Identical(got, want) {
		t.Errorf("%v, %v", got, err)
	}
	for _, kind := range []error{etf.ErrMalformed, etf.ErrTrailing, etf.ErrTruncated} {
		if got, err := r.ReadTerm(); !errors.Is(err, kind) {
			t.Errorf("%v, %v, want %v", got, err, kind)
		}
	}
	if got, err := r.ReadTerm(); err != nil || got != term.Term(int64(5)) {
		t.Errorf("after bad terms: %v, %v", got, err)
	}
	if _, err := r.ReadTerm(); err != io.EOF {
		t.Errorf("at the end: %v", err)
	}
}

func TestWriterPassesErrorsOn(t *testing.T) {
	r, w := io.Pipe()
	r.Close()
	if err := etf.NewWriter(w).WriteFrame([]byte("a")); err != io.ErrClosedPipe {
		t.Errorf("got %v", err)
	}
}
