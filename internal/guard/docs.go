package guard

import (
	"go/ast"
	"go/doc"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// The least length of a package comment in characters: a library's comment
// must define its words and state its rules; an internal package has fewer
// readers, who know the words; a program's must say what it does and how to
// call it.
const (
	libraryEssay  = 500
	internalEssay = 300
	programEssay  = 150
)

var packageComment = Rule{
	Name: "package comment",
	Why:  "a reader meets a package through one essay, in the one place where it is looked for",
	Check: func(t *Tree) []Problem {
		var ps problems
		for _, p := range t.Packages {
			checkPackageComment(&ps, p)
		}
		return ps
	},
}

func checkPackageComment(ps *problems, p *Package) {
	var files []*GoFile
	source := false
	for _, f := range p.Files {
		source = source || !f.Test
		if f.AST.Doc.Text() == "" {
			continue
		}
		if f.Test {
			ps.add(f.Path, "a test file has a package comment: leave an empty line before the package clause, or move it")
			continue
		}
		files = append(files, f)
	}
	switch {
	case !source:
		return // tests only: nothing to import
	case len(files) == 0:
		ps.add(p.Dir, "package %s has no package comment: write doc.go, an essay that says what it is, defines its hard words and gives the caller's rules", p.Name)
		return
	case len(files) > 1:
		ps.add(files[1].Path, "second package comment of %s, the first is in %s: keep one", p.Name, files[0].Path)
	}
	f := files[0]
	text := strings.TrimSpace(f.AST.Doc.Text())
	homes := []string{"doc.go", p.Name + ".go"}
	if !slices.Contains(homes, path.Base(f.Path)) {
		ps.add(f.Path, "the package comment stands in %s: move it to %s", path.Base(f.Path), strings.Join(homes, " or "))
	}
	least := libraryEssay
	if p.Internal() {
		least = internalEssay
	}
	if p.Program() {
		least = programEssay
	}
	if !p.Command() && !strings.HasPrefix(text, "Package "+p.Name+" ") {
		ps.add(f.Path, "the package comment must begin with %q", "Package "+p.Name)
	}
	if n := utf8.RuneCountInString(text); n < least {
		ps.add(f.Path, "the package comment has %d characters, want at least %d: say what it is, define its hard words, give the caller's rules", n, least)
	}
}

var docComments = Rule{
	Name: "doc comments",
	Why:  "every exported name says what it does where it is used",
	Check: func(t *Tree) []Problem {
		var ps problems
		for _, p := range t.Packages {
			if p.Command() {
				continue
			}
			for _, f := range p.Files {
				if f.Test || f.Generated {
					continue
				}
				for _, d := range f.AST.Decls {
					checkDecl(t, &ps, d, !p.Internal() && !p.Program())
				}
			}
		}
		return ps
	},
}

// obvious holds the methods that need no comment, because the standard library
// has fixed what they do.
var obvious = map[string]bool{"Error": true, "String": true, "Unwrap": true}

// checkDecl checks the names that d declares, and with members their fields
// and methods: what only Kista itself can see may leave those to their names.
func checkDecl(t *Tree, ps *problems, d ast.Decl, members bool) {
	switch d := d.(type) {
	case *ast.FuncDecl:
		method := d.Recv != nil
		if method && (!ast.IsExported(receiver(d)) || obvious[d.Name.Name] && d.Doc == nil) {
			return
		}
		if d.Name.IsExported() {
			checkNamed(t, ps, d, d.Doc, d.Name.Name)
		}
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch s := spec.(type) {
			case *ast.TypeSpec:
				if s.Name.IsExported() {
					comment := s.Doc
					if comment == nil && !d.Lparen.IsValid() {
						comment = d.Doc
					}
					checkNamed(t, ps, s, comment, s.Name.Name)
					if members {
						checkMembers(t, ps, s, comment.Text())
					}
				}
			case *ast.ValueSpec:
				checkValue(t, ps, d, s)
			}
		}
	}
}

// checkNamed reports a missing comment, or one that does not start with name.
func checkNamed(t *Tree, ps *problems, at ast.Node, comment *ast.CommentGroup, name string) {
	text := comment.Text()
	if text == "" {
		ps.add(t.at(at), "exported %s has no doc comment", name)
		return
	}
	for _, article := range []string{"A ", "An ", "The "} {
		text = strings.TrimPrefix(text, article)
	}
	if rest, ok := strings.CutPrefix(text, name); !ok || startsWithWord(rest) {
		ps.add(t.at(at), "the doc comment of %s must start with its name", name)
	}
}

