package main

import (
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/kista-go/kista/internal/assert"
)

// TestPages fails if a page of Kista shows code that is not what is tested.
func TestPages(t *testing.T) {
	pages, err := render(os.DirFS("../.."))
	assert.NoError(t, err)
	for _, p := range pages {
		if p.old != p.new {
			t.Errorf("%s shows code that is out of date: run make generate", p.path)
		}
	}
}

const tested = `package a_test

import "fmt"

// A Counter counts.
type Counter struct{ n int }

// Add adds.
func (c *Counter) Add() {
	c.n++
}

const one, two = 1, 2

func ExampleCounter() {
	var c Counter
	if true {
		c.Add()
	}

	fmt.Println(c.n)
	// Output: 1
}
`

// tree holds the page and the code that it shows.
func tree(name, text string) fstest.MapFS {
	return fstest.MapFS{
		name:                &fstest.MapFile{Data: []byte(text)},
		"a/example_test.go": &fstest.MapFile{Data: []byte(tested)},
	}
}

func TestRender(t *testing.T) {
	const body = "var c Counter\nif true {\n\tc.Add()\n}\n\nfmt.Println(c.n)\n// Output: 1\n"
	for _, tc := range []struct {
		name, page, mark, want string
	}{
		{"the body of an example", "README.md", "#ExampleCounter", body},
		{"declarations", "docs/x/a.md", "#Counter,Counter.Add", "// A Counter counts.\ntype Counter struct{ n int }\n\n// Add adds.\nfunc (c *Counter) Add() {\n\tc.n++\n}\n"},
		{"a constant", "docs/a.md", "#two", "const one, two = 1, 2\n"},
		{"two names of one declaration", "docs/a.md", "#one,two", "const one, two = 1, 2\n"},
		{"a program", "docs/a.md", "#one,ExampleCounter", "const one, two = 1, 2\n\nfunc main() {\n\tvar c Counter\n\tif true {\n\t\tc.Add()\n\t}\n\n\tfmt.Println(c.n)\n\t// Output: 1\n}\n"},
		{"a file", "docs/a.md", "", tested},
	} {
		t.Run(tc.name, func(t *testing.T) {
			frame := func(code string) string {
				return "# A\n\n<!-- example: a/example_test.go" + tc.mark + " -->\n\n```go\n" + code + "```\n\nEnd\n```sh\nmake\n```\n"
			}
			pages, err := render(tree(tc.page, frame("old()\n")))
			assert.NoError(t, err)
			assert.Equal(t, pages[0].new, frame(tc.want))

			pages, err = render(tree(tc.page, pages[0].new))
			assert.NoError(t, err)
			assert.Equal(t, pages[0].new, pages[0].old)
		})
	}
}

func TestRenderLeavesUnmarkedFencesOfDocs(t *testing.T) {
	pages, err := render(tree("docs/a.md", "```go\nfree()\n```\n"))
	assert.NoError(t, err)
	assert.Equal(t, pages[0].new, pages[0].old)
}

func TestRenderRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"\n```go\nfree()\n```\n":                                           "README.md:2: a fence of Go without a mark",
		"<!-- example: a/gone.go -->\n```go\n```\n":                        "README.md:2: the mark names a/gone.go",
		"<!-- example: a/example_test.go#Gone -->\n```go\n```\n":           "names Gone, which a/example_test.go does not declare",
		"<!-- example: a/example_test.go#Counter -->\ntext\n":              "README.md:2: the mark for a/example_test.go#Counter is not followed",
		"<!-- example: a/example_test.go#Counter -->\n```go\nfree()\n\n\n": "the last fence is not closed",
	} {
		_, err := render(tree("README.md", text))
		assert.True(t, err != nil && strings.Contains(err.Error(), want), "%q: got %v, want %q", text, err, want)
	}
}
