package vet

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"path/filepath"

	"golang.org/x/tools/go/analysis"
)

// report says that a rule does not hold at n, unless that is suppressed.
func (p *pass) report(n ast.Node, rule, format string, args ...any) {
	for _, f := range p.files {
		if f.FileStart <= n.Pos() && n.Pos() < f.FileEnd && ast.IsGenerated(f) {
			return
		}
	}
	if !p.allows.allowed(n.Pos(), rule) {
		p.say(n, rule, format, args...)
	}
}

// once is report, but for one key in the whole package.
func (p *pass) once(key string, n ast.Node, rule, format string, args ...any) {
	if !p.said[key] {
		p.said[key] = true
		p.report(n, rule, format, args...)
	}
}

// say reports whatever is suppressed.
func (p *pass) say(n ast.Node, rule, format string, args ...any) {
	p.Report(analysis.Diagnostic{
		Pos: n.Pos(), End: n.End(),
		Category: rule,
		Message:  rule + ": " + fmt.Sprintf(format, args...),
		URL:      page + "#" + rule,
	})
}

// where is a place for people: the file's last name and the line.
func (p *pass) where(pos token.Pos) string {
	at := p.Fset.Position(pos)
	return fmt.Sprintf("%s:%d", filepath.Base(at.Filename), at.Line)
}

// text is an expression as it is written.
func text(e ast.Expr) string { return types.ExprString(e) }
