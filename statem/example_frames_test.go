package statem_test

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/server"
	"github.com/kista-go/kista/statem"
)

// frame is an internal event: a whole line.
type frame string

// A stream of bytes becomes lines, which the machine tells itself: they are
// handled before the bytes that wait in the mailbox. If a line does not go on in
// time, what there is of it is dropped.
func ExampleCtx_NextInternal() {
	type ctx = statem.Ctx[string]
	m := new(statem.Mux[string, string]) // the data: the beginning of a line
	m.In("idle", "in a line")
	statem.OnCast(m.Any(), func(c *ctx, rest *string, bytes string) error {
		lines := strings.Split(*rest+bytes, "\n")
		for _, l := range lines[:len(lines)-1] {
			c.NextInternal(frame(l))
		}
		*rest = lines[len(lines)-1]
		if *rest == "" {
			c.NextState("idle")
			return nil
		}
		c.NextState("in a line")
		c.SetTimeout(statem.EventTimeout, 200*time.Millisecond, nil)
		return nil
	})
	statem.OnInternal(m.Any(), func(c *ctx, rest *string, f frame) error {
		fmt.Printf("%q, then %s\n", string(f), c.State())
		if *rest != "" {
			c.SetTimeout(statem.EventTimeout, 200*time.Millisecond, nil) // this event has cancelled it
		}
		return nil
	})
	statem.OnTimeout(m.Any(), statem.EventTimeout, func(c *ctx, rest *string, _ any) error {
		fmt.Printf("%q dropped\n", *rest)
		return statem.Stop(nil)
	})

	background := context.Background()
	node, _ := kista.Start(kista.Config{})
	defer node.Stop(background)
	idle := func(*ctx, struct{}) (string, *string, error) { return "idle", new(string), nil }
	pid, _ := statem.Start(background, node, statem.Of(m, idle), struct{}{}, statem.Opts{})
	_ = server.Cast(pid, "one\ntwo\nth")
	_ = server.Cast(pid, "ree\nfo")
	_, _ = kista.Wait(background, pid)
	// Output:
	// "one", then in a line
	// "two", then in a line
	// "three", then in a line
	// "fo" dropped
}
