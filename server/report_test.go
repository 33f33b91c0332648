package server_test

import (
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/kistatest"
	"github.com/kista-go/kista/server"
)

// A server without mail owns no goroutine and no buffers, so there is nothing to
// hibernate.
func TestS134_AnIdleServerOwnsNoGoroutine(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		for range 100 {
			pid := start(t, n, server.Of(on(echo), none), nil, server.Opts{})
			_, err := server.Call(t.Context(), pid, ask{})
			assert.NoError(t, err)
		}
		synctest.Wait()
		assert.Equal(t, n.Stats().Executions, 0)
		assert.Equal(t, n.Stats().Processes, 100)
	})
}

type secret struct{ Password string }

func (secret) String() string { panic("printed") }

func secretive(report bool) *server.Mux[secret] {
	m := new(server.Mux[secret])
	server.OnCast(m, func(_ *server.Ctx, _ *secret, what string) error { return outcomes[what]() })
	server.OnCall(m, func(_ *server.Ctx, _ *secret, q ask) (string, error) { return "", server.Crash(errBoom) })
	server.OnContinue(m, func(_ *server.Ctx, _ *secret, what string) error { return outcomes[what]() })
	server.OnInfo(m, func(c *server.Ctx, _ *secret, what string) error { c.Continue(what); return nil })
	if report {
		server.OnReport(m, func(s *secret) string { return "password of " + string(rune('0'+len(s.Password))) + " letters" })
	}
	return m
}

func newSecret(*server.Ctx, any) (*secret, error) { return &secret{"hunter2"}, nil }

func TestS135_Reports(t *testing.T) {
	for _, tc := range []struct {
		what  string
		quiet bool
	}{
		{"normal", true},
		{"shutdown", true},
		{"fail", false},
		{"stop", false},
		{"crash", false},
		{"panic", false},
		{"goexit", false},
	} {
		t.Run(tc.what, func(t *testing.T) {
			kistatest.Bubble(t, func(t *testing.T, n *kista.Node, log *kistatest.Log) {
				pid := start(t, n, server.Of(secretive(false), newSecret), nil, server.Opts{Name: "s"})
				assert.NoError(t, server.Cast(pid, tc.what))
				synctest.Wait()
				if tc.quiet {
					assert.Equal(t, log.Messages(), nil)
					return
				}
				assert.Equal(t, log.Messages(), []string{"server terminates", "process crashed"})
				got := log.Attrs("server terminates")
				assert.Equal(t, got["name"]+" "+got["pid"]+" "+got["last_cast"]+" "+got["state"], "s "+pid.String()+" string ")
				assert.True(t, got["reason"] != "", "no reason")
			})
		})
	}
}

func TestS135_ReportNamesTheClient(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, log *kistatest.Log) {
		pid := start(t, n, server.Of(secretive(false), newSecret), nil, server.Opts{})
		kistatest.Within(t, n, func(s *kista.Self) {
			_, err := server.Call(s, pid, ask{})
			assert.ErrorIs(t, err, errBoom)
			synctest.Wait()
			assert.Equal(t, log.Attrs("server terminates"), map[string]string{
				"report": "terminate", "node": "test", "pid": pid.String(), "reason": "boom", "last_call": "server_test.ask", "client": s.PID().String(),
			})
		})
	})
}

func TestS135_ReportOfAContinuation(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, log *kistatest.Log) {
		pid := start(t, n, server.Of(secretive(false), newSecret), nil, server.Opts{})
		assert.NoError(t, kista.Send(pid, "panic"))
		synctest.Wait()
		assert.Equal(t, log.Attrs("server terminates")["last_continue"], "string")
	})
}

// Only what the server says of its state is shown, and nothing of it is printed
// by itself.
func TestS136_TheStateIsShownAsItSays(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, log *kistatest.Log) {
		pid := start(t, n, server.Of(secretive(true), newSecret), nil, server.Opts{})
		state, err := kista.System(t.Context(), pid, kista.GetState{})
		assert.NoError(t, err)
		assert.True(t, state.(secret).Password == "hunter2", "the real state is changed")
		assert.NoError(t, server.Cast(pid, "fail"))
		synctest.Wait()
		assert.Equal(t, log.Attrs("server terminates")["state"], "password of 7 letters")
	})
}

// What fails while reporting is said in the report; the reason stays.
func TestReportThatPanics(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, log *kistatest.Log) {
		m := secretive(false)
		server.OnReport(m, func(*secret) string { panic(errOther) })
		pid := start(t, n, server.Of(m, newSecret), nil, server.Opts{})
		end := endOf(n, pid)
		assert.NoError(t, server.Cast(pid, "fail"))
		assert.ErrorIs(t, <-end, errBoom)
		synctest.Wait()
		assert.Equal(t, log.Attrs("server terminates")["state"], "(Report panicked: other)")
	})
}

