package vet

import (
	"go/ast"
	"go/types"
	"slices"

	"golang.org/x/tools/go/types/typeutil"
)

// messages reports what is sent, asked, answered or handed to a start that by its
// type is no data. Unlike the other rules it holds in all code: wherever it is
// sent from, it is refused.
func messages(p *pass) {
	for _, file := range p.files {
		ast.Inspect(file, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok {
				p.message(call)
			}
			return true
		})
	}
}

func (p *pass) message(call *ast.CallExpr) {
	to := typeutil.StaticCallee(p.TypesInfo, call)
	if to == nil {
		return
	}
	for _, i := range p.code.handles(to.Origin()).Sends {
		if i >= len(call.Args) {
			continue
		}
		if bad := notData(p.TypesInfo.TypeOf(call.Args[i])); bad != nil {
			p.report(call.Args[i], "message", "%s cannot be sent (%s): %s", bad.path, bad.typ, bad.why)
			return
		}
	}
	names := carried[key(to.Origin())]
	if names == nil {
		return
	}
	args := p.instance(call.Fun)
	params := to.Origin().Signature().TypeParams()
	for i := range params.Len() {
		if args == nil || i >= args.Len() || !slices.Contains(names, params.At(i).Obj().Name()) {
			continue
		}
		if bad := notData(args.At(i)); bad != nil {
			p.report(call.Fun, "message", "%s is no data, %s cannot be copied (%s): %s", types.TypeString(args.At(i), (*types.Package).Name), bad.path, bad.typ, bad.why)
			return
		}
	}
}

// instance returns the type arguments of the generic function that e names.
func (p *pass) instance(e ast.Expr) *types.TypeList {
	switch e := ast.Unparen(e).(type) {
	case *ast.IndexExpr:
		return p.instance(e.X)
	case *ast.IndexListExpr:
		return p.instance(e.X)
	case *ast.Ident:
		return p.TypesInfo.Instances[e].TypeArgs
	case *ast.SelectorExpr:
		return p.TypesInfo.Instances[e.Sel].TypeArgs
	}
	return nil
}
