package vet

import (
	"go/ast"
	"go/types"

	"golang.org/x/tools/go/types/typeutil"
)

// anywhere are the methods of a handle that any goroutine may call: those of the
// context, and what never changes.
var anywhere = map[string]bool{
	"Deadline": true, "Done": true, "Err": true, "Value": true, "Stopping": true,
	"PID": true, "Node": true, "Parent": true, "Logger": true, "Name": true,
}

// selves reports handles in foreign hands: in another goroutine, in another
// process, and kept where they outlive the callback that they belong to.
func selves(p *pass) {
	for _, f := range p.code.all {
		switch {
		case f.role == foreign:
			p.strangersHandles(f, "a goroutine that is not its process")
		case f.role == process && f.fresh && f.outer != nil:
			p.strangersHandles(f, "another process")
		}
		if f.role == process {
			p.handedToGo(f)
			p.kept(f)
		}
	}
}

// strangersHandles reports the handles that a literal takes from around it.
func (p *pass) strangersHandles(f *fn, who string) {
	lit, ok := f.node.(*ast.FuncLit)
	if !ok {
		return
	}
	fine := map[*ast.Ident]bool{}
	ast.Inspect(lit.Body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			if id, ok := ast.Unparen(n.X).(*ast.Ident); ok && anywhere[n.Sel.Name] {
				fine[id] = true
			}
		case *ast.CallExpr:
			p.asContext(n, fine)
		case *ast.Ident:
			v, _ := p.TypesInfo.Uses[n].(*types.Var)
			if v == nil || v.IsField() || fine[n] || !isHandle(v.Type()) || lit.Pos() <= v.Pos() && v.Pos() < lit.End() {
				return true
			}
			p.report(n, "self", "%s, which belongs to its own process, is used by %s: what it sends and calls is in that one's name, and the two run at the same time; "+
				"take what you need before (its PID, a context made from it), or use your own", v.Name(), who)
		}
		return true
	})
}

// asContext notes the arguments of a call that are only a context to it. The
// library's functions are not among them: they see who it is.
func (p *pass) asContext(call *ast.CallExpr, fine map[*ast.Ident]bool) {
	to := typeutil.StaticCallee(p.TypesInfo, call)
	if to == nil || to.Pkg() == nil || library(to.Pkg().Path()) {
		return
	}
	params := to.Signature().Params()
	for i, arg := range call.Args {
		id, ok := ast.Unparen(arg).(*ast.Ident)
		if ok && i < params.Len() && types.IsInterface(params.At(i).Type()) && !to.Signature().Variadic() {
			fine[id] = true
		}
	}
}

// handedToGo reports the handles among the arguments of go statements.
func (p *pass) handedToGo(f *fn) {
	p.code.own(f, func(n ast.Node) bool {
		g, ok := n.(*ast.GoStmt)
		if !ok {
			return true
		}
		fine := map[*ast.Ident]bool{}
		p.asContext(g.Call, fine)
		exprs := g.Call.Args
		if sel, ok := ast.Unparen(g.Call.Fun).(*ast.SelectorExpr); ok {
			exprs = append([]ast.Expr{sel.X}, exprs...)
		}
		for _, e := range exprs {
			id, ok := ast.Unparen(e).(*ast.Ident)
			if ok && !fine[id] && p.TypesInfo.TypeOf(id) != nil && isHandle(p.TypesInfo.TypeOf(id)) {
				p.report(id, "self", "%s, which belongs to its own process, is handed to a goroutine that is not its process; "+
					"take what it needs before (its PID, a context made from it), or start a process", id.Name)
			}
		}
		return true
	})
}

// kept reports handles that are stored where they outlive the callback.
func (p *pass) kept(f *fn) {
	p.code.own(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			if len(n.Lhs) != len(n.Rhs) {
				return true
			}
			for i, rhs := range n.Rhs {
				if what := p.holdsHandle(rhs); what != nil {
					p.stored(f, n.Lhs[i], what)
				}
			}
		case *ast.SendStmt:
			if what := p.holdsHandle(n.Value); what != nil {
				p.report(what, "self", "%s is sent over a channel: whoever receives it is not its process; send its PID", text(what))
			}
		case *ast.ReturnStmt:
			if !f.fresh {
				return true
			}
			for _, e := range n.Results {
				if what := p.holdsHandle(e); what != nil && isCallbackHandle(p.TypesInfo.TypeOf(what)) {
					p.report(what, "self", "%s is kept in what the callback returns: what it tells (who calls, until when) is of the callback that runs, and a state with it is no data, which sys can neither show nor replace; "+
						"take it as an argument where it is needed, or keep its PID", text(what))
				}
			}
		}
		return true
	})
}

func (p *pass) stored(f *fn, to, what ast.Expr) {
	v := p.base(to)
	_, plain := ast.Unparen(to).(*ast.Ident)
	switch f.place(v) {
	case global:
	case captured:
	case param:
		if plain {
			return // a variable of the function
		}
	default:
		return
	}
	p.report(what, "self", "%s is kept beyond the callback, in %s: what it tells (who calls, until when) is of the callback that runs, and a state with it is no data, which sys can neither show nor replace; "+
		"take it as an argument where it is needed, or keep its PID", text(what), text(to))
}

// holdsHandle returns the handle that e is, or that it holds as a composite
// literal.
func (p *pass) holdsHandle(e ast.Expr) ast.Expr {
	switch x := ast.Unparen(e).(type) {
	case *ast.Ident, *ast.SelectorExpr:
		if t := p.TypesInfo.TypeOf(x); t != nil && isHandle(t) {
			return x
		}
	case *ast.UnaryExpr:
		return p.holdsHandle(x.X)
	case *ast.CompositeLit:
		for _, el := range x.Elts {
			if kv, ok := el.(*ast.KeyValueExpr); ok {
				el = kv.Value
			}
			if h := p.holdsHandle(el); h != nil {
				return h
			}
		}
	case *ast.CallExpr:
		if p.builtin(x) == "append" {
			for _, arg := range x.Args[1:] {
				if h := p.holdsHandle(arg); h != nil {
					return h
				}
			}
		}
	}
	return nil
}
