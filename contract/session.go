package contract

import (
	"errors"
	"fmt"
	"slices"

	"github.com/kista-go/kista/term"
)

// Side is one of the two that talk.
type Side int

// The two sides.
const (
	Client Side = iota
	Server
)

// String returns "client" or "server".
func (s Side) String() string {
	if s == Server {
		return "server"
	}
	return "client"
}

// Errors of a [Session] that blame nobody: the caller asked for what cannot be now.
var (
	// ErrPending says that a request came before the reply to the one before it. What it may be is not known until that
	// reply has named the state, so it must wait.
	ErrPending = errors.New("contract: a request is being answered")
	// ErrNoState says that the contract has no state of that name.
	ErrNoState = errors.New("contract: no such state")
)

// A Session follows one conversation and checks it. It belongs to one goroutine at a time, and does not allocate for messages
// that keep the contract.
//
// It sees the messages themselves. The envelopes of UBF(C) are its caller's: {Reply, State}, {event_in, M}, {event_out, M}, and the
// request contract, which a checker answers itself with [Contract.Term].
type Session struct {
	k       *Checker
	states  []*stateRules // where the conversation may be: one, unless replies come without states
	pending bool
	request term.Term
	cands   []candidate
	run     run
}

// candidate is one way the pending request may end.
type candidate struct {
	rule *Rule
	out  compiledOutcome
	next *stateRules
}

// Session returns a session at the beginning of a conversation, in the state [Contract.Initial].
func (k *Checker) Session() *Session {
	s := &Session{k: k}
	s.states = append(s.states, k.states[k.c.Initial()])
	return s
}

// SessionAt returns a session in the given state, as the server names it that accepts the client. The error is [ErrNoState].
func (k *Checker) SessionAt(state term.Atom) (*Session, error) {
	s := k.Session()
	return s, s.Enter(state)
}

// Checker returns what the session checks with.
func (s *Session) Checker() *Checker { return s.k }

// State returns the state of the conversation. After [Session.Answer], when it may be one of several, it is the first of them.
func (s *Session) State() term.Atom { return s.states[0].name }

// States returns the states in which the conversation may be: one, except after [Session.Answer].
func (s *Session) States() []term.Atom {
	names := make([]term.Atom, len(s.states))
	for i, st := range s.states {
		names[i] = st.name
	}
	return names
}

// Enter puts the conversation into a state, and forgets a pending request. It is for those who let a violation pass. The error is
// [ErrNoState].
func (s *Session) Enter(state term.Atom) error {
	st := s.k.states[state]
	if st == nil {
		return fmt.Errorf("%w: %s has none called %s", ErrNoState, s.k.c.Name, quoteAtom(string(state)))
	}
	s.states = append(s.states[:0], st)
	s.settle()
	return nil
}

// settle forgets the pending request.
func (s *Session) settle() {
	clear(s.cands)
	s.pending, s.request, s.cands = false, nil, s.cands[:0]
}

// Pending returns the request that waits for its reply.
func (s *Session) Pending() (request term.Term, ok bool) { return s.request, s.pending }

// Outcomes returns how the pending request may end: the rules that it matches, and of each the replies.
func (s *Session) Outcomes() []Candidate {
	var list []Candidate
	for _, c := range s.cands {
		list = append(list, Candidate{Request: c.rule.Message, Reply: c.out.out.Reply, Next: c.next.name})
	}
	return list
}

// A Candidate is one way a request may end.
type Candidate struct {
	// Request is the type that the request has matched.
	Request *Ref
	// Reply is the type of the reply, and Next the state after it.
	Reply *Ref
	Next  term.Atom
}

// Request checks a request from the client. If the state's own rules take it, it may end as any of those says; otherwise, if rules for
// every state do, the state will stay. If nothing takes it, the error is a *[Violation] of the client, and the conversation is
// where it was. [ErrPending] says that the request before has no reply yet.
func (s *Session) Request(q term.Term) error {
	if s.pending {
		return ErrPending
	}
	s.run.steps = 0
	for _, st := range s.states {
		s.collect(st, q)
	}
	if len(s.cands) == 0 {
		return s.k.badRequest(s.states, q)
	}
	s.pending, s.request = true, q
	return nil
}

// collect adds what q may be in a state.
func (s *Session) collect(st *stateRules, q term.Term) {
	before := len(s.cands)
	for _, r := range st.mayTake(q) {
		if r.match(&s.run, q, 1) {
			for _, o := range r.outs {
				s.cands = append(s.cands, candidate{r.rule, o, s.k.states[o.out.Next]})
			}
		}
	}
	if len(s.cands) > before || st.name == Stop {
		return
	}
	for _, r := range s.k.any.mayTake(q) {
		if r.match(&s.run, q, 1) {
			for _, o := range r.outs {
				s.cands = append(s.cands, candidate{r.rule, o, st})
			}
		}
	}
}

// Reply checks the server's reply to the pending request, with the state that follows. Both must fit the same outcome; then the
// conversation goes there. Otherwise, or where no request is pending, the error is a *[Violation] of the server; the
// conversation is in the state in which the request came, and nothing is pending.
func (s *Session) Reply(reply term.Term, next term.Atom) error {
	s.run.steps = 0
	for i := range s.cands {
		c := &s.cands[i]
		if c.next.name == next && c.out.match(&s.run, reply, 1) {
			s.states = append(s.states[:0], c.next)
			s.settle()
			return nil
		}
	}
	err := s.badReply(reply, next, true)
	s.settle()
	return err
}

// Answer is Reply for servers that do not name the state. Afterwards the conversation may be in any state that fits; the server is
// blamed where none does.
func (s *Session) Answer(reply term.Term) error {
	s.run.steps = 0
	n := 0
	var states []*stateRules
	for i := range s.cands {
		c := &s.cands[i]
		if c.out.match(&s.run, reply, 1) && !slices.Contains(states, c.next) {
			if n++; n == 1 && len(s.states) == 1 {
				states = s.states[:0]
			}
			states = append(states, c.next)
		}
	}
	var err error
	if n == 0 {
		err = s.badReply(reply, "", false)
	} else {
		s.states = states
	}
	s.settle()
	return err
}

// Event checks an event from either side, at any time: events change nothing. The error is a *[Violation] of the side that sent it.
func (s *Session) Event(from Side, m term.Term) error {
	s.run.steps = 0
	for _, st := range s.states {
		if s.anyEvent(st.events(from), m) || st.name != Stop && s.anyEvent(s.k.any.events(from), m) {
			return nil
		}
	}
	return s.k.badEvent(s.states, from, m)
}

func (s *Session) anyEvent(rules []compiledRule, m term.Term) bool {
	for i := range rules {
		if rules[i].match(&s.run, m, 1) {
			return true
		}
	}
	return false
}
