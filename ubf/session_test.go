package ubf_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/contract"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/term"
	"github.com/kista-go/kista/ubf"
)

var transports = map[string]ubf.Transport{"ubfa": ubf.UBFA, "jsf": ubf.JSF, "ebf": ubf.EBF}

func checker(t testing.TB, text string) *contract.Checker {
	t.Helper()
	k, err := contract.Compile(parse(t, text))
	assert.NoError(t, err)
	return k
}

// A whole conversation, over every transport.
func TestConversation(t *testing.T) {
	for name, transport := range transports {
		t.Run(name, func(t *testing.T) {
			n, _ := node(t)
			stopped := make(chan error, 1)
			sv := serve(t, n, ubf.Spec{Services: []ubf.Service{probes(t, stopped)}, Transport: transport})
			c := dial(t, sv, ubf.Options{Transport: transport})
			ctx := patient(t)
			assert.Equal(t, c.Name(), "meta_server")
			services, err := c.Services(ctx)
			assert.NoError(t, err)
			assert.Equal(t, services, []string{"probe"})
			for _, q := range []term.Atom{"info", "description", "help"} {
				_, state, err := c.Call(ctx, q)
				assert.NoError(t, err)
				assert.Equal(t, state, term.Atom("start"))
			}
			_, err = c.StartSession(ctx, "nosuch", nil2(), nil)
			assert.Equal(t, assert.ErrorAs[*ubf.RejectedError](t, err).Reason, term.Term(term.Atom("noSuchService")))
			_, err = c.StartSession(ctx, "probe", term.Atom("reject"), nil)
			assert.Equal(t, assert.ErrorAs[*ubf.RejectedError](t, err).Reason, term.Term(term.Atom("not_today")))
			hello, err := c.StartSession(ctx, "probe", term.Atom("x"), checker(t, probe))
			assert.NoError(t, err)
			assert.Equal(t, hello, value(t, "{welcome,x}"))

			_, state, err := c.Call(ctx, value(t, "{push,2}"))
			assert.NoError(t, err)
			assert.Equal(t, state, term.Atom("start"))
			for i := 1; i <= 2; i++ {
				e, err := c.NextEvent(ctx)
				assert.NoError(t, err)
				assert.Equal(t, e, term.Term(term.Tuple{term.Atom("tick"), int64(i)}))
			}
			assert.NoError(t, c.SendEvent(value(t, "{poke,7}")))
			e, err := c.NextEvent(ctx)
			assert.NoError(t, err)
			assert.Equal(t, e, value(t, "{tick,-7}"))

			_, _, err = c.Call(ctx, value(t, "{read_line,1}")) // refused here: nothing is sent
			v := assert.ErrorAs[*contract.Violation](t, err)
			assert.True(t, v.Blame == contract.Client && v.State == "start", "%v", v)
			assert.ErrorAs[*contract.Violation](t, c.SendEvent(value(t, "{tick,7}")))

			reply, state, err := c.Call(ctx, value(t, `{open,{'#S',"f"}}`))
			assert.NoError(t, err)
			assert.Equal(t, term.String(reply)+" "+string(state), "{ok,1} ready")
			tree, err := c.ContractTerm(ctx)
			assert.NoError(t, err)
			assert.True(t, term.Identical(tree, parse(t, probe).Term()), "%v", tree)
			_, state, err = c.Call(ctx, value(t, "{close,1}"))
			assert.NoError(t, err)
			assert.Equal(t, state, term.Atom("stop"))
			<-c.Done()
			assert.ErrorIs(t, c.Err(), io.EOF)
			assert.NoError(t, assert.Within(t, long, stopped))
			eventually(t, "no session is left", func() bool {
				k, err := sv.Sessions(ctx, n)
				return err == nil && k == 0
			})
		})
	}
}

func nil2() term.Term { return term.List{} }

// Without the contract, a client hears from the server's checker; the session goes on.
func TestViolations(t *testing.T) {
	n, log := node(t)
	sv := serve(t, n, ubf.Spec{Services: []ubf.Service{probes(t, nil)}, Begin: "probe", MaxViolations: 3})
	c := dial(t, sv, ubf.Options{})
	ctx := patient(t)
	assert.Equal(t, c.Name(), "probe")
	for range 2 {
		_, _, err := c.Call(ctx, value(t, "{read_line,1}"))
		b := assert.ErrorAs[*ubf.BrokenError](t, err)
		assert.True(t, b.Blame == contract.Client && b.State == "start", "%+v", b)
	}
	_, _, err := c.Call(ctx, value(t, "{echo,1}"))
	assert.NoError(t, err)
	_, _, err = c.Call(ctx, term.Atom("nonsense"))
	assert.ErrorAs[*ubf.BrokenError](t, err)
	<-c.Done() // it was the third

	for _, q := range []term.Atom{"badReply", "badState"} {
		c = dial(t, sv, ubf.Options{})
		_, _, err = c.Call(ctx, q)
		b := assert.ErrorAs[*ubf.BrokenError](t, err)
		assert.True(t, b.Blame == contract.Server && b.State == "start" && b.Request == term.Term(q), "%+v", b)
		<-c.Done() // a server that breaks its contract is at an end
	}
	eventually(t, "the server's violations are in the log", func() bool {
		log.mu.Lock()
		defer log.mu.Unlock()
		errors := 0
		for _, r := range log.all {
			if strings.HasPrefix(r, "ERROR") {
				errors++
			}
		}
		return errors >= 2
	})
}

