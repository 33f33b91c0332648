package server_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/kistatest"
	"github.com/kista-go/kista/server"
)

// moody answers by what it is asked: it crashes, refuses, waits, forgets.
func moody(gate <-chan struct{}) server.Factory[any] {
	return server.Of(on(func(c *server.Ctx, what string) (string, error) {
		switch what {
		case "crash":
			return "", server.Crash(errBoom)
		case "panic":
			panic(errBoom)
		case "refuse":
			return "", errBoom
		case "wait":
			<-gate
		case "forget":
			return "", server.Later
		}
		return what, nil
	}), none)
}

func TestS115_NoProcess(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		dead := start(t, n, moody(nil), nil, server.Opts{})
		assert.NoError(t, server.Shutdown(t.Context(), dead, nil))
		for _, to := range []kista.Addr{dead, n.Name("nobody"), kista.PID{}, n.Remote(n.NodeName(), "nobody")} {
			_, err := server.Call(t.Context(), to, ask{What: "x"})
			assert.ErrorIs(t, err, kista.ErrNoProcess)
			ce := assert.ErrorAs[*kista.CallError](t, err)
			assert.Equal(t, ce.Request, any(ask{What: "x"}))
			assert.Equal(t, ce.Server, to)
		}
	})
}

func TestS116_TheServersEndIsAnAnswer(t *testing.T) {
	for _, what := range []string{"crash", "panic"} {
		kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
			pid := start(t, n, moody(nil), nil, server.Opts{})
			before := time.Now()
			_, err := server.CallFor(t.Context(), server.NoTimeout, pid, ask{What: what})
			assert.ErrorAs[*kista.CallError](t, err)
			assert.ErrorIs(t, err, errBoom)
			assert.Equal(t, time.Since(before), 0)
		})
	}
}

// Everybody who waits hears of the end at once: whose request is in hand, in the
// mailbox, or left for later.
func TestS116_AllCallersHear(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		gate := make(chan struct{})
		defer close(gate)
		pid := start(t, n, moody(gate), nil, server.Opts{})
		var calls server.Calls[string, string]
		for _, what := range []string{"forget", "wait", "x", "y"} {
			calls.Add(what, server.Begin(t.Context(), pid, ask{What: what}))
			synctest.Wait()
		}
		assert.NoError(t, kista.Exit(pid, errOther)) // while it is in its own code
		for calls.Len() > 0 {
			a, err := calls.Next(t.Context())
			assert.NoError(t, err)
			assert.ErrorIs(t, a.Err, errOther)
		}
	})
}

func TestS117_CallingSelf(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		f := server.Of(on(func(c *server.Ctx, _ string) (string, error) {
			return server.Call(c, c.PID(), ask{})
		}), none)
		pid := start(t, n, f, nil, server.Opts{})
		_, err := server.Call(t.Context(), pid, ask{})
		assert.ErrorAs[*server.Refused](t, err)
		assert.ErrorIs(t, err, kista.ErrCallingSelf)
	})
}

func TestS118_Timeout(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		gate := make(chan struct{})
		pid := start(t, n, moody(gate), nil, server.Opts{})
		kistatest.Within(t, n, func(s *kista.Self) {
			for _, tc := range []struct {
				want time.Duration
				call func() error
			}{
				{5 * time.Second, func() error { _, err := server.Call(s, pid, ask{What: "wait"}); return err }},
				{5 * time.Second, func() error { _, err := server.Call(t.Context(), pid, ask{What: "wait"}); return err }},
				{time.Second, func() error {
					short, cancel := context.WithTimeout(s, time.Second)
					defer cancel()
					_, err := server.Call(short, pid, ask{What: "wait"})
					return err
				}},
				{time.Hour, func() error { _, err := server.CallFor(s, time.Hour, pid, ask{What: "wait"}); return err }},
				{0, func() error { _, err := server.CallFor(s, 0, pid, ask{What: "wait"}); return err }},
			} {
				before := time.Now()
				err := tc.call()
				assert.ErrorAs[*kista.CallError](t, err)
				assert.ErrorIs(t, err, context.DeadlineExceeded)
				assert.Equal(t, time.Since(before), tc.want)
			}
			close(gate) // now all of them are answered, too late
			synctest.Wait()
			kistatest.Empty(t, s)
			got, err := server.Call(s, pid, ask{What: "x"})
			assert.NoError(t, err)
			assert.Equal(t, got, "x")
		})
	})
}

func TestS118_NoTimeout(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		gate := make(chan struct{})
		pid := start(t, n, moody(gate), nil, server.Opts{})
		time.AfterFunc(24*time.Hour, func() { close(gate) })
		got, err := server.CallFor(t.Context(), server.NoTimeout, pid, ask{What: "wait"})
		assert.NoError(t, err)
		assert.Equal(t, got, "wait")
	})
}

