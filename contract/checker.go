package contract

import (
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/kista-go/kista/term"
)

// A Checker is a contract made ready to check: each type is a chain of functions, and no tree is walked for a message that is as it
// should be. Make one with [Compile]. It never changes; any number of goroutines may use one Checker.
type Checker struct {
	c     *Contract
	defs  map[string]*TypeDef
	types map[string]matcher
	nodes map[Type]matcher
	// records holds the types of the fields of records' tuples.
	records map[*Record][]Type
	states  map[term.Atom]*stateRules
	any     ruleSet
	runs    sync.Pool
}

// stateRules is what a state allows besides the rules for every state.
type stateRules struct {
	name term.Atom
	ruleSet
}

// ruleSet is rules by kind, in the order of the file.
type ruleSet struct {
	requests []compiledRule
	index    *ruleIndex        // of many requests
	byKind   [2][]compiledRule // events out, events in
}

func (s *ruleSet) events(from Side) []compiledRule {
	if from == Server {
		return s.byKind[0]
	}
	return s.byKind[1]
}

// compiledRule is a rule with its matchers.
type compiledRule struct {
	rule  *Rule
	match matcher
	outs  []compiledOutcome
}

type compiledOutcome struct {
	out   *Outcome
	match matcher
}

// ErrNoType says that a contract defines no type of that name. It is for errors.Is.
var ErrNoType = errors.New("contract: no such type")

// Compile makes a Checker of a contract that [Parse] has made. The contract must not be changed afterwards. It fails, with a
// *[ParseError], for a tree made otherwise that has types or next states without definition.
func Compile(c *Contract) (*Checker, error) {
	r := &reader{file: c.File, c: c}
	r.checkReferences()
	r.checkStates()
	if r.diags.failed() {
		return nil, &ParseError{Diagnostics: r.diags.sorted()}
	}
	k := &Checker{c: c, defs: c.definitions(), types: map[string]matcher{}, states: map[term.Atom]*stateRules{}}
	k.runs.New = func() any { return new(run) }
	m := newCompiler(k.defs)
	for name := range k.defs {
		k.types[name] = m.compile(&Ref{Name: name})
	}
	for name := range predefinedAttrs {
		k.types[name] = m.compile(&Ref{Name: name})
	}
	k.any = m.rules(c.AnyState)
	for _, s := range c.States {
		k.states[s.Name] = &stateRules{name: s.Name, ruleSet: m.rules(s.Rules)}
	}
	k.states[Stop] = &stateRules{name: Stop}
	if len(c.States) == 0 {
		k.states[None] = &stateRules{name: None}
	}
	k.nodes, k.records = m.nodes, m.records
	return k, nil
}

// rules compiles rules. Types that occur often are compiled once.
func (k *compiler) rules(rules []*Rule) ruleSet {
	var set ruleSet
	for _, r := range rules {
		c := compiledRule{rule: r, match: k.compile(r.Message)}
		for _, o := range r.Outcomes {
			c.outs = append(c.outs, compiledOutcome{o, k.compile(o.Reply)})
		}
		switch r.Kind {
		case Request:
			set.requests = append(set.requests, c)
		case EventOut:
			set.byKind[0] = append(set.byKind[0], c)
		case EventIn:
			set.byKind[1] = append(set.byKind[1], c)
		}
	}
	set.index = k.index(set.requests)
	return set
}

// Contract returns the contract. It must not be changed.
func (k *Checker) Contract() *Contract { return k.c }

// Match checks v against a type of the contract by its name, be it predefined, builtin, imported or its own. The error is a
// *[Mismatch], or [ErrNoType].
func (k *Checker) Match(typeName string, v term.Term) error {
	m := k.types[typeName]
	if m == nil {
		return fmt.Errorf("%w: %s has none called %s", ErrNoType, k.c.Name, quoteAtom(typeName))
	}
	if k.matches(m, v) {
		return nil
	}
	return k.explain(&Ref{Name: typeName}, v)
}

// Is reports what Match reports, without saying why. Unknown types match nothing. It does not allocate.
func (k *Checker) Is(typeName string, v term.Term) bool {
	m := k.types[typeName]
	return m != nil && k.matches(m, v)
}

func (k *Checker) matches(m matcher, v term.Term) bool {
	r := k.runs.Get().(*run)
	r.steps = 0
	ok := m(r, v, 1)
	k.runs.Put(r)
	return ok
}

// States returns the names of the states in the order of the file, without stop.
func (k *Checker) States() []term.Atom {
	var names []term.Atom
	for _, s := range k.c.States {
		names = append(names, s.Name)
	}
	return names
}

// Services are the contracts of one place by the names of their services, such as those behind one listener, or those that
// a proxy knows. The zero value has none. It is not safe for use while Add runs.
type Services struct{ byName map[string]*Checker }

// Add adds checkers. It fails where two contracts have one name.
func (s *Services) Add(checkers ...*Checker) error {
	for _, k := range checkers {
		if other := s.byName[k.c.Name]; other != nil {
			return fmt.Errorf("contract: two contracts are called %q: %s and %s", k.c.Name, other.c.File, k.c.File)
		}
		if s.byName == nil {
			s.byName = map[string]*Checker{}
		}
		s.byName[k.c.Name] = k
	}
	return nil
}

// Lookup returns the checker for the service of that name, or nil.
func (s *Services) Lookup(name string) *Checker { return s.byName[name] }

// Names returns the names of the services, sorted.
func (s *Services) Names() []string {
	var names []string
	for n := range s.byName {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}
