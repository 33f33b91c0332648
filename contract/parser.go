package contract

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// A Parser reads contracts. The zero value takes every notation, and refuses imports; it may be used by many goroutines.
//
// Limits: a file has at most 1 MiB, an integer 4096 digits, a type 500 levels; reading ends after 50 diagnostics.
type Parser struct {
	// Dialect is the notation to read; [Auto], the zero value, finds out and is lenient.
	Dialect Dialect
	// FS is where imports are read; nil refuses them. Names in +IMPORT are paths in it.
	FS fs.FS
	// Imports are files of FS whose types come with every contract that is read, as if each had an +IMPORT form for them.
	// It is for contracts whose imports are named elsewhere, as those of UBF 2.x are.
	Imports []string
}

// Parse reads a contract in any notation, without imports. The name of the file is for diagnostics only. The error is a
// *[ParseError] with all that is wrong; what is merely doubtful says [Analyse].
func Parse(file string, src []byte) (*Contract, error) {
	return Parser{}.Parse(file, src)
}

// ParseFile reads the file at path, and imports from its directory and those below. The error is a *[ParseError], or that of
// reading the file.
func ParseFile(path string) (*Contract, error) {
	return Parser{FS: os.DirFS(filepath.Dir(path))}.ParseFile(path)
}

// ParseFile reads the file at path of the operating system. The error is as that of [ParseFile].
func (p Parser) ParseFile(path string) (*Contract, error) {
	src, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("contract: %w", err)
	}
	return p.Parse(path, src)
}

// Parse reads a contract. The error is a *[ParseError].
func (p Parser) Parse(file string, src []byte) (*Contract, error) {
	c, ds := p.importer().parse(file, src, nil)
	if diagnostics(ds).failed() {
		return nil, &ParseError{Diagnostics: ds}
	}
	return c, nil
}

// Check reads a contract and returns all that is wrong with it and all that is doubtful, in the order of the file: what [Parse]
// and [Analyse] say together, and what is peculiar about the notation. The contract is nil where there is an error.
func (p Parser) Check(file string, src []byte) (*Contract, []Diagnostic) {
	c, ds := p.importer().parse(file, src, nil)
	if diagnostics(ds).failed() {
		return nil, ds
	}
	return c, diagnostics(append(ds, Analyse(c)...)).sorted()
}

func (p Parser) importer() *importer { return &importer{p: p, done: map[string]*Contract{}} }

// parse reads a contract that is imported by the files of trail.
func (im *importer) parse(file string, src []byte, trail []string) (*Contract, []Diagnostic) {
	dialect := im.p.Dialect
	r := &reader{file: file, c: &Contract{File: file, Dialect: dialect}, strict: dialect == UBF2}
	if len(src) > maxSource {
		r.report(Pos{}, Error, CodeLimit, "", fmt.Sprintf("the file has more than %d bytes", maxSource), "")
		return r.c, r.diags
	}
	r.read(src)
	if !r.broken {
		r.translate()
		r.imports(im, trail)
		r.check()
	}
	return r.c, r.diags.sorted()
}

// reader reads one file.
type reader struct {
	file   string
	c      *Contract
	strict bool
	toks   []token
	i      int // index of the next token
	depth  int
	diags  diagnostics
	broken bool // a form could not be read, so that nothing can be said about what is missing

	forms   map[string][]Pos // where NAME, VSN, TYPES and ANYSTATE forms begin
	implied []implied        // types that are written out in rules
}

// errSyntax ends the reading of a form; its diagnostic is written.
var errSyntax = errors.New("contract: syntax error")

func (r *reader) report(pos Pos, sev Severity, code Code, text, message, hint string) {
	r.diags = append(r.diags, Diagnostic{
		File: r.file, Pos: pos, Severity: sev, Code: code, Text: text, Message: message, Hint: hint,
	})
}

func (r *reader) errorAt(pos Pos, code Code, text, message, hint string) {
	r.report(pos, Error, code, text, message, hint)
}

func (r *reader) warn(pos Pos, code Code, text, message, hint string) {
	r.report(pos, Warning, code, text, message, hint)
}

