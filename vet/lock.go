package vet

import (
	"go/ast"

	"golang.org/x/tools/go/types/typeutil"
)

// waiting are the functions of package sync that wait for somebody else.
var waiting = map[string]string{
	"sync.(Mutex).Lock":     "lock",
	"sync.(RWMutex).Lock":   "lock",
	"sync.(RWMutex).RLock":  "lock",
	"sync.(Locker).Lock":    "lock",
	"sync.(Cond).Wait":      "wait",
	"sync.(WaitGroup).Wait": "wait",
}

// locks reports locks that a process shares with others.
func locks(p *pass) {
	p.code.processes(func(f *fn) {
		p.code.own(f, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			kind := waiting[key(typeutil.StaticCallee(p.TypesInfo, call))]
			sel, isSel := ast.Unparen(call.Fun).(*ast.SelectorExpr)
			if kind == "" || !isSel {
				return true
			}
			v := p.base(sel.X)
			at := f.place(v)
			if at == local || at == unknown || p.declared(sel.X, "lock") {
				return true
			}
			if kind == "wait" {
				p.report(n, "lock", "process code waits for others who share %s: if they end first, it waits for ever; "+
					"monitor them, or call them", text(sel.X))
			} else {
				p.report(n, "lock", "process code takes a lock that it shares with others (%s): killed while it holds it, it never gives it back, and they wait for ever; "+
					"let one server own what the lock protects", text(sel.X))
			}
			return true
		})
	})
}
