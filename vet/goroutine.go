package vet

import (
	"go/ast"
	"go/token"
	"go/types"
	"strings"

	"golang.org/x/tools/go/types/typeutil"
)

// starters are functions that run the argument at the index on a goroutine of
// its own, now or later.
var starters = map[string]int{
	"time.AfterFunc":                           1,
	"context.AfterFunc":                        1,
	"runtime.SetFinalizer":                     1,
	"runtime.AddCleanup":                       1,
	"sync.(WaitGroup).Go":                      0,
	"golang.org/x/sync/errgroup.(Group).Go":    0,
	"golang.org/x/sync/errgroup.(Group).TryGo": 0,
}

// instead is what to do in their place.
var instead = map[string]string{
	"time.AfterFunc":       "send yourself a message with kista.SendAfter",
	"context.AfterFunc":    "monitor whoever ends, or spawn a process that waits for the context",
	"runtime.SetFinalizer": "release it when the process ends: in a deferred call, or in Terminate",
	"runtime.AddCleanup":   "release it when the process ends: in a deferred call, or in Terminate",
}

// goroutines reports what process code starts that is no process.
func goroutines(p *pass) {
	p.code.processes(func(f *fn) {
		p.code.own(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.GoStmt:
				if !p.tame(n.Call.Fun, n.Call) {
					p.report(n, "goroutine", "go statement in process code: a panic there ends the whole program, and nobody hears how it ends; "+
						"start a process (Self.SpawnLink, task.Async), or let the goroutine recover")
				}
			case *ast.CallExpr:
				to := typeutil.StaticCallee(p.TypesInfo, n)
				k := key(to)
				if i, ok := starters[k]; ok {
					if i < len(n.Args) && !p.tame(n.Args[i], nil) {
						p.starter(n, to)
					}
					return true
				}
				if e := p.effectOf(to); e != nil && e.Goroutine != "" {
					p.report(n, "goroutine", "%s starts a goroutine (%s) in process code: a panic there ends the whole program, and nobody hears how it ends; "+
						"let it start a process, or recover", to.Name(), e.Goroutine)
				}
			}
			return true
		})
	})
}

func (p *pass) starter(n *ast.CallExpr, to *types.Func) {
	name := to.Pkg().Name() + "." + to.Name()
	if recv := to.Signature().Recv(); recv != nil {
		name = to.Name() + " of a " + strings.TrimPrefix(types.TypeString(recv.Type(), (*types.Package).Name), "*")
	}
	do := instead[key(to)]
	if do == "" {
		do = "start processes (task.Async and task.AwaitMany, Self.SpawnLink)"
	}
	p.report(n, "goroutine", "%s in process code runs its function on a goroutine that is no process: a panic there ends the whole program; %s", name, do)
}

// tame reports whether a goroutine that runs fun cannot panic by code of this
// program: a function of the standard library with plain arguments, or a literal
// that recovers or does nothing but wait, send, receive and call such functions.
// call is the call of the go statement, if it is one.
func (p *pass) tame(fun ast.Expr, call *ast.CallExpr) bool {
	if f := p.code.function(fun); f != nil {
		return p.recovers(f.body) || (call == nil || len(call.Args) == 0) && p.quiet(f.body)
	}
	if call != nil {
		return p.quietCall(call)
	}
	to, ok := p.TypesInfo.Uses[selected(fun)].(*types.Func)
	return ok && standard(to)
}

// selected is the identifier of what e selects, or e itself.
func selected(e ast.Expr) *ast.Ident {
	switch e := ast.Unparen(e).(type) {
	case *ast.Ident:
		return e
	case *ast.SelectorExpr:
		return e.Sel
	}
	return nil
}

// recovers reports whether a body begins with a deferred function that calls
// recover.
func (p *pass) recovers(body *ast.BlockStmt) bool {
	for _, s := range body.List {
		d, ok := s.(*ast.DeferStmt)
		if !ok {
			return false
		}
		if f := p.code.function(d.Call.Fun); f != nil && p.callsRecover(f) {
			return true
		}
	}
	return false
}

func (p *pass) callsRecover(f *fn) (yes bool) {
	p.code.own(f, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok && p.builtin(call) == "recover" {
			yes = true
		}
		return !yes
	})
	return yes
}

// builtin names the built-in function that is called, if it is one.
func (p *pass) builtin(call *ast.CallExpr) string {
	if id, ok := ast.Unparen(call.Fun).(*ast.Ident); ok {
		if b, ok := p.TypesInfo.Uses[id].(*types.Builtin); ok {
			return b.Name()
		}
	}
	return ""
}

// standard reports whether f is of the standard library.
func standard(f *types.Func) bool {
	if f == nil || f.Pkg() == nil {
		return f != nil
	}
	return !dotted(f.Pkg().Path()) && f.Pkg().Path() != "command-line-arguments"
}

// dotted reports whether an import path begins with a domain, as those of the
// standard library do not.
func dotted(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return strings.Contains(first, ".")
}

// quietCall reports whether a call runs only code of the standard library and of
// Kista: a function of theirs, without functions among the arguments, or a cancel
// function.
func (p *pass) quietCall(call *ast.CallExpr) bool {
	if tv := p.TypesInfo.Types[call.Fun]; tv.IsType() {
		return true
	}
	switch p.builtin(call) {
	case "panic":
		return false
	case "":
	default:
		return true
	}
	if t := p.TypesInfo.TypeOf(call.Fun); is(t, "context", "CancelFunc") || is(t, "context", "CancelCauseFunc") {
		return true
	}
	var to *types.Func
	switch fun := ast.Unparen(call.Fun).(type) {
	case *ast.SelectorExpr:
		to, _ = p.TypesInfo.Uses[fun.Sel].(*types.Func) // also a method of an interface
	case *ast.Ident:
		to, _ = p.TypesInfo.Uses[fun].(*types.Func)
	}
	if !standard(to) && (to == nil || to.Pkg() == nil || !library(to.Pkg().Path())) {
		return false
	}
	for _, arg := range call.Args {
		if t := p.TypesInfo.TypeOf(arg); t != nil {
			if _, ok := t.Underlying().(*types.Signature); ok && p.TypesInfo.Types[arg].Value == nil && !p.TypesInfo.Types[arg].IsNil() {
				return false
			}
		}
	}
	return true
}

// quiet reports whether nothing in a body can panic by code of this program.
func (p *pass) quiet(body *ast.BlockStmt) bool {
	ok := true
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			ok = ok && p.quietCall(n)
		case *ast.StarExpr, *ast.SliceExpr, *ast.TypeAssertExpr, *ast.GoStmt:
			ok = false
		case *ast.IndexExpr:
			if _, generic := p.TypesInfo.TypeOf(n.X).(*types.Signature); !generic {
				ok = false
			}
		case *ast.BinaryExpr:
			ok = ok && n.Op != token.QUO && n.Op != token.REM
		case *ast.SelectorExpr:
			if s := p.TypesInfo.Selections[n]; s != nil && s.Kind() == types.FieldVal && s.Indirect() {
				if _, variable := ast.Unparen(n.X).(*ast.Ident); !variable {
					ok = false // of a pointer found behind another, which may be nil
				}
			}
		}
		return ok
	})
	return ok
}
