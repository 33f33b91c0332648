package copier_test

import (
	"fmt"
	"reflect"
	"sync"
	"testing"

	"github.com/kista-go/kista/internal/copier"
)

// hammer runs do n times on each of g goroutines.
func hammer(g, n int, do func(g int)) {
	var wg sync.WaitGroup
	for i := range g {
		wg.Go(func() {
			for range n {
				do(i)
			}
		})
	}
	wg.Wait()
}

// TestHammer copies one value from many goroutines, of types that none of them
// has seen before, while others only read it: under the race detector any write
// to the source is reported.
func TestHammer(t *testing.T) {
	one := 1
	cyclic := map[string]any{"list": chain(600), "n": &one}
	cyclic["self"] = cyclic
	src := []any{tree100(), cyclic, []byte("abc"), map[point][]*int{{1, 2}: {&one}}, [1]*int{&one}, struct{ P *int }{&one}, box[any]{&ring{N: 1}}, []error{failure{}}}
	for round := range 20 {
		calls := make([]int, 8)
		c := copier.New(copier.Options{Freeze: func(err error, copy func(any) (any, int, error)) (error, int, error) { return errSame, 1, nil }})
		hammer(8, 5, func(g int) {
			calls[g]++
			if g%2 == 0 {
				_ = fmt.Sprint(tree100(), src[0], src[2], src[3], one)
				return
			}
			out, _, err := c.Copy(src)
			if err != nil {
				t.Errorf("round %d: %v", round, err)
				return
			}
			got := out.([]any)
			if !reflect.DeepEqual(got[0], src[0]) || !reflect.DeepEqual(got[3], src[3]) || got[7].([]error)[0] != errSame {
				t.Errorf("round %d: the copy differs", round)
			}
			got[2].([]byte)[0] = 'x'
			*got[4].([1]*int)[0] = 2
			*got[5].(struct{ P *int }).P = 3
			got[0].(tree).Kids[0].Kids[0].Tags[0] = "x"
			got[1].(map[string]any)["new"] = 1
			got[1].(map[string]any)["list"].(*ring).N = 9
			got[6].(box[any]).V.(*ring).N = 9
		})
	}
}

// TestHammerTypes learns mutually recursive types from many goroutines at once.
func TestHammerTypes(t *testing.T) {
	for range 50 {
		c := copier.New(copier.Options{})
		hammer(6, 1, func(g int) {
			for _, v := range [][]any{{left{}, right{}, &ring{}}, {right{}, left{}, order{}}, {&left{}, tree{}, &right{}}}[g%3] {
				_, _, err := c.Copy(v)
				switch v.(type) {
				case *ring, tree:
					if err != nil {
						t.Errorf("Copy(%T): %v", v, err)
					}
				default:
					if err == nil {
						t.Errorf("Copy(%T) was not refused", v)
					}
				}
			}
		})
	}
}
