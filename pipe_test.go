package kista_test

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
)

// pair runs a test with two nodes that are connected, in virtual time.
func pair(t *testing.T, f func(t *testing.T, a, b *kista.Node, cut func())) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		a, b := start(t, kista.Config{Name: "a"}), start(t, kista.Config{Name: "b"})
		f(t, a, b, kista.Pipe(a, b))
	})
}

// carryOver takes a value from one node to another in a message.
func carryOver[M any](t *testing.T, from, to *kista.Node, v M) M {
	t.Helper()
	got := make(chan M, 1)
	_, err := to.SpawnWith(kista.SpawnOpts{Name: "carry"}, func(s *kista.Self) error {
		m, err := kista.Receive[M](s)
		got <- m
		return err
	})
	assert.NoError(t, err)
	assert.NoError(t, kista.Send(from.Remote(to.NodeName(), "carry"), v))
	m := <-got
	settle()
	return m
}

func TestPIDsAreEqualAcrossNodes(t *testing.T) {
	pair(t, func(t *testing.T, a, b *kista.Node, _ func()) {
		original := a.Spawn(idle)
		there := carryOver(t, a, b, original)
		again := carryOver(t, a, b, original)
		assert.True(t, there == again, "two views of one process: %v, %v", there, again)
		assert.True(t, there != original, "a proxy is not the process")
		assert.True(t, carryOver(t, b, a, there) == original, "a PID that came back differs")
		assert.Equal(t, there.Node(), "a")
		assert.Equal(t, there.String(), original.String())
		_ = kista.Exit(original, kista.Kill)
		settle()
		assert.True(t, carryOver(t, b, a, there) == original, "a dead PID that came back differs")
		type deep struct {
			M map[string][]kista.PID
			A any
		}
		d := carryOver(t, a, b, deep{map[string][]kista.PID{"x": {original}}, original})
		assert.True(t, d.M["x"][0] == there && d.A == any(there), "%v", d)
	})
}

func TestRemoteNamesCallsAndAliases(t *testing.T) {
	pair(t, func(t *testing.T, a, b *kista.Node, _ func()) {
		_, err := b.Start(context.Background(), program(kista.SpawnOpts{Name: "server"}, counter{}))
		assert.NoError(t, err)
		answers(t, a.Remote("b", "server"))
		_, err = kista.Call(context.Background(), a.Remote("b", "nobody"), 1)
		assert.ErrorIs(t, err, kista.ErrNoProcess)
		_, err = kista.Call(context.Background(), a.Remote("c", "nobody"), 1)
		assert.ErrorIs(t, err, kista.ErrNoConnection)
		pid, _ := b.WhereIs("server")
		answers(t, carryOver(t, b, a, pid))
		assert.ErrorAs[*kista.DataError](t, kista.Send(a.Remote("b", "server"), make(chan int)))
		answers(t, a.Remote("b", "server")) // the connection stands
	})
}

func TestS076_AliasesWorkBetweenNodes(t *testing.T) {
	pair(t, func(t *testing.T, a, b *kista.Node, _ func()) {
		within(t, a, func(s *kista.Self) {
			alias := s.Alias(kista.Reply)
			there := carryOver(t, a, b, alias)
			assert.NoError(t, kista.Send(there, "first"))
			assert.NoError(t, kista.Send(there, "second"))
			settle()
			assert.Equal(t, receive[string](t, s), "first")
			empty(t, s)
			assert.True(t, carryOver(t, b, a, there) == alias, "a reference that came back differs")
		})
	})
}

func TestS061_MonitorsOverALostConnection(t *testing.T) {
	pair(t, func(t *testing.T, a, b *kista.Node, cut func()) {
		there, _ := b.SpawnWith(kista.SpawnOpts{Name: "it"}, idle)
		seen := carryOver(t, b, a, there)
		within(t, a, func(s *kista.Self) {
			r1, r2, r3 := s.Monitor(seen), s.Monitor(a.Remote("b", "it")), s.Monitor(a.Remote("b", "nobody"))
			assert.Equal(t, receive[kista.Down](t, s), kista.Down{Ref: r3, Addr: a.Remote("b", "nobody"), Reason: kista.ErrNoProcess})
			assert.True(t, s.Demonitor(s.Monitor(seen)), "demonitor")
			settle()
			info, _ := b.Info(there)
			assert.Equal(t, len(info.MonitoredBy), 2)
			cut()
			got := map[kista.Ref]kista.Addr{}
			for range 2 {
				d := receive[kista.Down](t, s)
				assert.Equal(t, d.Reason, kista.ErrNoConnection)
				got[d.Ref] = d.Addr
			}
			assert.True(t, got[r1] == seen && got[r2] == a.Remote("b", "it"), "%v", got)
			d := s.Monitor(seen) // out of reach
			assert.Equal(t, receive[kista.Down](t, s), kista.Down{Ref: d, Addr: seen, Reason: kista.ErrNoConnection})
			info, _ = b.Info(there)
			assert.Equal(t, len(info.MonitoredBy), 0)
			empty(t, s)
		})
	})
}

func TestS069_RemoteDownComesAfterMessages(t *testing.T) {
	pair(t, func(t *testing.T, a, b *kista.Node, _ func()) {
		within(t, a, func(s *kista.Self) {
			me := carryOver(t, a, b, s.PID())
			gate := make(chan struct{})
			there := carryOver(t, b, a, b.Spawn(func(o *kista.Self) error {
				<-gate
				for i := range 100 {
					_ = o.Send(me, i)
				}
				return errBoom
			}))
			s.Monitor(there)
			settle()
			close(gate)
			for i := range 100 {
				m, err := s.Receive()
				assert.NoError(t, err)
				assert.Equal(t, m, any(i))
			}
			m, _ := s.Receive()
			assert.ErrorIs(t, m.(kista.Down).Reason, errBoom)
		})
	})
}

