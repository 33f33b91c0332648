package kista_test

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
)

// The race detector tells users the truth: two processes that share a map are
// reported; the same program without sharing is not. The programs run in a process of their own,
// since the detector judges a whole program.
func TestRaceDetectorSeesSharing(t *testing.T) {
	if which := os.Getenv("KISTA_RACE_PROGRAM"); which != "" {
		sharing(t, which)
		return
	}
	if !raceEnabled {
		t.Skip("needs -race: go test -race -run RaceDetector .")
	}
	for which, reported := range map[string]bool{"apart": false, "shared": true} {
		t.Run(which, func(t *testing.T) {
			cmd := exec.Command(os.Args[0], "-test.run", "^TestRaceDetectorSeesSharing$")
			cmd.Env = append(os.Environ(), "KISTA_RACE_PROGRAM="+which, "GORACE=halt_on_error=0")
			out, err := cmd.CombinedOutput()
			if seen := strings.Contains(string(out), "WARNING: DATA RACE"); seen != reported || (err != nil) != reported {
				t.Fatalf("reported: %v, %v; want %v\n%s", seen, err, reported, out)
			}
		})
	}
}

// sharing runs two servers, each with a client, timers and a monitor of its own,
// that have nothing to do with each other except, perhaps, a map.
func sharing(t *testing.T, which string) {
	n, err := kista.Start(kista.Config{})
	assert.NoError(t, err)
	together := map[int]int{}
	pair := func() <-chan struct{} {
		m := map[int]int{}
		if which == "shared" {
			m = together
		}
		pid, err := n.Start(t.Context(), program(kista.SpawnOpts{}, counter{handle: func(s *kista.Self, msg any) error {
			m[1]++
			kista.SendAfter(time.Hour, s.PID(), 1).Cancel()
			if q, ok := msg.(kista.Request); ok {
				return q.From.Reply(m[1])
			}
			return nil
		}}))
		assert.NoError(t, err)
		done := make(chan struct{})
		n.Spawn(func(s *kista.Self) error {
			defer close(done)
			for i := range 300 {
				ref := s.Monitor(pid)
				_ = s.Send(pid, i)
				if _, err := kista.Call(s, pid, i); err != nil {
					return err
				}
				s.Demonitor(ref)
			}
			return nil
		})
		return done
	}
	one, two := pair(), pair()
	<-one
	<-two
	assert.NoError(t, n.Stop(context.Background()))
}
