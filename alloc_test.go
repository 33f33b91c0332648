package kista_test

import (
	"runtime"
	"testing"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
)

// Addresses are resolved without an allocation, and a message that needs no copy
// is sent without one.
func TestSendAllocatesNothing(t *testing.T) {
	if raceEnabled {
		t.Skip("with the race detector nothing is pooled")
	}
	n := node(t)
	to, err := n.Start(t.Context(), program(kista.SpawnOpts{Name: "sink"}, counter{}))
	assert.NoError(t, err)
	name := n.Name("sink")
	var msg any = struct{ A, B int }{1, 2}
	within(t, n, func(s *kista.Self) {
		for what, send := range map[string]func(){
			"to a PID":  func() { _ = s.Send(to, msg) },
			"to a name": func() { _ = s.Send(name, msg) },
			"outside":   func() { _ = kista.Send(to, msg) },
		} {
			one := func() {
				send()
				for range 4 { // the receiver takes it, and its entry is free again
					runtime.Gosched()
				}
			}
			one()
			if got := testing.AllocsPerRun(1000, one); got > 0 {
				t.Errorf("%s: %v allocations", what, got)
			}
		}
	})
}
