package vet

import (
	"go/ast"
	"go/token"
	"slices"
	"strings"
)

// prefix begins a suppression: //kista:allow RULE REASON.
const prefix = "//kista:allow"

// rules are the names that may be allowed.
var rules = []string{"goroutine", "exit", "message", "global", "capture", "lock", "channel", "self", "thread", "linear"}

// allow is one suppression.
type allow struct {
	at       *ast.Comment
	rule     string
	from, to int // lines of the file that it holds for
	file     *token.File
	used     bool
}

// allows are the suppressions of a package.
type allows struct {
	p   *pass
	all []*allow
}

func readAllows(p *pass) *allows {
	as := &allows{p: p}
	for _, f := range p.files {
		if ast.IsGenerated(f) {
			continue
		}
		docs := map[*ast.CommentGroup]ast.Node{}
		for _, d := range f.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				docs[d.Doc] = d
			case *ast.GenDecl:
				docs[d.Doc] = d
				for _, s := range d.Specs {
					if s, ok := s.(*ast.ValueSpec); ok {
						docs[s.Doc] = s
					}
				}
			}
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if field, ok := n.(*ast.Field); ok && field.Doc != nil {
				docs[field.Doc] = field
			}
			return true
		})
		for _, g := range f.Comments {
			for _, c := range g.List {
				if rest, ok := strings.CutPrefix(c.Text, prefix); ok && (rest == "" || rest[0] == ' ' || rest[0] == '\t') {
					as.add(c, rest, docs[g])
				}
			}
		}
	}
	return as
}

// add reads one suppression, which is in the doc comment of decl, if not nil.
func (as *allows) add(c *ast.Comment, text string, decl ast.Node) {
	file := as.p.Fset.File(c.Pos())
	words := strings.Fields(text)
	line := file.Line(c.Pos())
	a := &allow{at: c, file: file, from: line, to: line + 1}
	if decl != nil {
		a.to = file.Line(decl.End())
	}
	switch {
	case len(words) == 0 || !slices.Contains(rules, words[0]):
		as.p.say(c, "allow", "a suppression names one of the rules %s, and a reason: %s RULE REASON", strings.Join(rules, ", "), prefix)
	case len(words) == 1 || strings.HasPrefix(words[1], "//"):
		as.p.say(c, "allow", "the suppression of %s has no reason: say why it is right here", words[0])
		a.rule, a.used = words[0], true // it holds: one report is enough
		as.all = append(as.all, a)
	default:
		a.rule = words[0]
		as.all = append(as.all, a)
	}
}

// allowed reports whether rule is suppressed at pos, and notes that.
func (as *allows) allowed(pos token.Pos, rule string) bool {
	file := as.p.Fset.File(pos)
	line := file.Line(pos)
	ok := false
	for _, a := range as.all {
		if a.rule == rule && a.file == file && a.from <= line && line <= a.to {
			a.used, ok = true, true
		}
	}
	return ok
}

// unused reports the suppressions that suppress nothing.
func (as *allows) unused() {
	for _, a := range as.all {
		if !a.used {
			as.p.say(a.at, "allow", "this suppresses nothing: there is no finding of rule %s here; remove it", a.rule)
		}
	}
}