// What is on the way is data that anybody can make and read: a Body can be a
// server, and its client.
func TestS119_RequestsAreMessages(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		pid := n.Spawn(func(s *kista.Self) error {
			for {
				msg, err := s.Receive()
				switch m := msg.(type) {
				case kista.Request:
					_ = m.From.Reply(m.Msg.(ask).What + " from " + fmt.Sprint(m.From.PID() != kista.PID{}))
				case server.Casted:
					return server.Stop(m.Msg.(error))
				case nil:
					return err
				}
			}
		})
		got, err := server.Call(t.Context(), pid, ask{What: "call"})
		assert.NoError(t, err)
		assert.Equal(t, got, "call from false")
		kistatest.Within(t, n, func(s *kista.Self) {
			got, err := server.Call(s, pid, ask{What: "call"})
			assert.NoError(t, err)
			assert.Equal(t, got, "call from true")
		})
		end := endOf(n, pid)
		assert.NoError(t, server.Cast(pid, errBoom))
		assert.ErrorIs(t, <-end, errBoom)
	})
}

func TestS120_AnybodyMayReplyAndTheFirstCounts(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		helper := n.Spawn(func(s *kista.Self) error {
			for {
				to, err := kista.Receive[server.ReplyTo[string]](s)
				if err != nil {
					return err
				}
				_ = to.Reply("first")
				_ = to.Reply("second")
				to.Refuse(errBoom)
			}
		})
		f := server.Of(on(func(c *server.Ctx, what string) (string, error) {
			to := server.ReplyTo[string]{From: c.From()}
			if what == "goroutine" {
				go to.Reply("from a goroutine")
				return "", server.Later
			}
			if err := c.Send(helper, to); err != nil {
				return "", err
			}
			return "", server.Later
		}), none)
		pid := start(t, n, f, nil, server.Opts{})
		kistatest.Within(t, n, func(s *kista.Self) {
			got, err := server.Call(s, pid, ask{What: "goroutine"})
			assert.NoError(t, err)
			assert.Equal(t, got, "from a goroutine")
			got, err = server.Call(s, pid, ask{What: "helper"})
			assert.NoError(t, err)
			assert.Equal(t, got, "first")
			synctest.Wait()
			kistatest.Empty(t, s)
		})
	})
}

func TestS121_NoReplyForNow(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		type waiting struct{ Who []server.ReplyTo[string] }
		m := new(server.Mux[waiting])
		server.OnCall(m, func(c *server.Ctx, w *waiting, q ask) (string, error) {
			w.Who = append(w.Who, server.ReplyTo[string]{From: c.From()})
			return "not sent", server.Later
		})
		server.OnCast(m, func(_ *server.Ctx, w *waiting, text string) error {
			for _, to := range w.Who {
				if err := to.Reply(text); err != nil {
					return err
				}
			}
			return nil
		})
		pid := start(t, n, server.Of(m, func(*server.Ctx, any) (*waiting, error) { return new(waiting), nil }), nil, server.Opts{})
		one, two := server.Begin(t.Context(), pid, ask{}), server.Begin(t.Context(), pid, ask{})
		synctest.Wait()
		info, _ := n.Info(pid)
		assert.Equal(t, info.Requests, 2)
		assert.NoError(t, server.Cast(pid, "now"))
		for _, p := range []*server.Pending[string]{one, two} {
			got, err := p.Wait(t.Context())
			assert.NoError(t, err)
			assert.Equal(t, got, "now")
		}
	})
}

func TestS132_WaitGoesOnAndCancelAbandons(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		gate := make(chan struct{})
		pid := start(t, n, moody(gate), nil, server.Opts{})
		kept, given := server.Begin(t.Context(), pid, ask{What: "wait"}), server.Begin(t.Context(), pid, ask{What: "x"})
		for _, p := range []*server.Pending[string]{kept, given} {
			_, err := p.WaitFor(t.Context(), time.Second)
			assert.ErrorIs(t, err, context.DeadlineExceeded)
			assert.Silent(t, p.Done())
		}
		given.Cancel()
		close(gate)
		got, err := kept.Wait(t.Context())
		assert.NoError(t, err)
		assert.Equal(t, got, "wait")
		_, err = given.Wait(t.Context())
		assert.ErrorIs(t, err, context.Canceled)
		kept.Cancel() // over: stays as it is
		got, err = kept.WaitFor(t.Context(), server.NoTimeout)
		assert.NoError(t, err)
		assert.Equal(t, got, "wait")
	})
}

