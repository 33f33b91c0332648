package ubf_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/contract"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/supervisor"
	"github.com/kista-go/kista/term"
	"github.com/kista-go/kista/ubf"
	"github.com/kista-go/kista/ubfa"
)

// stranger is a server that knows of no contract: it does with each connection what serve does.
func stranger(t testing.TB, serve func(conn net.Conn)) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	assert.NoError(t, err)
	var all sync.WaitGroup
	all.Go(func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			all.Go(func() {
				defer conn.Close()
				_ = conn.SetDeadline(time.Now().Add(long))
				serve(conn)
			})
		}
	})
	t.Cleanup(func() {
		_ = ln.Close()
		all.Wait()
	})
	return ln.Addr().String()
}

// answers serves UBF(A) as f says.
func answers(f func(q term.Term) []term.Term) func(net.Conn) {
	return func(conn net.Conn) {
		r, w := ubfa.NewReader(conn), ubfa.NewWriter(conn)
		for {
			q, err := r.ReadTerm()
			if err != nil {
				return
			}
			for _, t := range f(q) {
				if w.WriteTerm(t) != nil {
					return
				}
			}
		}
	}
}

// blame keeps the violations that a proxy reports.
type blame struct {
	mu  sync.Mutex
	all []*contract.Violation
}

func (b *blame) add(_ net.Addr, v *contract.Violation) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.all = append(b.all, v)
}

func (b *blame) take() (all []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, v := range b.all {
		all = append(all, fmt.Sprintf("%v %v %s", v.Blame, v.State, term.String(v.Message)))
	}
	b.all = nil
	return all
}

func proxy(t testing.TB, n *kista.Node, spec ubf.ProxySpec) *ubf.Proxy {
	t.Helper()
	p, err := ubf.NewProxy(spec)
	assert.NoError(t, err)
	_, err = p.Start(patient(t), n, supervisor.Opts{})
	assert.NoError(t, err)
	return p
}