// startsWithWord reports whether s continues the identifier before it.
func startsWithWord(s string) bool {
	return s != "" && (s[0] == '_' || '0' <= s[0] && s[0] <= '9' || 'a' <= s[0] && s[0] <= 'z' || 'A' <= s[0] && s[0] <= 'Z')
}

// checkValue wants a comment on each exported constant and variable: of its
// own, at its line's end, or on the group that it is part of.
func checkValue(t *Tree, ps *problems, d *ast.GenDecl, s *ast.ValueSpec) {
	i := slices.IndexFunc(s.Names, (*ast.Ident).IsExported)
	switch {
	case i < 0:
	case s.Doc == nil && d.Lparen.IsValid():
		if d.Doc.Text() == "" && s.Comment.Text() == "" {
			ps.add(t.at(s), "exported %s has no doc comment, and its group has none", s.Names[i].Name)
		}
	case s.Doc == nil:
		checkNamed(t, ps, s, d.Doc, s.Names[i].Name)
	default:
		checkNamed(t, ps, s, s.Doc, s.Names[i].Name)
	}
}

// checkMembers wants a comment on each method of an interface, and on each
// exported field of a struct that people fill in: what its zero value means is
// not to be guessed. A type's own comment will do where it names the member, in
// either case: "a Pair is a key and its value" documents Key and Value. Structs
// that people only read are documented whole.
func checkMembers(t *Tree, ps *problems, s *ast.TypeSpec, typeComment string) {
	var fields *ast.FieldList
	switch typ := s.Type.(type) {
	case *ast.StructType:
		if !filledIn(s.Name.Name) {
			return
		}
		fields = typ.Fields
	case *ast.InterfaceType:
		fields = typ.Methods
	default:
		return
	}
	for _, f := range fields.List {
		if f.Doc.Text() != "" || f.Comment.Text() != "" {
			continue
		}
		for _, name := range f.Names {
			if name.IsExported() && !hasWord(typeComment, name.Name) {
				ps.add(t.at(name), "exported %s.%s has no comment, and the comment of %s does not name it", s.Name.Name, name.Name, s.Name.Name)
			}
		}
	}
}

// hasWord reports whether text has word as a whole word, in any case.
func hasWord(text, word string) bool {
	return regexp.MustCompile(`(?i)\b` + word + `\b`).MatchString(text)
}

// receiver returns the name of the type that a method belongs to.
func receiver(d *ast.FuncDecl) string {
	typ := d.Recv.List[0].Type
	for {
		switch x := typ.(type) {
		case *ast.StarExpr:
			typ = x.X
		case *ast.IndexExpr:
			typ = x.X
		case *ast.IndexListExpr:
			typ = x.X
		case *ast.ParenExpr:
			typ = x.X
		case *ast.Ident:
			return x.Name
		default:
			return ""
		}
	}
}

// noExample holds the packages without an Example, with the reason.
// Programs and internal packages need none.
var noExample = map[string]string{
	"store/storetest": "a suite for drivers; the tests of store/memory and store/sqlite show its use",
}

var examples = Rule{
	Name: "examples",
	Why:  "documentation that runs cannot drift",
	Check: func(t *Tree) []Problem {
		var ps problems
		for _, p := range t.Packages {
			var tests []*ast.File
			source := false
			for _, f := range p.Files {
				source = source || !f.Test
				if f.Test {
					tests = append(tests, f.AST)
				}
			}
			found := doc.Examples(tests...)
			if len(found) == 0 && source && !p.Program() && !p.Internal() && noExample[p.Dir] == "" {
				ps.add(p.Dir, "package %s has no Example: write example_<idea>_test.go, with // Output:", p.Name)
			}
			for _, e := range found {
				if e.Output == "" && !e.EmptyOutput {
					ps.add(t.at(e.Code), "Example%s has no // Output: comment, so go test never runs it", e.Name)
				}
			}
		}
		return ps
	},
}

// filledIn reports whether a struct is configuration, by the names that this
// project gives it.
func filledIn(name string) bool {
	for _, end := range []string{"Config", "Opts", "Spec", "Child", "Limits", "Limit", "Pool", "Options"} {
		if strings.HasSuffix(name, end) {
			return true
		}
	}
	return false
}
