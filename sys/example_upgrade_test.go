package sys_test

import (
	"context"
	"fmt"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/server"
	"github.com/kista-go/kista/sys"
)

// Purse1 and Purse2 are the state of a server in two versions of its code.
type (
	Purse1 struct{ Cents int }
	Purse2 struct {
		Cents    int
		Currency string
	}
)

func purse1() *server.Mux[Purse1] {
	m := &server.Mux[Purse1]{Version: "purse/1"}
	server.OnCall(m, func(_ *server.Ctx, p *Purse1, q add) (int, error) { p.Cents += q.N; return p.Cents, nil })
	return m
}

// purse2 knows the requests of purse/1 too: some may be waiting.
func purse2() *server.Mux[Purse2] {
	m := &server.Mux[Purse2]{Version: "purse/2"}
	server.OnCall(m, func(_ *server.Ctx, p *Purse2, q add) (int, error) { p.Cents += q.N; return p.Cents, nil })
	return m
}

// Two servers get new code and state, both or none. The first migration refuses
// one of them, so nothing changes; the second one knows better.
func ExampleUpgrade() {
	ctx := context.Background()
	node, _ := kista.Start(kista.Config{})
	defer node.Stop(ctx)
	open := func(_ *server.Ctx, cents int) (*Purse1, error) { return &Purse1{cents}, nil }
	joe, _ := server.Start(ctx, node, server.Of(purse1(), open), 100, server.Opts{Name: "joe"})
	ann, _ := server.Start(ctx, node, server.Of(purse1(), open), -5, server.Opts{Name: "ann"})

	careful := server.Upgrade(purse2(), func(ch kista.CodeChange, old *Purse1) (*Purse2, error) {
		if old.Cents < 0 {
			return nil, fmt.Errorf("a debt of %d cents", -old.Cents)
		}
		return &Purse2{Cents: old.Cents, Currency: "SEK"}, nil
	})
	lenient := server.Upgrade(purse2(), func(ch kista.CodeChange, old *Purse1) (*Purse2, error) {
		return &Purse2{Cents: max(old.Cents, 0), Currency: ch.Extra.(string)}, nil
	})
	both := []kista.PID{joe, ann}
	for _, step := range []sys.Step{{PIDs: both, Code: careful}, {PIDs: both, Code: lenient, Extra: "SEK"}} {
		_, err := sys.Upgrade(ctx, sys.Plan{Steps: []sys.Step{step}})
		fmt.Println("upgraded:", err == nil)
		for _, pid := range both {
			st, _ := sys.Status(ctx, pid)
			fmt.Printf("%s runs %s with %+v\n", st.Name, st.Version, st.State)
		}
	}
	// Output:
	// upgraded: false
	// joe runs purse/1 with {Cents:100}
	// ann runs purse/1 with {Cents:-5}
	// upgraded: true
	// joe runs purse/2 with {Cents:100 Currency:SEK}
	// ann runs purse/2 with {Cents:0 Currency:SEK}
}
