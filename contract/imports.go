package contract

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
)

const maxImports = 100 // files that one contract may import, directly or not

// importer reads the contracts that others import, each once.
type importer struct {
	p    Parser
	done map[string]*Contract
}

// imports resolves the imports of r; trail are the files that are being read.
func (r *reader) imports(im *importer, trail []string) {
	asked := r.c.Imports
	if len(trail) == 0 {
		for _, file := range im.p.Imports {
			asked = append(asked, &Import{File: file})
		}
	}
	from := map[string]*TypeDef{}
	for _, i := range asked {
		other := r.importFile(im, i, trail)
		if other == nil {
			continue
		}
		for _, d := range r.chosen(i, other) {
			switch had := from[d.Name]; {
			case had == nil:
				from[d.Name] = d
				r.c.Imported = append(r.c.Imported, d)
			case had.String() != d.String():
				r.errorAt(i.Pos, CodeConflict, d.Name, fmt.Sprintf("the type %s() is imported with two definitions, from %s and from %s",
					quoteAtom(d.Name), had.File, d.File), `leave one out: +IMPORT("file", except [`+quoteAtom(d.Name)+"])")
			}
		}
	}
}

// importFile returns the contract that i names, or nil after a diagnostic.
func (r *reader) importFile(im *importer, i *Import, trail []string) *Contract {
	fail := func(format string, args ...any) *Contract {
		r.errorAt(i.Pos, CodeImport, i.File, fmt.Sprintf(format, args...), "")
		return nil
	}
	if c := im.done[i.File]; c != nil {
		return c
	}
	switch {
	case im.p.FS == nil:
		return fail("%s cannot be imported: there is no place to read it from", quote(i.File))
	case slices.Contains(trail, i.File):
		return fail("%s imports itself: %s", quote(i.File), strings.Join(append(trail, i.File), " -> "))
	case len(im.done) >= maxImports:
		return fail("more than %d files are imported", maxImports)
	}
	src, err := fs.ReadFile(im.p.FS, i.File)
	if err != nil {
		return fail("%s cannot be imported: %v", quote(i.File), err)
	}
	c, ds := im.parse(i.File, src, append(slices.Clip(trail), i.File))
	if diagnostics(ds).failed() {
		for _, d := range ds {
			if d.Severity == Error {
				r.diags = append(r.diags, d)
			}
		}
		return fail("%s is no contract", quote(i.File))
	}
	im.done[i.File] = c
	return c
}

// chosen returns the types of other that i asks for.
func (r *reader) chosen(i *Import, other *Contract) []*TypeDef {
	all := slices.Concat(other.Types, other.Imported)
	for _, name := range i.Names {
		if !slices.ContainsFunc(all, func(d *TypeDef) bool { return d.Name == name }) && builtin()[name] == nil {
			r.errorAt(i.Pos, CodeImport, name, fmt.Sprintf("%s has no type %s()", quote(i.File), quoteAtom(name)), "")
		}
	}
	if i.Names == nil {
		return all
	}
	return slices.DeleteFunc(all, func(d *TypeDef) bool { return slices.Contains(i.Names, d.Name) == i.Except })
}
