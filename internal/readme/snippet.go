package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"strings"
)

// snippet returns the code that a reference path#Name,Name names, without the
// indentation that its place in the file gave it.
func snippet(fsys fs.FS, ref string) (string, error) {
	name, list, some := strings.Cut(ref, "#")
	text, err := fs.ReadFile(fsys, name)
	if err != nil {
		return "", fmt.Errorf("the mark names %s: %w", name, err)
	}
	src := source{text: string(text), fset: token.NewFileSet()}
	src.file, err = parser.ParseFile(src.fset, name, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return "", err
	}
	if !some {
		return src.between(src.file.Package, src.file.FileEnd), nil
	}
	names := strings.Split(list, ",")
	var parts []string
	shown := map[ast.Decl]bool{} // two names may be of one declaration
	for _, want := range names {
		d := src.find(want)
		switch f, isFunc := d.(*ast.FuncDecl); {
		case d == nil:
			return "", fmt.Errorf("the mark names %s, which %s does not declare", want, name)
		case isFunc && strings.HasPrefix(want, "Example") && len(names) == 1:
			return dedent(src.between(f.Body.Lbrace+1, f.Body.Rbrace)), nil
		case isFunc && strings.HasPrefix(want, "Example"):
			parts = append(parts, "func main() "+src.between(f.Body.Pos(), f.Body.End()))
		case !shown[d]:
			parts = append(parts, src.decl(d))
			shown[d] = true
		}
	}
	return strings.Join(parts, "\n"), nil
}

// A source is a parsed file with its text.
type source struct {
	text string
	fset *token.FileSet
	file *ast.File
}

// between returns the text from a position to another, on whole lines.
func (s source) between(from, to token.Pos) string {
	text := s.text[s.fset.Position(from).Offset:s.fset.Position(to).Offset]
	return strings.Trim(text, "\n") + "\n"
}

// decl returns a declaration with its comment.
func (s source) decl(d ast.Decl) string {
	from := d.Pos()
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Doc != nil {
			from = d.Doc.Pos()
		}
	case *ast.GenDecl:
		if d.Doc != nil {
			from = d.Doc.Pos()
		}
	}
	return s.between(from, d.End())
}

// find returns the declaration of a name: a function, Type.Method, or what a
// type, var or const declaration introduces; nil if there is none.
func (s source) find(want string) ast.Decl {
	for _, d := range s.file.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if want == funcName(d) {
				return d
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				switch spec := spec.(type) {
				case *ast.TypeSpec:
					if want == spec.Name.Name {
						return d
					}
				case *ast.ValueSpec:
					for _, id := range spec.Names {
						if want == id.Name {
							return d
						}
					}
				}
			}
		}
	}
	return nil
}

// funcName returns Func or Type.Method.
func funcName(d *ast.FuncDecl) string {
	if d.Recv == nil {
		return d.Name.Name
	}
	name := ""
	ast.Inspect(d.Recv.List[0].Type, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && name == "" {
			name = id.Name
		}
		return name == ""
	})
	return name + "." + d.Name.Name
}

// dedent takes one tab from the front of each line.
func dedent(text string) string {
	var out strings.Builder
	for line := range strings.Lines(text) {
		out.WriteString(strings.TrimPrefix(line, "\t"))
	}
	return out.String()
}
