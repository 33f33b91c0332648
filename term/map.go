package term

import (
	"iter"
	"slices"
	"sort"
)

// Map is an Erlang map: immutable, any term as key, 1 and 1.0 being two keys. It is kept sorted in the order of
// [CompareExact], so that two maps with the same entries print and encode alike whatever order they were built in, a
// lookup is a binary search, and no choice of keys by a stranger makes it slow. The zero value is the empty map.
//
// What is inside must not be changed while the map is in use: a Tuple or List used as key is not copied.
type Map struct{ kv []Pair }

// NewMap returns the map with the given entries; of entries with the same key the last one counts. The slice is copied.
// It panics where a key is no term.
func NewMap(pairs ...Pair) Map {
	m, _ := buildMap(slices.Clone(pairs))
	return m
}

// NewMapStrict is [NewMap] for decoders: it takes ownership of pairs, and where two keys are the same it returns
// false. It panics where a key is no term.
func NewMapStrict(pairs []Pair) (Map, bool) {
	m, dup := buildMap(pairs)
	return m, !dup
}

func buildMap(kv []Pair) (_ Map, dup bool) {
	sorted := true
	for i := 1; i < len(kv) && sorted; i++ {
		sorted = CompareExact(kv[i-1].Key, kv[i].Key) < 0
	}
	if sorted {
		return Map{kv}, false
	}
	slices.SortStableFunc(kv, func(a, b Pair) int { return CompareExact(a.Key, b.Key) })
	w := 0
	for i := range kv {
		if i > 0 && CompareExact(kv[w-1].Key, kv[i].Key) == 0 {
			kv[w-1], dup = kv[i], true
			continue
		}
		kv[w] = kv[i]
		w++
	}
	clear(kv[w:])
	return Map{kv[:w:w]}, dup
}

// Len returns the number of entries.
func (m Map) Len() int { return len(m.kv) }

// Get returns the value of key; ok is false where the map has no such key.
func (m Map) Get(key Term) (value Term, ok bool) {
	if i, found := m.find(key); found {
		return m.kv[i].Value, true
	}
	return nil, false
}

// With returns a copy of the map in which key has the given value.
func (m Map) With(key, value Term) Map {
	i, found := m.find(key)
	kv := make([]Pair, 0, len(m.kv)+1)
	kv = append(append(kv, m.kv[:i]...), Pair{key, value})
	if found {
		i++
	}
	return Map{append(kv, m.kv[i:]...)}
}

// Without returns the map without key: a copy, or the map itself where it has no such key.
func (m Map) Without(key Term) Map {
	i, found := m.find(key)
	if !found {
		return m
	}
	return Map{append(slices.Clone(m.kv[:i]), m.kv[i+1:]...)}
}

// All yields the entries in the order of their keys ([CompareExact]).
func (m Map) All() iter.Seq2[Term, Term] {
	return func(yield func(Term, Term) bool) {
		for _, p := range m.kv {
			if !yield(p.Key, p.Value) {
				return
			}
		}
	}
}

func (m Map) find(key Term) (int, bool) {
	return sort.Find(len(m.kv), func(i int) int { return CompareExact(key, m.kv[i].Key) })
}
