package kista_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
)

// Messages, links, monitors and exits of one sender act in the order in which
// they were sent.
func TestS015_PairOrderHoldsForAllSignals(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		within(t, n, func(s *kista.Self) {
			s.TrapExits(true)
			const rounds = 500
			s.Spawn(func(o *kista.Self) error {
				for i := range rounds {
					_ = o.Send(s.PID(), i)
					_ = o.Exit(s.PID(), fmt.Errorf("%d", i))
				}
				_ = o.Link(s.PID())
				_ = o.Send(s.PID(), "last")
				return errBoom
			})
			for i := range rounds {
				m, err := s.Receive()
				assert.NoError(t, err)
				assert.Equal(t, m, any(i))
				m, err = s.Receive()
				assert.NoError(t, err)
				assert.Equal(t, m.(kista.Exited).Reason.Error(), fmt.Sprint(i))
			}
			m, _ := s.Receive()
			assert.Equal(t, m, any("last"))
			m, _ = s.Receive()
			assert.ErrorIs(t, m.(kista.Exited).Reason, errBoom)
		})
	})
}

// What is promised of many senders is only each one's own order.
func TestS016_ManySendersKeepEachTheirOrder(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		type item struct{ From, N int }
		within(t, n, func(s *kista.Self) {
			const senders, each = 8, 300
			for i := range senders {
				s.Spawn(func(o *kista.Self) error {
					for j := range each {
						_ = o.Send(s.PID(), item{i, j})
					}
					return nil
				})
			}
			var next [senders]int
			for range senders * each {
				m := receive[item](t, s)
				assert.Equal(t, m.N, next[m.From])
				next[m.From]++
			}
		})
	})
}

func TestS017_NothingIsLostOrDoubled(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		within(t, n, func(s *kista.Self) {
			var wg sync.WaitGroup
			for i := range 8 {
				wg.Go(func() {
					for j := range 500 {
						assert.NoError(t, kista.Send(s.PID(), i*500+j))
					}
				})
			}
			wg.Wait()
			seen := map[int]bool{}
			for range 8 * 500 {
				m := receive[int](t, s)
				assert.True(t, !seen[m], "%d twice", m)
				seen[m] = true
			}
			empty(t, s)
		})
	})
}

func TestS018_MessagesToNobodyVanish(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		dead := n.Spawn(ends(nil))
		settle()
		within(t, n, func(s *kista.Self) {
			gone := s.Alias(kista.ExplicitUnalias)
			s.Unalias(gone)
			for _, to := range []kista.Addr{dead, kista.PID{}, kista.Ref{}, gone, n.Remote("a", "nobody")} {
				assert.NoError(t, s.Send(to, 1))
				assert.NoError(t, kista.Send(to, 1))
			}
			assert.ErrorIs(t, kista.Send(n.Remote("b", "nobody"), 1), kista.ErrNoConnection)
			assert.ErrorIs(t, kista.Send(nil, 1), kista.ErrNoProcess)
		})
	})
}

func TestS019_UnknownLocalNameFailsTheSender(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		e := assert.ErrorAs[*kista.NameError](t, kista.Send(n.Name("nobody"), 1))
		assert.Equal(t, e.Name, "nobody")
		assert.ErrorIs(t, e, kista.ErrNoProcess)
	})
}

