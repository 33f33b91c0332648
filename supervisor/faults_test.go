package supervisor_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/server"
	"github.com/kista-go/kista/supervisor"
)

type faulty struct{ server.Replies[int] }

var faultList []error // empty

// faults are what a callback may do wrong.
var faults = map[string]func(gate chan struct{}) error{
	"panic":  func(chan struct{}) error { panic("fault") },
	"index":  func(chan struct{}) error { return faultList[len(faultList)] },
	"Goexit": func(chan struct{}) error { runtime.Goexit(); return nil },
	"error":  func(chan struct{}) error { return errors.New("fault") },
	"block":  func(gate chan struct{}) error { <-gate; return nil },
}

// Whatever a callback of a server does, its supervisor, its sibling and the node
// live on, and the supervisor can still stop it.
func TestFaultsInCallbacksOfServers(t *testing.T) {
	callbacks := []string{"factory", "call", "cast", "info", "continue", "timeout", "terminate", "report", "function"}
	table := &strings.Builder{}
	for _, callback := range callbacks {
		for what, fault := range faults {
			if what == "block" && callback != "call" && callback != "terminate" && callback != "function" {
				continue // as these: it ends with its supervisor's patience
			}
			t.Run(callback+"/"+what, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					n, err := kista.Start(kista.Config{Logger: slog.New(slog.DiscardHandler)})
					assert.NoError(t, err)
					gate := make(chan struct{})
					at := func(here string) error {
						if here == callback {
							return fault(gate)
						}
						return nil
					}
					var bad, good server.Mux[struct{}]
					server.OnCall(&bad, func(c *server.Ctx, _ *struct{}, _ faulty) (int, error) {
						if callback == "continue" {
							c.Continue("more")
						}
						if callback == "timeout" {
							c.Timeout(time.Millisecond)
						}
						if callback == "terminate" || callback == "report" {
							return 0, server.Crash(errors.New("end"))
						}
						return 0, at("call")
					})
					server.OnCast(&bad, func(*server.Ctx, *struct{}, string) error { return at("cast") })
					server.OnInfo(&bad, func(*server.Ctx, *struct{}, string) error { return at("info") })
					server.OnContinue(&bad, func(*server.Ctx, *struct{}, string) error { return at("continue") })
					server.OnTimeout(&bad, func(*server.Ctx, *struct{}) error { return at("timeout") })
					server.OnTerminate(&bad, func(*server.Ctx, *struct{}, error) error { return at("terminate") })
					server.OnReport(&bad, func(*struct{}) string { _ = at("report"); return "" })
					server.OnCall(&good, func(*server.Ctx, *struct{}, faulty) (int, error) { return 1, nil })
					first := true
					open := func(*server.Ctx, any) (*struct{}, error) {
						if first { // the supervisor's start needs one that works
							first = false
							return &struct{}{}, nil
						}
						return &struct{}{}, at("factory")
					}
					none := func(*server.Ctx, any) (*struct{}, error) { return &struct{}{}, nil }
					start := server.Child(server.Of(&bad, open), any(nil), server.Opts{Name: "bad"})
					if callback == "function" {
						start = supervisor.Func(func(context.Context) error { time.Sleep(time.Millisecond); return at("function") }) // sleep: time is virtual
					}
					top, err := supervisor.Start(t.Context(), n, supervisor.Spec{Intensity: 1000, Period: time.Second, Children: []supervisor.Child{
						{ID: "top", Restart: supervisor.Permanent, Start: supervisor.Program(supervisor.Spec{Intensity: 5, Period: time.Minute, Children: []supervisor.Child{
							{ID: "bad", Start: start, Shutdown: time.Second},
						}}, supervisor.Opts{})},
						{ID: "good", Start: server.Child(server.Of(&good, none), any(nil), server.Opts{Name: "good"})},
					}}, supervisor.Opts{})
					assert.NoError(t, err)
					good1, _ := n.WhereIs("good")
					for range 3 {
						_, _ = server.CallFor(context.Background(), 10*time.Millisecond, n.Name("bad"), faulty{})
						_ = server.Cast(n.Name("bad"), "x")
						_ = kista.Send(n.Name("bad"), "x")
						time.Sleep(10 * time.Millisecond) // sleep: time is virtual
					}
					v, err := server.Call(t.Context(), n.Name("good"), faulty{})
					assert.NoError(t, err)
					good2, _ := n.WhereIs("good")
					assert.True(t, v == 1 && good1 == good2 && n.Alive(top), "the others did not live on")
					began := n.Now()
					assert.NoError(t, supervisor.TerminateChild(t.Context(), top, "top"))
					took := n.Now().Sub(began)
					assert.True(t, took < 20*time.Second, "the stop took %v", took)
					fmt.Fprintf(table, "\n%-10s %-12s sibling and supervisors live; stopped in %v", callback, what, took)
					_ = n.Stop(t.Context())
					close(gate) // what was killed in it returns
					synctest.Wait()
					assert.NoError(t, n.Stop(t.Context()))
				})
			})
		}
	}
	t.Log(table)
}
