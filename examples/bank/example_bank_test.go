package bank_test

import (
	"context"
	"fmt"
	"net"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/etf"
	"github.com/kista-go/kista/examples/bank"
	"github.com/kista-go/kista/term"
)

// A bank, and a client that may be in any language.
func Example() {
	ctx := context.Background()
	node, err := kista.Start(kista.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = node.Stop(ctx) }()
	b, err := bank.Start(ctx, node, bank.Config{}) // in memory, on free ports
	if err != nil {
		fmt.Println(err)
		return
	}

	conn, err := net.Dial("tcp", b.Addr().String())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = conn.Close() }()
	in, out := etf.NewReader(conn), etf.NewWriter(conn)
	for _, request := range []term.Tuple{
		{term.Atom("deposit"), term.Atom("joe"), 5},
		{term.Atom("withdraw"), term.Atom("joe"), 7},
		{term.Atom("transfer"), term.Atom("joe"), term.Atom("mike"), 2},
		{term.Atom("balance"), term.Atom("mike")},
	} {
		if err := out.WriteTerm(request); err != nil {
			fmt.Println(err)
			return
		}
		reply, err := in.ReadTerm()
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(request, "->", reply)
	}
	// Output:
	// {deposit,joe,5} -> {ok,5}
	// {withdraw,joe,7} -> {error,{not_enough_money,5}}
	// {transfer,joe,mike,2} -> {ok,3}
	// {balance,mike} -> {ok,2}
}
