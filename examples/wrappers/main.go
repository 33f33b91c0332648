// Command wrappers shows three programs that were not written for Kista as parts of a Go program, each in the way that
// fits it: gzip, which is run to its end; bc, which is asked line by line and needs a server in front of it; and a
// program in Python that speaks frames, sandboxed, supervised, and restarted when it falls over. It takes no arguments and
// ends by itself. Programs that are not installed are named and left out.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/port"
	"github.com/kista-go/kista/supervisor"
)

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	node, err := kista.Start(kista.Config{Name: "wrappers"})
	if err != nil {
		return err
	}
	defer func() { _ = node.Stop(ctx) }()
	for _, show := range []struct {
		program string
		do      func(context.Context, *kista.Node) error
	}{{"gzip", showGzip}, {"bc", showBC}, {"python3", showWords}} {
		if _, err := exec.LookPath(show.program); err != nil {
			fmt.Printf("%s is not installed: left out\n", show.program)
			continue
		}
		if err := show.do(ctx, node); err != nil {
			return fmt.Errorf("%s: %w", show.program, err)
		}
	}
	return nil
}

func showGzip(ctx context.Context, node *kista.Node) error {
	text := make([]byte, 1<<20)
	small, err := Compress(ctx, node, text)
	if err != nil {
		return err
	}
	fmt.Printf("gzip made %d bytes of %d\n", len(small), len(text))
	return nil
}

func showBC(ctx context.Context, node *kista.Node) error {
	_, err := supervisor.Start(ctx, node, supervisor.Spec{
		Children: []supervisor.Child{{ID: "bc", Start: Calculator("bc")}},
	}, supervisor.Opts{})
	if err != nil {
		return err
	}
	for _, x := range []string{"2^100", "4*a(1)", "2^"} {
		answer, err := Evaluate(ctx, node.Name("bc"), x)
		fmt.Println("bc:", x, "is", answer, err)
	}
	return nil
}

func showWords(ctx context.Context, node *kista.Node) error {
	_, err := supervisor.Start(ctx, node, supervisor.Spec{
		Children: []supervisor.Child{{ID: "words", Start: Words("words")}},
	}, supervisor.Opts{})
	var missing *port.UnsupportedError
	if errors.As(err, &missing) {
		fmt.Println("python3:", missing)
		return nil
	}
	if err != nil {
		return err
	}
	counts, err := Count(ctx, node.Name("words"), "to be or not to be")
	fmt.Println("python3:", counts, err)
	_, err = Count(ctx, node.Name("words"), "crash") // it does, and whoever asked hears why
	var end *port.ExitError
	fmt.Println("python3:", errors.As(err, &end), end)
	again, err := node.AwaitName(ctx, "words")
	if err != nil {
		return err
	}
	counts, err = Count(ctx, again, "again")
	fmt.Println("python3:", counts, err)
	return nil
}
