package checked

import (
	"context"
	"errors"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/contract"
	"github.com/kista-go/kista/term"
)

// Spec says what stands behind a checked address. Contract is required, and either Box or Behind.
type Spec struct {
	// Contract is what both sides keep.
	Contract *contract.Checker
	// Box is a process that runs already.
	Box kista.PID
	// Behind is started with the address, and linked with it, if Box is zero.
	Behind kista.Program
	// Client gets the events of the box. The zero PID: they are checked, and go nowhere.
	Client kista.PID
	// Terms makes terms of Go values. nil: as [term.From] does.
	Terms *term.Registry
	// Opts are how the address starts: its name, for instance. It always traps exits.
	Opts kista.SpawnOpts
}

// Reply is an answer of a box with the state that follows. The caller gets Reply alone.
type Reply struct {
	Reply any
	State term.Atom
}

// ErrSpec says that a [Spec] lacks what it needs.
var ErrSpec = errors.New("checked: a Spec needs a Contract, and a Box or what is to run Behind")

// Program describes a checked address, to be started under a supervisor. Its start is complete once what is behind it has started.
func Program(spec Spec) kista.Program {
	o := spec.Opts
	o.TrapExits = true
	return kista.BehaviourProgram(o, "checked", func() (kista.Behaviour, error) {
		if spec.Contract == nil || spec.Box.IsZero() && spec.Behind.Kind() == "" {
			return nil, ErrSpec
		}
		return &gate{spec: spec, session: spec.Contract.Session()}, nil
	})
}

// Start starts a checked address and waits until what is behind it has started; ctx bounds that wait. The error is [ErrSpec], or
// why the box has not started.
func Start(ctx context.Context, node *kista.Node, spec Spec) (kista.PID, error) {
	return node.Start(ctx, Program(spec))
}

// StartLink is Start, linked with the process that starts it.
func StartLink(ctx context.Context, self *kista.Self, spec Spec) (kista.PID, error) {
	return self.StartLink(ctx, Program(spec))
}

// What gate and back say to each other.
type (
	ask   struct{ Msg any }      // to the box, as a call
	tell  struct{ Msg any }      // to the box, as a message
	leave struct{ Reason error } // to the box, as an exit signal

	started  struct{ Box kista.PID }
	answered struct {
		Val any
		Err error
	}
	event struct{ Msg any }      // of the box
	ended struct{ Reason error } // the box has
)
