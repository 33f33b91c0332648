package kistatest

import (
	"context"
	"testing"

	"github.com/kista-go/kista"
)

// Within runs body as a process of n and waits until it has returned. It ends the
// test if the process ends before that: by a panic, a kill, or a t.FailNow of the
// body's own, which also counts as a failure in its place.
func Within(t testing.TB, n *kista.Node, body func(s *kista.Self)) {
	t.Helper()
	ran := make(chan struct{})
	pid := n.Spawn(func(s *kista.Self) error {
		body(s)
		close(ran)
		return nil
	})
	reason, err := kista.Wait(context.Background(), pid)
	if err != nil {
		t.Fatalf("kistatest: how the process ended is not known: %v", err)
	}
	select {
	case <-ran:
	default:
		t.Fatalf("kistatest: the process did not get to its end: %v", reason)
	}
}

// Receive takes the first message of type M out of the mailbox of s, waits for one
// if there is none, and leaves all others where they are (statement 26). It ends
// the test, and the process, if the process is told to end instead. It is called
// by the process.
func Receive[M any](t testing.TB, s *kista.Self) M {
	t.Helper()
	m, err := kista.Receive[M](s)
	if err != nil {
		t.Fatalf("kistatest: no message of type %T came: the process ends: %v", *new(M), err)
	}
	return m
}

// Empty fails the test if there is a message in the mailbox of s, which is taken
// out. It is called by the process.
func Empty(t testing.TB, s *kista.Self) {
	t.Helper()
	_ = s.Select(
		kista.On(func(m any) error { t.Errorf("kistatest: unexpected message %T %v", m, m); return nil }),
		kista.After(0, nil),
	)
}
