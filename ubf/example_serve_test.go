package ubf_test

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/contract"
	"github.com/kista-go/kista/supervisor"
	"github.com/kista-go/kista/term"
	"github.com/kista-go/kista/ubf"
)

// A lamp can be switched on when it is off, and off when it is on.
const lampContract = `
+NAME("lamp").
+VSN("1.0").
+TYPES
on() :: on;
off() :: off;
ok() :: ok;
burned() :: {burned, non_neg_integer()}.
+STATE dark
    on() => ok() & bright.
+STATE bright
    off() => burned() & dark.
`

// lamp is the code behind it. It need not check in which state it is asked for what.
type lamp struct{ times int }

func (*lamp) Start(*ubf.Ctx, term.Term) (term.Term, term.Atom, error) {
	return term.Atom("welcome"), "dark", nil
}

func (l *lamp) Call(_ *ubf.Ctx, _ term.Atom, request term.Term) (term.Term, term.Atom, error) {
	if request == term.Atom("on") {
		l.times++
		return term.Atom("ok"), "bright", nil
	}
	return term.Tuple{term.Atom("burned"), l.times}, "dark", nil
}

// A checked service, and a client that checks what it sends before it sends it.
func Example_serve() {
	ctx := context.Background()
	node, _ := kista.Start(kista.Config{Logger: slog.New(slog.DiscardHandler)})
	defer node.Stop(ctx)

	c, err := contract.Parse("lamp.con", []byte(lampContract))
	if err != nil {
		fmt.Println(err)
		return
	}
	srv, _ := ubf.NewServer(ubf.Spec{Services: []ubf.Service{
		{Contract: c, Plugin: func() ubf.Plugin { return new(lamp) }},
	}})
	if _, err := srv.Start(ctx, node, supervisor.Opts{}); err != nil {
		fmt.Println(err)
		return
	}

	client, err := ubf.Dial(ctx, "tcp", srv.Addr().String(), ubf.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()
	checker, _ := contract.Compile(c)
	welcome, err := client.StartSession(ctx, "lamp", term.List{}, checker)
	fmt.Println(welcome, err)
	for _, request := range []term.Atom{"on", "off", "off"} {
		reply, state, err := client.Call(ctx, request)
		fmt.Println(reply, state, err)
	}
	// Output:
	// welcome <nil>
	// ok bright <nil>
	// {burned,1} dark <nil>
	// <nil> '' contract: the client broke "lamp" in state dark: the request off is none of on() (it is allowed in state bright)
}
