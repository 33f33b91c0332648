package kista_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/kista-go/kista/internal/assert"
)

// verdicts are what a cell of the matrix may say, and whether that is a claim.
var verdicts = map[string]bool{
	"held": true, "zombie": true, "back": true, "as L1": false, "ends the program": true, "ends the program, by vet": true,
	"-": false, "not shown": false,
}

// table returns the cells of the table between two marks of a page, without its
// heading: for each row's first cell, the others.
func table(t *testing.T, page, mark string) (heading []string, rows map[string][]string, order []string) {
	t.Helper()
	parts := strings.Split(page, "<!-- "+mark+" -->\n")
	assert.True(t, len(parts) == 3, "no table %q in the page", mark)
	rows = map[string][]string{}
	for i, line := range strings.Split(strings.TrimSpace(parts[1]), "\n") {
		cells := strings.Split(strings.Trim(line, "|"), "|")
		for j := range cells {
			cells[j] = strings.TrimSpace(cells[j])
		}
		switch {
		case i == 0:
			heading = cells
		case i > 1:
			if _, twice := rows[cells[0]]; twice {
				t.Errorf("two rows %q", cells[0])
			}
			assert.Equal(t, len(cells), len(heading))
			rows[cells[0]], order = cells[1:], append(order, cells[0])
		}
	}
	return heading, rows, order
}

// docs/isolation.md says what each wall contains. It is true as far as each claim
// names a test that exists, and each test of the crash matrix stands there.
func TestIsolationPageIsTrue(t *testing.T) {
	text, err := os.ReadFile("docs/isolation.md")
	assert.NoError(t, err)
	heading, matrix, order := table(t, string(text), "matrix")
	shownBy, shown, _ := table(t, string(text), "shown")
	assert.Equal(t, shownBy[1:], heading[2:])
	for _, letter := range strings.Fields("a a10 a3 a4 a5 b c c4 d e f g g2 g4 h h2 i j j4 k l m n o") {
		assert.True(t, matrix[letter] != nil, "no row %s of the crash matrix", letter)
	}
	assert.Equal(t, len(shown), len(order))
	tests := isolationTests(t)
	var named []string
	code := regexp.MustCompile("`([^`]+)`")
	for _, row := range order {
		for i, cell := range matrix[row][1:] {
			claim, known := verdicts[cell]
			assert.True(t, known, "row %s says %q: that is no verdict", row, cell)
			by := code.FindAllStringSubmatch(shown[row][i], -1)
			assert.True(t, claim == (len(by) > 0), "row %s, %s says %q, and names %d tests", row, heading[i+2], cell, len(by))
			for _, m := range by {
				name, sub, _ := strings.Cut(m[1], "/")
				src, ok := tests[name]
				assert.True(t, ok, "row %s names %s, which does not exist", row, name)
				assert.True(t, sub == "" || strings.Contains(src, strconv.Quote(sub)), "%s has no case %q", name, sub)
				fatal := strings.Contains(name, "EndsTheProgram") || strings.Contains(name, "NotContained")
				assert.Equal(t, fatal, strings.HasPrefix(cell, "ends the program"))
				named = append(named, m[1], name)
			}
		}
	}
	for name := range tests {
		assert.True(t, !strings.Contains(name, ".TestMatrix_") || slices.Contains(named, name), "%s is missing in docs/isolation.md", name)
	}
	for name := range contained {
		assert.True(t, slices.Contains(named, "kista.TestIsolationL1_Contained/"+name), "%q is missing in docs/isolation.md", name)
	}
	for name := range fatal {
		assert.True(t, slices.Contains(named, "kista.TestIsolationL1_EndsTheProgram/"+name), "%q is missing in docs/isolation.md", name)
	}
}

// isolationTests maps the tests of the root and of the levels to the files that
// they are in.
func isolationTests(t *testing.T) map[string]string {
	t.Helper()
	decl := regexp.MustCompile(`(?m)^func (Test\w+)\(t `)
	out := map[string]string{}
	for dir, pkg := range map[string]string{".": "kista", "supervisor": "supervisor", "wasm": "wasm", "port": "port", "peer": "peer", "heart": "heart"} {
		files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
		assert.NoError(t, err)
		for _, file := range files {
			src, err := os.ReadFile(file)
			assert.NoError(t, err)
			for _, m := range decl.FindAllStringSubmatch(string(src), -1) {
				out[pkg+"."+m[1]] = string(src)
			}
		}
	}
	return out
}
