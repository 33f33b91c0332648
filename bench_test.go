package kista_test

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
)

// What the kernel's parts cost, for whoever works on them; module bench measures
// them beside the peers.

type benchMsg struct{ A, B int }

// onMessage is a behaviour that has nothing but a function for its messages.
type onMessage func(s *kista.Self, msg any) error

func (onMessage) Init(*kista.Self) error                { return nil }
func (f onMessage) Handle(s *kista.Self, msg any) error { return f(s, msg) }
func (onMessage) Terminate(*kista.Self, error) error    { return nil }
func benchNode(b *testing.B) *kista.Node {
	return start(b, kista.Config{Logger: slog.New(slog.DiscardHandler)})
}

func benchProgram(f onMessage) kista.Program {
	return kista.BehaviourProgram(kista.SpawnOpts{}, "bench", func() (kista.Behaviour, error) { return f, nil })
}

func benchStart(b *testing.B, n *kista.Node, f onMessage) kista.PID {
	b.Helper()
	pid, err := n.Start(context.Background(), benchProgram(f))
	assert.NoError(b, err)
	return pid
}

func BenchmarkHopBehaviour(b *testing.B) {
	for _, size := range []int{2, 1000} {
		b.Run(map[int]string{2: "pair", 1000: "ring"}[size], func(b *testing.B) {
			n := benchNode(b)
			done := make(chan struct{})
			ring := make([]kista.PID, size)
			for i := range ring {
				ring[i] = benchStart(b, n, func(s *kista.Self, msg any) error {
					m := msg.(benchMsg)
					if m.A == 0 {
						close(done)
						return nil
					}
					return s.Send(ring[(i+1)%size], benchMsg{m.A - 1, i})
				})
			}
			b.ReportAllocs()
			b.ResetTimer()
			assert.NoError(b, kista.Send(ring[0], benchMsg{b.N, 0}))
			<-done
		})
	}
}

func BenchmarkHopBody(b *testing.B) {
	n := benchNode(b)
	done := make(chan struct{})
	var pids [2]kista.PID
	ready := make(chan struct{})
	for i := range pids {
		pids[i] = n.Spawn(func(s *kista.Self) error {
			<-ready
			for {
				msg, err := s.Receive()
				if err != nil {
					return err
				}
				m := msg.(benchMsg)
				if m.A == 0 {
					close(done)
					continue
				}
				if err := s.Send(pids[1-i], benchMsg{m.A - 1, i}); err != nil {
					return err
				}
			}
		})
	}
	close(ready)
	b.ReportAllocs()
	b.ResetTimer()
	_ = kista.Send(pids[0], benchMsg{b.N, 0})
	<-done
}

func BenchmarkCall(b *testing.B) {
	n := benchNode(b)
	server := benchStart(b, n, func(_ *kista.Self, msg any) error { return msg.(kista.Request).From.Reply(benchMsg{1, 2}) })
	b.Run("goroutine", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, err := kista.Call(context.Background(), server, benchMsg{})
			assert.NoError(b, err)
		}
	})
	b.Run("body", func(b *testing.B) {
		b.ReportAllocs()
		done := make(chan struct{})
		n.Spawn(func(s *kista.Self) error {
			defer close(done)
			for b.Loop() {
				_, err := kista.Call(s, server, benchMsg{})
				assert.NoError(b, err)
			}
			return nil
		})
		<-done
	})
	b.Run("handler", func(b *testing.B) {
		b.ReportAllocs()
		done := make(chan struct{})
		caller := benchStart(b, n, func(s *kista.Self, _ any) error {
			defer close(done)
			for b.Loop() {
				_, err := kista.Call(s, server, benchMsg{})
				assert.NoError(b, err)
			}
			return nil
		})
		_ = kista.Send(caller, 1)
		<-done
	})
}

func BenchmarkSend(b *testing.B) {
	n := benchNode(b)
	total := make(chan int, 1)
	want := 0
	got := 0
	to, err := n.Start(context.Background(), kista.BehaviourProgram(
		kista.SpawnOpts{Mailbox: kista.MailboxLimit{Messages: 1 << 30, Bytes: 1 << 40}}, "bench",
		func() (kista.Behaviour, error) {
			return onMessage(func(_ *kista.Self, msg any) error {
				if got++; msg.(benchMsg).B == 1 {
					total <- got
				}
				return nil
			}), nil
		}))
	assert.NoError(b, err)
	b.ReportAllocs()
	n.Spawn(func(s *kista.Self) error {
		for b.Loop() {
			want++
			_ = s.Send(to, benchMsg{want, 0})
		}
		return s.Send(to, benchMsg{0, 1})
	})
	assert.Equal(b, <-total, want+1)
}

func BenchmarkSpawn(b *testing.B) {
	b.Run("go", func(b *testing.B) {
		var wg sync.WaitGroup
		for b.Loop() {
			wg.Add(1)
			go wg.Done()
		}
		wg.Wait()
	})
	b.Run("body", func(b *testing.B) {
		n := benchNode(b)
		var wg sync.WaitGroup
		b.ReportAllocs()
		for b.Loop() {
			wg.Add(1)
			n.Spawn(func(*kista.Self) error { wg.Done(); return nil })
		}
		wg.Wait()
	})
	b.Run("behaviour", func(b *testing.B) {
		n := benchNode(b)
		var wg sync.WaitGroup
		b.ReportAllocs()
		pr := benchProgram(func(*kista.Self, any) error { wg.Done(); return kista.Stop{} })
		done := make(chan struct{})
		n.Spawn(func(s *kista.Self) error {
			for b.Loop() {
				wg.Add(1)
				pid, _, err := s.StartChild(pr)
				assert.NoError(b, err)
				_ = s.Unlink(pid)
				_ = s.Send(pid, 1)
			}
			close(done)
			return nil
		})
		<-done
		wg.Wait()
	})
}

func BenchmarkTimer(b *testing.B) {
	n := benchNode(b)
	pid := n.Spawn(func(s *kista.Self) error { _, err := s.Receive(); return err })
	b.ReportAllocs()
	for b.Loop() {
		kista.SendAfter(time.Hour, pid, benchMsg{}).Cancel()
	}
}
