package copier_test

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/internal/copier"
)

// icy stands for a frozen error.
type icy struct {
	text string
	part any
}

func (e *icy) Error() string { return e.text }

// coded is an interface that a frozen error does not satisfy.
type coded interface {
	error
	Code() int
}

type failure struct {
	N    int
	Err  error
	More []error
}

func (f failure) Error() string { return fmt.Sprint("failure ", f.N) }
func (f failure) Code() int     { return f.N }

type locked struct {
	c   chan int
	Err error
}

func (*locked) Error() string { return "locked" }

// freezing freezes like package frozen: text, and a copy of the error as data,
// wrapped so that it is not taken for an error again.
func freezing(calls *int) *copier.Copier {
	return copier.New(copier.Options{
		Opaque: func(t reflect.Type) bool { return t == reflect.TypeFor[*icy]() },
		Freeze: func(err error, copy func(any) (any, int, error)) (error, int, error) {
			*calls++
			e := &icy{text: err.Error()}
			if copy == nil {
				return e, len(e.text), nil
			}
			box := reflect.New(reflect.ArrayOf(1, reflect.TypeOf(err))).Elem()
			box.Index(0).Set(reflect.ValueOf(err))
			if part, _, err := copy(box.Interface()); err == nil {
				e.part = reflect.ValueOf(part).Index(0).Interface()
			}
			return e, len(e.text), nil
		},
	})
}

func TestFreezeWhereInterfacesHoldErrors(t *testing.T) {
	calls := 0
	c := freezing(&calls)
	err := failure{N: 1}
	for _, x := range []struct {
		v    any
		get  func(any) any
		size int
	}{
		{err, func(v any) any { return v }, 9},
		{&err, func(v any) any { return v }, 9},
		{[]error{err}, func(v any) any { return v.([]error)[0] }, 0},
		{[]any{err}, func(v any) any { return v.([]any)[0] }, 0},
		{[]fmt.Stringer{nil}, func(any) any { return &icy{text: "failure 1"} }, 0},
		{map[string]error{"a": err}, func(v any) any { return v.(map[string]error)["a"] }, 0},
		{map[string]any{"a": err}, func(v any) any { return v.(map[string]any)["a"] }, 0},
		{struct{ e error }{err}, func(v any) any { return reflect.ValueOf(v).Field(0).Elem().Elem().Field(0).String() }, 0},
		{&locked{}, func(v any) any { return &icy{text: strings.Replace(v.(*icy).text, "locked", "failure 1", 1)} }, 0},
	} {
		out, size, e := c.Copy(x.v)
		assert.NoError(t, e)
		switch got := x.get(out).(type) {
		case *icy:
			assert.Equal(t, got.text, "failure 1")
		case string:
			assert.Equal(t, got, "failure 1")
		default:
			t.Fatalf("Copy(%T) holds a %T, want a frozen error", x.v, got)
		}
		if x.size != 0 {
			assert.Equal(t, size, x.size)
		}
	}
	assert.NoError(t, c.Check(reflect.TypeFor[*locked]()))
	assert.Equal(t, refusal(t, c, []*locked{}).Path, "message[].c")

	// Concrete types are data; what their interfaces hold is frozen.
	out, _, e := c.Copy([]failure{{N: 1, Err: err, More: []error{err, nil}}})
	assert.NoError(t, e)
	f := out.([]failure)[0]
	_, frozen := f.Err.(*icy)
	_, more := f.More[0].(*icy)
	assert.True(t, f.N == 1 && frozen && more && f.More[1] == nil, "got %#v", f)

	// A frozen error passes as it is.
	calls = 0
	ice := &icy{}
	out, _, e = c.Copy([]error{ice})
	assert.NoError(t, e)
	assert.True(t, out.([]error)[0] == error(ice) && calls == 0, "a frozen error was frozen again")

	// Where it does not fit, the error is data.
	out, _, e = c.Copy([]coded{err})
	assert.NoError(t, e)
	assert.Equal(t, out.([]coded)[0].Code(), 1)
}

