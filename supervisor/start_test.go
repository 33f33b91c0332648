package supervisor_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/supervisor"
)

func TestS174_StartsInOrderAndStopsInReverse(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node, d *diary) {
		sup := start(t, n, supervisor.Spec{Children: d.children("a", "b", "c")})
		assert.Equal(t, d.lines, words("+a", "+b", "+c")) // all up when Start returns
		assert.ErrorIs(t, stop(t, n, sup), kista.ErrShutdown)
		assert.Equal(t, d.take(), words("+a", "+b", "+c", "-c", "-b", "-a"))
	})
}

func TestS175_FailedStartStopsTheEarlierOnes(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node, d *diary) {
		bad := program(worker{id: "c", d: d, init: func(*kista.Self) error { return errBoom }})
		spec := supervisor.Spec{Children: append(d.children("a", "b"), supervisor.Child{ID: "c", Start: bad}, d.child("d"))}
		_, err := supervisor.Start(ctx, n, spec, supervisor.Opts{})
		assert.ErrorAs[*kista.ShutdownError](t, err)
		why := assert.ErrorAs[*supervisor.ChildError](t, err)
		assert.Equal(t, []string{why.Op, why.ID}, words("start", "c"))
		assert.ErrorIs(t, err, errBoom)
		assert.Equal(t, d.take(), words("+a", "+b", "-b", "-a"))
		assert.Equal(t, n.Stats().Processes, 0)
	})
}

func TestS176_Defaults(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node, d *diary) {
		end := func(s *kista.Self, _ error) error { <-s.Done(); return nil } // until its time is over
		slow := supervisor.Child{ID: "slow", Start: program(worker{id: "slow", d: d, end: end})}
		sup := start(t, n, supervisor.Spec{Children: append(d.children("a"), slow)})
		gone := endOf(sup)
		crash(t, n, "a", nil) // permanent: one restart within five seconds
		pass(5*time.Second + 1)
		crash(t, n, "a", nil)
		assert.True(t, n.Alive(sup), "it gave up")
		assert.Equal(t, d.take(), words("+a", "+slow", "-a", "+a", "-a", "+a"))
		began := time.Now()
		crash(t, n, "a", nil) // the second within five
		assert.ErrorAs[*supervisor.IntensityError](t, <-gone)
		assert.Equal(t, time.Since(began), 5*time.Second) // slow's time to stop
	})
}

func TestS177_SpecErrors(t *testing.T) {
	ok := supervisor.Func(func(context.Context) error { return nil })
	child := func(c supervisor.Child) supervisor.Spec { return supervisor.Spec{Children: []supervisor.Child{c}} }
	for field, spec := range map[string]supervisor.Spec{
		"Strategy":     {Strategy: 9},
		"Intensity":    {Intensity: -2},
		"Period":       {Period: -1},
		"AutoShutdown": {AutoShutdown: 9},
		"ID":           child(supervisor.Child{Start: ok}),
		"Start":        child(supervisor.Child{ID: "a"}),
		"Restart":      child(supervisor.Child{ID: "a", Start: ok, Restart: 9}),
		"Shutdown":     child(supervisor.Child{ID: "a", Start: ok, Shutdown: -3}),
		"StartTimeout": child(supervisor.Child{ID: "a", Start: ok, StartTimeout: -2}),
		"OrElse[0]":    child(supervisor.Child{ID: "a", Start: ok, OrElse: []kista.Program{{}}}),
	} {
		bad := assert.ErrorAs[*supervisor.SpecError](t, supervisor.Check(spec))
		assert.Equal(t, bad.Field, field)
	}
	twice := supervisor.Spec{Children: []supervisor.Child{{ID: "a", Start: ok}, {ID: "a", Start: ok}}}
	assert.Equal(t, assert.ErrorAs[*supervisor.SpecError](t, supervisor.Check(twice)).Field, "ID")
	bubble(t, func(t *testing.T, n *kista.Node, _ *diary) {
		_, err := supervisor.Start(ctx, n, twice, supervisor.Opts{})
		assert.ErrorAs[*supervisor.SpecError](t, err)
	})
}

// Differs from OTP, where a start may take for ever.
func TestS201_StartTimeout(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node, d *diary) {
		hang := program(worker{id: "h", d: d, init: func(s *kista.Self) error { <-s.Done(); return nil }})
		began := time.Now()
		_, err := supervisor.Start(ctx, n, supervisor.Spec{Children: []supervisor.Child{{ID: "h", Start: hang}}}, supervisor.Opts{})
		assert.ErrorIs(t, err, supervisor.ErrStartTimeout)
		assert.Equal(t, time.Since(began), supervisor.DefaultStartTimeout)
	})
}

// A slow start does not keep a supervisor from answering, other than in OTP.
func TestS201_AnswersWhileAChildStarts(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node, d *diary) {
		sup := start(t, n, supervisor.Spec{})
		gate := make(chan struct{})
		slow := supervisor.Child{ID: "s", Start: program(worker{id: "s", d: d, init: func(*kista.Self) error { <-gate; return nil }})}
		up := make(chan error)
		go func() { up <- second(supervisor.StartChild(ctx, sup, slow)) }()
		d.take()
		assert.Equal(t, ids(t, sup), words("s starting"))
		close(gate)
		assert.NoError(t, <-up)
	})
}

func TestS198_StopsWithItsParent(t *testing.T) {
	for _, reason := range []error{nil, kista.ErrShutdown, errBoom} {
		bubble(t, func(t *testing.T, n *kista.Node, d *diary) {
			sup, go_ := make(chan kista.PID, 1), make(chan struct{})
			n.Spawn(func(s *kista.Self) error {
				pid, err := supervisor.StartLink(s, s, supervisor.Spec{Children: d.children("a", "b")}, supervisor.Opts{})
				if err != nil {
					return err
				}
				sup <- pid
				<-go_
				return reason
			})
			end := endOf(<-sup)
			close(go_)
			got := <-end
			assert.True(t, errors.Is(got, reason), "reason %v, want %v", got, reason)
			assert.Equal(t, d.take(), words("+a", "+b", "-b", "-a"))
		})
	}
}

func TestS202_IgnoresStrangers(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node, d *diary) {
		sup := start(t, n, supervisor.Spec{Children: d.children("a")})
		n.Spawn(func(s *kista.Self) error { _ = s.Link(sup); return errBoom })
		assert.NoError(t, kista.Exit(sup, errBoom))
		assert.NoError(t, kista.Send(sup, "what?"))
		assert.ErrorIs(t, second(kista.Call(ctx, sup, "what?")), supervisor.ErrUnknownRequest)
		assert.Equal(t, ids(t, sup), words("a running"))
		assert.Equal(t, d.reported("supervisor: unknown message"), 1) // statement 198
	})
}
