package etf

import (
	"fmt"

	"github.com/kista-go/kista/term"
)

// Limits bound what a decoder does for a stranger. In every field 0 means the default and a negative number means that
// nothing of the kind is allowed.
type Limits struct {
	// Bytes is the size of an encoded term as received, its version byte included; 0 means 64 MiB.
	Bytes int
	// Depth is how deep terms may be nested; 0 means 10000. No value lifts it above 100000.
	Depth int
	// Terms is the number of terms in the whole term, itself included: {a,[1,2]} counts 5. A byte of a STRING counts
	// as one, since it becomes a list element. 0 means 4194304. Each costs 16 bytes, some up to 60 more.
	Terms int
	// Atoms is the number of different atoms in one term; 0 means 65536.
	Atoms int
	// BigBytes is the size of an integer's magnitude; 0 means 524288, so integers of up to 4 Mibit.
	BigBytes int
	// Inflated is the size of a compressed term once decompressed; 0 means 64 MiB.
	Inflated int
}

const (
	defaultDepth = 10_000
	hardDepth    = 100_000 // the stack of a goroutine has room for a few times that
)

func (l Limits) withDefaults() Limits {
	set := func(p *int, def int) {
		if *p == 0 {
			*p = def
		}
	}
	set(&l.Bytes, 64<<20)
	set(&l.Depth, defaultDepth)
	set(&l.Terms, 4<<20)
	set(&l.Atoms, 1<<16)
	set(&l.BigBytes, 512<<10)
	set(&l.Inflated, 64<<20)
	l.Depth = min(l.Depth, hardDepth)
	return l
}

// Safe is what a decoder knows and lets through, as binary_to_term's option safe does: a term with an unknown atom
// (also as the name of a node or module) or an unknown external fun is refused with [ErrUnsafe]. Local funs pass where
// their module's name does: in Go they are data.
type Safe struct {
	// Atom reports whether an atom is known; nil knows none. It is called once for every different atom of a term.
	Atom func(term.Atom) bool
	// Export reports whether an external fun is known; nil knows none.
	Export func(term.Export) bool
}

func (s *Safe) checkAtom(a term.Atom) error {
	if s == nil || s.Atom != nil && s.Atom(a) {
		return nil
	}
	return fmt.Errorf("unknown atom %.60s", a)
}

func (s *Safe) checkExport(e term.Export) error {
	if s == nil || s.Export != nil && s.Export(e) {
		return nil
	}
	return fmt.Errorf("unknown external fun %.120s", e)
}
