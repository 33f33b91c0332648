package vet

import (
	"go/ast"
	"go/types"
	"strings"

	"golang.org/x/tools/go/types/typeutil"
)

// exiting says what a function does that ends the program, "" if it does not.
func exiting(f *types.Func) string {
	switch k := key(f); {
	case k == "os.Exit", k == "syscall.Exit":
		return f.Pkg().Name() + "." + f.Name()
	case strings.HasPrefix(k, "log.Fatal"), strings.HasPrefix(k, "log.(Logger).Fatal"):
		return "log." + f.Name()
	}
	return ""
}

// exits reports what ends the whole program.
func exits(p *pass) {
	p.code.processes(func(f *fn) {
		p.code.own(f, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			to := typeutil.StaticCallee(p.TypesInfo, call)
			if what := exiting(to); what != "" {
				p.report(n, "exit", "%s in process code ends the whole program, with all its processes, and runs nobody's deferred calls; "+
					"return an error, which is the exit reason of this process alone", what)
			}
			if e := p.effectOf(to); e != nil && e.Exit != "" {
				p.report(n, "exit", "%s ends the whole program (%s), and is called in process code; let it return an error, which can be the exit reason of this process alone",
					to.Name(), e.Exit)
			}
			return true
		})
	})
}
