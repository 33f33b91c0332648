package wheel

import (
	"testing"
	"time"
)

// TestSpreadLetsOthersIn sees inside, to have the lock before and after very many
// entries move: whoever has had it in between was let in. It is a matter of luck
// in which attempt somebody waits in time.
func TestSpreadLetsOthersIn(t *testing.T) {
	const many, attempts = 300_000, 50
	entries := make([]Entry, many)
	w := New(Machine{})
	defer w.Close()
	for range attempts {
		for i := range entries {
			w.Set(&entries[i], time.Hour+time.Duration(i))
		}
		letIn, waiting, over := false, make(chan struct{}), make(chan struct{})
		w.mu.Lock()
		go func() {
			defer close(over)
			close(waiting)
			w.mu.Lock()
			defer w.mu.Unlock()
			letIn = true
		}()
		<-waiting
		s, _ := w.first()
		w.cur = s.min
		w.spread(s)
		got := letIn
		w.mu.Unlock()
		<-over
		if got {
			return
		}
	}
	t.Fatalf("nobody else got the lock while %d entries moved, in %d attempts", many, attempts)
}