func TestS020_MessagesAreCopies(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		type doc struct {
			List []int
			Map  map[string][]string
			Ptr  *int
			URL  *url.URL
		}
		one := 1
		within(t, n, func(s *kista.Self) {
			mine := doc{[]int{1}, map[string][]string{"a": {"x"}}, &one, &url.URL{Host: "h"}}
			_ = s.Send(s.PID(), mine)
			_ = s.Send(s.PID(), mine)
			mine.List[0], mine.Map["a"][0], one, mine.URL.Host = 9, "y", 9, "z"
			first := receive[doc](t, s)
			assert.True(t, first.List[0] == 1 && first.Map["a"][0] == "x" && *first.Ptr == 1 && first.URL.Host == "h", "%+v", first)
			first.List[0], first.Map["b"] = 5, nil
			second := receive[doc](t, s)
			assert.True(t, second.List[0] == 1 && len(second.Map) == 1 && mine.List[0] == 9, "%+v", second)
		})
		pid := n.Spawn(idle)
		type bad struct{ Inner struct{ Files []*os.File } }
		bads := bad{}
		bads.Inner.Files = []*os.File{os.Stdin}
		e := assert.ErrorAs[*kista.DataError](t, kista.Send(pid, bads))
		assert.True(t, e.Path != "" && e.Why != "", "%+v", e)
		for _, v := range []any{make(chan int), func() {}, context.Background(), &sync.Mutex{}} {
			assert.ErrorAs[*kista.DataError](t, kista.Send(pid, v))
		}
		assert.True(t, kista.IsData[chan int]() != nil && kista.IsData[doc]() == nil, "IsData")
	})
}

// Differs from OTP: mailboxes have limits (law 8), see mailbox_test.go.
func TestS021_ArrivalOrder(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		within(t, n, func(s *kista.Self) {
			for i := range 5000 {
				assert.NoError(t, s.Send(s.PID(), i))
			}
			for i := range 5000 {
				m, err := s.Receive()
				assert.NoError(t, err)
				assert.Equal(t, m, any(i))
			}
		})
	})
}

// A behaviour in its handler, and one in a selective receive, cannot put an exit
// signal, a link or a monitor off.
func TestS022_SignalsActWhileCodeRuns(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		gate := make(chan struct{})
		busy := serve(t, n, counter{handle: func(*kista.Self, any) error { <-gate; return nil }})
		assert.NoError(t, kista.Send(busy, 1))
		settle()
		within(t, n, func(s *kista.Self) {
			s.TrapExits(true)
			ref := s.Monitor(busy)
			assert.NoError(t, s.Link(busy))
			_ = s.Exit(busy, errBoom)
			assert.ErrorIs(t, receive[kista.Exited](t, s).Reason, errBoom)
			assert.Equal(t, receive[kista.Down](t, s).Ref, ref)
		})
		assert.Equal(t, n.Stats().Zombies, int64(1))
		close(gate)
		settle()
		assert.Equal(t, n.Stats().Zombies, int64(0))
	})
}

func TestS023_ExitAfterMessages(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		got := make(chan any, 10)
		gate := make(chan struct{})
		pid := n.Spawn(func(s *kista.Self) error {
			<-gate
			for {
				m, err := s.Receive()
				if err != nil {
					return err
				}
				got <- m
			}
		})
		settle()
		_ = kista.Send(pid, "before")
		_ = kista.Exit(pid, errBoom)
		_ = kista.Send(pid, "after")
		close(gate)
		settle()
		assert.Equal(t, len(got), 0) // it died without handling either
		within(t, n, func(s *kista.Self) {
			s.TrapExits(true)
			s.Spawn(func(o *kista.Self) error {
				_ = o.Send(s.PID(), "before")
				_ = o.Exit(s.PID(), errBoom)
				return o.Send(s.PID(), "after")
			})
			for _, want := range []any{"before", errBoom, "after"} {
				m, err := s.Receive()
				assert.NoError(t, err)
				if ex, ok := m.(kista.Exited); ok {
					assert.ErrorIs(t, ex.Reason, want.(error))
				} else {
					assert.Equal(t, m, want)
				}
			}
		})
	})
}

func TestS024_SendNeverBlocks(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		gate := make(chan struct{})
		pid := n.Spawn(func(*kista.Self) error { <-gate; return nil })
		began := time.Now()
		var err error
		for err == nil {
			err = kista.Send(pid, 1)
		}
		assert.ErrorAs[*kista.MailboxFullError](t, err)
		assert.Equal(t, time.Since(began), time.Duration(0))
		close(gate)
	})
}

