package vet_test

import (
	"fmt"
	"path/filepath"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/checker"
	"golang.org/x/tools/go/packages"

	"github.com/kista-go/kista/vet"
)

// The analyzer runs in any driver of golang.org/x/tools/go/analysis. Most people
// run it by `kista vet ./...`.
func Example_check() {
	pkgs, err := packages.Load(&packages.Config{Mode: packages.LoadAllSyntax}, "./testdata/door")
	if err != nil {
		fmt.Println(err)
		return
	}
	graph, err := checker.Analyze([]*analysis.Analyzer{vet.Analyzer}, pkgs, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, a := range graph.Roots {
		for _, d := range a.Diagnostics {
			at := a.Package.Fset.Position(d.Pos)
			fmt.Printf("%s:%d: %s\n", filepath.Base(at.Filename), at.Line, d.Category)
		}
	}
	// Output:
	// door.go:13: goroutine
	// door.go:14: message
}
