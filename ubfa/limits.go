package ubfa

// Limits bound what a decoder does for a stranger. In every field 0 means the default and a negative number means that
// nothing of the kind is allowed.
type Limits struct {
	// Bytes is the size of a message, from its first byte that is no separator to its dollar sign; 0 means 16 MiB. It
	// bounds binaries, too: a length beyond it is refused when it is read, and no length reserves memory.
	Bytes int
	// Depth is how deep terms may be nested; 0 means 10000. No value lifts it above 100000. A string is two levels, since it
	// is a struct with a list in it.
	Depth int
	// Terms is the number of terms that are made for a message. Every literal, struct, list and cons is one; a string is as many
	// as it has bytes, and one more; a list that is taken from a register and made longer counts anew. 0 means 4194304.
	// Each costs 16 bytes, some up to 60 more.
	Terms int
	// Expanded is the size that the message has once every register that it pushes is written out: as Terms counts, and one
	// more for every 16 bytes of a literal. It bounds what a walk over the term costs: 1>a{aa}>a{aa}>a doubles it with
	// every six bytes. 0 means 10 million.
	Expanded int
	// Digits is the number of significant digits of an integer; 0 means 4096.
	Digits int
	// Atoms is the number of different constants in a message; 0 means 65536.
	Atoms int
}

const (
	defaultDepth = 10_000
	hardDepth    = 100_000 // what walks over terms by recursion has room for
	maxConstant  = 255     // bytes of a constant, as in Erlang
	maxArity     = 1<<24 - 1
)

func (l Limits) withDefaults() Limits {
	set := func(p *int, def int) {
		if *p == 0 {
			*p = def
		}
	}
	set(&l.Bytes, 16<<20)
	set(&l.Depth, defaultDepth)
	set(&l.Terms, 4<<20)
	set(&l.Expanded, 10_000_000)
	set(&l.Digits, 4096)
	set(&l.Atoms, 1<<16)
	l.Depth = min(l.Depth, hardDepth)
	return l
}