func TestFreezeInKeys(t *testing.T) {
	calls := 0
	c := freezing(&calls)
	out, _, err := c.Copy(map[error]int{&failure{N: 1}: 1, &failure{N: 2}: 2})
	assert.Equal(t, err, nil)
	sum := 0
	for k, v := range out.(map[error]int) {
		assert.Equal(t, k.Error(), fmt.Sprint("failure ", v))
		sum += v
	}
	assert.Equal(t, sum, 3)

	bad := copier.New(copier.Options{Freeze: func(err error, _ func(any) (any, int, error)) (error, int, error) {
		return failure{More: []error{nil}}, 0, nil
	}})
	assert.True(t, strings.Contains(refusal(t, bad, map[error]int{&failure{}: 1}).Why, "cannot be compared"), "refused for another reason")
	same := copier.New(copier.Options{Freeze: func(err error, _ func(any) (any, int, error)) (error, int, error) {
		return errSame, 0, nil
	}})
	assert.True(t, strings.Contains(refusal(t, same, map[error]int{&failure{N: 1}: 1, &failure{N: 2}: 2}).Why, "became equal"), "refused for another reason")
}

var errSame = errors.New("same")

func TestFreezeResults(t *testing.T) {
	gone := errors.New("gone")
	c := copier.New(copier.Options{Freeze: func(err error, _ func(any) (any, int, error)) (error, int, error) { return nil, 0, gone }})
	_, _, err := c.Copy([]error{failure{}})
	assert.True(t, err == gone, "got %v", err)
	c = copier.New(copier.Options{MaxBytes: 1000, Freeze: func(err error, _ func(any) (any, int, error)) (error, int, error) { return nil, 100, nil }})
	out, size, err := c.Copy([]error{failure{}})
	assert.NoError(t, err)
	assert.True(t, out.([]error)[0] == nil && size > 100, "got %v, size %d", out, size)
	assert.True(t, refusal(t, c, make20()).Limit, "sizes of frozen errors do not count")
}

func make20() (out []error) {
	for i := range 20 {
		out = append(out, failure{N: i})
	}
	return out
}

// TestFreezeIsBounded: errors within the data of errors, endlessly deep,
// circular, or doubled at every level.
func TestFreezeIsBounded(t *testing.T) {
	calls := 0
	c := freezing(&calls)
	var long, double error
	for i := range 100_000 {
		long = failure{N: i, Err: long}
		if i < 60 {
			double = failure{N: i, Err: double, More: []error{double}}
		}
	}
	circle := &failure{N: 1}
	circle.Err = circle
	for _, x := range []struct {
		v    any
		most int
	}{{long, 17}, {double, 257 + 17*2}, {circle, 2}, {[]any{long, long, double, circle}, 17*2 + 291 + 2}} {
		calls = 0
		_, _, err := c.Copy(x.v)
		assert.NoError(t, err)
		assert.True(t, calls > 0 && calls <= x.most, "Freeze was called %d times, want at most %d", calls, x.most)
	}
}

// TestFreezeCopyOutlivesFreeze: whoever keeps copy may use it for good.
func TestFreezeCopyOutlivesFreeze(t *testing.T) {
	var kept func(any) (any, int, error)
	c := copier.New(copier.Options{MaxNodes: 100, Freeze: func(err error, copy func(any) (any, int, error)) (error, int, error) {
		kept = copy
		return errSame, 1, nil
	}})
	_, _, err := c.Copy([]error{failure{}})
	assert.NoError(t, err)
	hammer(8, 200, func(int) {
		out, _, err := kept([][]int{{1}, {2}})
		if err != nil || len(out.([][]int)) != 2 {
			t.Errorf("copy = %v, %v", out, err)
		}
	})
}
