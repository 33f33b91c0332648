package guard

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A Lattice is who may import whom: the packages by floors, the edges inside a
// floor, and which packages may use which foreign module. [ParseLattice]
// describes how it is written.
type Lattice struct {
	entries []entry
	edges   map[[2]string]bool  // {lower, upper}: upper may import lower
	modules map[string][]string // module path -> entries
}

// An entry is one name in the lattice: a package with everything below its
// directory, or with a trailing /* everything below a directory.
type entry struct {
	name  string
	floor int
}

// ParseLattice reads a lattice from text with one statement to a line:
//
//	floor a b c     a, b and c stand on the next floor up
//	a < b c         b and c may import a, which stands on the same floor
//	use path: a b   a and b may import packages of the foreign module path
//	# words         a comment, alone on its line or at a line's end
//
// A name is a directory and covers what lies below it, up to a longer name
// that fits better; "." is the root package alone; "a/*" covers only what lies
// below a.
func ParseLattice(text string) (*Lattice, error) {
	l := &Lattice{edges: map[[2]string]bool{}, modules: map[string][]string{}}
	floor, number := -1, 0
	for line := range strings.Lines(text) {
		number++
		line, _, _ = strings.Cut(line, "#")
		words := strings.Fields(line)
		switch {
		case len(words) == 0:
		case words[0] == "floor":
			floor++
			for _, name := range words[1:] {
				l.entries = append(l.entries, entry{name, floor})
			}
		case words[0] == "use" && len(words) > 2 && strings.HasSuffix(words[1], ":"):
			module := strings.TrimSuffix(words[1], ":")
			l.modules[module] = append(l.modules[module], words[2:]...)
		case len(words) > 2 && words[1] == "<":
			for _, upper := range words[2:] {
				l.edges[[2]string{words[0], upper}] = true
			}
		default:
			return nil, fmt.Errorf("guard: lattice line %d: cannot read %q", number, strings.TrimSpace(line))
		}
	}
	return l, l.validate()
}

// validate checks that edges and uses name entries, and edges stay on a floor.
func (l *Lattice) validate() error {
	floors := map[string]int{}
	for _, e := range l.entries {
		if _, twice := floors[e.name]; twice {
			return fmt.Errorf("guard: lattice: %s stands on two floors", e.name)
		}
		floors[e.name] = e.floor
	}
	for edge := range l.edges {
		low, ok1 := floors[edge[0]]
		high, ok2 := floors[edge[1]]
		if !ok1 || !ok2 || low != high {
			return fmt.Errorf("guard: lattice: %s < %s: both must stand on one floor", edge[0], edge[1])
		}
	}
	for module, users := range l.modules {
		for _, user := range users {
			if _, ok := floors[user]; !ok {
				return fmt.Errorf("guard: lattice: use %s: %s stands on no floor", module, user)
			}
		}
	}
	return nil
}

// find returns the entry that covers dir best.
func (l *Lattice) find(dir string) (best entry, ok bool) {
	for _, e := range l.entries {
		prefix := strings.TrimSuffix(e.name, "/*")
		below := strings.HasPrefix(dir, prefix+"/")
		if (below || dir == prefix && prefix == e.name) && (!ok || len(e.name) > len(best.name)) {
			best, ok = e, true
		}
	}
	return best, ok
}

// Check returns the imports in t, tests aside, that l does not allow. Tests
// are free: an example of a low package may show it in the use of a high one.
func (l *Lattice) Check(t *Tree) []Problem {
	var ps problems
	for _, p := range t.Packages {
		from, ok := l.find(p.Dir)
		if !ok {
			ps.add(p.Dir, "package %s stands on no floor: add it to the lattice in floors_test.go, on the lowest floor that fits", p.Name)
			continue
		}
		for _, f := range p.Files {
			if f.Test {
				continue
			}
			for _, spec := range f.AST.Imports {
				target, _ := strconv.Unquote(spec.Path.Value)
				if why := l.refuse(t.Module, from, target); why != "" {
					ps.add(t.at(spec), "%s", why)
				}
			}
		}
	}
	return ps
}

// refuse says why an entry must not import target, "" if it may.
func (l *Lattice) refuse(module string, from entry, target string) string {
	dir, ours := strings.CutPrefix(target, module+"/")
	if target == module {
		dir, ours = ".", true
	}
	if !ours {
		return l.refuseForeign(from, target)
	}
	to, ok := l.find(dir)
	switch {
	case !ok:
		return fmt.Sprintf("imports %s, which stands on no floor: add it to the lattice in floors_test.go", dir)
	case to.name == from.name, to.floor < from.floor, l.edges[[2]string{to.name, from.name}]:
		return ""
	case to.floor > from.floor:
		return fmt.Sprintf("%s (floor %d) imports %s (floor %d), upwards: move the shared part down, or let the upper package hand it in",
			from.name, from.floor, dir, to.floor)
	default:
		return fmt.Sprintf("%s imports %s on its own floor %d: move the shared part down, or add %q to the lattice with its reason",
			from.name, dir, from.floor, to.name+" < "+from.name)
	}
}

// refuseForeign says why an entry must not import a package that is not ours.
func (l *Lattice) refuseForeign(from entry, target string) string {
	if first, _, _ := strings.Cut(target, "/"); !strings.Contains(first, ".") {
		return "" // the standard library
	}
	for module, users := range l.modules {
		if (target == module || strings.HasPrefix(target, module+"/")) && slices.Contains(users, from.name) {
			return ""
		}
	}
	return fmt.Sprintf("%s imports %s: foreign modules are used only where the lattice says so; do without, or add a use line with its reason",
		from.name, target)
}