// A crash ends its own session and no other one.
func TestCrashesAreContained(t *testing.T) {
	n, _ := node(t)
	stopped := make(chan error, 10)
	sv := serve(t, n, ubf.Spec{Services: []ubf.Service{probes(t, stopped)}, Call: 50 * time.Millisecond})
	ctx := patient(t)
	begin := func() *ubf.Client {
		c := dial(t, sv, ubf.Options{})
		_, err := c.StartSession(ctx, "probe", term.Atom("x"), nil)
		assert.NoError(t, err)
		return c
	}
	good := begin()
	for name, bad := range map[string]func(c *ubf.Client) error{
		"the plugin panics":     func(c *ubf.Client) error { _, _, err := c.Call(ctx, term.Atom("crash")); return err },
		"the plugin takes long": func(c *ubf.Client) error { _, _, err := c.Call(ctx, value(t, "{slow,100000}")); return err },
		"the plugin's start fails": func(*ubf.Client) error {
			c := dial(t, sv, ubf.Options{})
			_, err := c.StartSession(ctx, "probe", term.Atom("crash"), nil)
			return err
		},
		"the client says nonsense": func(*ubf.Client) error { r := rawDial(t, sv); r.put("}$"); return io.EOF },
		"the client vanishes":      func(c *ubf.Client) error { return errors.Join(c.Close(), ubf.ErrClosed) },
	} {
		t.Run(name, func(t *testing.T) {
			c := begin()
			assert.True(t, bad(c) != nil, "no error")
			assert.NoError(t, c.Close())
			_, _, err := good.Call(ctx, value(t, "{echo,1}"))
			assert.NoError(t, err)
		})
	}
	for _, label := range []string{"ubf handler", "ubf checker", "ubf session"} {
		t.Run("a "+label+" is killed", func(t *testing.T) {
			before := labelled(n, label)
			c := begin()
			var mine kista.PID
			for pid := range labelled(n, label) {
				if !before[pid] {
					mine = pid
				}
			}
			assert.NoError(t, kista.Exit(mine, kista.Kill))
			<-c.Done()
			_, _, err := good.Call(ctx, value(t, "{echo,1}"))
			assert.NoError(t, err)
		})
	}
	assert.NoError(t, good.Close())
	eventually(t, "no session is left", func() bool { k, err := sv.Sessions(ctx, n); return err == nil && k == 0 })
}

// labelled are the processes whose label begins so.
func labelled(n *kista.Node, label string) map[kista.PID]bool {
	out := map[kista.PID]bool{}
	for pid := range n.Processes() {
		if info, ok := n.Info(pid); ok && strings.HasPrefix(info.Label, label) {
			out[pid] = true
		}
	}
	return out
}

// A plugin is told of the end, and a call that is given up closes the connection.
func TestEnds(t *testing.T) {
	n, _ := node(t)
	stopped := make(chan error, 1)
	sv := serve(t, n, ubf.Spec{Services: []ubf.Service{probes(t, stopped)}, Begin: "probe", Idle: 50 * time.Millisecond})
	c := dial(t, sv, ubf.Options{})
	short, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	_, _, err := c.Call(short, value(t, "{slow,200}")) // longer than Idle, which does not count meanwhile
	assert.ErrorIs(t, err, context.DeadlineExceeded)
	<-c.Done()
	assert.NoError(t, assert.Within(t, long, stopped))

	c = dial(t, sv, ubf.Options{})
	_, _, err = c.Call(patient(t), value(t, "{slow,200}"))
	assert.NoError(t, err)
	<-c.Done() // it was idle
	assert.NoError(t, assert.Within(t, long, stopped))
	_, _, err = c.Call(patient(t), value(t, "{echo,1}"))
	assert.ErrorIs(t, err, io.EOF)
	assert.Equal(t, err.Error(), "ubf: the server has closed the connection: EOF")
}
