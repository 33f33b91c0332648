package vet

import (
	"fmt"
	"go/ast"
	"go/types"

	"golang.org/x/tools/go/types/typeutil"
)

// effects is a fact about a function: what it does, by itself or by what it
// calls, that process code must not do. Each says where.
type effects struct {
	Module    string // only told within the module: its authors can change it
	Goroutine string
	Exit      string
}

// AFact marks it as a fact.
func (*effects) AFact() {}

// String shows it in tests and to those who debug drivers.
func (e *effects) String() string {
	return fmt.Sprintf("goroutine %q, exit %q", e.Goroutine, e.Exit)
}

// mutable is a fact about a package variable: it is written by functions, and
// where.
type mutable struct{ Where string }

// AFact marks it as a fact.
func (*mutable) AFact() {}

// String shows it in tests and to those who debug drivers.
func (m *mutable) String() string { return "written " + m.Where }

// effectOf returns what a function of another package of this module does, or
// nil. What a function of this package does is reported in it.
func (p *pass) effectOf(f *types.Func) *effects {
	if f == nil || f.Pkg() == nil || f.Pkg() == p.Pkg || p.Module == nil {
		return nil
	}
	e := new(effects)
	if !p.ImportObjectFact(f.Origin(), e) || e.Module != p.Module.Path {
		return nil
	}
	return e
}

// exportEffects finds, until nothing is added, what the functions of this
// package do. What is suppressed where it is done is not told.
func (p *pass) exportEffects() {
	if p.Module == nil || library(p.Pkg.Path()) {
		return
	}
	known := map[*types.Func]*effects{}
	for changed := true; changed; {
		changed = false
		for _, f := range p.code.all {
			if f.obj == nil || takesHandle(f.sig) {
				continue // process code itself: it is reported where it is
			}
			e := known[f.obj]
			if e == nil {
				e = &effects{Module: p.Module.Path}
				known[f.obj] = e
			}
			was := *e
			p.effectsIn(f, e, known)
			changed = changed || *e != was
		}
	}
	for obj, e := range known {
		if !obj.Exported() {
			continue
		}
		if e.Goroutine != "" || e.Exit != "" {
			p.ExportObjectFact(obj, e)
		}
	}
}

func (p *pass) effectsIn(f *fn, e *effects, known map[*types.Func]*effects) {
	note := func(what *string, n ast.Node, rule string) {
		if *what == "" && !p.allows.allowed(n.Pos(), rule) {
			*what = p.where(n.Pos())
		}
	}
	ast.Inspect(f.body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return p.code.lits[n].role == outside
		case *ast.GoStmt:
			if !p.tame(n.Call.Fun, n.Call) {
				note(&e.Goroutine, n, "goroutine")
			}
			return false
		case *ast.CallExpr:
			to := typeutil.StaticCallee(p.TypesInfo, n)
			if to == nil {
				return true
			}
			if exiting(to) != "" {
				note(&e.Exit, n, "exit")
			}
			if i, ok := starters[key(to)]; ok && i < len(n.Args) && !p.tame(n.Args[i], nil) {
				note(&e.Goroutine, n, "goroutine")
			}
			from := known[to.Origin()]
			if from == nil {
				from = p.effectOf(to)
			}
			if from != nil && from.Goroutine != "" && e.Goroutine == "" {
				e.Goroutine = from.Goroutine
			}
			if from != nil && from.Exit != "" && e.Exit == "" {
				e.Exit = from.Exit
			}
		}
		return true
	})
}
