package frozen_test

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kista-go/kista/internal/assert"
)

// hostile fails in the way it is told, in every method.
type hostile struct {
	how   string
	cause error
}

func (h *hostile) fail() {
	switch h.how {
	case "panic":
		panic("hostile")
	case "panic with itself":
		panic(h)
	case "nil panic":
		panic(nil) //nolint:govet
	case "fault":
		var p *int
		*p = 1
	case "Goexit":
		runtime.Goexit()
	}
}

func (h *hostile) Error() string    { h.fail(); return "hostile" }
func (h *hostile) Unwrap() error    { h.fail(); return h.cause }
func (h *hostile) Is(e error) bool  { h.fail(); return false }
func (h *hostile) As(any) bool      { h.fail(); return false }
func (h *hostile) String() string   { panic("String called") }
func (h *hostile) GoString() string { panic("GoString called") }

func (h *hostile) Format(fmt.State, rune) { panic("Format called") }

func TestMethodsThatFail(t *testing.T) {
	for _, how := range []string{"panic", "panic with itself", "nil panic", "fault", "Goexit"} {
		t.Run(how, func(t *testing.T) {
			e := frozenError(t, &hostile{how, io.EOF})
			assert.Equal(t, e.Error(), "*frozen_test.hostile (its Error method failed)")
			// The rest of the chain is kept, and printing runs nothing of it.
			f := frozenError(t, fmt.Errorf("both: %w", errors.Join(&half{how: how, cause: io.EOF}, io.ErrClosedPipe)))
			assert.ErrorIs(t, f, io.EOF)
			assert.ErrorIs(t, f, io.ErrClosedPipe)
			assert.Equal(t, fmt.Sprintf("%v %+v %s", e, e, e), strings.Repeat(e.Error()+" ", 2)+e.Error())
			for _, verb := range []string{"%#v", "%d", "%x", "%q", "%T"} {
				_ = fmt.Sprintf(verb, f)
			}
			var h *hostile
			assert.True(t, errors.As(e, &h), "an error that is data is lost when its methods fail")
		})
	}
}

// half fails in Is only.
type half struct {
	how   string
	cause error
}

func (h *half) Error() string   { return "half" }
func (h *half) Unwrap() error   { return h.cause }
func (h *half) Is(e error) bool { (&hostile{how: h.how}).fail(); return true }

// circle unwraps to itself; tail wraps for ever in new errors; bush doubles.
type circle struct {
	name string
	next error
}

func (c *circle) Error() string { return c.name }
func (c *circle) Unwrap() error { return c.next }

type tail int

func (t tail) Error() string { return "tail" }
func (t tail) Unwrap() error { return t + 1 }

type bush int

func (b bush) Error() string   { return "bush" }
func (b bush) Unwrap() []error { return []error{b + 1, b + 2} }

type broom struct{}

func (broom) Error() string   { return "broom" }
func (broom) Unwrap() []error { return make([]error, 1<<20) }

func TestEndlessChains(t *testing.T) {
	a, b := &circle{name: "a"}, &circle{name: "b"}
	a.next = errors.Join(b, io.EOF)
	b.next = a
	e := frozenError(t, a)
	assert.Equal(t, e.Error(), "a")
	assert.ErrorIs(t, e, io.EOF)
	assert.ErrorIs(t, e, a)
	assert.ErrorIs(t, e, b)
	self := &circle{name: "self"}
	self.next = self
	for _, err := range []error{self, tail(0), bush(0), broom{}, fmt.Errorf("%w %w", bush(0), self)} {
		e := frozenError(t, err)
		assert.True(t, !errors.Is(e, io.EOF) && e.Error() == err.Error(), "got %v", e)
	}
	// Rebuilt errors within each other, and data within data.
	var deep, data error = errMine, errMine
	for range 100_000 {
		deep = &rebuilt{Name: "r", Cause: deep}
		data = &order{Item: "d", Cause: data}
	}
	shallow := fmt.Errorf("%w", errMine)
	for range 40 {
		shallow = fmt.Errorf("%w", shallow)
	}
	assert.ErrorIs(t, freeze(shallow), errMine)
	_ = freeze(data)
	assert.True(t, strings.HasSuffix(freeze(deep).Error(), "r: (more causes, not kept)"), "got %v", freeze(deep))
}

// TestGoexitLeavesTheCallerAlone: the caller's goroutine goes on, and none is
// left behind.
func TestGoexitLeavesTheCallerAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		went := false
		func() {
			defer func() { went = true }()
			_ = freeze(&hostile{how: "Goexit"})
		}()
		assert.True(t, went, "the caller was ended")
		time.Sleep(time.Second) // virtual: a goroutine left behind fails the bubble at its end
	})
}
