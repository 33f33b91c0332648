package guard

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// A Tree is a module's source: its files and, parsed, its Go packages. It is
// read once by [Load] and not changed afterwards.
type Tree struct {
	// Module is the module path in the root's go.mod.
	Module string
	// Files are the text files, sorted by path. Binary files, hidden
	// directories other than .ci and what a build leaves behind are not here.
	Files []File
	// Packages are the packages of the root module, sorted by directory and
	// name. Nested modules and testdata are text only.
	Packages []*Package

	fset *token.FileSet
	dirs map[string]bool
}

// A File is one text file of a tree: Path from the root with slashes, and its
// Text.
type File struct {
	Path string
	Text string
}

// A Package is the Go files of one directory that share a package clause; the
// external tests of package x count to x.
type Package struct {
	// Dir is the directory from the root, "." for the root itself.
	Dir string
	// Name is the package clause without the suffix _test.
	Name string
	// Files are the package's files in order of their names.
	Files []*GoFile
}

// A GoFile is one parsed Go file.
type GoFile struct {
	// Path is the file's path from the root of the tree.
	Path string
	// AST is the file's syntax, with comments.
	AST *ast.File
	// Test is true for _test.go files.
	Test bool
	// Generated is true if the file says that it is generated, in the form
	// that go generate prescribes.
	Generated bool
}

// Command reports whether p is what go run runs.
func (p *Package) Command() bool { return p.Name == "main" }

// Program reports whether p is a command or a part of one: nobody else imports
// what lies below cmd and examples.
func (p *Package) Program() bool {
	top, _, _ := strings.Cut(p.Dir, "/")
	return p.Command() || top == "cmd" || top == "examples"
}

// Internal reports whether p lies below a directory named internal.
func (p *Package) Internal() bool {
	return slices.Contains(strings.Split(p.Dir, "/"), "internal")
}

// TestKit reports whether p exists to be imported by tests: its name ends in
// "test" as that of net/http/httptest does, or it is internal/assert.
func (p *Package) TestKit() bool {
	return strings.HasSuffix(p.Name, "test") || p.Dir == "internal/assert"
}

// skipped holds the directories that are no source.
var skipped = map[string]bool{"bin": true, "dist": true, "node_modules": true}

// leftovers are the endings of files that builds and tests leave behind; they
// are in .gitignore too.
var leftovers = []string{".out", ".test", ".prof", ".db", ".db-wal", ".db-shm"}

// Load reads the tree below fsys, whose root must hold a go.mod. It fails on a
// file that it cannot read and on a Go file that does not parse.
func Load(fsys fs.FS) (*Tree, error) {
	t := &Tree{fset: token.NewFileSet(), dirs: map[string]bool{".": true}}
	nested := map[string]bool{}
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir():
			return t.enter(fsys, name, nested)
		case !d.Type().IsRegular() || slices.Contains(leftovers, path.Ext(name)):
			return nil
		}
		text, err := fs.ReadFile(fsys, name)
		if err != nil {
			return err
		}
		if bytes.IndexByte(text[:min(len(text), 8000)], 0) < 0 {
			t.Files = append(t.Files, File{Path: name, Text: string(text)})
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("guard: reading the tree: %w", err)
	}
	slices.SortFunc(t.Files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	for line := range strings.Lines(t.text("go.mod")) {
		if name, ok := strings.CutPrefix(line, "module "); ok {
			t.Module = strings.TrimSpace(name)
		}
	}
	if t.Module == "" {
		return nil, fmt.Errorf("guard: no go.mod with a module line at the root of the tree")
	}
	return t, t.parse(nested)
}

// enter notes a directory, or skips it.
func (t *Tree) enter(fsys fs.FS, name string, nested map[string]bool) error {
	base := path.Base(name)
	if skipped[base] || name == "bench/out" || name == "bench/bin" || len(base) > 1 && base[0] == '.' && base != ".ci" {
		return fs.SkipDir
	}
	t.dirs[name] = true
	if _, err := fs.Stat(fsys, path.Join(name, "go.mod")); err == nil && name != "." {
		nested[name] = true
	}
	return nil
}

// parse fills Packages from the Go files of the root module.
func (t *Tree) parse(nested map[string]bool) error {
	packages := map[[2]string]*Package{}
	for _, f := range t.Files {
		if path.Ext(f.Path) != ".go" || foreign(f.Path, nested) {
			continue
		}
		syntax, err := parser.ParseFile(t.fset, f.Path, f.Text, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return fmt.Errorf("guard: parsing Go: %w", err)
		}
		file := &GoFile{
			Path: f.Path, AST: syntax,
			Test:      strings.HasSuffix(f.Path, "_test.go"),
			Generated: ast.IsGenerated(syntax),
		}
		name := syntax.Name.Name
		if file.Test {
			name = strings.TrimSuffix(name, "_test")
		}
		key := [2]string{path.Dir(f.Path), name}
		p := packages[key]
		if p == nil {
			p = &Package{Dir: key[0], Name: key[1]}
			packages[key] = p
			t.Packages = append(t.Packages, p)
		}
		p.Files = append(p.Files, file)
	}
	slices.SortFunc(t.Packages, func(a, b *Package) int {
		return strings.Compare(a.Dir+"\x00"+a.Name, b.Dir+"\x00"+b.Name)
	})
	return nil
}

// foreign reports whether a file is no part of the root module's packages.
func foreign(name string, nested map[string]bool) bool {
	for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
		if base := path.Base(dir); nested[dir] || base == "testdata" || base[0] == '_' {
			return true
		}
	}
	return false
}

// text returns the text of the file at name, "" if there is none.
func (t *Tree) text(name string) string {
	i, ok := slices.BinarySearchFunc(t.Files, name, func(f File, name string) int {
		return strings.Compare(f.Path, name)
	})
	if !ok {
		return ""
	}
	return t.Files[i].Text
}

// has reports whether the tree has a text file or a directory at name.
func (t *Tree) has(name string) bool {
	_, ok := slices.BinarySearchFunc(t.Files, name, func(f File, name string) int {
		return strings.Compare(f.Path, name)
	})
	return ok || t.dirs[name]
}

// at returns the position of n as path:line.
func (t *Tree) at(n ast.Node) string {
	p := t.fset.Position(n.Pos())
	return fmt.Sprintf("%s:%d", p.Filename, p.Line)
}
