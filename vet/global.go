package vet

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
)

// mutables finds the package variables that are written once the program runs:
// by any function but init and main, which come before the processes. It tells
// other packages of those that they can see.
func (p *pass) mutables() map[*types.Var]token.Pos {
	found := map[*types.Var]token.Pos{}
	for _, f := range p.code.all {
		if early(f) {
			continue
		}
		p.code.own(f, func(n ast.Node) bool {
			for e := range p.writes(n) {
				v := p.base(e)
				if !isGlobal(v) || harmless(v.Type()) || p.code.handedOn(n) {
					continue
				}
				if at, known := found[v]; !known || e.Pos() < at {
					found[v] = e.Pos()
				}
			}
			return true
		})
	}
	for v, at := range found {
		if v.Pkg() == p.Pkg && v.Exported() && !p.allows.allowed(v.Pos(), "global") {
			p.ExportObjectFact(v, &mutable{p.where(at)})
		}
	}
	return found
}

// early reports whether f runs before the first process starts.
func early(f *fn) bool {
	for f.outer != nil && f.role == outside {
		f = f.outer
	}
	return f.obj != nil && f.obj.Signature().Recv() == nil && f.role == outside && (f.obj.Name() == "init" || f.obj.Name() == "main")
}

// handedOn reports whether n takes an address only to give it to the library,
// which knows what is shared.
func (c *code) handedOn(n ast.Node) bool {
	u, ok := n.(*ast.UnaryExpr)
	return ok && u.Op == token.AND && c.toLibrary[u]
}

// globals reports the use of package variables that change.
func globals(p *pass) {
	found := p.mutables()
	p.code.processes(func(f *fn) {
		written := map[ast.Expr]bool{}
		p.code.own(f, func(n ast.Node) bool {
			for e := range p.writes(n) {
				if v := p.base(e); isGlobal(v) && v.Pkg() != p.Pkg && !harmless(v.Type()) && !p.code.handedOn(n) {
					written[e] = true
					p.once(fmt.Sprintf("global %p %v", f, v), e, "global", "%s.%s of another package is changed in process code: everybody in the program sees it, and two who write at once may end it; "+
						"give each process its own, as an argument of its start", v.Pkg().Name(), v.Name())
				}
			}
			id, ok := n.(*ast.Ident)
			if !ok {
				return true
			}
			v, _ := p.TypesInfo.Uses[id].(*types.Var)
			if !isGlobal(v) {
				return true
			}
			where := ""
			if at, ok := found[v]; ok && v.Pkg() == p.Pkg {
				where = p.where(at)
			} else if v.Pkg() != p.Pkg {
				var m mutable
				if p.ImportObjectFact(v, &m) {
					where = m.Where
				}
			}
			if where == "" || p.allows.allowed(v.Pos(), "global") && v.Pkg() == p.Pkg {
				return true
			}
			p.once(fmt.Sprintf("global %p %v", f, v), id, "global", "package variable %s, which changes (%s), is used in process code: all processes share it, it outlives them, and two who write at once may end the program; "+
				"let one server own it, or make it part of each process's state", v.Name(), where)
			return true
		})
	})
}
