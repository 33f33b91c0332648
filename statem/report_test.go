package statem_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/kistatest"
	"github.com/kista-go/kista/server"
	"github.com/kista-go/kista/statem"
)

type secret struct{ Password string }

func (secret) String() string { panic("printed") }

// secretive is a Mux of machines that fail in many ways, with a secret.
func secretive() *statem.Mux[string, secret] {
	m := new(statem.Mux[string, secret])
	in := m.In("one")
	statem.OnCast(in, func(_ *ctx, _ *secret, what string) error { return outcomes[what]() })
	statem.OnCall(in, func(_ *ctx, _ *secret, q ask) (string, error) { return "", statem.Crash(errBoom) })
	statem.OnInfo(in, func(*ctx, *secret, number) error { return statem.Postpone })
	statem.OnInfo(in, func(c *ctx, _ *secret, msg apple) error {
		c.SetTimeout(statem.StateTimeout, time.Minute, nil)
		c.SetTimeout(statem.Named("t"), 0, nil)
		c.NextInternal(msg)
		for range 30 {
			c.NextInternal(secret{"hunter2"})
		}
		return nil
	})
	statem.OnInternal(in, func(*ctx, *secret, apple) error { return errBoom })
	return m
}

func newSecret(*ctx, none) (string, *secret, error) { return "one", &secret{"hunter2"}, nil }

// A machine that fails says what it was, what it did and what it had still to do,
// and of its data only what it was asked to say.
func TestS158_Reports(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, log *kistatest.Log) {
		m := secretive()
		statem.OnReport(m, func(s *secret) string { return fmt.Sprint("password of ", len(s.Password), " letters") })
		pid := start(t, n, statem.Of(m, newSecret), none{}, statem.Opts{Name: "m"})
		end := endOf(n, pid)
		for _, msg := range []any{number(1), number(2), apple{}} {
			assert.NoError(t, kista.Send(pid, msg))
		}
		assert.ErrorIs(t, <-end, errBoom)
		kistatest.Pass(0)
		got := log.Attrs("statem terminates")
		queue := "["
		for range 20 {
			queue += "internal statem_test.secret "
		}
		assert.Equal(t, got, map[string]string{
			"report": "terminate", "node": "test", "pid": pid.String(), "name": "m", "machine_state": "one", "reason": "boom",
			"last_event": "internal statem_test.apple",
			"queue":      queue + "and 10 more]",
			"postponed":  "[info statem_test.number info statem_test.number]",
			"timeouts":   "[state timeout timeout t]",
			"data":       "password of 7 letters",
		})
	})
}

func TestS158_WhatIsReported(t *testing.T) {
	for what, logged := range map[string]bool{
		"normal": false, "shutdown": false, "fail": true, "stop": true, "crash": true, "panic": true, "goexit": true,
	} {
		t.Run(what, func(t *testing.T) {
			kistatest.Bubble(t, func(t *testing.T, n *kista.Node, log *kistatest.Log) {
				pid := start(t, n, statem.Of(secretive(), newSecret), none{}, statem.Opts{})
				end := endOf(n, pid)
				assert.NoError(t, server.Cast(pid, what))
				<-end
				kistatest.Pass(0)
				var reports int
				for _, msg := range log.Messages() {
					if msg == "statem terminates" {
						reports++
					}
				}
				if !logged {
					assert.Equal(t, reports, 0)
					return
				}
				assert.Equal(t, reports, 1)
				got := log.Attrs("statem terminates")
				assert.Equal(t, got["last_event"], "cast string")
				_, has := got["data"]
				assert.True(t, !has, "the data was logged: %v", got)
			})
		})
	}
}

func TestS158_ReportNamesTheClient(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, log *kistatest.Log) {
		pid := start(t, n, statem.Of(secretive(), newSecret), none{}, statem.Opts{})
		kistatest.Within(t, n, func(s *kista.Self) {
			_, err := server.Call(s, pid, ask{})
			assert.ErrorIs(t, err, errBoom)
			kistatest.Pass(0)
			got := log.Attrs("statem terminates")
			assert.Equal(t, got["client"], s.PID().String())
			assert.Equal(t, got["last_event"], "call statem_test.ask")
		})
	})
}

// A Report that panics does not replace the reason.
func TestS158_AReportThatPanics(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, log *kistatest.Log) {
		m := secretive()
		statem.OnReport(m, func(*secret) string { panic(errOther) })
		pid := start(t, n, statem.Of(m, newSecret), none{}, statem.Opts{})
		end := endOf(n, pid)
		assert.NoError(t, server.Cast(pid, "fail"))
		assert.ErrorIs(t, <-end, errBoom)
		kistatest.Pass(0)
		got := log.Attrs("statem terminates")
		assert.Equal(t, got["reason"], "boom")
		assert.Equal(t, got["data"], "(Report panicked: other)")
	})
}

// A state that does not let itself be printed costs its own machine only, and not
// even its report.
type hostile int

func (hostile) String() string { panic("printed") }

func TestS158_HostileState(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, log *kistatest.Log) {
		m := new(statem.Mux[hostile, int])
		statem.OnCast(m.In(1), func(*statem.Ctx[hostile], *int, string) error { return errBoom })
		pid := start(t, n, statem.Of(m, func(*statem.Ctx[hostile], none) (hostile, *int, error) { return 1, nil, nil }), none{}, statem.Opts{})
		end := endOf(n, pid)
		assert.NoError(t, server.Cast(pid, "go"))
		assert.ErrorIs(t, <-end, errBoom)
		kistatest.Pass(0)
		assert.Equal(t, log.Attrs("statem terminates")["machine_state"], "%!v(PANIC=String method: printed)")
	})
}
