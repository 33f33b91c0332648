package server_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/kistatest"
	"github.com/kista-go/kista/server"
)

// TestHammerDeaths calls servers that die all the time, by name, from processes
// and from outside, one at a time and many at once, without time limits. Every
// call ends, with the answer to this very question or a reason that is true.
func TestHammerDeaths(t *testing.T) {
	const callers, rounds, servers = 8, 150, 3
	n, _ := kistatest.Node(t, kista.Config{Name: "a"})
	f := server.Of(on(func(c *server.Ctx, what string) (string, error) {
		switch rand.IntN(40) {
		case 0:
			panic(errBoom)
		case 1:
			return "", server.Crash(errBoom)
		case 2:
			return what, server.Stop(errBoom)
		case 3:
			return "", errOther
		case 4, 5, 6:
			to := server.ReplyTo[string]{From: c.From()}
			c.Spawn(func(*kista.Self) error { return to.Reply(what) })
			return "", server.Later
		}
		return what, nil
	}), none)
	ctx, stop := context.WithCancel(context.Background())
	var keepers, all sync.WaitGroup
	up := make(chan struct{}, servers)
	for i := range servers { // keep one server of that name up
		name := fmt.Sprint("s", i)
		keepers.Go(func() {
			for first := true; ; first = false {
				pid, err := server.Start(ctx, n, f, nil, server.Opts{Name: name})
				switch {
				case ctx.Err() != nil:
					return
				case errors.Is(err, kista.ErrKilled): // found by its name during its start
					continue
				case err != nil:
					t.Error(err)
					return
				case first:
					up <- struct{}{}
				}
				_, _ = kista.Wait(ctx, pid)
			}
		})
	}
	for range servers {
		<-up
	}
	check := func(question, answer string, err error) {
		switch {
		case err == nil && answer != question:
			t.Errorf("asked %s, got %s", question, answer)
		case err == nil, errors.Is(err, errBoom), errors.Is(err, errOther), errors.Is(err, kista.ErrNoProcess), errors.Is(err, kista.ErrKilled):
		default:
			t.Errorf("asked %s: %v", question, err)
		}
	}
	hammer := func(ctx context.Context, who int) {
		to := func() kista.Addr { return n.Name(fmt.Sprint("s", rand.IntN(servers))) }
		for i := range rounds {
			question := fmt.Sprint(who, "-", i)
			switch i % 4 {
			case 0:
				var calls server.Calls[string, string]
				for j := range 5 {
					q := fmt.Sprint(question, "-", j)
					calls.Add(q, server.Begin(ctx, to(), ask{What: q}))
				}
				for calls.Len() > 1 {
					a, err := calls.Next(ctx)
					if err != nil {
						t.Error(err)
					}
					check(a.Label, a.Reply, a.Err)
				}
				calls.Cancel()
			case 1:
				if pid, ok := n.WhereIs(fmt.Sprint("s", rand.IntN(servers))); ok && rand.IntN(4) == 0 {
					_ = kista.Exit(pid, kista.Kill)
				}
			default:
				answer, err := server.CallFor(ctx, server.NoTimeout, to(), ask{What: question})
				check(question, answer, err)
			}
		}
	}
	for who := range callers {
		if who%2 == 0 {
			all.Go(func() { hammer(context.Background(), who) })
			continue
		}
		all.Add(1)
		n.Spawn(func(s *kista.Self) error {
			defer all.Done()
			hammer(s, who)
			kistatest.Empty(t, s) // no answer strayed into the mailbox
			return nil
		})
	}
	all.Wait()
	stop()
	keepers.Wait()
}

// TestHammerState has many callers change one state: nothing is lost.
func TestHammerState(t *testing.T) {
	const callers, each = 16, 100
	n, _ := kistatest.Node(t, kista.Config{Name: "a"})
	b := start(t, n, server.Of(bankMux(), newBank), nil, server.Opts{})
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			for range each {
				if _, err := server.Call(context.Background(), b, deposit{Who: "joe", Amount: 1}); err != nil {
					t.Error(err)
				}
				if err := server.Cast(b, note{"x"}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	state, err := kista.System(context.Background(), b, kista.GetState{})
	assert.NoError(t, err)
	assert.Equal(t, state.(bank).Accounts["joe"], callers*each)
	assert.Equal(t, len(state.(bank).Notes), callers*each)
}

// TestHammerMux registers functions while servers use the mux.
func TestHammerMux(t *testing.T) {
	n, _ := kistatest.Node(t, kista.Config{Name: "a"})
	m := new(server.Mux[struct{}])
	pid := start(t, n, server.Of(m, none), nil, server.Opts{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for range 500 {
			_, err := server.Call(context.Background(), pid, ask{What: "x"})
			var unknown *server.UnknownError
			if err != nil && !errors.As(err, &unknown) {
				t.Error(err)
			}
		}
	})
	wg.Go(func() {
		server.OnCall(m, func(*server.Ctx, *struct{}, ask) (string, error) { return "", nil })
		server.OnCast(m, func(*server.Ctx, *struct{}, int) error { return nil })
		server.OnInfo(m, func(*server.Ctx, *struct{}, int) error { return nil })
	})
	wg.Wait()
	_, err := server.Call(context.Background(), pid, ask{What: "x"})
	assert.NoError(t, err)
}
