package wasm

import (
	"fmt"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/term"
)

// Opts say how a process that runs a module starts and what it may do. The zero
// value is a plain process that may do nothing but send, call and answer.
type Opts struct {
	// Process are the options of any process: name, label, mailbox limit, shutdown
	// time, whether it traps exits. Link and Monitor are ignored: the function that
	// starts says it.
	Process kista.SpawnOpts
	// Args go to the guest's init: a term, or what Types maps to one. nil is the atom
	// undefined. They are copied when the program is made.
	Args any
	// Types maps Go values to terms and back. Requests and messages from Go are turned
	// into terms by it, and messages from the guest into Go values: a tuple of a
	// registered type becomes such a value, everything else stays a term. nil knows
	// the types of package term, PIDs, references, and structs by their tags.
	Types *term.Registry
	// Memory is what this process may use, in bytes; zero, or more than the module's
	// limit, means that limit.
	Memory int64
	// Fuel is how much work one callback may take, in units of about ten
	// instructions: a hundred million are about half a second. Beyond it the guest
	// traps. Zero: no limit; the process can be killed at any time all the same.
	Fuel int64
	// Clock lets the guest read the time and sleep. Without it, its clock stands
	// still, and sleeping only moves that clock on.
	Clock bool
	// Children are what the guest may spawn, by name. The function gets the guest's
	// arguments and says what is started, linked to the guest. It runs in the guest's
	// process. nil: nothing.
	Children map[string]func(args term.Term) (kista.Program, error)
	// MaxChildren is how many of them may live at once. Zero: 100.
	MaxChildren int
	// Log bounds what it writes to the log.
	Log LogLimit
}

const (
	defaultChildren = 100
	mostMessage     = 4 << 20 // bytes of a term from or to a guest
	mostTerms       = 1 << 18 // parts of a term from a guest
	mostHandles     = 1 << 16 // PIDs, references and monitors that a guest knows
	mostTimers      = 1 << 10
	mostRequests    = 10_000 // calls that it has not answered
	mostText        = 8 << 10
)

func (o *Opts) validate() error {
	if o.Memory < 0 || o.Fuel < 0 || o.MaxChildren < 0 {
		return fmt.Errorf("wasm: Opts with a negative field: Memory %d, Fuel %d, MaxChildren %d", o.Memory, o.Fuel, o.MaxChildren)
	}
	if o.MaxChildren == 0 {
		o.MaxChildren = defaultChildren
	}
	return nil
}
