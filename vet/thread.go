package vet

import (
	"go/ast"

	"golang.org/x/tools/go/types/typeutil"
)

// threads reports threads that a callback locks and does not give back. A Body
// has a goroutine of its own, whose thread ends with it.
func threads(p *pass) {
	p.code.processes(func(f *fn) {
		var locked *ast.CallExpr
		unlocked := false
		p.code.own(f, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok {
				switch key(typeutil.StaticCallee(p.TypesInfo, call)) {
				case "runtime.LockOSThread":
					locked = call
				}
			}
			if d, ok := n.(*ast.DeferStmt); ok && key(typeutil.StaticCallee(p.TypesInfo, d.Call)) == "runtime.UnlockOSThread" {
				unlocked = true
			}
			return true
		})
		if locked == nil || unlocked || isBody(f) {
			return
		}
		p.report(locked, "thread", "LockOSThread in process code, without a deferred UnlockOSThread: callbacks share their threads, and the next one of this process runs on another; "+
			"unlock it in a deferred call, or give the process a goroutine for life (SpawnOpts.Dedicated)")
	})
}

// isBody reports whether f is a Body: it alone has its process's goroutine.
func isBody(f *fn) bool {
	return f.sig != nil && f.sig.Recv() == nil && f.sig.Params().Len() == 1 && f.sig.Results().Len() == 1 &&
		isHandle(f.sig.Params().At(0).Type()) && !isCallbackHandle(f.sig.Params().At(0).Type())
}