func through(t testing.TB, p *ubf.Proxy, o ubf.Options) *ubf.Client {
	t.Helper()
	c, err := ubf.Dial(patient(t), "tcp", p.Addr().String(), o)
	assert.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// Between a client and a server of ours, over every transport: what keeps the contract goes through, session and all.
func TestProxyPassesOn(t *testing.T) {
	for name, transport := range transports {
		for _, observe := range []bool{false, true} {
			t.Run(fmt.Sprint(name, " observe ", observe), func(t *testing.T) {
				n, _ := node(t)
				sv := serve(t, n, ubf.Spec{Services: []ubf.Service{probes(t, nil)}, Transport: transport})
				b := new(blame)
				p := proxy(t, n, ubf.ProxySpec{
					To: sv.Addr().String(), Transport: transport, Contracts: []*contract.Contract{parse(t, probe)}, Observe: observe, Violation: b.add,
				})
				c := through(t, p, ubf.Options{Transport: transport})
				ctx := patient(t)
				services, err := c.Services(ctx)
				assert.NoError(t, err)
				assert.Equal(t, services, []string{"probe"})
				_, err = c.StartSession(ctx, "probe", term.Atom("x"), nil)
				assert.NoError(t, err)
				_, _, err = c.Call(ctx, value(t, "{push,1}"))
				assert.NoError(t, err)
				e, err := c.NextEvent(ctx)
				assert.NoError(t, err)
				assert.Equal(t, e, value(t, "{tick,1}"))
				tree, err := c.ContractTerm(ctx)
				assert.NoError(t, err)
				assert.True(t, term.Identical(tree, parse(t, probe).Term()), "%v", tree)
				assert.NoError(t, c.SendEvent(value(t, "{poke,3}")))
				_, err = c.NextEvent(ctx)
				assert.NoError(t, err)
				_, state, err := c.Call(ctx, value(t, `{open,{'#S',"f"}}`))
				assert.NoError(t, err)
				assert.Equal(t, state, term.Atom("ready"))
				_, state, err = c.Call(ctx, value(t, `{close,1}`))
				assert.NoError(t, err)
				assert.Equal(t, state, term.Atom("stop"))
				assert.Equal(t, b.take(), nil)
				var seen []string
				for _, tr := range p.Stats().Transitions {
					seen = append(seen, fmt.Sprintf("%s: %s %s %s %d", tr.State, tr.What, tr.Reply, tr.Next, tr.Count))
				}
				assert.Equal(t, seen, []string{
					"ready: closeReq() yes() stop 1", "start: open() opened() ready 1", "start: poke()  '' 1", "start: push() ok() start 1", "start: tick()  '' 2",
				})
			})
		}
	}
}

// Between two strangers: who breaks the contract is stopped, and blamed.
func TestProxyEnforces(t *testing.T) {
	n, _ := node(t)
	var reached []string
	var mu sync.Mutex
	to := stranger(t, answers(func(q term.Term) []term.Term {
		mu.Lock()
		reached = append(reached, term.String(q))
		mu.Unlock()
		switch q {
		case term.Atom("badReply"):
			return []term.Term{value(t, "{{event_out_of_place},start}"), value(t, "{ok,start}")}
		case term.Atom("badState"):
			return []term.Term{value(t, "{ok,nirvana}")}
		}
		return []term.Term{value(t, "{event_out,{tick,1}}"), value(t, "{event_out,{tock,1}}"), value(t, "{{echoed,1},start}")}
	}))
	b := new(blame)
	p := proxy(t, n, ubf.ProxySpec{To: to, Contracts: []*contract.Contract{parse(t, probe)}, Violation: b.add})
	c := through(t, p, ubf.Options{Quiet: true})
	ctx := patient(t)
	_, _, err := c.Call(ctx, value(t, "{read_line,1}"))
	assert.Equal(t, assert.ErrorAs[*ubf.BrokenError](t, err).Blame, contract.Client)
	reply, _, err := c.Call(ctx, value(t, "{echo,1}"))
	assert.NoError(t, err)
	assert.Equal(t, reply, value(t, "{echoed,1}"))
	e, err := c.NextEvent(ctx)
	assert.NoError(t, err)
	assert.Equal(t, e, value(t, "{tick,1}"))
	assert.Equal(t, b.take(), []string{"client start {read_line,1}", "server start {tock,1}"})
	assert.NoError(t, c.SendEvent(value(t, "{tick,5}"))) // not the client's to send
	for _, q := range []term.Atom{"badReply", "badState"} {
		c := through(t, p, ubf.Options{Quiet: true})
		_, _, err = c.Call(ctx, q)
		assert.Equal(t, assert.ErrorAs[*ubf.BrokenError](t, err).Blame, contract.Server)
		<-c.Done()
	}
	_, _, err = c.Call(ctx, value(t, "{echo,2}")) // the first goes on; the server sends the wrong echo, which the contract allows
	assert.NoError(t, err)
	assert.Equal(t, len(b.take()), 4) // the event, and tock again, and the two
	mu.Lock()
	defer mu.Unlock()
	assert.Equal(t, reached, []string{"{echo,1}", "badReply", "badState", "{echo,2}"})
}

// A proxy that observes changes no byte, and still blames.
func TestProxyObserves(t *testing.T) {
	n, _ := node(t)
	const says = "{'echoed' ,\n1}%odd%$ {{'echoed',1},'start'}$ } nonsense"
	to := stranger(t, func(conn net.Conn) {
		b := make([]byte, 6)
		_, _ = io.ReadFull(conn, b)
		_, _ = conn.Write([]byte(says))
		_, _ = io.Copy(conn, io.LimitReader(conn, 4))
	})
	b := new(blame)
	p := proxy(t, n, ubf.ProxySpec{To: to, Contracts: []*contract.Contract{parse(t, probe)}, Observe: true, Violation: b.add})
	conn, err := net.Dial("tcp", p.Addr().String())
	assert.NoError(t, err)
	r := &raw{conn, t}
	r.put("'foo'$")
	assert.Equal(t, r.get(len(says)), says)
	r.put("more")
	assert.Equal(t, r.get(4), "more")
	_ = conn.Close()
	eventually(t, "it is over", func() bool { return p.Stats().Sessions == 0 })
	got := b.take()
	assert.True(t, len(got) >= 2 && got[0] == "client start foo", "%v", got)
	s := p.Stats()
	assert.True(t, s.Malformed >= 1 && s.ClientViolations == 1 && s.ServerViolations >= 1, "%+v", s)
}

// Plain replies, in JSON, a line each: the state is followed without being told.
func TestProxySimple(t *testing.T) {
	n, _ := node(t)
	to := stranger(t, func(conn net.Conn) {
		b := make([]byte, 1<<10)
		for _, says := range []string{`{"$T":[{"$A":"ok"},1]}`, `{"$A":"eof"}`, `{"$A":"eof"}`} {
			if _, err := conn.Read(b); err != nil {
				return
			}
			_, _ = conn.Write([]byte(says + "\n"))
		}
	})
	p := proxy(t, n, ubf.ProxySpec{To: to, Transport: ubf.JSF, SimpleRPC: true, Contracts: []*contract.Contract{parse(t, probe)}})
	c := through(t, p, ubf.Options{Transport: ubf.JSF, SimpleRPC: true, Quiet: true})
	ctx := patient(t)
	_, _, err := c.Call(ctx, value(t, `{open,{'#S',"f"}}`))
	assert.NoError(t, err)
	_, _, err = c.Call(ctx, value(t, `{open,{'#S',"f"}}`)) // it is open
	assert.ErrorAs[*ubf.BrokenError](t, err)
	_, _, err = c.Call(ctx, value(t, `{read_line,1}`))
	assert.NoError(t, err)
	_, _, err = c.Call(ctx, value(t, `{read_line,1}`)) // it is at its end
	assert.ErrorAs[*ubf.BrokenError](t, err)
	_, _, err = c.Call(ctx, value(t, `{close,1}`))
	assert.Equal(t, assert.ErrorAs[*ubf.BrokenError](t, err).Blame, contract.Server)
}

func TestProxyMistakes(t *testing.T) {
	k := parse(t, probe)
	for field, spec := range map[string]ubf.ProxySpec{
		"To": {Contracts: []*contract.Contract{k}}, "Contracts": {To: "x:1"}, "Contracts[1]": {To: "x:1", Contracts: []*contract.Contract{k, k}},
		"MaxSessions, Idle, Write": {To: "x:1", Contracts: []*contract.Contract{k}, Idle: -1},
	} {
		_, err := ubf.NewProxy(spec)
		assert.Equal(t, assert.ErrorAs[*ubf.SpecError](t, err).Field, field)
	}
	n, _ := node(t)
	p := proxy(t, n, ubf.ProxySpec{To: "127.0.0.1:1", Contracts: []*contract.Contract{k}}) // nobody is there
	r := rawTo(t, p.Addr().String())
	r.closed()
}

func rawTo(t testing.TB, addr string) *raw {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	assert.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return &raw{conn, t}
}

// Whatever both sides say, the proxy lives.
func FuzzProxy(f *testing.F) {
	for _, tr := range load(f) {
		var from, to []byte
		for _, e := range tr.Events {
			if tr.Transport != "ubf" {
				continue
			}
			if e.Dir == "c2s" {
				from = append(from, unhex(f, e.Hex)...)
			} else {
				to = append(to, unhex(f, e.Hex)...)
			}
		}
		f.Add(from, to, true)
		f.Add(from, to, false)
	}
	n, err := kista.Start(kista.Config{Logger: slog.New(slog.DiscardHandler)})
	assert.NoError(f, err)
	f.Cleanup(func() { assert.NoError(f, n.Stop(context.Background())) })
	says := make(chan []byte, 1)
	to := stranger(f, func(conn net.Conn) {
		b := <-says
		_, _ = conn.Write(b)
		_ = conn.(*net.TCPConn).CloseWrite()
		_, _ = io.Copy(io.Discard, conn)
	})
	all := map[bool]*ubf.Proxy{}
	for _, observe := range []bool{true, false} {
		all[observe] = proxy(f, n, ubf.ProxySpec{
			To: to, Contracts: []*contract.Contract{parse(f, probe)}, Observe: observe, Write: time.Second, Limits: ubf.Limits{Message: 1 << 16},
		})
	}
	f.Fuzz(func(t *testing.T, client, server []byte, observe bool) {
		says <- bytes.Clone(server)
		r := rawTo(t, all[observe].Addr().String())
		r.put(string(client))
		_ = r.Conn.(*net.TCPConn).CloseWrite()
		assert.NoError(t, r.SetReadDeadline(time.Now().Add(long)))
		_, _ = io.Copy(io.Discard, r)
	})
}