// read scans and parses the forms.
func (r *reader) read(src []byte) {
	s := &scanner{src: src, fail: r.errorAt}
	r.toks = s.run()
	r.c.comments = s.comments
	if r.c.Dialect == Auto {
		r.c.Dialect = dialectOf(r.toks)
	}
	if r.c.Dialect == UBF1 {
		r.skipWords()
	}
	r.forms = map[string][]Pos{}
	r.c.forms = r.forms
	for r.peek().kind != tEOF && len(r.diags) < maxErrors {
		if r.form() != nil {
			r.broken = true
			r.recover()
		}
	}
	if len(r.diags) >= maxErrors {
		r.broken = true
		r.errorAt(r.peek().pos, CodeLimit, "", "too many errors; reading ends here", "")
	}
}

// skipWords drops the upper-case words that UBF 1.x does not know, as its compiler does.
func (r *reader) skipWords() {
	kept := r.toks[:0]
	for _, t := range r.toks {
		if t.kind == tWord && !keywords[t.text] {
			r.warn(t.pos, CodeStyle, t.text, "the unknown word "+t.text+" is skipped, as UBF 1.x does", "")
			continue
		}
		kept = append(kept, t)
	}
	r.toks = kept
}

func (r *reader) peek() token { return r.toks[r.i] }

// peekAt returns the nth token from here.
func (r *reader) peekAt(n int) token { return r.toks[min(r.i+n, len(r.toks)-1)] }

func (r *reader) next() token {
	t := r.toks[r.i]
	if t.kind != tEOF {
		r.i++
	}
	return t
}

// accept takes the next token if it is of kind k.
func (r *reader) accept(k kind) bool {
	if r.peek().kind == k {
		r.i++
		return true
	}
	return false
}

// expect takes the next token, which must be of kind k; what says what it is for.
func (r *reader) expect(k kind, what string) (token, error) {
	if t := r.peek(); t.kind != k {
		return t, r.unexpected(what)
	}
	return r.next(), nil
}

// unexpected reports the next token, where what is due.
func (r *reader) unexpected(due string) error {
	t := r.peek()
	seen := quote(t.text)
	switch t.kind {
	case tBad:
		return errSyntax // the scanner has said it
	case tEOF:
		seen = "the end of the file"
	case tDot:
		seen = "the dot"
	}
	r.errorAt(t.pos, CodeSyntax, t.text, fmt.Sprintf("%s stands where %s is due", seen, due), r.hint(t))
	return errSyntax
}

// hint guesses what a wrong token was meant to be.
func (r *reader) hint(t token) string {
	before := ""
	if r.i > 0 {
		before = r.toks[r.i-1].text
	}
	switch {
	case strings.HasSuffix(before, `\'`) || strings.HasSuffix(before, `\"`):
		return "there are no escapes in contracts: a quote cannot stand inside quotes"
	case t.kind == tWord:
		return "names begin with a small letter, or stand in single quotes"
	case t.kind == "=" && r.c.Dialect == UBF2:
		return `UBF 2.x writes "::" between a type and its definition`
	case t.kind == "::" && r.c.Dialect == UBF1:
		return `UBF 1.x writes "=" between a type and its definition`
	case t.kind == "->" && r.c.Dialect != Slides:
		return `a rule is "request() => reply() & state"`
	case t.kind == ":":
		return `write "::"`
	case t.kind == "+" && t.pos.Column == 1:
		return "the form before it has no dot at its end"
	case t.kind == tEOF:
		return `every form ends with a dot`
	case t.kind == "?":
		return "only a named type can be optional: name()?"
	}
	return ""
}

// recover goes on behind the next dot, or before the next form or definition.
func (r *reader) recover() {
	for {
		switch t := r.peek(); {
		case t.kind == tEOF, r.formBegins() && t.pos.Column == 1:
			return
		case t.kind == tDot:
			r.i++
			return
		}
		r.i++
	}
}

// formBegins reports whether the next tokens are "+" and a name of a form.
func (r *reader) formBegins() bool {
	if r.peek().kind != "+" {
		return false
	}
	t := r.peekAt(1)
	return t.kind == tWord || t.kind == tAtom
}
