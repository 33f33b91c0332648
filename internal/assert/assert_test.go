package assert_test

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/kista-go/kista/internal/assert"
)

// probe is a testing.TB that records how a check ended instead of ending the
// test that examines it.
type probe struct {
	testing.TB
	text string
}

func (p *probe) Helper() {}

func (p *probe) Fatalf(format string, args ...any) {
	p.text = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

// failure runs check on a goroutine of its own and returns what it failed
// with, "" if it passed.
func failure(check func(t testing.TB)) string {
	p := &probe{}
	done := make(chan struct{})
	go func() {
		defer close(done)
		check(p)
	}()
	<-done
	return p.text
}

// opaque has an unexported field, as process identifiers have.
type opaque struct{ n int }

func TestChecks(t *testing.T) {
	full := make(chan int, 1)
	full <- 7
	empty := make(chan int)
	closed := make(chan int)
	close(closed)
	notExist := fmt.Errorf("open: %w", &fs.PathError{Op: "open", Path: "x", Err: fs.ErrNotExist})

	for _, tc := range []struct {
		name  string
		check func(t testing.TB)
		want  string // part of the failure, "" for a check that passes
	}{
		{"equal", func(t testing.TB) { assert.Equal(t, []int{1, 2}, []int{1, 2}) }, ""},
		{"equal opaque", func(t testing.TB) { assert.Equal(t, opaque{1}, opaque{1}) }, ""},
		{"equal nil interface", func(t testing.TB) { assert.Equal[any](t, nil, nil) }, ""},
		{"unequal", func(t testing.TB) { assert.Equal(t, []int{1, 3}, []int{1, 2}) }, "\t3,"},
		{"nil is not empty", func(t testing.TB) { assert.Equal(t, []int{}, nil) }, "-want +got"},
		{"no error", func(t testing.TB) { assert.NoError(t, nil) }, ""},
		{"an error", func(t testing.TB) { assert.NoError(t, io.EOF) }, "EOF"},
		{"is", func(t testing.TB) { assert.ErrorIs(t, notExist, fs.ErrNotExist) }, ""},
		{"is nil", func(t testing.TB) { assert.ErrorIs(t, nil, nil) }, ""},
		{"is not", func(t testing.TB) { assert.ErrorIs(t, notExist, io.EOF) }, "*fmt.wrapError > *fs.PathError"},
		{"is not nil", func(t testing.TB) { assert.ErrorIs(t, io.EOF, nil) }, "want: no error"},
		{"as", func(t testing.TB) { assert.ErrorAs[*fs.PathError](t, notExist) }, ""},
		{"as not", func(t testing.TB) { assert.ErrorAs[*fs.PathError](t, io.EOF) }, "no *fs.PathError"},
		{"true", func(t testing.TB) { assert.True(t, true, "") }, ""},
		{"false", func(t testing.TB) { assert.True(t, false, "%d left", 3) }, "3 left"},
		{"silent", func(t testing.TB) { assert.Silent(t, empty) }, ""},
		{"not silent", func(t testing.TB) { assert.Silent(t, closed) }, "closed, want silence"},
		{"within", func(t testing.TB) { assert.Within(t, 0, full) }, ""},
		{"not within", func(t testing.TB) { assert.Within(t, time.Millisecond, empty) }, "within 1ms"},
		{"within closed", func(t testing.TB) { assert.Within(t, time.Minute, closed) }, "closed, want a value"},
		{"closed", func(t testing.TB) { assert.Closed(t, time.Minute, closed) }, ""},
		{"not closed", func(t testing.TB) { assert.Closed(t, time.Millisecond, empty) }, "within 1ms"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := failure(tc.check)
			if (got == "") != (tc.want == "") || !strings.Contains(got, tc.want) {
				t.Fatalf("failed with %q, want %q", got, tc.want)
			}
		})
	}
}

func TestErrorAsReturnsTheFirst(t *testing.T) {
	inner := &fs.PathError{Op: "open", Path: "x", Err: io.EOF}
	got := assert.ErrorAs[*fs.PathError](t, errors.Join(io.EOF, fmt.Errorf("read: %w", inner)))
	assert.True(t, got == inner, "got %v, want %v", got, inner)
}