func TestExitsAndTheirReasonsCross(t *testing.T) {
	pair(t, func(t *testing.T, a, b *kista.Node, _ func()) {
		within(t, a, func(s *kista.Self) {
			s.TrapExits(true)
			me := carryOver(t, a, b, s.PID())
			for _, body := range []kista.Body{
				func(o *kista.Self) error { panic(errBoom) },
				func(o *kista.Self) error { return errBoom },
			} {
				go b.Spawn(func(o *kista.Self) error {
					_ = o.Link(me)
					return body(o)
				})
				assert.ErrorIs(t, receive[kista.Exited](t, s).Reason, errBoom)
			}
			there := carryOver(t, b, a, b.Spawn(idle))
			s.Monitor(there)
			_ = s.Exit(there, kista.Kill)
			assert.Equal(t, receive[kista.Down](t, s).Reason, kista.ErrKilled)
			reason, err := kista.Wait(s, there)
			assert.NoError(t, err)
			assert.ErrorIs(t, reason, kista.ErrNoProcess)
		})
	})
}

func TestCallsHearOfTheServersDeathAndOfTheConnections(t *testing.T) {
	pair(t, func(t *testing.T, a, b *kista.Node, cut func()) {
		kept := make(chan kista.From, 9)
		keep := counter{handle: func(_ *kista.Self, msg any) error { kept <- msg.(kista.Request).From; return nil }}
		server := serve(t, b, keep)
		seen := carryOver(t, b, a, server)
		c := kista.Begin(context.Background(), seen, 1)
		<-kept
		_ = kista.Exit(seen, errBoom)
		_, err := c.Wait(context.Background())
		assert.ErrorIs(t, err, errBoom)
		assert.Equal(t, assert.ErrorAs[*kista.CallError](t, err).Server, kista.Addr(seen))

		seen = carryOver(t, b, a, serve(t, b, keep))
		c = kista.Begin(context.Background(), seen, 1)
		from := <-kept
		cut()
		_, err = c.Wait(context.Background())
		assert.ErrorIs(t, err, kista.ErrNoConnection)
		assert.NoError(t, from.Reply("late")) // vanishes
	})
}

func TestConnectAgain(t *testing.T) {
	pair(t, func(t *testing.T, a, b *kista.Node, cut func()) {
		seen := carryOver(t, b, a, serve(t, b, counter{}))
		cut()
		_, err := kista.Call(context.Background(), seen, 1)
		assert.ErrorIs(t, err, kista.ErrNoConnection)
		assert.ErrorIs(t, kista.Send(seen, 1), kista.ErrNoConnection)
		cut = kista.Pipe(a, b)
		answers(t, seen) // the old PID is good again
		old := cut
		cut = kista.Pipe(b, a) // over a connection that stands, the other way round
		answers(t, seen)
		old() // an old connection's end is no news
		answers(t, seen)
		cut()
		assert.ErrorIs(t, kista.Send(seen, 1), kista.ErrNoConnection)
	})
}

func TestRestartedNode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := start(t, kista.Config{Name: "a"}), start(t, kista.Config{Name: "b"})
		kista.Pipe(a, b)
		old := carryOver(t, b, a, serve(t, b, counter{}))
		within(t, a, func(s *kista.Self) {
			s.TrapExits(true)
			s.Monitor(old)
			_ = s.Link(old)
			settle()
			b2 := start(t, kista.Config{Name: "b"})
			kista.Pipe(a, b2)
			assert.Equal(t, receive[kista.Down](t, s).Reason, kista.ErrNoConnection)
			assert.Equal(t, receive[kista.Exited](t, s).Reason, kista.ErrNoConnection)
			now := carryOver(t, b2, a, serve(t, b2, counter{}))
			answers(t, now)
			assert.True(t, now != old, "a PID of an earlier life came back")
			assert.NoError(t, s.Send(old, 1)) // as to any ended process
			_, err := kista.Call(s, old, 1)
			assert.ErrorIs(t, err, kista.ErrNoProcess)
			s.Monitor(old)
			assert.Equal(t, receive[kista.Down](t, s).Reason, kista.ErrNoProcess)
		})
	})
}

func TestMailboxLimitAlsoForRemoteSenders(t *testing.T) {
	pair(t, func(t *testing.T, a, b *kista.Node, _ func()) {
		gate := make(chan struct{})
		there, _ := b.SpawnWith(kista.SpawnOpts{Mailbox: kista.MailboxLimit{Messages: 100, Bytes: 5000}}, func(*kista.Self) error { <-gate; return nil })
		seen := carryOver(t, b, a, there)
		for range 10 {
			assert.NoError(t, kista.Send(seen, make([]byte, 1000)))
		}
		settle()
		info, _ := b.Info(there)
		assert.True(t, info.MailboxLen < 5 && info.MailboxSize <= 5000, "%d messages, %d bytes", info.MailboxLen, info.MailboxSize)
		assert.True(t, b.Stats().DroppedMessages >= 5, "dropped %d", b.Stats().DroppedMessages)
		_, err := kista.Call(context.Background(), seen, make([]byte, 1000))
		assert.ErrorAs[*kista.MailboxFullError](t, err)
		close(gate)
	})
}
