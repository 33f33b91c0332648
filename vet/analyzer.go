package vet

import (
	"go/ast"
	"strings"

	"golang.org/x/tools/go/analysis"
)

// page is where the rules are explained.
const page = "https://github.com/kista-go/kista/blob/main/docs/vet.md"

// tests says whether test files are looked at.
var tests bool

// Analyzer reports what process code must not do. It is safe for concurrent use
// by drivers. Its flag -tests includes test files, which are left out otherwise:
// tests stand outside of the processes that they test, and share with them on
// purpose. Generated files are never reported on. The category of a diagnostic is
// the name of its rule.
var Analyzer = &analysis.Analyzer{
	Name: "kista",
	Doc: "check that process code cannot end the program, hold up other processes, or share memory with them\n\n" +
		"Process code is what runs in a process of github.com/kista-go/kista: bodies, callbacks of behaviours,\n" +
		"tasks, and what they call in their package. A finding is suppressed with //kista:allow RULE REASON.",
	URL:       page,
	Run:       run,
	FactTypes: []analysis.Fact{new(effects), new(mutable), new(handlesOf)},
}

func init() {
	Analyzer.Flags.BoolVar(&tests, "tests", false, "look at test files too")
}

// pass is one package being checked.
type pass struct {
	*analysis.Pass
	files  []*ast.File // those that are looked at
	code   *code
	allows *allows
	said   map[string]bool // what has been reported once for a function
}

func run(ap *analysis.Pass) (any, error) {
	if !concerned(ap) {
		return nil, nil
	}
	p := &pass{Pass: ap, said: map[string]bool{}}
	for _, f := range ap.Files {
		if tests || !strings.HasSuffix(ap.Fset.File(f.FileStart).Name(), "_test.go") {
			p.files = append(p.files, f)
		}
	}
	p.allows = readAllows(p)
	p.code = readCode(p)
	p.code.reach()
	p.exportEffects()
	for _, rule := range []func(*pass){goroutines, exits, messages, globals, captures, locks, channels, selves, threads, linears} {
		rule(p)
	}
	p.allows.unused()
	return nil, nil
}

// concerned reports whether a package can have process code, or effects that
// matter to it: anything but the standard library and the kernel beneath.
func concerned(ap *analysis.Pass) bool {
	first, _, _ := strings.Cut(ap.Pkg.Path(), "/")
	return strings.Contains(first, ".") || ap.Module != nil && ap.Module.Path != "std" && ap.Module.Path != "" || uses(ap.Pkg, kernel)
}
