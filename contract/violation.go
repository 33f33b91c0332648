package contract

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kista-go/kista/term"
)

// What a [Violation] is about.
const (
	// RequestMessage is a request of the client.
	RequestMessage MessageKind = iota
	// ReplyMessage is a reply of the server.
	ReplyMessage
	// EventMessage is an event of either side.
	EventMessage
)

// MessageKind is what kind of message breaks a contract.
type MessageKind int

// String returns "request", "reply" or "event".
func (k MessageKind) String() string { return [...]string{"request", "reply", "event"}[k] }

// A Violation is a message that breaks a contract, with all that is needed to say who did what.
type Violation struct {
	// Contract and Version are those of the contract.
	Contract, Version string
	// Blame is the side that sent the message.
	Blame Side
	// Kind is the kind of the message.
	Kind MessageKind
	// State is the state in which it came; for a reply that in which the request came.
	State term.Atom
	// Message is the message itself.
	Message term.Term
	// Request is the request that a reply answers, or nil where there is none.
	Request term.Term
	// Next is the state that a reply named, empty where it named none.
	Next term.Atom
	// Mismatch says where the message departs from the type that it comes nearest to. It is nil where no type comes near, or where the
	// reply is as it should be and only its state is not.
	Mismatch *Mismatch
	// Expected are the types that the message might have had, in the syntax of contracts; those of replies with their states.
	Expected []string
	// Elsewhere are states in which the message would be right.
	Elsewhere []term.Atom
	// Expect is what UBF(C) puts into its message for a violation: for a request the rules of the state, for a reply the types of
	// the outcomes, as syntax trees. It is nil for events.
	Expect term.Term
}

// Error says who broke the contract in which state, with what, and what was due.
func (v *Violation) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "contract: the %v broke %q in state %s: ", v.Blame, v.Contract, quoteAtom(string(v.State)))
	switch {
	case v.Kind == ReplyMessage && v.Request == nil:
		fmt.Fprintf(&b, "the reply %s answers no request", show(v.Message))
		return b.String()
	case v.Kind == ReplyMessage && v.Next != "":
		fmt.Fprintf(&b, "the reply %s with state %s to %s", show(v.Message), quoteAtom(string(v.Next)), show(v.Request))
	case v.Kind == ReplyMessage:
		fmt.Fprintf(&b, "the reply %s to %s", show(v.Message), show(v.Request))
	default:
		fmt.Fprintf(&b, "the %v %s", v.Kind, show(v.Message))
	}
	switch {
	case v.Mismatch != nil:
		b.WriteString(" is not " + v.Mismatch.reason())
	case len(v.Expected) == 0:
		b.WriteString(" is not allowed: no " + v.Kind.String() + " is")
	default:
		b.WriteString(" is none of " + strings.Join(v.Expected, ", "))
	}
	if len(v.Elsewhere) > 0 {
		names := make([]string, len(v.Elsewhere))
		for i, n := range v.Elsewhere {
			names[i] = quoteAtom(string(n))
		}
		b.WriteString(" (it is allowed in state " + strings.Join(names, ", ") + ")")
	}
	return b.String()
}

func (k *Checker) violation(st *stateRules, kind MessageKind, blame Side, m term.Term) *Violation {
	return &Violation{
		Contract: k.c.Name, Version: k.c.Version, Blame: blame, Kind: kind, State: st.name, Message: m,
	}
}

// badRequest tells that a request is not allowed in any of the states.
func (k *Checker) badRequest(states []*stateRules, q term.Term) *Violation {
	v := k.violation(states[0], RequestMessage, Client, q)
	var types []Type
	for _, st := range states {
		for _, r := range st.requests {
			types = append(types, r.rule.Message)
		}
	}
	if v.State != Stop {
		for _, r := range k.any.requests {
			types = append(types, r.rule.Message)
		}
	}
	v.Elsewhere = k.elsewhere(func(s *ruleSet) []compiledRule { return s.requests }, q)
	k.near(v, types, q)
	v.Expect = rulesTerm(k.c.State(v.State))
	return v
}

// badEvent tells that an event is not allowed in any of the states.
func (k *Checker) badEvent(states []*stateRules, from Side, m term.Term) *Violation {
	v := k.violation(states[0], EventMessage, from, m)
	var types []Type
	for _, st := range states {
		for _, r := range slices.Concat(st.events(from), k.any.events(from)) {
			types = append(types, r.rule.Message)
		}
	}
	v.Elsewhere = k.elsewhere(func(s *ruleSet) []compiledRule { return s.events(from) }, m)
	k.near(v, types, m)
	return v
}

// badReply tells that a reply fits no outcome of the pending request.
func (s *Session) badReply(reply term.Term, next term.Atom, named bool) *Violation {
	v := s.k.violation(s.states[0], ReplyMessage, Server, reply)
	if !s.pending {
		return v
	}
	v.Request, v.Next = s.request, next
	var types []Type
	stateOnly := false
	expect := term.List{}
	for _, c := range s.cands {
		expect = append(expect, TypeTerm(c.out.out.Reply))
		v.Expected = append(v.Expected, TypeString(c.out.out.Reply)+" & "+quoteAtom(string(c.next.name)))
		if named && c.next.name != next {
			stateOnly = stateOnly || s.k.matches(c.out.match, reply)
			continue
		}
		types = append(types, c.out.out.Reply)
	}
	v.Expect = expect
	if len(types) == 0 {
		for _, c := range s.cands {
			types = append(types, c.out.out.Reply)
		}
	}
	if !stateOnly {
		v.Mismatch = s.k.nearest(types, reply)
	}
	return v
}

// near fills in what the message might have been.
func (k *Checker) near(v *Violation, types []Type, m term.Term) {
	for _, t := range types {
		if s := TypeString(t); !slices.Contains(v.Expected, s) {
			v.Expected = append(v.Expected, s)
		}
	}
	if len(v.Elsewhere) == 0 {
		v.Mismatch = k.nearest(types, m)
	}
}

// elsewhere returns the states whose rules take the message.
func (k *Checker) elsewhere(of func(*ruleSet) []compiledRule, m term.Term) []term.Atom {
	var names []term.Atom
	for _, s := range k.c.States {
		if slices.ContainsFunc(of(&k.states[s.Name].ruleSet), func(r compiledRule) bool { return k.matches(r.match, m) }) {
			names = append(names, s.Name)
		}
	}
	return names
}
