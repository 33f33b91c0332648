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

// A client that has lost its connection repeats the call with its tag.
func Example_robust() {
	ctx := context.Background()
	node, err := kista.Start(kista.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = node.Stop(ctx) }()
	b, err := bank.Start(ctx, node, bank.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}

	call := term.Tuple{term.Atom("call"), term.Tuple{term.Atom("client7"), 1}, term.Tuple{term.Atom("deposit"), term.Atom("joe"), 5}}
	for range 3 {
		conn, err := net.Dial("tcp", b.RobustAddr().String())
		if err != nil {
			fmt.Println(err)
			return
		}
		if err := etf.NewWriter(conn).WriteTerm(call); err != nil {
			fmt.Println(err)
			return
		}
		ack, err := etf.NewReader(conn).ReadTerm()
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(ack)
		_ = conn.Close()
	}
	// Output:
	// {ack,{client7,1},{ok,5}}
	// {ack,{client7,1},{ok,5}}
	// {ack,{client7,1},{ok,5}}
}
