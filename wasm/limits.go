package wasm

import (
	"fmt"
	"time"

	"github.com/kista-go/kista/wasm/internal/rewrite"
)

// What a module may be and need unless [Limits] says otherwise.
const (
	DefaultBytes     = 16 << 20
	DefaultFunctions = 50_000
	DefaultBody      = 1 << 20
	DefaultBlocks    = 4096
	DefaultMemory    = 64 << 20
	DefaultDepth     = 10_000
	DefaultCompile   = 30 * time.Second
)

// Limits bound what a module may be and what its processes may use. A zero field
// means its default.
type Limits struct {
	// Bytes is the size of the module: 16 MiB by default.
	Bytes int
	// Functions is how many functions it may have: 50,000 by default.
	Functions int
	// Body is the size of one function's code, in bytes: 1 MiB by default.
	Body int
	// Blocks is how many blocks, loops and conditions one function may have: 4096 by
	// default, five times what the largest function of a Go program has. The time to
	// compile a function grows with their square, and one function is compiled to its
	// end: about a second for 4096.
	Blocks int
	// Memory is what one process may use, in bytes, rounded up to 64 KiB: 64 MiB by
	// default, 1 GiB at most. Growth beyond it is refused to the guest.
	Memory int64
	// Depth is how deep calls may nest, in frames of ordinary size; large frames
	// count for several: 10,000 by default.
	Depth int
	// Compile is how long compiling may take: 30 seconds by default.
	Compile time.Duration
	// NoImage lets each process run its own start functions (_initialize). Otherwise,
	// where those do nothing that can be seen from outside, they run once, when the
	// module is loaded, and processes begin with a copy of what they have left: in a
	// hundredth of the time, and sharing what they do not write to. What is drawn at
	// random at the start is then the same in all of them: guests that must not be
	// guessed use crypto/rand, or the like, which asks the host.
	NoImage bool
}

const (
	mostMemory = 1 << 30
	mostLocals = 10_000
	mostNested = 2048
	mostItems  = 100_000
	mostTable  = 100_000
	interval   = 10_000 // fuel between two yields: some 20 microseconds
)

func (l Limits) or() (Limits, error) {
	fill := func(n *int, def int) {
		if *n == 0 {
			*n = def
		}
	}
	fill(&l.Bytes, DefaultBytes)
	fill(&l.Functions, DefaultFunctions)
	fill(&l.Body, DefaultBody)
	fill(&l.Blocks, DefaultBlocks)
	fill(&l.Depth, DefaultDepth)
	if l.Memory == 0 {
		l.Memory = DefaultMemory
	}
	if l.Compile == 0 {
		l.Compile = DefaultCompile
	}
	if l.Bytes < 0 || l.Functions < 0 || l.Body < 0 || l.Blocks < 0 || l.Depth < 0 || l.Memory < 0 || l.Compile < 0 {
		return l, fmt.Errorf("wasm: Limits with a negative field: %+v", l)
	}
	if l.Memory > mostMemory {
		return l, fmt.Errorf("wasm: Limits.Memory is %d, more than the %d that a guest can have", l.Memory, mostMemory)
	}
	l.Memory = (l.Memory + rewrite.PageSize - 1) / rewrite.PageSize * rewrite.PageSize
	return l, nil
}

func (l Limits) rewrite() rewrite.Limits {
	return rewrite.Limits{
		Bytes: l.Bytes, Functions: l.Functions, Body: l.Body, Locals: mostLocals, Nesting: mostNested, Blocks: l.Blocks,
		Types: mostItems, Items: mostItems, Table: mostTable, Pages: int(l.Memory / rewrite.PageSize),
		Interval: interval, Depth: l.Depth,
	}
}
