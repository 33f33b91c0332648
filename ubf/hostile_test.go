package ubf_test

import (
	"context"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/supervisor"
	"github.com/kista-go/kista/term"
	"github.com/kista-go/kista/ubf"
)

// At the limit, clients wait; those that do not read are dropped.
func TestLimits(t *testing.T) {
	n, _ := node(t)
	sv := serve(t, n, ubf.Spec{
		Services: []ubf.Service{probes(t, nil)}, Begin: "probe", MaxSessions: 2, Write: 50 * time.Millisecond,
		Limits: ubf.Limits{Message: 1000},
	})
	first, second := dial(t, sv, ubf.Options{}), dial(t, sv, ubf.Options{})
	short, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	_, err := ubf.Dial(short, "tcp", sv.Addr().String(), ubf.Options{})
	assert.ErrorIs(t, err, ubf.ErrGreeting)
	assert.NoError(t, first.Close())
	third := dial(t, sv, ubf.Options{})
	_, _, err = third.Call(patient(t), value(t, "{echo,1}"))
	assert.NoError(t, err)
	_, _, err = third.Call(patient(t), term.Tuple{term.Atom("echo"), term.Binary(strings.Repeat("x", 2000))}) // too long for the server
	assert.True(t, err != nil, "no error")
	<-third.Done()

	deaf := rawDial(t, sv)
	for range 200 { // it is sent much, and reads nothing
		if _, err := deaf.Write([]byte("{'push',100000}$")); err != nil {
			break
		}
	}
	_, _, err = second.Call(patient(t), value(t, "{echo,1}"))
	assert.NoError(t, err)
	eventually(t, "the deaf one is dropped", func() bool { k, err := sv.Sessions(patient(t), n); return err == nil && k == 1 })
}

// sink is a plugin that takes an event when it may.
type sink struct {
	prober
	may <-chan struct{}
	got chan<- term.Term
}

func (p *sink) Event(c *ubf.Ctx, _ term.Atom, e term.Term) error {
	select {
	case <-p.may:
		p.got <- e.(term.Tuple)[1]
	case <-c.Done():
	}
	return nil
}

// A client that sends events faster than the plugin takes them is read no further until it has, so none is lost.
func TestEventsWait(t *testing.T) {
	n, l := node(t)
	may, got := make(chan struct{}), make(chan term.Term)
	sv := serve(t, n, ubf.Spec{Begin: "sink", Call: -1, Services: []ubf.Service{{
		Contract: parse(t, "+NAME(\"sink\"). +VSN(\"1\"). +TYPES many() :: {many, integer(), binary()}. +STATE start EVENT <= many().\n"),
		Plugin:   func() ubf.Plugin { return &sink{may: may, got: got} },
	}}})
	c := dial(t, sv, ubf.Options{})
	const events = 100 // of a mebibyte: more than a mailbox holds
	much := term.Binary(strings.Repeat("x", 1<<20))
	sent := make(chan error, 1)
	go func() {
		var err error
		for i := 0; i < events && err == nil; i++ {
			err = c.SendEvent(term.Tuple{term.Atom("many"), i, much})
		}
		sent <- err
	}()
	other := dial(t, sv, ubf.Options{})
	for range 3000 { // meanwhile, others are served
		_, err := other.ContractTerm(patient(t))
		assert.NoError(t, err)
	}
	for i := range events {
		may <- struct{}{}
		assert.Equal(t, <-got, term.Term(int64(i)))
	}
	assert.NoError(t, <-sent)
	l.none(t, "ERROR")
}

// What can be read, and not be copied or written, harms nobody, and is no fault of the server's.
func TestCannotBePassedOn(t *testing.T) {
	n, l := node(t)
	sv := serve(t, n, ubf.Spec{Services: []ubf.Service{probes(t, nil)}, Begin: "probe", Quiet: true})
	long := "#" + strings.Repeat("1&", 1<<20) + "$"
	r := rawDial(t, sv)
	r.put("{'echo'," + long[:len(long)-1] + "}$")
	r.closed()

	sv = serve(t, n, ubf.Spec{Services: []ubf.Service{probes(t, nil)}, Begin: "probe", Quiet: true, Limits: ubf.Limits{Message: 10_000}})
	r = rawDial(t, sv)
	r.put("1>a" + strings.Repeat("{aa}>a", 12) + "a$") // longer than a message may be, once it is written out
	want := "{{'clientBrokeContract','undefined',"
	assert.Equal(t, r.get(len(want)), want)

	sv = serve(t, n, ubf.Spec{Services: []ubf.Service{probes(t, nil)}, Begin: "probe", Transport: ubf.JSF, Quiet: true})
	r = rawDial(t, sv)
	r.put(`{"$T":[{"$A":"#P"},[{"$T":["$A",1]}]]}`)
	want = `{"$T":[{"$T":[{"$A":"clientBrokeContract"},null,`
	assert.Equal(t, r.get(len(want)), want)
	l.none(t, "ERROR")
}

