package contract

import "github.com/kista-go/kista/term"

// manyRules is from how many requests on a state finds the rules for a message by its tag, instead of trying each.
const manyRules = 8

// ruleIndex finds the rules that may take a message, by what tells most messages apart: an atom, or the first field of a tuple and their
// number. Rules for messages without such a head are in every list.
type ruleIndex struct {
	byHead map[head][]*compiledRule
	others []*compiledRule
}

// head is an atom (size -1), or a tuple of a size with an atom as its first field.
type head struct {
	tag  term.Atom
	size int
}

// mayTake returns the rules that may take q, in the order of the file.
func (s *ruleSet) mayTake(q term.Term) []*compiledRule {
	if s.index == nil { // stop has no rules
		return nil
	}
	if len(s.index.byHead) == 0 {
		return s.index.others
	}
	if a, ok := atomOf(q); ok {
		return s.index.lookup(head{a, -1})
	}
	if t, ok := q.(term.Tuple); ok && len(t) > 0 {
		if tag, ok := atomOf(t[0]); ok {
			return s.index.lookup(head{tag, len(t)})
		}
	}
	return s.index.others
}

func (x *ruleIndex) lookup(h head) []*compiledRule {
	if rules, ok := x.byHead[h]; ok {
		return rules
	}
	return x.others
}

// index makes the index of rules. Of few it makes one list.
func (k *compiler) index(rules []compiledRule) *ruleIndex {
	x := &ruleIndex{byHead: map[head][]*compiledRule{}}
	s := solverOf(k.defs)
	heads := make([][]head, len(rules))
	for i := range rules {
		if len(rules) > manyRules {
			heads[i] = headsOf(s, rules[i].rule.Message)
		}
		for _, h := range heads[i] {
			x.byHead[h] = nil
		}
	}
	for i := range rules {
		r := &rules[i]
		if heads[i] == nil {
			x.others = append(x.others, r)
			for h := range x.byHead {
				x.byHead[h] = append(x.byHead[h], r)
			}
			continue
		}
		for _, h := range heads[i] {
			if list := x.byHead[h]; len(list) == 0 || list[len(list)-1] != r {
				x.byHead[h] = append(list, r)
			}
		}
	}
	return x
}

// headsOf returns the heads of all values of t, or nil where they cannot be told.
func headsOf(s *solver, t Type) []head {
	var hs []head
	for _, h := range s.heads(t) {
		size := -1
		if tu, ok := h.(*Tuple); ok && len(tu.Fields) > 0 {
			h, size = tu.Fields[0], len(tu.Fields)
		}
		l, ok := h.(*Literal)
		if !ok {
			return nil
		}
		tag, ok := l.Value.(term.Atom)
		if !ok {
			return nil
		}
		hs = append(hs, head{tag, size})
	}
	return hs
}
