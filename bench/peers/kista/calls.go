package main

import (
	"context"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/bench/internal/harness"
	"github.com/kista-go/kista/bench/internal/workload"
	"github.com/kista-go/kista/server"
)

type (
	// add is the request of W8, with the type of its answer.
	add struct {
		server.Replies[workload.CallRep]
		A, B int
	}
	// fall lets the server crash.
	fall struct{ server.Replies[int] }
	// job runs in a server, under its number: how W8 calls from inside a handler.
	job struct{ number int }

	adder struct{ jobs []func(*server.Ctx) }
)

var adders server.Mux[adder]

func init() {
	server.OnCall(&adders, func(_ *server.Ctx, _ *adder, q add) (workload.CallRep, error) {
		return workload.CallRep{A: q.A + 1, B: q.B}, nil
	})
	server.OnCall(&adders, func(*server.Ctx, *adder, fall) (int, error) { panic("crash") })
	server.OnInfo(&adders, func(c *server.Ctx, a *adder, j job) error {
		a.jobs[j.number](c)
		return nil
	})
}

func newAdder(n *kista.Node, jobs ...func(*server.Ctx)) kista.PID {
	pid, err := server.Start(ctx, n, server.Of(&adders, func(*server.Ctx, int) (*adder, error) {
		return &adder{jobs: jobs}, nil
	}), 0, server.Opts{})
	must(err)
	return pid
}

// calls is W8: typed calls of package server with its default timeout, from
// bodies, from inside a handler and from a plain goroutine.
func calls(r *run) {
	n := start()
	srv := newAdder(n)
	type call = func(k, i int) (workload.CallRep, error)
	one := func(who context.Context) call {
		return func(k, i int) (workload.CallRep, error) { return server.Call(who, srv, add{A: k, B: i}) }
	}
	body := func(do func(call)) {
		n.Spawn(func(s *kista.Self) error { do(one(s)); return nil })
	}
	handler := func(do func(call)) {
		must(kista.Send(newAdder(n, func(c *server.Ctx) { do(one(c)) }), job{0}))
	}
	outside := func(do func(call)) { go do(one(ctx)) }
	workload.Calls(r, "call_1", 1, r.P.Call, body)
	workload.Calls(r, "call_handler", 1, r.P.Call, handler)
	workload.Calls(r, "call_goroutine", 1, r.P.Call, outside)
	workload.Calls(r, "call_1000", r.P.Callers, r.P.CallsEach, body)
	workload.Told(r, "told_of_crash_during_call", func(told chan<- error) {
		bad := newAdder(n)
		n.Spawn(func(s *kista.Self) error {
			_, err := server.Call(s, bad, fall{})
			told <- err
			return nil
		})
	})
	dead := newAdder(n)
	must(server.Shutdown(ctx, dead, nil))
	workload.Told(r, "told_of_dead_before_call", func(told chan<- error) {
		n.Spawn(func(s *kista.Self) error {
			_, err := server.Call(s, dead, add{})
			told <- err
			return nil
		})
	})
	stop(r, n)
}

// setCancel is W16.
func setCancel(r *run) {
	n := start()
	var owners [workload.Owners]kista.PID
	for i := range owners {
		owners[i] = spawn(n, func(*kista.Self, any) error { return nil })
	}
	workload.SetCancel(r, func(d time.Duration, owner int) (cancel func() bool) {
		t := kista.SendAfter(d, owners[owner], msg{})
		must(t.Err())
		return func() bool {
			_, ok := t.Cancel()
			return ok
		}
	})
	harness.Check(r, "timers left", n.Stats().Timers, 0)
	stop(r, n)
}

// selective is W19: a mailbox full of what nobody wants now.
func selective(r *run) {
	type wanted struct{ N int }
	n := start()
	srv := newAdder(n)
	noise, selects := r.P.Mailbox-1, r.P.Selects // one more is the limit of a mailbox
	done := make(chan struct{})
	n.Spawn(func(s *kista.Self) error {
		defer close(done)
		for i := range noise {
			if err := s.Send(s.PID(), msg{A: i, B: 1}); err != nil {
				r.Fail("the mailbox does not fill: %v", err)
				return nil
			}
		}
		w := harness.Start()
		for i := range selects {
			must(s.Send(s.PID(), wanted{i}))
			got, err := kista.Receive[wanted](s)
			must(err)
			if !harness.Check(r, "the message selected", got.N, i) {
				return nil
			}
		}
		lap := w.Stop()
		r.NsPer("select", lap, selects)
		r.WallPer("passed_over", lap.Wall, selects*noise)
		w = harness.Start()
		for i := range selects {
			got, err := server.Call(s, srv, add{A: i})
			must(err)
			if !harness.Check(r, "the answer", got.A, i+1) {
				return nil
			}
		}
		r.NsPer("call_meanwhile", w.Stop(), selects)
		sum := 0
		w = harness.Start()
		for range noise {
			m, err := kista.Receive[msg](s)
			must(err)
			sum += m.A ^ m.B
		}
		lap = w.Stop()
		if harness.Check(r, "sum of the rest", sum, workload.XorSum(noise)) {
			r.NsPer("drain", lap, noise)
		}
		return nil
	})
	_, _ = harness.Wait(r, "the receiver", done)
	stop(r, n)
}
