package vet

import (
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/types/typeutil"
)

// reach decides what runs where: it begins with what is handed to the kernel and
// to behaviours, and goes on with what that calls.
func (c *code) reach() {
	c.exportHandles()
	for _, f := range c.all {
		if f.sig != nil && takesHandle(f.sig) {
			f.role, f.root = process, true
		}
	}
	for _, call := range c.calls {
		c.handed(call)
	}
	c.strangers()
	c.spread()
	c.freshen()
}

// handed marks the functions that a call hands over to be run in a process.
func (c *code) handed(call call) {
	if call.how == "go" {
		return
	}
	in := c.handles(call.to)
	for i, arg := range call.at.Args {
		f := c.function(arg)
		if f == nil {
			continue
		}
		at := min(i, call.to.Signature().Params().Len()-1)
		if how := in.run(at); how != notRun {
			f.role, f.root = process, true
			f.fresh = f.fresh || how == runInOther
		} else if f.root && call.to.Pkg() != nil && library(call.to.Pkg().Path()) {
			f.fresh = true // a Body, a callback
		}
	}
}

// freshen marks the literals that take a handle, and that a function outside of
// all processes returns or keeps: they will be handed over by somebody else.
func (c *code) freshen() {
	for _, f := range c.all {
		if f.outer == nil && f.obj == nil {
			f.fresh = f.fresh || f.root
		}
		if f.role != outside {
			continue
		}
		mark := func(e ast.Expr) {
			if lit, ok := ast.Unparen(e).(*ast.FuncLit); ok && c.lits[lit].root {
				c.lits[lit].fresh = true
			}
		}
		c.own(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.ReturnStmt:
				for _, e := range n.Results {
					mark(e)
				}
			case *ast.CompositeLit:
				for _, e := range n.Elts {
					mark(e)
				}
			case *ast.KeyValueExpr:
				mark(n.Value)
			case *ast.AssignStmt:
				if n.Tok == token.ASSIGN {
					for _, e := range n.Rhs {
						mark(e)
					}
				}
			}
			return true
		})
	}
}

// strangers marks the literals and functions that a goroutine of their own, a
// timer or a finalizer runs.
func (c *code) strangers() {
	for _, f := range c.all {
		c.own(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.GoStmt:
				c.strange(n.Call.Fun)
			case *ast.CallExpr:
				if i, ok := starters[key(typeutil.StaticCallee(c.TypesInfo, n))]; ok && i < len(n.Args) {
					c.strange(n.Args[i])
				}
			}
			return true
		})
	}
}

func (c *code) strange(e ast.Expr) {
	if lit, ok := ast.Unparen(e).(*ast.FuncLit); ok {
		c.lits[lit].role, c.lits[lit].root = foreign, false
	}
}

// spread goes from process code to the literals in it and the functions of this
// package that it calls or mentions, until nothing is added.
func (c *code) spread() {
	var todo []*fn
	c.processes(func(f *fn) { todo = append(todo, f) })
	for len(todo) > 0 {
		f := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		take := func(to *fn) {
			if to != nil && to.role == outside {
				to.role = process
				todo = append(todo, to)
			}
		}
		gone := map[ast.Expr]bool{}
		c.own(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.GoStmt:
				gone[n.Call.Fun] = true
			case *ast.CallExpr:
				if i, ok := starters[key(typeutil.StaticCallee(c.TypesInfo, n))]; ok && i < len(n.Args) {
					gone[n.Args[i]] = true
				}
			case *ast.FuncLit:
				take(c.lits[n])
			case *ast.SelectorExpr, *ast.Ident:
				e := n.(ast.Expr)
				if gone[e] {
					return false
				}
				if obj, ok := c.TypesInfo.Uses[last(e)].(*types.Func); ok {
					take(c.decls[obj.Origin()])
				}
			}
			return true
		})
	}
}

// last is the identifier that names what e is.
func last(e ast.Expr) *ast.Ident {
	switch e := e.(type) {
	case *ast.Ident:
		return e
	case *ast.SelectorExpr:
		return e.Sel
	}
	return nil
}
