// Readme rewrites the Go snippets of the pages from the tested code that they
// show, so that documentation cannot drift from what compiles and runs. A
// fence of Go in a page is preceded by a mark:
//
//	<!-- example: server/example_counter_test.go#Counter,Add,Example_counter -->
//
// which names a file from the root of the module and the declarations to show,
// in that order. One Example alone is shown as its body with its output
// comment; among other declarations it is shown as func main. Without # the
// whole file is shown from its package clause on. Every fence of Go in
// README.md must have a mark; in docs those that have one are kept current.
//
//	go generate ./internal/readme    # or make generate
package main

import (
	"fmt"
	"os"
)

//go:generate go run . ../..

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: readme ROOT")
		os.Exit(2)
	}
	root := os.Args[1]
	pages, err := render(os.DirFS(root))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	for _, p := range pages {
		if p.old == p.new {
			continue
		}
		if err := p.write(root); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		fmt.Println("readme: rewrote", p.path)
	}
}
