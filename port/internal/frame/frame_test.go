package frame_test

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"

	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/port/internal/frame"
)

// all reads until an error.
func all(r *frame.Reader) (out []string, err error) {
	for {
		b, err := r.Next()
		if err != nil {
			return out, err
		}
		out = append(out, string(b))
	}
}

func TestTable(t *testing.T) {
	long := strings.Repeat("x", 70_000)
	for name, c := range map[string]struct {
		kind  frame.Kind
		limit int
		in    string
		out   []string
		err   error
	}{
		"nothing":                {frame.Lines, 10, "", nil, io.EOF},
		"lines":                  {frame.Lines, 10, "a\n\nbc\n", []string{"a", "", "bc"}, io.EOF},
		"a line without its end": {frame.Lines, 10, "a\nbc", []string{"a", "bc"}, io.EOF},
		"a line at the limit":    {frame.Lines, 3, "abc\n", []string{"abc"}, io.EOF},
		"a long line":            {frame.Lines, 70_000, long + "\nz\n", []string{long, "z"}, io.EOF},
		"carriage returns stay":  {frame.Lines, 10, "a\r\n", []string{"a\r"}, io.EOF},
		"frames of one byte":     {frame.Len1, 10, "\x00\x02ab\x01c", []string{"", "ab", "c"}, io.EOF},
		"frames of two bytes":    {frame.Len2, 10, "\x00\x02ab\x00\x00", []string{"ab", ""}, io.EOF},
		"frames of four bytes":   {frame.Len4, 70_000, "\x00\x01\x11\x70" + long, []string{long}, io.EOF},
		"half a length":          {frame.Len4, 10, "\x00\x00", nil, io.ErrUnexpectedEOF},
		"a length only":          {frame.Len2, 10, "\x00\x02", nil, io.ErrUnexpectedEOF},
		"half a frame":           {frame.Len1, 10, "\x02ab\x03x", []string{"ab"}, io.ErrUnexpectedEOF},
		"a stream":               {frame.Stream, 10, "abc", []string{"abc"}, io.EOF},
		"a stream over its size": {frame.Stream, 2, "abc", []string{"ab", "c"}, io.EOF},
	} {
		t.Run(name, func(t *testing.T) {
			out, err := all(frame.NewReader(strings.NewReader(c.in), c.kind, c.limit))
			assert.Equal(t, out, c.out)
			assert.Equal(t, err, c.err)
		})
	}
}

func TestTooLong(t *testing.T) {
	for kind, in := range map[frame.Kind]string{
		frame.Lines: "abcd\n", frame.Len1: "\x04abcd", frame.Len2: "\x00\x04abcd", frame.Len4: "\x00\x00\x00\x04abcd",
	} {
		_, err := frame.NewReader(strings.NewReader(in), kind, 3).Next()
		assert.Equal(t, *assert.ErrorAs[*frame.SizeError](t, err), frame.SizeError{Size: 4, Limit: 3})
	}
	// A line that never ends is given up at the limit, not at the end of the stream.
	endless := io.LimitReader(rand.NewChaCha8([32]byte{}), 1<<30)
	_, err := frame.NewReader(noNewline{endless}, frame.Lines, 100_000).Next()
	assert.ErrorAs[*frame.SizeError](t, err)
	left, _ := io.Copy(io.Discard, io.LimitReader(endless, 1<<20))
	assert.Equal(t, left, int64(1<<20))
}

type noNewline struct{ r io.Reader }

func (n noNewline) Read(b []byte) (int, error) {
	got, err := n.r.Read(b)
	for i := range b[:got] {
		if b[i] == '\n' {
			b[i] = ' '
		}
	}
	return got, err
}

// A length costs nothing: memory is taken as bytes come.
func TestALengthIsNoAllocation(t *testing.T) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := frame.NewReader(strings.NewReader("\x7f\xff\xff\xff"+"abc"), frame.Len4, 1<<31-1).Next()
	runtime.ReadMemStats(&after)
	assert.ErrorIs(t, err, io.ErrUnexpectedEOF)
	if took := after.TotalAlloc - before.TotalAlloc; took > 1<<20 {
		t.Errorf("a length of 2 GiB took %d bytes", took)
	}
}

func TestAppendRefuses(t *testing.T) {
	for kind, size := range map[frame.Kind]int{frame.Len1: 255, frame.Len2: 65535} {
		_, err := frame.Append(nil, kind, strings.Repeat("x", size))
		assert.NoError(t, err)
		_, err = frame.Append(nil, kind, strings.Repeat("x", size+1))
		assert.Equal(t, *assert.ErrorAs[*frame.SizeError](t, err), frame.SizeError{Size: size + 1, Limit: size})
	}
	_, err := frame.Append(nil, frame.Lines, "a\nb")
	assert.ErrorIs(t, err, frame.ErrNewline)
}

// What was put together comes apart again, however the stream arrives.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		kind := rapid.SampledFrom([]frame.Kind{frame.Lines, frame.Len1, frame.Len2, frame.Len4}).Draw(t, "kind")
		msgs := rapid.SliceOf(rapid.SliceOfN(rapid.Byte(), 0, 255)).Draw(t, "messages")
		var stream []byte
		var want []string
		for _, m := range msgs {
			if kind == frame.Lines {
				m = bytes.ReplaceAll(m, []byte("\n"), nil)
			}
			var err error
			stream, err = frame.Append(stream, kind, string(m))
			if err != nil {
				t.Fatal(err)
			}
			want = append(want, string(m))
		}
		for name, r := range map[string]io.Reader{
			"at once": bytes.NewReader(stream), "by bytes": iotest.OneByteReader(bytes.NewReader(stream)),
			"by halves": iotest.HalfReader(bytes.NewReader(stream)), "with the end": iotest.DataErrReader(bytes.NewReader(stream)),
		} {
			out, err := all(frame.NewReader(r, kind, 255))
			if !errors.Is(err, io.EOF) || len(out) != len(want) {
				t.Fatalf("%s: %d messages, %v; want %d", name, len(out), err, len(want))
			}
			for i := range want {
				if out[i] != want[i] {
					t.Fatalf("%s: message %d is %q, want %q", name, i, out[i], want[i])
				}
			}
		}
	})
}

func FuzzReader(f *testing.F) {
	f.Add(uint8(frame.Lines), []byte("a\nb\n"))
	f.Add(uint8(frame.Len1), []byte("\x01a\xffb"))
	f.Add(uint8(frame.Len4), []byte("\xff\xff\xff\xffb"))
	f.Fuzz(func(t *testing.T, k uint8, in []byte) {
		kind := frame.Kind(k % uint8(frame.Kinds))
		const limit = 1000
		r := frame.NewReader(bytes.NewReader(in), kind, limit)
		total := 0
		for {
			b, err := r.Next()
			if err != nil {
				break
			}
			if total += len(b); len(b) > limit || total > len(in) {
				t.Fatalf("%d bytes, %d in all, of %d", len(b), total, len(in))
			}
		}
	})
}
