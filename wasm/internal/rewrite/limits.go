package rewrite

import "fmt"

// Names that the rewritten module shares with its host. The module itself may
// not use them.
const (
	YieldModule  = "kista:fuel" // the import that is called when the fuel is used up: (i32) -> i32
	YieldName    = "yield"
	GlobalPrefix = "kista:global:" // exports of mutable globals
	StartName    = "kista:start"   // export of the start function, () -> (), if there is one
	reserved     = "kista:"
)

// TooDeep is the argument of the yield import when calls are nested too deep.
const TooDeep = -1 << 31

// PageSize is the unit of a memory's size.
const PageSize = 64 << 10

// Limits bound what a module may be. All must be set.
type Limits struct {
	Bytes     int // of the module
	Functions int // imported and defined
	Body      int // bytes of one function
	Locals    int // of one function, parameters included
	Nesting   int // blocks inside blocks
	Blocks    int // of one function: the time that an engine takes grows with their square
	Types     int
	Items     int // globals, exports, segments, each
	Table     int // entries of all tables together
	Pages     int // that memory may begin with; how it grows is up to who allocates it
	Interval  int // fuel between two yields
	Depth     int // of calls, in frames of ordinary size
}

// Error says where a module is not as it must be, and why.
type Error struct {
	Offset int // in the module
	Reason string
	Limit  bool // it is larger than allowed, rather than malformed or unsafe
}

func (e *Error) Error() string { return fmt.Sprintf("byte %d: %s", e.Offset, e.Reason) }
