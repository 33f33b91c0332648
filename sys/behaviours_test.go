package sys_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/event"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/kistatest"
	"github.com/kista-go/kista/server"
	"github.com/kista-go/kista/statem"
	"github.com/kista-go/kista/supervisor"
	"github.com/kista-go/kista/sys"
)

type ping struct{ server.Replies[string] }

// behaviours are all of them, each with a message that it takes.
var behaviours = map[string]func(t *testing.T, n *kista.Node) (pid kista.PID, poke any){
	"server": func(t *testing.T, n *kista.Node) (kista.PID, any) { return start(t, n, 0, server.Opts{}), 1 },
	"handler": func(t *testing.T, n *kista.Node) (kista.PID, any) {
		pid, err := server.Start(t.Context(), n, func(*server.Ctx, int) (server.Handler, error) {
			return server.HandlerFunc(func(*server.Ctx, any) error { return nil }), nil
		}, 0, server.Opts{})
		assert.NoError(t, err)
		return pid, 1
	},
	"statem": func(t *testing.T, n *kista.Node) (kista.PID, any) {
		m := new(statem.Mux[string, int])
		statem.OnCall(m.In("on"), func(*statem.Ctx[string], *int, ping) (string, error) { return "pong", nil })
		pid, err := statem.Start(t.Context(), n, statem.Of(m, func(*statem.Ctx[string], int) (string, *int, error) {
			return "on", new(int), nil
		}), 0, statem.Opts{})
		assert.NoError(t, err)
		return pid, 1
	},
	"event": func(t *testing.T, n *kista.Node) (kista.PID, any) {
		pid, err := event.Start(t.Context(), n, event.Opts{})
		assert.NoError(t, err)
		return pid, 1
	},
	"supervisor": func(t *testing.T, n *kista.Node) (kista.PID, any) {
		pid, err := supervisor.Start(t.Context(), n, specs(counter1(), "a"), supervisor.Opts{})
		assert.NoError(t, err)
		return pid, 1
	},
}

// Every behaviour answers every system request, and is none the worse for it.
func TestS224_EveryBehaviourAnswers(t *testing.T) {
	for kind, begin := range behaviours {
		t.Run(kind, func(t *testing.T) {
			kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
				pid, poke := begin(t, n)
				ctx := t.Context()
				assert.NoError(t, sys.CountOn(ctx, pid))
				assert.NoError(t, sys.LogOn(ctx, pid, 20))
				var traced buffer
				tr, err := sys.Trace(ctx, pid, &traced)
				assert.NoError(t, err)
				seen := 0
				assert.NoError(t, sys.Install(ctx, pid, "f", func(sys.Event) bool { seen++; return true }))
				assert.NoError(t, sys.Suspend(ctx, pid))
				assert.NoError(t, kista.Send(pid, poke))
				synctest.Wait()
				events, err := sys.Log(ctx, pid)
				assert.NoError(t, err)
				assert.Equal(t, len(events), 0) // it waits
				st, err := sys.Status(ctx, pid)
				assert.NoError(t, err)
				assert.True(t, st.Suspended, "it is not suspended")
				assert.Equal(t, strings.TrimSuffix(st.Kind, " manager"), strings.Replace(kind, "handler", "server", 1))
				assert.Equal(t, len(st.Debug), 4)
				if _, err := sys.State[any](ctx, pid); err != nil { // a function is not data
					assert.ErrorAs[*kista.DataError](t, err)
				}
				assert.ErrorIs(t, sys.ChangeCode(ctx, pid, "not code", nil), kista.ErrUnsupported)
				_, err = sys.ReplaceState(ctx, pid, func(any) (any, error) { return "not a state", nil })
				assert.True(t, err != nil, "it took a text for its state")
				assert.NoError(t, sys.Resume(ctx, pid))
				synctest.Wait()
				s, err := sys.Statistics(ctx, pid)
				assert.NoError(t, err)
				assert.Equal(t, s.In, 1)
				events, err = sys.Log(ctx, pid)
				assert.NoError(t, err)
				ins := slices.DeleteFunc(events, func(e sys.Event) bool { return e.Kind != kista.DebugIn })
				assert.Equal(t, len(ins), 1)
				assert.Equal(t, ins[0].Msg, poke)
				assert.True(t, seen > 0, "the function saw nothing")
				assert.NoError(t, tr.Stop(ctx))
				assert.True(t, strings.Contains(traced.String(), "got info 1"), "traced %q", traced.String())
				assert.NoError(t, sys.NoDebug(ctx, pid))
				assert.NoError(t, sys.Terminate(ctx, pid, errBoom))
				reason, err := kista.Wait(ctx, pid)
				assert.NoError(t, err)
				assert.ErrorIs(t, reason, errBoom)
			})
		})
	}
}
