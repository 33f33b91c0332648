package vet

import (
	"fmt"
	"go/ast"
	"go/types"
	"slices"

	"golang.org/x/tools/go/types/typeutil"
)

// running is how a function that is given as an argument is run.
type running uint8

const (
	notRun     running = iota // nobody knows
	runInOther                // in a process that is not the caller's, or in many
	runWithin                 // in the caller's own process, while it waits
)

// handlesOf is a fact about a function: which of its arguments it hands on to
// the kernel, to be run in a process or to be sent. So wrappers of the library's
// functions are known as those are.
type handlesOf struct {
	Other, Within []int // run in another process, in the caller's own
	Sends         []int
}

// AFact marks it as a fact.
func (*handlesOf) AFact() {}

// String shows it in tests and to those who debug drivers.
func (h *handlesOf) String() string {
	return fmt.Sprintf("runs %v, in place %v, sends %v", h.Other, h.Within, h.Sends)
}

func (h *handlesOf) run(i int) running {
	switch {
	case slices.Contains(h.Other, i):
		return runInOther
	case slices.Contains(h.Within, i):
		return runWithin
	}
	return notRun
}

// add notes how argument i is run, and reports whether that was news.
func (h *handlesOf) add(i int, how running) bool {
	if how == notRun || h.run(i) != notRun {
		return false
	}
	if how == runInOther {
		h.Other = append(h.Other, i)
	} else {
		h.Within = append(h.Within, i)
	}
	return true
}

// handles returns what f does with its arguments.
func (c *code) handles(f *types.Func) *handlesOf {
	k := key(f)
	if run, sent := runs[k], sends[k]; run != nil || sent != nil {
		h := &handlesOf{Other: run, Sends: sent}
		if within[k] {
			h.Other, h.Within = nil, run
		}
		return h
	}
	if f.Pkg() == c.Pkg {
		if h := c.hands[f]; h != nil {
			return h
		}
		return new(handlesOf)
	}
	h := new(handlesOf)
	c.ImportObjectFact(f, h)
	return h
}

// exportHandles finds, until nothing is added, the parameters that functions of
// this package hand on.
func (c *code) exportHandles() {
	for changed := true; changed; {
		changed = false
		for _, f := range c.all {
			if f.obj != nil && runs[key(f.obj)] == nil && c.exportHandle(f) {
				changed = true
			}
		}
	}
	for f, h := range c.hands {
		if f.Exported() {
			c.ExportObjectFact(f, h)
		}
	}
}

func (c *code) exportHandle(f *fn) (changed bool) {
	params := map[types.Object]int{}
	i := 0
	for v := range f.sig.Params().Variables() {
		params[v] = i
		i++
	}
	fact := c.hands[f.obj]
	if fact == nil {
		fact = new(handlesOf)
	}
	param := func(e ast.Expr) (int, bool) {
		id, ok := ast.Unparen(e).(*ast.Ident)
		if !ok {
			return 0, false
		}
		i, ok := params[c.TypesInfo.Uses[id]]
		return i, ok
	}
	in := 0 // literals around that are bodies or callbacks
	var visit func(n ast.Node) bool
	visit = func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			if takesHandle(c.lits[n].sig) {
				in++
				ast.Inspect(n.Body, visit)
				in--
				return false
			}
		case *ast.CallExpr:
			if i, ok := param(n.Fun); ok && in > 0 {
				changed = fact.add(i, runInOther) || changed
			}
			to := typeutil.StaticCallee(c.TypesInfo, n)
			if to == nil {
				return true
			}
			h := c.handles(to.Origin())
			for j, arg := range n.Args {
				i, ok := param(arg)
				if !ok {
					continue
				}
				changed = fact.add(i, h.run(j)) || changed
				if slices.Contains(h.Sends, j) && !slices.Contains(fact.Sends, i) {
					fact.Sends, changed = append(fact.Sends, i), true
				}
			}
		}
		return true
	}
	ast.Inspect(f.body, visit)
	if changed {
		slices.Sort(fact.Other)
		slices.Sort(fact.Within)
		slices.Sort(fact.Sends)
		c.hands[f.obj] = fact
	}
	return changed
}