// Events that break the contract count as requests do.
func TestTooManyEvents(t *testing.T) {
	n, _ := node(t)
	sv := serve(t, n, ubf.Spec{Services: []ubf.Service{probes(t, nil)}, Begin: "probe", MaxViolations: 3, Quiet: true})
	r := rawDial(t, sv)
	r.put("{'event_in','x'}${'event_in',{'tick',1}}${'event_in',1}$")
	r.closed()
}

// pipes is a listener of connections that are made in memory.
type pipes chan net.Conn

func (p pipes) Addr() net.Addr { return &net.UnixAddr{} }
func (p pipes) Close() error   { close(p); return nil }

func (p pipes) Accept() (net.Conn, error) {
	if c, ok := <-p; ok {
		return c, nil
	}
	return nil, net.ErrClosed
}

// A client that leaves before it is greeted is no crash.
func TestLeavesBeforeTheGreeting(t *testing.T) {
	n, l := node(t)
	door := make(pipes)
	sv := serve(t, n, ubf.Spec{
		Services: []ubf.Service{probes(t, nil)}, Begin: "probe",
		Listen: func(context.Context) (net.Listener, error) { return door, nil },
	})
	for range 3 {
		ours, theirs := net.Pipe()
		assert.NoError(t, ours.Close())
		door <- theirs
	}
	ours, theirs := net.Pipe()
	door <- theirs
	c, err := ubf.NewClient(patient(t), ours, ubf.Options{})
	assert.NoError(t, err)
	eventually(t, "the others have gone", func() bool { k, err := sv.Sessions(patient(t), n); return err == nil && k == 1 })
	assert.NoError(t, c.Close())
	l.none(t, "ERROR")
}

// Peers that lose one of two messages in a segment get them apart.
func TestGap(t *testing.T) {
	n, _ := node(t)
	const gap = 20 * time.Millisecond
	sv := serve(t, n, ubf.Spec{Services: []ubf.Service{probes(t, nil)}, Begin: "probe", Gap: gap})
	c := dial(t, sv, ubf.Options{})
	_, _, err := c.Call(patient(t), value(t, "{push,3}"))
	assert.NoError(t, err)
	began := time.Now()
	for range 3 {
		_, err := c.NextEvent(patient(t))
		assert.NoError(t, err)
	}
	assert.True(t, time.Since(began) >= 2*gap, "three events within %v", time.Since(began))
}

// Whatever a client sends, others are served.
func FuzzSession(f *testing.F) {
	for _, tr := range load(f) {
		var all []byte
		for _, e := range tr.Events {
			if e.Dir == "c2s" && tr.Transport == "ubf" {
				all = append(all, unhex(f, e.Hex)...)
			}
		}
		f.Add(all)
	}
	n, err := kista.Start(kista.Config{Logger: slog.New(slog.DiscardHandler)})
	assert.NoError(f, err)
	f.Cleanup(func() { assert.NoError(f, n.Stop(context.Background())) })
	sv, err := ubf.NewServer(ubf.Spec{
		Services: []ubf.Service{probes(f, nil)}, Call: 10 * time.Millisecond, Write: 100 * time.Millisecond, Idle: time.Second,
		Limits: ubf.Limits{Message: 1 << 16},
	})
	assert.NoError(f, err)
	_, err = sv.Start(context.Background(), n, supervisor.Opts{})
	assert.NoError(f, err)
	ctx := context.Background()
	good, err := ubf.Dial(ctx, "tcp", sv.Addr().String(), ubf.Options{})
	assert.NoError(f, err)
	f.Cleanup(func() { _ = good.Close() })
	f.Fuzz(func(t *testing.T, b []byte) {
		r := rawDial(t, sv)
		r.put(string(b))
		_ = r.Close()
		if err := good.Err(); err == nil {
			_, err = good.Services(ctx)
			assert.NoError(t, err)
		} else { // it was idle
			good, err = ubf.Dial(ctx, "tcp", sv.Addr().String(), ubf.Options{})
			assert.NoError(t, err)
		}
	})
}
