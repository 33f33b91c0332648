package port_test

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/port"
)

// A program that answers each line with one is called like a server, and its end
// is an exit reason.
func Example_call() {
	ctx := context.Background()
	node, _ := kista.Start(kista.Config{Logger: slog.New(slog.DiscardHandler)})
	defer node.Stop(ctx)

	double, err := port.Start(ctx, node, port.Spec{
		Path:    "sh",
		Args:    []string{"-c", `while read n; do [ $n = 0 ] && exit 7; echo $((2 * n)); done`},
		Framing: port.Lines,
	}, port.Opts{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, n := range []string{"21", "4", "0"} {
		answer, err := port.Call(ctx, double, []byte(n))
		fmt.Printf("%s %v\n", answer, err)
	}
	// Output:
	// 42 <nil>
	// 8 <nil>
	//  kista: call of <kista.1> with port.input: port: sh ended with status 7
}
