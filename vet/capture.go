package vet

import (
	"go/ast"
	"go/types"
)

// captures reports the variables that a function which becomes, or serves,
// another process takes from around it, and that somebody writes to meanwhile.
func captures(p *pass) {
	for _, f := range p.code.all {
		lit, ok := f.node.(*ast.FuncLit)
		if !ok || !f.fresh || f.outer == nil {
			continue
		}
		for _, c := range p.captured(lit) {
			if isHandle(c.v.Type()) || isChan(c.v.Type()) || harmless(c.v.Type()) {
				continue // other rules, or none
			}
			how := ""
			if at := p.writtenIn(lit, c.v); at != nil {
				how = "written by it (" + p.where(at.Pos()) + ")"
			} else if at := p.writtenAround(f, lit, c.v); at != nil {
				how = "written later (" + p.where(at.Pos()) + ")"
			}
			if how != "" {
				p.report(c.first, "capture", "%s is shared between this process and the function that starts it, and is %s: it also outlives the process, so a restart meets what the last one has left; "+
					"declare it inside, or hand it over as an argument or a message", c.v.Name(), how)
			}
		}
	}
}

// capture is a variable of a function around a literal.
type capture struct {
	v     *types.Var
	first *ast.Ident
}

// captured lists the variables that a literal takes from functions around it, in
// the order of their first use.
func (p *pass) captured(lit *ast.FuncLit) (out []capture) {
	seen := map[*types.Var]bool{}
	ast.Inspect(lit.Body, func(n ast.Node) bool {
		id, ok := n.(*ast.Ident)
		if !ok {
			return true
		}
		v, _ := p.TypesInfo.Uses[id].(*types.Var)
		if v == nil || v.IsField() || isGlobal(v) || seen[v] || lit.Pos() <= v.Pos() && v.Pos() < lit.End() {
			return true
		}
		seen[v] = true
		out = append(out, capture{v, id})
		return true
	})
	return out
}

// writtenIn returns the first place below n that writes to v.
func (p *pass) writtenIn(n ast.Node, v *types.Var) (at ast.Expr) {
	ast.Inspect(n, func(n ast.Node) bool {
		if at != nil || n == nil {
			return false
		}
		for e := range p.writes(n) {
			if p.base(e) == v && !p.code.handedOn(n) {
				at = e
			}
		}
		return at == nil
	})
	return at
}

// writtenAround returns the first place that writes to v while the process of
// lit may run: after lit in the functions around it, or anywhere in a loop around
// it that does not declare v anew.
func (p *pass) writtenAround(f *fn, lit *ast.FuncLit, v *types.Var) (at ast.Expr) {
	outer := f.outer
	for outer.outer != nil && v.Pos() < outer.node.Pos() {
		outer = outer.outer
	}
	from := lit.End()
	ast.Inspect(outer.body, func(n ast.Node) bool {
		switch n.(type) {
		case *ast.ForStmt, *ast.RangeStmt:
			if n.Pos() <= lit.Pos() && lit.End() <= n.End() && (v.Pos() < n.Pos() || v.Pos() >= n.End()) {
				from = min(from, n.Pos())
			}
		}
		return true
	})
	ast.Inspect(outer.body, func(n ast.Node) bool {
		if n == nil || at != nil || n == ast.Node(lit) {
			return false
		}
		if n.End() <= from {
			return false
		}
		for e := range p.writes(n) {
			if e.Pos() >= from && p.base(e) == v && !p.code.handedOn(n) {
				at = e
			}
		}
		return at == nil
	})
	return at
}
