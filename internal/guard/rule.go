package guard

import "fmt"

// A Rule is something that must hold in the whole tree.
type Rule struct {
	// Name names the rule's subtest.
	Name string
	// Why says what the rule protects, in one sentence.
	Why string
	// Check returns the problems, in the order of the tree's files.
	Check func(*Tree) []Problem
}

// A Problem is one place where a rule does not hold.
type Problem struct {
	// At is where: path:line, or a path.
	At string
	// What says what is wrong and what to do.
	What string
	// Warning is true for what should be looked at but fails no test.
	Warning bool
}

// String returns the problem on one line, as compilers print theirs.
func (p Problem) String() string { return p.At + ": " + p.What }

// Rules returns every rule that needs nothing but the tree. The import floors
// need a [Lattice] as well, which stands in floors_test.go of the root.
func Rules() []Rule {
	return []Rule{
		packageComment, docComments, examples,
		noExit, noSleep, testImports, fileLength,
		noReplace, noMachine, links, commands,
	}
}

// problems collects what one check finds.
type problems []Problem

// add appends a problem.
func (ps *problems) add(at, format string, args ...any) {
	*ps = append(*ps, Problem{At: at, What: fmt.Sprintf(format, args...)})
}

// warn appends a warning.
func (ps *problems) warn(at, format string, args ...any) {
	*ps = append(*ps, Problem{At: at, What: fmt.Sprintf(format, args...), Warning: true})
}

// lineOf returns the position of the line with index i in f.
func lineOf(f File, i int) string { return fmt.Sprintf("%s:%d", f.Path, i+1) }
