package supervisor

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestWindow compares the window with one that forgets nothing.
func TestWindow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		intensity := rapid.IntRange(0, 5).Draw(t, "intensity")
		period := time.Duration(rapid.IntRange(1, 20).Draw(t, "period"))
		var w window
		var now time.Time
		var all []time.Time
		for range rapid.IntRange(0, 50).Draw(t, "restarts") {
			now = now.Add(time.Duration(rapid.IntRange(0, 10).Draw(t, "later")))
			all = append(all, now)
			within := 0
			for _, at := range all {
				within += one(now.Sub(at) <= period)
			}
			if ok := w.add(now, intensity, period); ok != (within <= intensity) {
				t.Fatalf("%d restarts within the period, intensity %d: %v", within, intensity, ok)
			} else if !ok {
				return // the supervisor ends
			}
		}
	})
}