// A logger that does not work harms no server.
func TestLoggerThatBlocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		n, err := kista.Start(kista.Config{Logger: slog.New(blocked{gate}.handler())})
		assert.NoError(t, err)
		pid := start(t, n, server.Of(on(echo), none), nil, server.Opts{})
		for range 3 {
			assert.NoError(t, kista.Send(pid, "unknown"))
		}
		_, err = server.Call(t.Context(), pid, ask{})
		assert.NoError(t, err)
		close(gate)
		assert.NoError(t, n.Stop(t.Context()))
	})
}

type blocked struct{ gate chan struct{} }

func (b blocked) Write(p []byte) (int, error) { <-b.gate; return len(p), nil }

func (b blocked) handler() slog.Handler { return slog.NewTextHandler(b, nil) }

func TestS217_SuspendAndResume(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		b := start(t, n, server.Of(bankMux(), newBank), nil, server.Opts{})
		system := func(req kista.SystemRequest) any {
			t.Helper()
			v, err := kista.System(t.Context(), b, req)
			assert.NoError(t, err)
			return v
		}
		system(kista.Suspend{})
		system(kista.Suspend{}) // twice is no error
		assert.NoError(t, server.Cast(b, note{"one"}))
		_, err := server.CallFor(t.Context(), time.Second, b, deposit{Who: "joe", Amount: 5})
		assert.ErrorAs[*kista.CallError](t, err)
		assert.NoError(t, server.Cast(b, note{"two"}))
		late := server.Begin(t.Context(), b, balance("joe"))
		assert.Equal(t, len(system(kista.GetState{}).(bank).Notes), 0)
		info, _ := n.Info(b)
		assert.Equal(t, info.Status, kista.Suspended)
		system(kista.Resume{})
		got, err := late.Wait(t.Context())
		assert.NoError(t, err)
		assert.Equal(t, got, 5) // nobody waited for the deposit any more; it was made
		assert.Equal(t, strings.Join(system(kista.GetState{}).(bank).Notes, " "), "one two")

		system(kista.Suspend{})
		assert.NoError(t, server.Shutdown(t.Context(), b, nil)) // a suspended one can be stopped
	})
}

func TestS218_GetState(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		get := func(pid kista.PID) (any, error) { return kista.System(t.Context(), pid, kista.GetState{}) }

		// A copy, of which nothing comes back.
		b := start(t, n, server.Of(bankMux(), newBank), map[string]int{"joe": 1}, server.Opts{})
		for range 2 {
			v, err := get(b)
			assert.NoError(t, err)
			assert.Equal(t, v.(bank).Accounts, map[string]int{"joe": 1})
			v.(bank).Accounts["joe"] = 100
		}

		// A Handler that is data is its own state.
		own := start(t, n, func(*server.Ctx, any) (server.Handler, error) { return &tally{N: 3}, nil }, nil, server.Opts{})
		v, err := get(own)
		assert.NoError(t, err)
		assert.Equal(t, *v.(*tally), tally{N: 3})

		// One that is not says why; it lives on.
		no := start(t, n, (&hooks{}).factory(), nil, server.Opts{})
		_, err = get(no)
		assert.ErrorAs[*kista.DataError](t, err)
		f := func(*server.Ctx, any) (server.Handler, error) {
			return server.HandlerFunc(func(*server.Ctx, any) error { return nil }), nil
		}
		_, err = get(start(t, n, f, nil, server.Opts{}))
		assert.ErrorAs[*kista.DataError](t, err)
		assert.True(t, n.Alive(no), "it died of being asked")

		// A Mux without a state has none to show.
		v, err = get(start(t, n, server.Of(on(echo), func(*server.Ctx, any) (*struct{}, error) { return nil, nil }), nil, server.Opts{}))
		assert.NoError(t, err)
		assert.Equal(t, v, nil)
	})
}

type tally struct{ N int }

func (h *tally) Handle(*server.Ctx, any) error { h.N++; return nil }

// A state that cannot be read is the asker's bad luck.
func TestS218_GetStateThatPanics(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		f := func(*server.Ctx, any) (server.Handler, error) { return unreadable{}, nil }
		pid := start(t, n, f, nil, server.Opts{})
		_, err := kista.System(t.Context(), pid, kista.GetState{})
		assert.ErrorIs(t, assert.ErrorAs[*kista.PanicError](t, err), errBoom)
		_, err = server.Call(t.Context(), pid, ask{})
		assert.NoError(t, err)
	})
}

type unreadable struct{}

func (unreadable) Handle(c *server.Ctx, _ any) error { return c.From().Reply("") }
func (unreadable) State() any                        { panic(errBoom) }
