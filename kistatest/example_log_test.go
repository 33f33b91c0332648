package kistatest_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/kistatest"
)

// The log tells why a process has ended. In a test, [kistatest.Node] starts the
// node, and the log comes with it.
func ExampleLog() {
	ctx := context.Background()
	log := new(kistatest.Log)
	n, err := kista.Start(kista.Config{Logger: slog.New(log)})
	if err != nil {
		panic(err)
	}
	n.Spawn(func(*kista.Self) error { return errors.New("the disk is full") })
	report, err := log.Await(ctx, "process crashed")
	fmt.Println(report["reason"], err)
	_ = n.Stop(ctx)
	// Output: the disk is full <nil>
}
