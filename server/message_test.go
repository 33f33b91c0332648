package server_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/kistatest"
	"github.com/kista-go/kista/server"
)

func TestS127_UnknownInfoIsLogged(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, log *kistatest.Log) {
		pid := start(t, n, server.Of(on(echo), none), nil, server.Opts{Name: "s", TrapExits: true})
		assert.NoError(t, kista.Send(pid, 1.5))
		synctest.Wait()
		assert.Equal(t, log.Attrs("server: nobody handles this info"), map[string]string{
			"report": "notice", "node": "test", "pid": pid.String(), "name": "s", "message": "float64",
		})
		assert.NoError(t, kista.Exit(pid, errBoom)) // trapped, and not its parent
		assert.NoError(t, kista.Send(pid, nil))
		synctest.Wait()
		assert.Equal(t, len(log.Messages()), 3)
		_, err := server.Call(t.Context(), pid, ask{})
		assert.NoError(t, err)
	})
}

// Differs from OTP, where each of these ends the server: whoever can send must
// not be able to.
func TestS128_UnknownCallsAndCasts(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, log *kistatest.Log) {
		pid := start(t, n, server.Of(new(server.Mux[struct{}]), none), nil, server.Opts{})
		_, err := server.Call(t.Context(), pid, ask{})
		assert.Equal(t, *assert.ErrorAs[*server.UnknownError](t, err), server.UnknownError{Server: pid, Kind: "call", Type: "server_test.ask"})
		synctest.Wait()
		assert.Equal(t, log.Messages(), nil)

		_, err = kista.Call(t.Context(), pid, nil)
		assert.ErrorAs[*server.UnknownError](t, err)

		assert.NoError(t, server.Cast(pid, note{}))
		assert.NoError(t, server.Cast(pid, nil))
		synctest.Wait()
		assert.Equal(t, log.Messages(), []string{"server: nobody handles this cast", "server: nobody handles this cast"})
		assert.True(t, n.Alive(pid), "it died of a cast")
	})
}

// What the server itself asked for and nobody handles is its own mistake.
func TestS128_UnknownContinueEndsTheServer(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, log *kistatest.Log) {
		m := on(func(c *server.Ctx, what string) (string, error) {
			if what == "continue" {
				c.Continue(7)
			} else {
				c.Timeout(time.Second)
			}
			return "", nil
		})
		pid := start(t, n, server.Of(m, none), nil, server.Opts{})
		end := endOf(n, pid)
		_, err := server.Call(t.Context(), pid, ask{What: "timeout"})
		assert.NoError(t, err)
		kistatest.Pass(time.Minute)
		assert.Equal(t, log.Messages(), []string{"server: nobody handles this timeout"})
		_, err = server.Call(t.Context(), pid, ask{What: "continue"})
		assert.NoError(t, err)
		ue := assert.ErrorAs[*server.UnknownError](t, <-end)
		assert.Equal(t, ue.Kind+" "+ue.Type, "continue int")
	})
}

func TestS130_CastsAreNeverRefusedForLackOfAServer(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		dead := start(t, n, server.Of(on(echo), none), nil, server.Opts{})
		assert.NoError(t, server.Shutdown(t.Context(), dead, nil))
		nobody := []kista.Addr{dead, kista.PID{}, n.Name("nobody"), n.Remote(n.NodeName(), "nobody"), n.Remote("elsewhere", "nobody")}
		for _, to := range nobody {
			assert.NoError(t, server.Cast(to, 1))
		}
		f := server.Of(on(func(c *server.Ctx, _ string) (string, error) {
			for _, to := range nobody {
				if err := c.Cast(to, 1); err != nil {
					return "", err
				}
			}
			return "", nil
		}), none)
		_, err := server.Call(t.Context(), start(t, n, f, nil, server.Opts{}), ask{})
		assert.NoError(t, err)
	})
}

// Casts, calls and infos of one sender come in order.
func TestOrder(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		m := new(server.Mux[[]int])
		server.OnCast(m, func(_ *server.Ctx, s *[]int, i int) error { *s = append(*s, i); return nil })
		server.OnInfo(m, func(_ *server.Ctx, s *[]int, i int) error { *s = append(*s, -i); return nil })
		server.OnCall(m, func(_ *server.Ctx, s *[]int, _ askSlice) ([]int, error) { return *s, nil })
		pid := start(t, n, server.Of(m, func(*server.Ctx, any) (*[]int, error) { return new([]int), nil }), nil, server.Opts{})
		var want []int
		for i := 1; i < 100; i += 2 {
			assert.NoError(t, server.Cast(pid, i))
			assert.NoError(t, kista.Send(pid, i+1))
			want = append(want, i, -i-1)
		}
		got, err := server.Call(t.Context(), pid, askSlice{})
		assert.NoError(t, err)
		assert.Equal(t, got, want)
	})
}

// The exact type wins over interfaces, of which the first one registered does.
func TestDispatch(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, log *kistatest.Log) {
		var got journal
		m := new(server.Mux[struct{}])
		said := func(what string) error { got.add(what); return nil }
		server.OnInfo(m, func(_ *server.Ctx, _ *struct{}, _ error) error { return said("error") })
		server.OnInfo(m, func(_ *server.Ctx, _ *struct{}, _ kista.Addr) error { return said("addr") })
		server.OnInfo(m, func(_ *server.Ctx, _ *struct{}, _ any) error { return said("any") })
		server.OnInfo(m, func(_ *server.Ctx, _ *struct{}, _ kista.Ref) error { return said("ref") })
		pid := start(t, n, server.Of(m, none), nil, server.Opts{})
		for _, msg := range []any{errBoom, pid, kista.Ref{}, 1, nil} {
			assert.NoError(t, kista.Send(pid, msg))
		}
		assert.Equal(t, got.take(), []any{"error", "addr", "ref", "any"})
		assert.Equal(t, log.Messages(), []string{"server: nobody handles this info"}) // nil is of no type
	})
}

// A running server uses what is registered from its next message on.
func TestMuxMayGrow(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		m := new(server.Mux[struct{}])
		pid := start(t, n, server.Of(m, none), nil, server.Opts{})
		_, err := server.Call(t.Context(), pid, ask{})
		assert.ErrorAs[*server.UnknownError](t, err)
		server.OnCall(m, func(*server.Ctx, *struct{}, ask) (string, error) { return "now", nil })
		got, err := server.Call(t.Context(), pid, ask{})
		assert.NoError(t, err)
		assert.Equal(t, got, "now")
	})
}

func TestFromIsOfThePresentCall(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		callers := make(chan kista.PID, 9)
		h := &hooks{handle: func(c *server.Ctx, msg any) error {
			callers <- c.From().PID()
			if _, ok := msg.(kista.Request); ok {
				c.Continue(0)
				return c.From().Reply("")
			}
			return c.From().Reply("to nobody")
		}}
		pid := start(t, n, h.factory(), nil, server.Opts{})
		kistatest.Within(t, n, func(s *kista.Self) {
			_, err := server.Call(s, pid, ask{})
			assert.NoError(t, err)
			assert.NoError(t, s.Send(pid, 1))
			assert.Equal(t, <-callers, s.PID())
			assert.Equal(t, <-callers, kista.PID{}) // the continuation
			assert.Equal(t, <-callers, kista.PID{}) // the info
			kistatest.Empty(t, s)
		})
	})
}
