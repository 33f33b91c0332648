package task_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/task"
)

// A buffer as large as can be is one without end.
func TestStreamWithAHugeBuffer(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node, _ kista.PID) {
		sum := 0
		for v, err := range task.StreamOn(t.Context(), n, slices.Values([]int{1, 2, 3, 4, 5}),
			task.StreamOpts{MaxConcurrency: 2, Buffer: math.MaxInt}, func(_ *kista.Self, i int) (int, error) { return i, nil }) {
			assert.NoError(t, err)
			sum += v
		}
		assert.Equal(t, sum, 15)
	})
}

// What is left of a deadline that has passed is no time, not all of it.
func TestNegativeDurations(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node, sup kista.PID) {
		ctx := context.Background()
		began := time.Now()
		slow := task.AsyncNolink(ctx, sup, after(time.Hour))
		_, over, err := slow.Yield(ctx, -5)
		assert.True(t, !over && err == nil, "over %v, %v", over, err)
		_, err = slow.AwaitFor(ctx, -5)
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		_, err = kista.CallFor(ctx, -5, sup, "whatever")
		assert.True(t, err != nil, "an answer in no time")
		assert.Equal(t, time.Since(began), 0)
	})
}

func TestZeroTask(t *testing.T) {
	var zero task.Task[int]
	var none *task.Error
	_, err := zero.Await(t.Context())
	assert.True(t, errors.As(err, &none) && strings.Contains(err.Error(), "zero Task"), "awaited: %v", err)
	_, err = zero.Shutdown(t.Context(), 0)
	assert.True(t, errors.As(err, &none), "shut down: %v", err)
}
