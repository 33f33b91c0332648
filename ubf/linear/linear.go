// Package linear is what code that "kista contract gen" has written stands on: states of a conversation as Go values, each of which
// is good for one step.
//
// A generated client has a Go type for each state of its contract, whose methods are what may be asked there, so that what the
// state does not allow does not compile. A step returns a value of the state that follows. The value that it was made
// from is used up: Go has no linear types, so a second use is found when it runs, before a byte is sent, as a
// [*UsedError]; and "kista vet" finds it in the text (rule linear).
//
//	ready, _, err := start.Open(ctx, ...)
//	ready, line, err := ready.ReadLine(ctx, ...)     // the new ready
//	closed, _, err := ready.Close(ctx, ...)
//	_, _, err = ready.ReadLine(ctx, ...)             // *linear.UsedError: ready was used up by Close
//
// Programs do not use this package themselves, but for the errors.
package linear

import (
	"context"
	"fmt"
	"sync"

	"github.com/kista-go/kista/contract"
	"github.com/kista-go/kista/term"
	"github.com/kista-go/kista/ubf"
)

// Generated1 is referred to by the code that this version's generator writes: it does not compile against a library that
// is older than the generator, or that has dropped what it needs.
const Generated1 = true

// Once calls a function once, when its result is first wanted.
func Once[T any](f func() T) func() T { return sync.OnceValue(f) }

// State is embedded in the types of states. The zero value belongs to no conversation.
type State struct{ t *token }

// token is one use.
type token struct {
	c     *ubf.Client
	state term.Atom

	mu   sync.Mutex
	used string // by what; empty: it is good
}

// UsedError says that a state was used a second time. Nothing was sent.
type UsedError struct {
	State term.Atom // which state it was
	Call  string    // what was to be done with it
	By    string    // what has used it up
}

func (e *UsedError) Error() string {
	if e.By == "" {
		return fmt.Sprintf("linear: %s on a state that belongs to no conversation: take the one that Begin or the step before returned", e.Call)
	}
	return fmt.Sprintf("linear: %s on a value of state %s that %s has used up: go on with the state that %s returned", e.Call, e.State, e.By, e.By)
}

// ReplyError says that a server answered with what the contract allows and the generated code cannot hold: an integer of more than
// 64 bits, for instance.
type ReplyError struct {
	Type  string
	Reply term.Term
}

func (e *ReplyError) Error() string {
	return fmt.Sprintf("linear: the reply %.200s does not fit the Go type of %s", term.String(e.Reply), e.Type)
}

// Begin returns the value of the state in which a client is.
func Begin(c *ubf.Client, want term.Atom) (State, error) {
	if got := c.State(); got != want {
		return State{}, fmt.Errorf("linear: the conversation is in state %s, not %s", got, want)
	}
	return State{&token{c: c, state: want}}, nil
}

// Client returns the client whose conversation it is, nil for the zero value.
func (s State) Client() *ubf.Client {
	if s.t == nil {
		return nil
	}
	return s.t.c
}

// LinearState marks the types of states, for those who look at programs.
func (State) LinearState() {}

// take uses the state up.
func (s State) take(call string) error {
	if s.t == nil {
		return &UsedError{Call: call}
	}
	s.t.mu.Lock()
	defer s.t.mu.Unlock()
	if s.t.used != "" {
		return &UsedError{State: s.t.state, Call: call, By: s.t.used}
	}
	s.t.used = call
	return nil
}

// Ask sends a request and returns the reply, with the state that follows. A request that is refused before it is sent leaves
// the state as it was.
func (s State) Ask(ctx context.Context, call string, request term.Term) (reply term.Term, next State, err error) {
	if err := s.take(call); err != nil {
		return nil, State{}, err
	}
	reply, state, err := s.t.c.Call(ctx, request)
	if err != nil {
		var v *contract.Violation
		if asViolation(err, &v) && v.Blame == contract.Client {
			s.t.mu.Lock()
			s.t.used = ""
			s.t.mu.Unlock()
		}
		return nil, State{}, err
	}
	return reply, State{&token{c: s.t.c, state: state}}, nil
}

// Name returns the name of the state.
func (s State) Name() term.Atom {
	if s.t == nil {
		return ""
	}
	return s.t.state
}

// Tell sends an event. It uses nothing up.
func (s State) Tell(call string, event term.Term) error {
	if s.t == nil {
		return &UsedError{Call: call}
	}
	s.t.mu.Lock()
	used := s.t.used
	s.t.mu.Unlock()
	if used != "" {
		return &UsedError{State: s.t.state, Call: call, By: used}
	}
	return s.t.c.SendEvent(event)
}
