package vet

import (
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/types/typeutil"
)

// channels reports channels that a process shares with others, unless it waits
// for them in a way that ends.
func channels(p *pass) {
	p.code.processes(func(f *fn) {
		fine := map[ast.Node]bool{} // parts of a select that ends
		p.code.own(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.SelectStmt:
				if p.ends(n) {
					for _, c := range n.Body.List {
						if comm := c.(*ast.CommClause).Comm; comm != nil {
							fine[comm] = true
							ast.Inspect(comm, func(n ast.Node) bool {
								if n != nil {
									fine[n] = true
								}
								return true
							})
						}
					}
				}
			case *ast.SendStmt:
				if !fine[n] {
					p.channel(f, n, n.Chan, "sends to")
				}
			case *ast.UnaryExpr:
				if n.Op == token.ARROW && !fine[n] {
					p.channel(f, n, n.X, "receives from")
				}
			case *ast.RangeStmt:
				if isChan(p.TypesInfo.TypeOf(n.X)) {
					p.channel(f, n.X, n.X, "receives from")
				}
			case *ast.CallExpr:
				if p.builtin(n) == "close" && len(n.Args) == 1 {
					p.channel(f, n, n.Args[0], "closes")
					return true
				}
				p.passes(f, n)
			}
			return true
		})
	})
}

// passes reports a channel from outside of the process that is handed on.
func (p *pass) passes(f *fn, call *ast.CallExpr) {
	if p.builtin(call) != "" || typeutil.StaticCallee(p.TypesInfo, call) == nil {
		return
	}
	for _, arg := range call.Args {
		if id, ok := ast.Unparen(arg).(*ast.Ident); ok && isChan(p.TypesInfo.TypeOf(id)) && f.place(p.base(id)) == captured {
			p.channel(f, id, id, "uses")
		}
	}
}

func (p *pass) channel(f *fn, n ast.Node, ch ast.Expr, does string) {
	if sel, ok := ast.Unparen(ch).(*ast.SelectorExpr); ok {
		if field, ok := p.TypesInfo.Uses[sel.Sel].(*types.Var); ok && field.Pkg() != nil && !dotted(field.Pkg().Path()) {
			return // a timer's, a ticker's
		}
	}
	v := p.base(ch)
	switch f.place(v) {
	case unknown, local:
		return
	case param:
		if _, plain := ast.Unparen(ch).(*ast.Ident); plain {
			return // of its caller, who may be the same process
		}
	}
	if p.declared(ch, "channel") {
		return
	}
	p.report(n, "channel", "process code %s a channel that it shares with others (%s): they do not learn when it dies, nor it when they do, and whoever waits waits for ever; "+
		"send messages, or select with the process's Done", does, text(ch))
}

// ends reports whether a select waits no longer than the process lives, or not
// at all: it has a default, or a case for Done or Stopping.
func (p *pass) ends(s *ast.SelectStmt) bool {
	for _, c := range s.Body.List {
		comm := c.(*ast.CommClause).Comm
		if comm == nil {
			return true
		}
		var e ast.Expr
		switch comm := comm.(type) {
		case *ast.ExprStmt:
			e = comm.X
		case *ast.AssignStmt:
			e = comm.Rhs[0]
		}
		u, ok := ast.Unparen(e).(*ast.UnaryExpr)
		if !ok {
			continue
		}
		call, ok := ast.Unparen(u.X).(*ast.CallExpr)
		if !ok {
			continue
		}
		if sel := selected(call.Fun); sel != nil && (sel.Name == "Done" || sel.Name == "Stopping" || sel.Name == "After") {
			return true
		}
	}
	return false
}

func isChan(t types.Type) bool {
	if t == nil {
		return false
	}
	_, ok := t.Underlying().(*types.Chan)
	return ok
}
