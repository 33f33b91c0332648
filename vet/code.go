package vet

import (
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/types/typeutil"
)

// code is the functions of a package, and which of them run in processes.
type code struct {
	*pass
	all   []*fn
	calls []call
	decls map[*types.Func]*fn
	lits  map[*ast.FuncLit]*fn
	bound map[*types.Var]*fn // the literal that a variable was declared with
	hands map[*types.Func]*handlesOf

	toLibrary map[*ast.UnaryExpr]bool // addresses that are arguments of the library's functions
}

// role is where a function runs.
type role uint8

const (
	outside role = iota // nobody says that it runs in a process
	foreign             // on a goroutine that is no process
	process             // in a process
)

// fn is one function of the package: a declaration or a literal.
type fn struct {
	node  ast.Node // *ast.FuncDecl or *ast.FuncLit
	body  *ast.BlockStmt
	sig   *types.Signature
	obj   *types.Func // of a declaration
	outer *fn         // around a literal
	role  role
	root  bool // it is handed to the kernel or a behaviour, or takes a handle
	fresh bool // it is handed over to become, or to serve, another process
}

// call is a call in some body whose callee is known by name.
type call struct {
	at  *ast.CallExpr
	to  *types.Func
	by  *fn    // nil: at the start of the program
	how string // "go" or "defer", if it is
}

// readCode finds the functions and calls.
func readCode(p *pass) *code {
	c := &code{pass: p, decls: map[*types.Func]*fn{}, lits: map[*ast.FuncLit]*fn{}, bound: map[*types.Var]*fn{}, hands: map[*types.Func]*handlesOf{}, toLibrary: map[*ast.UnaryExpr]bool{}}
	for _, file := range p.files {
		for _, d := range file.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Body == nil {
					continue
				}
				obj, _ := p.TypesInfo.Defs[d.Name].(*types.Func)
				if obj == nil {
					continue
				}
				f := &fn{node: d, body: d.Body, sig: obj.Signature(), obj: obj}
				c.decls[obj] = f
				c.add(f)
			default:
				c.scan(d, nil)
			}
		}
	}
	return c
}

func (c *code) add(f *fn) {
	c.all = append(c.all, f)
	c.scan(f.body, f)
}

// scan notes the calls and literals below n, which belongs to f.
func (c *code) scan(n ast.Node, f *fn) {
	how := map[*ast.CallExpr]string{}
	ast.Inspect(n, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			sig, _ := c.TypesInfo.TypeOf(n).(*types.Signature)
			lit := &fn{node: n, body: n.Body, sig: sig, outer: f}
			c.lits[n] = lit
			c.add(lit)
			return false
		case *ast.AssignStmt:
			defer c.bind(n)
		case *ast.GoStmt:
			how[n.Call] = "go"
		case *ast.DeferStmt:
			how[n.Call] = "defer"
		case *ast.CallExpr:
			to := typeutil.StaticCallee(c.TypesInfo, n)
			if to == nil {
				return true
			}
			c.calls = append(c.calls, call{at: n, to: to.Origin(), by: f, how: how[n]})
			if to.Pkg() != nil && library(to.Pkg().Path()) {
				for _, arg := range n.Args {
					if u, ok := ast.Unparen(arg).(*ast.UnaryExpr); ok {
						c.toLibrary[u] = true
					}
				}
			}
		}
		return true
	})
}

// bind notes the variables that are declared with literals.
func (c *code) bind(n *ast.AssignStmt) {
	if n.Tok != token.DEFINE || len(n.Lhs) != len(n.Rhs) {
		return
	}
	for i, rhs := range n.Rhs {
		if lit, ok := rhs.(*ast.FuncLit); ok {
			if id, ok := n.Lhs[i].(*ast.Ident); ok {
				if v, ok := c.TypesInfo.Defs[id].(*types.Var); ok {
					c.bound[v] = c.lits[lit]
				}
			}
		}
	}
}

// function returns the function of this package that e names, or nil.
func (c *code) function(e ast.Expr) *fn {
	switch e := ast.Unparen(e).(type) {
	case *ast.FuncLit:
		return c.lits[e]
	case *ast.Ident:
		if f, ok := c.TypesInfo.Uses[e].(*types.Func); ok {
			return c.decls[f.Origin()]
		}
		if v, ok := c.TypesInfo.Uses[e].(*types.Var); ok {
			return c.bound[v]
		}
	case *ast.SelectorExpr:
		if f, ok := c.TypesInfo.Uses[e.Sel].(*types.Func); ok {
			return c.decls[f.Origin()]
		}
	case *ast.IndexExpr:
		return c.function(e.X)
	case *ast.IndexListExpr:
		return c.function(e.X)
	}
	return nil
}

// own walks what is in the body of f itself, not in the literals within.
func (c *code) own(f *fn, visit func(n ast.Node) bool) {
	ast.Inspect(f.body, func(n ast.Node) bool {
		if _, lit := n.(*ast.FuncLit); lit {
			visit(n)
			return false
		}
		return n == nil || visit(n)
	})
}

// processes calls do for every function that is process code.
func (c *code) processes(do func(f *fn)) {
	for _, f := range c.all {
		if f.role == process {
			do(f)
		}
	}
}

// top is the outermost function around f that runs in the same process.
func (f *fn) top() *fn {
	for !f.fresh && f.outer != nil && f.outer.role == process {
		f = f.outer
	}
	return f
}
