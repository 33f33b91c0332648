package gen_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/kista-go/kista/contract"
	"github.com/kista-go/kista/contract/gen"
	"github.com/kista-go/kista/internal/assert"
)

const bell = `+NAME("bell").
+VSN("1").
+TYPES
wait() :: {wait, pos_integer()};
ok()   :: ok;
ring() :: {ring, integer()};
hush() :: {hush, atom()}.
+STATE quiet
    wait() => ok() & ringing.
+STATE ringing
    wait() => ok() & stop;
    EVENT => ring();
    EVENT <= hush().
`

const bellProgram = `package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"

	"example.com/user/bell"
	"github.com/kista-go/kista"
	"github.com/kista-go/kista/supervisor"
	"github.com/kista-go/kista/term"
	"github.com/kista-go/kista/ubf"
)

type handler struct{ hushed chan bell.Hush }

func (h handler) Accept(*ubf.Ctx, term.Term) (term.Term, error)             { return term.Atom("ok"), nil }
func (h handler) QuietWait(*ubf.Ctx, bell.Wait) (bell.Ok, error)            { return bell.Ok{}, nil }
func (h handler) RingingWait(c *ubf.Ctx, _ bell.Wait) (bell.Ok, error)      { return bell.Ok{}, nil }
func (h handler) OnHush(c *ubf.Ctx, state term.Atom, event bell.Hush) error {
	h.hushed <- event
	return c.Emit(bell.Ring{Integer: 7}.Term())
}

type events chan int64

func (e events) Ring(event bell.Ring) { e <- event.Integer }

func main() {
	ctx := context.Background()
	node, err := kista.Start(kista.Config{Logger: slog.New(slog.DiscardHandler)})
	check(err)
	defer node.Stop(ctx)
	h := handler{make(chan bell.Hush, 1)}
	srv, err := ubf.NewServer(ubf.Spec{Services: []ubf.Service{bell.Service(func() bell.Handler { return h })}})
	check(err)
	_, err = srv.Start(ctx, node, supervisor.Opts{})
	check(err)
	rings := make(events, 1)
	quiet, err := bell.Dial(ctx, "tcp", srv.Addr().String(), ubf.Options{}, term.List{}, rings)
	check(err)
	ringing, _, err := quiet.Wait(ctx, bell.Wait{PosInteger: 1})
	check(err)
	check(ringing.SendHush(bell.Hush{Atom: "please"}))
	fmt.Println((<-h.hushed).Atom, <-rings)
	stop, _, err := ringing.Wait(ctx, bell.Wait{PosInteger: 2})
	check(err)
	fmt.Println(stop.Name(), ringing.SendHush(bell.Hush{Atom: "late"}))
	rejected(ctx)
}

// rejected dials a server that rejects it, and waits for the end of the connection.
func rejected(ctx context.Context) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		conn, err := ln.Accept()
		check(err)
		r := bufio.NewReader(conn)
		_, err = io.WriteString(conn, "{'ubf1.0',\"meta\",\"\"}$")
		check(err)
		_, err = r.ReadBytes('$')
		check(err)
		_, err = io.WriteString(conn, "{{'error','not_today'},'start'}$")
		check(err)
		_, _ = io.Copy(io.Discard, r)
	}()
	_, err = bell.Dial(ctx, "tcp", ln.Addr().String(), ubf.Options{}, term.List{}, nil)
	fmt.Println(err)
	<-closed
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
`

// Events go both ways through generated code, in a program of its own; and where a session is rejected no connection stays.
func TestEvents(t *testing.T) {
	if testing.Short() {
		t.Skip("it runs the compiler")
	}
	root, err := filepath.Abs(filepath.Join("..", ".."))
	assert.NoError(t, err)
	c, err := contract.Parse("bell.con", []byte(bell))
	assert.NoError(t, err)
	code, err := gen.Generate(c, gen.Options{})
	assert.NoError(t, err)
	dir := module(t, root)
	assert.NoError(t, os.Mkdir(filepath.Join(dir, "bell"), 0o700))
	assert.NoError(t, os.WriteFile(filepath.Join(dir, "bell", "contract.go"), code, 0o600))
	assert.NoError(t, os.WriteFile(filepath.Join(dir, "main.go"), []byte(bellProgram), 0o600))
	out, err := goCommand(t, dir, "run", ".")
	assert.True(t, err == nil, "%v\n%s", err, out)
	assert.Equal(t, out, "please 7\nstop linear: Ringing.SendHush on a value of state ringing that Ringing.Wait has used up: go on with the state that Ringing.Wait returned\nubf: the session was rejected: not_today\n")
}
