package wheel_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/internal/wheel"
)

// TestVirtualTime has the machine's clock be virtual: each entry fires at its
// exact time, however short, and all in order.
func TestVirtualTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := wheel.New(wheel.Machine{})
		start := time.Now()
		r := rand.New(rand.NewPCG(1, 2))
		type firing struct{ due, at time.Duration }
		var got []firing
		want := []time.Duration{0, 0, 1, 300 * time.Microsecond, 300*time.Microsecond + 1, time.Millisecond, 24 * time.Hour}
		for range 1000 {
			want = append(want, time.Duration(r.Int64N(int64(time.Hour)))>>r.IntN(40))
		}
		for _, d := range want {
			w.Set(&newBell(func() { got = append(got, firing{d, time.Since(start)}) }).Entry, d)
		}
		time.Sleep(24 * time.Hour)
		synctest.Wait()
		assert.Equal(t, len(got), len(want))
		slices.Sort(want)
		for i, f := range got {
			if f.due != want[i] || f.at != f.due {
				t.Fatalf("number %d was due at %d and fired at %d; %d was next", i, f.due, f.at, want[i])
			}
		}
	})
}

// TestBubbleEnds leaves a bubble with a wheel that was never closed, and with one
// that has entries: neither keeps the bubble from its end, nor moves its time on.
func TestBubbleEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		w := wheel.New(wheel.Machine{})
		b := newBell(func() { t.Error("it was stopped") })
		for d := range 100 * time.Nanosecond {
			w.Set(&b.Entry, d+1)
			w.Stop(&b.Entry)
		}
		closed := wheel.New(wheel.Machine{})
		closed.Set(&newBell(func() { t.Error("it was closed") }).Entry, time.Hour)
		closed.Close()
		<-closed.Done()
		synctest.Wait()
		assert.Equal(t, time.Since(start), 0)
		time.Sleep(24 * time.Hour)
	})
}

// TestDoneWaits closes while a callback runs.
func TestDoneWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := wheel.New(wheel.Machine{})
		begun, free := make(chan struct{}), make(chan struct{})
		w.Set(&newBell(func() { close(begun); <-free }).Entry, time.Second)
		b := newBell(func() { t.Error("it fired after the end") })
		w.Set(&b.Entry, time.Second)
		<-begun
		w.Close()
		synctest.Wait()
		assert.Silent(t, w.Done())
		assert.True(t, !w.Set(&b.Entry, 0), "it was set")
		close(free)
		<-w.Done()
		time.Sleep(time.Hour)
	})
}
