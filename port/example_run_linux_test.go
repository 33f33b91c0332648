package port_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/port"
)

// A command-line tool is run to its end: input in, output out, and an error that
// says how it ended.
func ExampleRun() {
	ctx := context.Background()
	node, _ := kista.Start(kista.Config{})
	defer node.Stop(ctx)

	out, err := port.Run(ctx, node, port.Spec{Path: "sort"}, []byte("pear\napple\nfig\n"))
	fmt.Printf("%s%v\n", out, err)

	_, err = port.Run(ctx, node, port.Spec{Path: "cat", Args: []string{"/no/such/file"}}, nil)
	var end *port.ExitError
	fmt.Println(errors.As(err, &end), end)
	// Output:
	// apple
	// fig
	// pear
	// <nil>
	// true port: cat ended with status 1
}
