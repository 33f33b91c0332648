package vet

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"
)

// linearMark is the method by which a state of a conversation is known: package ubf/linear has it, and what is generated from
// contracts.
const linearMark = "LinearState"

// linears reports states of a conversation that are used twice: Go has no linear types. The rule holds in all code. It looks at
// local variables, in the order in which they stand in the text, and says nothing where a second use is in another branch
// than the first.
func linears(p *pass) {
	for _, f := range p.files {
		ast.Inspect(f, func(n ast.Node) bool {
			switch fn := n.(type) {
			case *ast.FuncDecl:
				if fn.Body != nil {
					linearIn(p, fn.Body)
				}
				return false // literals inside are looked at with it
			}
			return true
		})
	}
}

// spot is where a state is: a local variable, or a field of one.
type spot struct {
	v    *types.Var
	path string // the fields on the way, each with its dot; empty: the variable itself
}

// step is what happens to a state at one place.
type step struct {
	node ast.Node
	path []ast.Node // from the function's body to it
	what string     // the method that uses it up, or that it is given away; empty: it gets a new value
	at   spot
}

func linearIn(p *pass, body *ast.BlockStmt) {
	steps := map[*types.Var][]step{}
	var path []ast.Node
	ast.Inspect(body, func(n ast.Node) bool {
		if n == nil {
			path = path[:len(path)-1]
			return true
		}
		path = append(path, n)
		id, ok := n.(*ast.Ident)
		if !ok {
			return true
		}
		v := p.linearVar(id)
		if v == nil {
			return true
		}
		if s, ok := p.stepAt(id, v, path); ok {
			steps[v] = append(steps[v], s)
		}
		return true
	})
	for _, all := range steps {
		used := map[spot]bool{}
		for _, s := range all {
			if s.what != "" && !used[s.at] {
				used[s.at] = true
				p.linearUses(s.at, slices.DeleteFunc(slices.Clone(all), func(o step) bool { return !o.concerns(s.at) }))
			}
		}
	}
}

// concerns reports whether a step uses up what is at a place, or puts something there.
func (s step) concerns(at spot) bool {
	if s.what != "" {
		return s.at == at
	}
	return s.at.path == at.path || strings.HasPrefix(at.path, s.at.path+".")
}

// linearVar is the local variable that an identifier stands for, if it holds a state, or might in one of its fields.
func (p *pass) linearVar(id *ast.Ident) *types.Var {
	v, ok := p.TypesInfo.ObjectOf(id).(*types.Var)
	if !ok || v.IsField() || v.Pkg() == nil || v.Parent() == v.Pkg().Scope() {
		return nil
	}
	if _, isStruct := v.Type().Underlying().(*types.Struct); !isStruct {
		return nil
	}
	return v
}

// isLinear reports whether values of a type are states.
func isLinear(t types.Type) bool {
	if _, isStruct := t.Underlying().(*types.Struct); !isStruct {
		return false
	}
	mark, _, _ := types.LookupFieldOrMethod(t, false, nil, linearMark)
	f, ok := mark.(*types.Func)
	return ok && f.Signature().Params().Len()+f.Signature().Results().Len() == 0
}

// stepAt says what is done with a variable, or a field of it, where it stands.
func (p *pass) stepAt(id *ast.Ident, v *types.Var, path []ast.Node) (s step, ok bool) {
	s = step{node: id, path: slices.Clone(path), at: spot{v: v}}
	expr := ast.Expr(id)
	for i := len(path) - 2; i >= 0; i-- {
		switch parent := path[i].(type) {
		case *ast.AssignStmt:
			if slices.Contains(parent.Lhs, expr) {
				s.path = s.path[:i+2]
				return s, true // a new value; the right side comes before it in time, and behind it in the text
			}
			return s, false
		case *ast.SelectorExpr:
			if parent.X != expr {
				return s, false
			}
			if sel := p.TypesInfo.Selections[parent]; sel != nil && sel.Kind() == types.FieldVal && !sel.Indirect() {
				s.at.path += "." + parent.Sel.Name
				expr = parent
				continue
			}
			if t := p.TypesInfo.TypeOf(expr); i > 0 && t != nil && isLinear(t) {
				if call, is := path[i-1].(*ast.CallExpr); is && call.Fun == parent && uses1(p, parent) {
					s.what = text(parent)
					return s, true
				}
			}
			return s, false
		default:
			return s, false
		}
	}
	return s, false
}

// uses1 reports whether a method uses its state up: one of the contract's requests, which all take a context.
func uses1(p *pass, sel *ast.SelectorExpr) bool {
	f, ok := p.TypesInfo.ObjectOf(sel.Sel).(*types.Func)
	if !ok || f.Signature().Params().Len() != 2 {
		return false
	}
	named, ok := types.Unalias(f.Signature().Params().At(0).Type()).(*types.Named)
	return ok && named.Obj().Pkg() != nil && named.Obj().Pkg().Path() == "context" && named.Obj().Name() == "Context"
}

