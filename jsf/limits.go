package jsf

// Limits bound what a decoder does for a stranger. In every field 0 means the default and a negative number means that
// nothing of the kind is allowed.
type Limits struct {
	// Bytes is the size of a text; 0 means 16 MiB.
	Bytes int
	// Depth is how deep terms may be nested; 0 means 10000. No value lifts it above 100000. A struct is two levels, since
	// it is an object with an array in it.
	Depth int
	// Terms is the number of terms that are made for a text. Every number, string, constant, list, struct and property list
	// is one; a string of UBF is as many as it has bytes, and two more; a member is two more than its value. 0 means 4194304.
	Terms int
	// Digits is the number of digits of an integer; 0 means 4096.
	Digits int
	// Atoms is the number of different constants in a text, names of records included; 0 means 65536.
	Atoms int
}

const (
	defaultDepth = 10_000
	hardDepth    = 100_000 // what walks over terms by recursion has room for
	maxConstant  = 255     // characters of a constant, as in Erlang
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
	set(&l.Digits, 4096)
	set(&l.Atoms, 1<<16)
	l.Depth = min(l.Depth, hardDepth)
	return l
}