func TestS133_Collections(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		slow := func(d time.Duration) kista.PID {
			return start(t, n, server.Of(on(func(_ *server.Ctx, what string) (string, error) {
				time.Sleep(d) // sleep: a server that takes its time, which is virtual
				if what == "die" {
					return "", server.Crash(errBoom)
				}
				return what, nil
			}), none), nil, server.Opts{})
		}
		var calls server.Calls[int, string]
		_, err := calls.Next(t.Context())
		assert.ErrorIs(t, err, server.ErrNoCalls)
		calls.Add(3, server.Begin(t.Context(), slow(3*time.Second), ask{What: "c"}))
		calls.Add(1, server.Begin(t.Context(), slow(1*time.Second), ask{What: "a"}))
		calls.Add(2, server.Begin(t.Context(), slow(2*time.Second), ask{What: "die"}))
		calls.Add(0, server.Begin(t.Context(), n.Name("nobody"), ask{What: "x"})) // over at once
		calls.Add(9, server.Begin(t.Context(), slow(9*time.Second), ask{What: "i"}))
		assert.Equal(t, calls.Len(), 5)
		var labels []int
		for range 4 {
			a, err := calls.Next(t.Context())
			assert.NoError(t, err)
			labels = append(labels, a.Label)
			switch a.Label {
			case 0:
				assert.ErrorIs(t, a.Err, kista.ErrNoProcess)
			case 1:
				assert.Equal(t, a, server.Answer[int, string]{Label: 1, Reply: "a"})
			case 2:
				assert.ErrorIs(t, a.Err, errBoom)
			}
		}
		assert.Equal(t, labels, []int{0, 1, 2, 3})
		_, err = calls.Next(t.Context()) // five seconds are not enough
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(errOther)
		_, err = calls.Next(ctx)
		assert.ErrorIs(t, err, errOther)
		assert.Equal(t, calls.Len(), 1)
		calls.Cancel()
		assert.Equal(t, calls.Len(), 0)
		_, err = calls.Next(t.Context())
		assert.ErrorIs(t, err, server.ErrNoCalls)
		kistatest.Pass(time.Minute)
		_, err = calls.Next(t.Context()) // the late answer is nobody's
		assert.ErrorIs(t, err, server.ErrNoCalls)
		calls.Add(5, server.Begin(t.Context(), n.Name("nobody"), ask{})) // and it can be used again
		a, err := calls.Next(t.Context())
		assert.NoError(t, err)
		assert.Equal(t, a.Label, 5)
	})
}

// Whatever was taken in whatever order, Cancel gives up exactly the rest.
func TestS133_CancelGivesUpTheRest(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		const many = 6
		for _, order := range [][]int{{}, {0}, {5}, {2, 3}, {3, 2, 4}, {0, 5, 1}, {5, 4, 3, 2, 1, 0}, {1, 0, 2}} {
			var calls server.Calls[int, string]
			pending := make([]*server.Pending[string], many)
			late := map[int]func(){}
			for i := range pending {
				gate := make(chan struct{})
				own := start(t, n, moody(gate), nil, server.Opts{})
				pending[i] = server.Begin(t.Context(), own, ask{What: "wait"})
				late[i] = func() { close(gate) }
				calls.Add(i, pending[i])
			}
			for _, i := range order {
				late[i]()
				a, err := calls.Next(t.Context())
				assert.NoError(t, err)
				assert.Equal(t, a, server.Answer[int, string]{Label: i, Reply: "wait"})
				delete(late, i)
			}
			calls.Cancel()
			for i, p := range pending {
				_, err := p.Wait(t.Context())
				if _, open := late[i]; open {
					assert.ErrorIs(t, err, context.Canceled)
					late[i]()
				} else {
					assert.NoError(t, err)
				}
			}
		}
	})
}

// A whole round of servers, one of them dead, one slow, one without a name.
func TestS131_MultiCall(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, a *kista.Node, _ *kistatest.Log) {
		b, _ := kistatest.Node(t, kista.Config{Name: "b"})
		c, _ := kistatest.Node(t, kista.Config{Name: "c"})
		d, _ := kistatest.Node(t, kista.Config{Name: "d"})
		kista.Pipe(a, b)
		kista.Pipe(a, c)
		cut := kista.Pipe(a, d)
		cut()
		for _, n := range []*kista.Node{a, b, d} {
			start(t, n, server.Of(on(echo), none), nil, server.Opts{Name: "s"})
		}
		var calls server.Calls[string, string]
		for _, node := range []string{"test", "b", "c", "d", "unknown"} {
			assert.NoError(t, server.Cast(a.Remote(node, "s"), "whatever")) // abcast: no errors
			calls.Add(node, server.Begin(t.Context(), a.Remote(node, "s"), ask{What: "hi " + node}))
		}
		replies, bad := map[string]string{}, map[string]error{}
		for calls.Len() > 0 {
			a, err := calls.Next(t.Context())
			assert.NoError(t, err)
			if a.Err != nil {
				bad[a.Label] = a.Err
			} else {
				replies[a.Label] = a.Reply
			}
		}
		assert.Equal(t, replies, map[string]string{"test": "hi test", "b": "hi b"})
		assert.ErrorIs(t, bad["c"], kista.ErrNoProcess)
		assert.ErrorIs(t, bad["d"], kista.ErrNoConnection)
		assert.ErrorIs(t, bad["unknown"], kista.ErrNoConnection)
	})
}
