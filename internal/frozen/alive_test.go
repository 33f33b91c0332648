package frozen_test

import (
	"errors"
	"runtime"
	"testing"
	"weak"

	"github.com/kista-go/kista/internal/assert"
)

// empty has nothing in it: all of them may be at one address.
type empty struct{}

func (*empty) Error() string { return "empty" }

func TestEmptyError(t *testing.T) {
	e := &empty{}
	assert.ErrorIs(t, freeze(e), e)
}

// TestOriginalIsNotKept: what an error holds may be large, and is not needed
// once the error is frozen, also inside a message.
func TestOriginalIsNotKept(t *testing.T) {
	made := func() (any, weak.Pointer[stuck], weak.Pointer[order]) {
		s, o := &stuck{c: make(chan int)}, &order{Tags: make([]string, 100)}
		out, _, err := messages.Copy([]error{errors.Join(s, o), s, &order{Cause: o}, freeze(s)})
		assert.NoError(t, err)
		return out, weak.Make(s), weak.Make(o)
	}
	out, s, o := made()
	runtime.GC()
	runtime.GC()
	assert.True(t, s.Value() == nil && o.Value() == nil, "the original is kept alive")
	runtime.KeepAlive(out)
}
