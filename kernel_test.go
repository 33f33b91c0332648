package kista_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kista-go/kista"
)

func node(t testing.TB) *kista.Node {
	t.Helper()
	n, err := kista.Start(kista.Config{Name: "a"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return n
}

type echo struct{ n int }

func (e *echo) Init(*kista.Self) error { return nil }
func (e *echo) Handle(s *kista.Self, msg any) error {
	switch m := msg.(type) {
	case kista.Request:
		if m.Msg == "boom" {
			panic("boom")
		}
		e.n++
		return m.From.Reply(e.n)
	}
	return nil
}
func (e *echo) Terminate(*kista.Self, error) error { return nil }

func TestSmoke(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := node(t)
		pid, err := n.Start(context.Background(), kista.BehaviourProgram(kista.SpawnOpts{Name: "e"}, "echo", func() (kista.Behaviour, error) { return &echo{}, nil }))
		if err != nil {
			t.Fatal(err)
		}
		for i := 1; i < 4; i++ {
			v, err := kista.Call(context.Background(), pid, "hi")
			if err != nil || v != i {
				t.Fatal(v, err)
			}
		}
		_, err = kista.Call(context.Background(), n.Name("e"), "boom")
		var pe *kista.PanicError
		if !errors.As(err, &pe) || pe.Value != "boom" {
			t.Fatal(err)
		}
		t.Log(pe.StackText())
		if n.Alive(pid) {
			t.Fatal("alive")
		}
		done := make(chan error, 1)
		n.Spawn(func(s *kista.Self) error {
			s.TrapExits(true)
			child := s.SpawnLink(func(s *kista.Self) error { _, err := s.Receive(); return err })
			ref := s.Monitor(child)
			s.Exit(child, errors.New("go"))
			ex, err := kista.Receive[kista.Exited](s)
			t.Log(ex, err)
			d, err := kista.Receive[kista.Down](s)
			t.Log(d, err, d.Ref == ref)
			err = s.Select(kista.After(time.Second, func() error { return errors.New("late") }))
			done <- err
			return nil
		})
		t.Log(<-done)
	})
}

func TestPipeSmoke(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := node(t)
		b, _ := kista.Start(kista.Config{Name: "b"})
		defer b.Stop(context.Background())
		cut := kista.Pipe(a, b)
		b.Start(context.Background(), kista.BehaviourProgram(kista.SpawnOpts{Name: "e"}, "echo", func() (kista.Behaviour, error) { return &echo{}, nil }))
		v, err := kista.Call(context.Background(), a.Remote("b", "e"), "hi")
		t.Log(v, err)
		done := make(chan any, 3)
		a.Spawn(func(s *kista.Self) error {
			s.Monitor(a.Remote("b", "e"))
			d, err := kista.Receive[kista.Down](s)
			done <- d
			return err
		})
		synctest.Wait()
		cut()
		t.Log(<-done)
	})
}