func TestS025_LastMessagesComeBeforeTheEnd(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		within(t, n, func(s *kista.Self) {
			s.TrapExits(true)
			for range 200 {
				_, _, _ = s.SpawnWith(kista.SpawnOpts{Link: true, Monitor: true}, func(o *kista.Self) error {
					_ = o.Send(s.PID(), 1)
					_ = o.Send(s.PID(), 2)
					return nil
				})
				var kinds string
				for range 4 {
					m, err := s.Receive()
					assert.NoError(t, err)
					kinds += fmt.Sprintf("%T ", m)
				}
				assert.Equal(t, kinds, "int int kista.Exited kista.Down ")
			}
		})
	})
}

func TestS274_NothingIsShared(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		// A request, its answer, an error in a message and a tag are copies too.
		type box struct{ M map[string]int }
		kept := make(chan box, 1)
		server := serve(t, n, counter{handle: func(_ *kista.Self, msg any) error {
			q := msg.(kista.Request)
			b := q.Msg.(box)
			b.M["theirs"] = 1
			answer := box{map[string]int{"answer": 1}}
			err := q.From.Reply(answer)
			answer.M["later"] = 1
			kept <- answer
			return err
		}})
		mine := box{map[string]int{}}
		v, err := kista.Call(context.Background(), server, mine)
		assert.NoError(t, err)
		<-kept
		assert.Equal(t, v.(box).M, map[string]int{"answer": 1})
		assert.Equal(t, len(mine.M), 0)
	})
}

func TestS275_OneCrashEndsOnlyItsLinks(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		bystander := serve(t, n, counter{})
		for range 50 {
			p := n.Spawn(func(s *kista.Self) error {
				s.SpawnLink(idle)
				_, _ = s.Receive()
				panic("x")
			})
			_ = kista.Send(p, 1)
		}
		settle()
		answers(t, bystander)
		assert.Equal(t, n.Stats().Processes, 1)
	})
}

func TestS277_SystemLimits(t *testing.T) {
	bubble(t, func(t *testing.T, _ *kista.Node) {
		n := start(t, kista.Config{Name: "small", MaxProcesses: 3, MaxTimers: 2})
		var pids []kista.PID
		for range 3 {
			pid, err := n.SpawnWith(kista.SpawnOpts{Name: fmt.Sprint("n", len(pids))}, idle)
			assert.NoError(t, err)
			pids = append(pids, pid)
		}
		pid, err := n.SpawnWith(kista.SpawnOpts{Name: "x"}, idle)
		assert.ErrorIs(t, err, kista.ErrSystemLimit)
		assert.True(t, pid.IsZero() && n.Spawn(idle).IsZero(), "made a process")
		assert.Equal(t, len(n.Names()), 3)
		_ = kista.Exit(pids[0], kista.Kill)
		_, err = n.SpawnWith(kista.SpawnOpts{}, idle)
		assert.NoError(t, err)

		timers := []*kista.Timer{kista.SendAfter(time.Hour, pids[1], 1), kista.SendAfter(time.Hour, n.Name("n1"), 1)}
		third := kista.SendAfter(time.Hour, pids[1], 1)
		assert.ErrorIs(t, third.Err(), kista.ErrSystemLimit)
		timers[0].Cancel()
		assert.NoError(t, kista.SendAfter(time.Hour, pids[1], 1).Err())
	})
}

func TestS281_DetectionGivesTheExactReason(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node) {
		within(t, n, func(s *kista.Self) {
			_, ref := s.SpawnMonitor(ends(fmt.Errorf("disk %d: %w", 3, errBoom)))
			d := receive[kista.Down](t, s)
			assert.Equal(t, d.Ref, ref)
			assert.True(t, errors.Is(d.Reason, errBoom) && d.Reason.Error() == "disk 3: boom", "%v", d.Reason)
		})
	})
}
