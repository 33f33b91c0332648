package kista_test

import (
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// docs/conformance.md names the tests that show each statement. It is true if
// each of them exists, and every test that carries a number stands there.
func TestConformancePageIsTrue(t *testing.T) {
	page, err := os.ReadFile("docs/conformance.md")
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile(`\bTest(?:S\d+_)+\w+`).FindAllString(string(page), -1)
	written := numberedTests(t)
	for _, name := range named {
		if !slices.Contains(written, name) {
			t.Errorf("docs/conformance.md names %s, which does not exist", name)
		}
	}
	for _, name := range written {
		if !slices.Contains(named, name) {
			t.Errorf("%s is missing in docs/conformance.md", name)
		}
	}
	if len(written) < 100 {
		t.Errorf("found %d numbered tests only", len(written))
	}
}

func numberedTests(t *testing.T) (names []string) {
	t.Helper()
	decl := regexp.MustCompile(`(?m)^func (Test(?:S\d+_)+\w*)\(t `)
	err := fs.WalkDir(os.DirFS("."), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		src, err := os.ReadFile(path)
		for _, m := range decl.FindAllStringSubmatch(string(src), -1) {
			names = append(names, m[1])
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}