// linearUses reports the second use of each pair.
func (p *pass) linearUses(at spot, all []step) {
	v, name := at.v, at.v.Name()+at.path
	slices.SortStableFunc(all, func(a, b step) int { return int(a.time() - b.time()) })
	for i, second := range all {
		if second.what == "" {
			continue
		}
		for j := i - 1; j >= 0; j-- {
			first := all[j]
			if first.what == "" {
				if !exclusive(first, second) {
					break // it has a new value since
				}
				continue
			}
			if !exclusive(first, second) {
				p.report(second.node, "linear", "%s is used up by %s (%s), so this fails when it runs, before anything is sent; go on with the state that %s returned",
					name, first.what, p.where(first.node.Pos()), first.what)
				return
			}
		}
		if loop := loopAround(v, second); loop != nil && !slices.ContainsFunc(all, func(s step) bool {
			return s.what == "" && loop.Pos() <= s.node.Pos() && s.node.Pos() < loop.End()
		}) && !leaves(second) {
			p.report(second.node, "linear", "%s is used up by %s in the first round of the loop, and has no new value in the second; assign the state that %s returned",
				name, second.what, second.what)
			return
		}
	}
}

// time orders steps as they happen: what stands on the left of an assignment happens last.
func (s step) time() token.Pos {
	if s.what == "" && len(s.path) > 1 {
		return s.path[len(s.path)-2].End()
	}
	return s.node.Pos()
}

// exclusive reports whether the two cannot both happen in one run, one after the other: they are in different branches, or the
// branch of the first one leaves.
func exclusive(first, second step) bool {
	n := 0
	for n < len(first.path) && n < len(second.path) && first.path[n] == second.path[n] {
		n++
	}
	if n == len(first.path) || n == len(second.path) {
		return false
	}
	if n > 0 {
		switch parent := first.path[n-1].(type) {
		case *ast.IfStmt:
			return parent.Body == first.path[n] && parent.Else == second.path[n] || parent.Else == first.path[n] && parent.Body == second.path[n] || gone(first.path[n:])
		case *ast.BlockStmt: // of a switch or select, clauses are its statements
			_, case1 := first.path[n].(*ast.CaseClause)
			_, comm1 := first.path[n].(*ast.CommClause)
			if case1 || comm1 {
				return true
			}
		}
	}
	return gone(first.path[n:])
}

// gone reports whether a block on the way to a step ends the function or the loop.
func gone(path []ast.Node) bool {
	for _, n := range path {
		var list []ast.Stmt
		switch n := n.(type) {
		case *ast.BlockStmt:
			list = n.List
		case *ast.CaseClause:
			list = n.Body
		case *ast.CommClause:
			list = n.Body
		case *ast.FuncLit:
			return true // who knows when it runs
		}
		if len(list) > 0 && ends(list[len(list)-1]) {
			return true
		}
	}
	return false
}

// ends reports whether nothing comes after a statement.
func ends(s ast.Stmt) bool {
	switch s := s.(type) {
	case *ast.ReturnStmt:
		return true
	case *ast.BranchStmt:
		return s.Tok == token.BREAK || s.Tok == token.CONTINUE || s.Tok == token.GOTO
	case *ast.ExprStmt:
		call, ok := s.X.(*ast.CallExpr)
		if !ok {
			return false
		}
		id, ok := call.Fun.(*ast.Ident)
		return ok && id.Name == "panic"
	}
	return false
}

// loopAround is the innermost loop that a step is in and its variable is not.
func loopAround(v *types.Var, s step) ast.Node {
	for i := len(s.path) - 1; i >= 0; i-- {
		switch n := s.path[i].(type) {
		case *ast.FuncLit:
			return nil
		case *ast.ForStmt, *ast.RangeStmt:
			if v.Pos() < n.Pos() || v.Pos() >= n.End() {
				return n
			}
			return nil
		}
	}
	return nil
}

// leaves reports whether the loop is left after a step.
func leaves(s step) bool {
	for i := len(s.path) - 1; i >= 0; i-- {
		switch n := s.path[i].(type) {
		case *ast.ForStmt, *ast.RangeStmt:
			return false
		case *ast.BlockStmt:
			if len(n.List) > 0 {
				switch last := n.List[len(n.List)-1].(type) {
				case *ast.ReturnStmt:
					return true
				case *ast.BranchStmt:
					return last.Tok == token.BREAK || last.Tok == token.GOTO
				}
			}
		}
	}
	return false
}
