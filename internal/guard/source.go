package guard

import (
	"go/ast"
	"path"
	"strconv"
	"strings"
)

var noExit = Rule{
	Name: "no exit",
	Why:  "a library never ends its host program and never writes to its terminal",
	Check: func(t *Tree) []Problem {
		var ps problems
		for _, p := range t.Packages {
			if p.Program() {
				continue
			}
			for _, f := range p.Files {
				if !f.Test {
					checkExit(t, &ps, f)
				}
			}
		}
		return ps
	},
}

func checkExit(t *Tree, ps *problems, f *GoFile) {
	names := imported(f.AST)
	ast.Inspect(f.AST, func(n ast.Node) bool {
		pkg, name := selected(names, n)
		switch {
		case pkg == "os" && name == "Exit",
			pkg == "log" && (strings.HasPrefix(name, "Fatal") || strings.HasPrefix(name, "Panic")):
			ps.add(t.at(n), "%s.%s in a library: return an error, or end the process with a reason", pkg, name)
		case pkg == "fmt" && strings.HasPrefix(name, "Print"):
			ps.add(t.at(n), "fmt.%s in a library: log through the node's slog.Logger, or write to an io.Writer that the caller gives", name)
		}
		return true
	})
}

var noSleep = Rule{
	Name: "no sleep",
	Why:  "a test that waits by sleeping is slow when it passes and flaky when it fails",
	Check: func(t *Tree) []Problem {
		var ps problems
		for _, p := range t.Packages {
			for _, f := range p.Files {
				if f.Test || p.TestKit() {
					checkSleep(t, &ps, f, bubbles(p))
				}
			}
		}
		return ps
	},
}

// checkSleep reports each time.Sleep that neither stands in a function that
// opens a synctest bubble, where time is virtual, itself or through one of the
// helpers that do, nor is explained by a
// comment "sleep: reason" on its line or the line above. The reason is for
// sleeps that are the subject of the test, such as a handler that blocks.
func checkSleep(t *Tree, ps *problems, f *GoFile, helpers map[string]bool) {
	explained := map[int]bool{}
	for _, group := range f.AST.Comments {
		if _, reason, ok := strings.Cut(group.Text(), "sleep:"); ok && strings.TrimSpace(reason) != "" {
			explained[t.fset.Position(group.End()).Line] = true
		}
	}
	names := imported(f.AST)
	for _, d := range f.AST.Decls {
		bubble := opensBubble(names, d)
		var sleeps []ast.Node
		ast.Inspect(d, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok {
				id, ok := call.Fun.(*ast.Ident)
				bubble = bubble || ok && helpers[id.Name]
			}
			if pkg, name := selected(names, n); pkg == "time" && name == "Sleep" {
				sleeps = append(sleeps, n)
			}
			return true
		})
		for _, n := range sleeps {
			if line := t.fset.Position(n.Pos()).Line; !bubble && !explained[line] && !explained[line-1] {
				ps.add(t.at(n), "time.Sleep in a test: wait on a channel or a message, or run in a synctest bubble; where the sleep itself is the subject, say so in a comment \"sleep: why\"")
			}
		}
	}
}

// bubbles returns the functions of p's tests that call synctest.Test, as a
// helper does for the function that it is given.
func bubbles(p *Package) map[string]bool {
	helpers := map[string]bool{}
	for _, f := range p.Files {
		for _, d := range f.AST.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && f.Test && fn.Recv == nil && opensBubble(imported(f.AST), fn) {
				helpers[fn.Name.Name] = true
			}
		}
	}
	return helpers
}

// opensBubble reports whether d calls synctest.Test.
func opensBubble(names map[string]string, d ast.Decl) (found bool) {
	ast.Inspect(d, func(n ast.Node) bool {
		pkg, name := selected(names, n)
		found = found || pkg == "testing/synctest" && name == "Test"
		return !found
	})
	return found
}

// testOnly holds the import paths that must not reach a user's binary; a
// trailing slash covers what lies below.
var testOnly = []string{
	"testing", "testing/", "github.com/google/go-cmp/", "pgregory.net/rapid", "go.uber.org/goleak",
}

// unwanted holds the import paths that not even tests use, with the reason.
var unwanted = map[string]string{
	"github.com/stretchr/testify/": "plain testing with internal/assert says the same and hides no control flow",
}

var testImports = Rule{
	Name: "test imports",
	Why:  "what tests need must not be linked into a user's program",
	Check: func(t *Tree) []Problem {
		var ps problems
		for _, p := range t.Packages {
			for _, f := range p.Files {
				for _, spec := range f.AST.Imports {
					target, _ := strconv.Unquote(spec.Path.Value)
					for prefix, why := range unwanted {
						if covers(prefix, target) {
							ps.add(t.at(spec), "imports %s: %s", target, why)
						}
					}
					if f.Test || p.TestKit() {
						continue
					}
					for _, prefix := range append(testOnly, t.Module+"/internal/assert") {
						if covers(prefix, target) {
							ps.add(t.at(spec), "imports %s outside a test: move it to a _test.go file, or to a package whose name ends in test", target)
							break
						}
					}
				}
			}
		}
		return ps
	},
}

// covers reports whether target is prefix, or below it if it ends in a slash.
func covers(prefix, target string) bool {
	return target == prefix || strings.HasSuffix(prefix, "/") && strings.HasPrefix(target, prefix)
}

// The length of a Go file in lines: above longFile it is worth a thought,
// above longestFile it is split.
const (
	longFile    = 400
	longestFile = 600
)

var fileLength = Rule{
	Name: "file length",
	Why:  "one noun to a file, readable in one sitting",
	Check: func(t *Tree) []Problem {
		var ps problems
		for _, p := range t.Packages {
			for _, f := range p.Files {
				lines := t.fset.File(f.AST.FileStart).LineCount()
				switch {
				case f.Generated:
				case lines > longestFile:
					ps.add(f.Path, "%d lines, at most %d: split it by nouns", lines, longestFile)
				case lines > longFile:
					ps.warn(f.Path, "%d lines, aim at %d", lines, longFile)
				}
			}
		}
		return ps
	},
}

// imported maps the names by which a file knows its imports to their paths.
func imported(f *ast.File) map[string]string {
	names := map[string]string{}
	for _, spec := range f.Imports {
		target, _ := strconv.Unquote(spec.Path.Value)
		name := path.Base(target)
		if spec.Name != nil {
			name = spec.Name.Name
		}
		names[name] = target
	}
	return names
}

// selected returns the package path and the name of n if it has the form
// package.Name, and "" otherwise. A local variable that hides an import's name
// is taken for the import; do not hide imports.
func selected(names map[string]string, n ast.Node) (pkg, name string) {
	sel, ok := n.(*ast.SelectorExpr)
	if !ok {
		return "", ""
	}
	id, ok := sel.X.(*ast.Ident)
	if !ok || names[id.Name] == "" {
		return "", ""
	}
	return names[id.Name], sel.Sel.Name
}
