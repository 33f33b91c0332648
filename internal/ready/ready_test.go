package ready_test

import (
	"sync"
	"testing"

	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/internal/ready"
)

func TestOrder(t *testing.T) {
	var q ready.Queue
	_, ok := q.Take()
	assert.True(t, !ok, "an empty queue gave something")
	for i := range 3 {
		q.Put(i)
	}
	for i := range 3 {
		v, ok := q.Take()
		assert.True(t, ok, "nothing where %d should be", i)
		assert.Equal(t, v, any(i))
	}
	_, ok = q.Take()
	assert.True(t, !ok, "a drained queue gave something")
}

// TestHammer loses nothing and gives nothing twice.
func TestHammer(t *testing.T) {
	const putters, each = 8, 500
	var q ready.Queue
	var wg sync.WaitGroup
	for p := range putters {
		wg.Go(func() {
			for i := range each {
				q.Put(p*each + i)
			}
		})
	}
	seen := map[any]bool{}
	for len(seen) < putters*each {
		v, ok := q.Take()
		if !ok {
			<-q.Wake()
			continue
		}
		assert.True(t, !seen[v], "%v came twice", v)
		seen[v] = true
	}
	wg.Wait()
	_, ok := q.Take()
	assert.True(t, !ok, "more came than was put in")
}
