package vet

import (
	"go/ast"
	"go/token"
	"go/types"
	"iter"
)

// place is where a variable stands, as a function in a process sees it.
type place uint8

const (
	unknown  place = iota // not a variable: the result of a call, a value
	local                 // declared by the function, or by one around it in the same process
	param                 // a parameter or the receiver of the outermost function there
	captured              // declared by a function around the process
	global                // of a package
)

// base returns the variable that e is, or is a part of, or points from: v of
// v.a.b[i], &v, *v. nil: it is a value of its own.
func (p *pass) base(e ast.Expr) *types.Var {
	for {
		switch x := ast.Unparen(e).(type) {
		case *ast.Ident:
			v, _ := p.TypesInfo.ObjectOf(x).(*types.Var)
			return v
		case *ast.SelectorExpr:
			if v, ok := p.TypesInfo.Uses[x.Sel].(*types.Var); ok && !v.IsField() {
				return v // of another package
			}
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		case *ast.SliceExpr:
			e = x.X
		case *ast.StarExpr:
			e = x.X
		case *ast.UnaryExpr:
			if x.Op != token.AND {
				return nil
			}
			e = x.X
		default:
			return nil
		}
	}
}

// isGlobal reports whether v is a variable of a package.
func isGlobal(v *types.Var) bool {
	return v != nil && !v.IsField() && v.Pkg() != nil && v.Parent() == v.Pkg().Scope()
}

// place tells where v stands for f.
func (f *fn) place(v *types.Var) place {
	if v == nil {
		return unknown
	}
	if isGlobal(v) {
		return global
	}
	top := f.top()
	if v.Pos() < top.node.Pos() || v.Pos() >= top.node.End() {
		return captured
	}
	if v.Pos() < top.body.Pos() {
		return param
	}
	return local
}

// writes yields the expressions that a node, without looking into it further,
// writes to: the left sides of assignments, what is counted up, deleted from,
// cleared, taken the address of, or called a method of that needs its address.
func (p *pass) writes(n ast.Node) iter.Seq[ast.Expr] {
	return func(yield func(ast.Expr) bool) {
		switch n := n.(type) {
		case *ast.AssignStmt:
			for _, e := range n.Lhs {
				if n.Tok == token.DEFINE {
					if id, ok := e.(*ast.Ident); ok && p.TypesInfo.Defs[id] != nil {
						continue // new
					}
				}
				if !yield(e) {
					return
				}
			}
		case *ast.IncDecStmt:
			yield(n.X)
		case *ast.RangeStmt:
			if n.Tok == token.ASSIGN {
				if n.Key != nil && !yield(n.Key) || n.Value != nil && !yield(n.Value) {
					return
				}
			}
		case *ast.UnaryExpr:
			if n.Op == token.AND {
				yield(n.X)
			}
		case *ast.CallExpr:
			switch p.builtin(n) {
			case "delete", "clear", "copy":
				if len(n.Args) > 0 {
					yield(n.Args[0])
				}
			case "":
				if x := p.addressed(n); x != nil {
					yield(x)
				}
			}
		}
	}
}

// addressed returns the receiver of a method call that takes its address.
func (p *pass) addressed(call *ast.CallExpr) ast.Expr {
	sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr)
	if !ok {
		return nil
	}
	s := p.TypesInfo.Selections[sel]
	if s == nil || s.Kind() != types.MethodVal {
		return nil
	}
	f, _ := s.Obj().(*types.Func)
	if f == nil || f.Signature().Recv() == nil {
		return nil
	}
	if _, pointer := types.Unalias(f.Signature().Recv().Type()).(*types.Pointer); !pointer {
		return nil
	}
	if _, pointer := p.TypesInfo.TypeOf(sel.X).Underlying().(*types.Pointer); pointer || s.Indirect() && len(s.Index()) > 1 {
		return nil // what it points to is changed, which may be anybody's
	}
	return sel.X
}

// harmless reports whether a variable of type t is made to be shared, and no
// state: what is the library's, and what rule lock looks at.
func harmless(t types.Type) bool {
	if ptr, ok := types.Unalias(t).(*types.Pointer); ok {
		t = ptr.Elem()
	}
	path, name, ok := named(types.Unalias(t))
	return ok && (library(path) || path == "sync" && name != "Map")
}

// declared reports whether rule is suppressed where what e names is declared: a
// variable or field of this package, allowed once for all its uses.
func (p *pass) declared(e ast.Expr, rule string) bool {
	id := selected(e)
	if id == nil {
		return false
	}
	v, _ := p.TypesInfo.ObjectOf(id).(*types.Var)
	return v != nil && v.Pkg() == p.Pkg && p.Fset.File(v.Pos()) != nil && p.allows.allowed(v.Origin().Pos(), rule)
}
