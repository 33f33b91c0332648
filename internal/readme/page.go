package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// A page is a Markdown file as it is and as it should be.
type page struct {
	path     string
	old, new string
}

// write replaces the page's file below root.
func (p page) write(root string) error {
	return os.WriteFile(filepath.Join(root, filepath.FromSlash(p.path)), []byte(p.new), 0o644)
}

// mark matches the comment that names the code of the fence after it.
var mark = regexp.MustCompile(`^<!-- example: (\S+) -->$`)

// render returns README.md and every page below docs, rendered anew. A missing
// README.md or docs is no error; what is wrong with the pages is, all of it.
func render(fsys fs.FS) ([]page, error) {
	names, err := fs.Glob(fsys, "README.md")
	if err != nil {
		return nil, err
	}
	if _, err := fs.Stat(fsys, "docs"); err == nil {
		err := fs.WalkDir(fsys, "docs", func(name string, _ fs.DirEntry, err error) error {
			if strings.HasSuffix(name, ".md") {
				names = append(names, name)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	var pages []page
	var wrong []error
	for _, name := range names {
		text, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, err
		}
		p := page{path: name, old: string(text)}
		p.new, err = p.render(fsys)
		wrong = append(wrong, err)
		pages = append(pages, p)
	}
	return pages, errors.Join(wrong...)
}

// render returns the page's text with each marked fence of Go filled anew.
func (p page) render(fsys fs.FS) (string, error) {
	var out strings.Builder
	var wrong []error
	ref := ""   // what the mark before the next fence names
	fence := "" // the opening line of the fence that we are in
	filled := false
	number := 0
	for line := range strings.Lines(p.old) {
		number++
		text := strings.TrimRight(line, "\r\n")
		switch {
		case fence != "" && text == "```":
			fence, filled = "", false
			out.WriteString(line)
		case fence != "":
			if !filled {
				out.WriteString(line)
			}
		case strings.HasPrefix(text, "```"):
			fence = text
			out.WriteString(line)
			if text == "```go" {
				code, err := p.fill(fsys, ref)
				if err != nil {
					wrong = append(wrong, fmt.Errorf("%s:%d: %w", p.path, number, err))
				}
				filled = code != ""
				out.WriteString(code)
			}
			ref = ""
		case text != "":
			if m := mark.FindStringSubmatch(text); m != nil {
				ref = m[1]
			} else if ref != "" {
				wrong = append(wrong, fmt.Errorf("%s:%d: the mark for %s is not followed by a fence of Go", p.path, number, ref))
				ref = ""
			}
			out.WriteString(line)
		default:
			out.WriteString(line)
		}
	}
	if fence != "" {
		wrong = append(wrong, fmt.Errorf("%s: the last fence is not closed", p.path))
	}
	return out.String(), errors.Join(wrong...)
}

// fill returns the code for a fence, "" to leave the fence as it is.
func (p page) fill(fsys fs.FS, ref string) (string, error) {
	if ref == "" {
		if p.path == "README.md" {
			return "", errors.New("a fence of Go without a mark: put <!-- example: path/to/example_test.go#Example --> before it, so that the code is tested")
		}
		return "", nil
	}
	return snippet(fsys, ref)
}
