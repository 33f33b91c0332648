package statem_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/server"
	"github.com/kista-go/kista/statem"
)

type (
	// link is the data of a connection to somewhere.
	link struct {
		dial     func() error
		attempts int
	}
	// dialled says how an attempt ended.
	dialled struct{ Err error }
	// Fetch asks what is at the other end.
	Fetch struct {
		server.Replies[string]
		Key string
	}
)

// links is the code of connections. Whoever asks before one is up waits: the
// question is postponed. An attempt runs in a process of its own, so that the
// machine goes on answering.
var links = func() *statem.Mux[string, link] {
	type ctx = statem.Ctx[string]
	m := new(statem.Mux[string, link])

	connecting := m.In("connecting")
	statem.OnEnter(connecting, func(c *ctx, l *link, _ string) error {
		l.attempts++
		me, dial := c.PID(), l.dial
		c.SpawnLink(func(s *kista.Self) error { return s.Send(me, dialled{dial()}) })
		return nil
	})
	statem.OnInfo(connecting, func(c *ctx, l *link, d dialled) error {
		if d.Err != nil {
			fmt.Println("attempt", l.attempts, "failed:", d.Err)
			c.SetTimeout(statem.StateTimeout, 5*time.Millisecond, nil)
			return nil
		}
		c.NextState("connected")
		return nil
	})
	statem.OnTimeout(connecting, statem.StateTimeout, func(c *ctx, l *link, _ any) error {
		c.RepeatState() // enter it anew: another attempt
		return nil
	})
	statem.OnCall(connecting, func(c *ctx, l *link, _ Fetch) (string, error) { return "", statem.Postpone })

	statem.OnCall(m.In("connected"), func(c *ctx, l *link, q Fetch) (string, error) {
		return fmt.Sprintf("%s, after %d attempts", q.Key, l.attempts), nil
	})
	return m
}()

// Questions wait for the connection, not for each other.
func Example_postpone() {
	ctx := context.Background()
	node, _ := kista.Start(kista.Config{})
	defer node.Stop(ctx)

	newLink := func(*statem.Ctx[string], struct{}) (string, *link, error) {
		tries := 0
		dial := func() error {
			if tries++; tries < 3 {
				return errors.New("nobody there")
			}
			return nil
		}
		return "connecting", &link{dial: dial}, nil
	}
	pid, _ := statem.Start(ctx, node, statem.Of(links, newLink), struct{}{}, statem.Opts{})
	first, second := server.Begin(ctx, pid, Fetch{Key: "a"}), server.Begin(ctx, pid, Fetch{Key: "b"})
	fmt.Println(first.Wait(ctx))
	fmt.Println(second.Wait(ctx))
	// Output:
	// attempt 1 failed: nobody there
	// attempt 2 failed: nobody there
	// a, after 3 attempts <nil>
	// b, after 3 attempts <nil>
}
