package port_test

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/port"
	"github.com/kista-go/kista/supervisor"
)

// A program under a supervisor is there again after it has fallen over, under its
// name.
func ExampleProgram() {
	ctx := context.Background()
	node, _ := kista.Start(kista.Config{Logger: slog.New(slog.DiscardHandler)})
	defer node.Stop(ctx)

	upper := port.Program(port.Spec{
		Path: "sh", Args: []string{"-c", `while read x; do [ $x = crash ] && exit 3; echo upper $x; done`},
		Framing: port.Lines,
	}, port.Opts{Name: "upper"})
	_, err := supervisor.Start(ctx, node, supervisor.Spec{
		Children: []supervisor.Child{{ID: "upper", Start: upper}},
	}, supervisor.Opts{})
	if err != nil {
		fmt.Println(err)
		return
	}
	ask := func(to kista.Addr, text string) {
		answer, err := port.Call(ctx, to, []byte(text))
		fmt.Printf("%q %t\n", answer, err == nil)
	}
	first, _ := node.WhereIs("upper")
	ask(first, "hello")
	ask(first, "crash")
	second, _ := node.AwaitName(ctx, "upper")
	ask(second, "again")
	fmt.Println(first == second)
	// Output:
	// "upper hello" true
	// "" false
	// "upper again" true
	// false
}
