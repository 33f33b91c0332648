package checked_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/contract"
	"github.com/kista-go/kista/contract/checked"
	"github.com/kista-go/kista/server"
	"github.com/kista-go/kista/term"
)

type (
	door   struct{ Opened int }
	unlock struct {
		server.Replies[term.Atom]
		_    struct{} `term:"unlock"`
		Code int
	}
	open struct {
		server.Replies[int]
		_ struct{} `term:"open"`
	}
)

// A door that need not ask whether it is locked: the contract in front of it does.
func Example() {
	c, err := contract.Parse("door.con", []byte(`
+NAME("door").
+VSN("1.0").
+TYPES
unlock() :: {unlock, 0..9999};
yes()    :: yes;
no()     :: no;
open()   :: open;
times()  :: pos_integer().
+STATE locked
    unlock() => yes() & unlocked | no() & locked.
+STATE unlocked
    open() => times() & locked.
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	k, _ := contract.Compile(c)

	code := new(server.Mux[door])
	server.OnCall(code, func(_ *server.Ctx, _ *door, q unlock) (term.Atom, error) {
		if q.Code != 1984 {
			return "no", nil
		}
		return "yes", nil
	})
	server.OnCall(code, func(_ *server.Ctx, d *door, _ open) (int, error) {
		d.Opened++
		return d.Opened, nil
	})
	box := server.Child(server.Of(code, func(*server.Ctx, struct{}) (*door, error) { return &door{}, nil }), struct{}{}, server.Opts{})

	ctx := context.Background()
	node, _ := kista.Start(kista.Config{Logger: slog.New(slog.DiscardHandler)})
	defer node.Stop(ctx)
	at, err := checked.Start(ctx, node, checked.Spec{Contract: k, Behind: box})
	if err != nil {
		fmt.Println(err)
		return
	}

	_, err = server.Call(ctx, at, open{})
	var v *contract.Violation
	fmt.Println(errors.As(err, &v), v)
	fmt.Println(server.Call(ctx, at, unlock{Code: 1234}))
	fmt.Println(server.Call(ctx, at, unlock{Code: 1984}))
	fmt.Println(server.Call(ctx, at, open{}))
	_, err = server.Call(ctx, at, unlock{Code: 10000})
	fmt.Println(err)
	// Output:
	// true contract: the client broke "door" in state locked: the request open is none of unlock() (it is allowed in state unlocked)
	// no <nil>
	// yes <nil>
	// 1 <nil>
	// contract: the client broke "door" in state locked: the request {unlock,10000} is not unlock(): {2}: expected 0..9999, got 10000
}
