package workload

import (
	"maps"
	"math/rand/v2"
	"strconv"
)

// Msg is the small message: two integers.
type Msg struct{ A, B int }

type (
	// CallReq is the request of W8.
	CallReq struct{ A, B int }
	// CallRep is its answer.
	CallRep struct{ A, B int }

	start   struct{}
	setPeer struct{ To Ref }
	ack     struct{}
	block   struct{}
	crash   struct{}
	ping    struct{}
)

// Tree is the nested message of W9: nodes with a small map each.
type Tree struct {
	ID    int
	Name  string
	Attrs map[string]int
	Kids  []*Tree
}

// NewTree builds a tree of n nodes, each with up to ten below it. With 100: a root,
// nine below it, ten below each of those.
func NewTree(n int) *Tree {
	id := 0
	node := func() *Tree {
		id++
		return &Tree{ID: id, Name: "node-" + strconv.Itoa(id), Attrs: map[string]int{"a": id, "b": -id}}
	}
	root := node()
	width := 9
	for row := []*Tree{root}; id < n; width = 10 {
		var next []*Tree
		for _, t := range row {
			for range width {
				if id == n {
					return root
				}
				kid := node()
				t.Kids = append(t.Kids, kid)
				next = append(next, kid)
			}
		}
		row = next
	}
	return root
}

// Clone copies the whole tree.
func (t *Tree) Clone() *Tree {
	c := &Tree{ID: t.ID, Name: t.Name, Attrs: maps.Clone(t.Attrs)}
	if len(t.Kids) > 0 {
		c.Kids = make([]*Tree, len(t.Kids))
		for i, k := range t.Kids {
			c.Kids[i] = k.Clone()
		}
	}
	return c
}

// Sum adds up the numbers in all nodes.
func (t *Tree) Sum() int {
	n := t.ID + t.Attrs["a"]
	for _, k := range t.Kids {
		n += k.Sum()
	}
	return n
}

// NewBytes makes n bytes that do not compress and whose first and last byte are
// 1 and 2.
func NewBytes(n int) []byte {
	b := make([]byte, n)
	var seed [32]byte
	_, _ = rand.NewChaCha8(seed).Read(b)
	b[0], b[n-1] = 1, 2
	return b
}

// XorSum is what a receiver of Msg{0, 1} to Msg{n-1, 1} adds up to.
func XorSum(n int) (s int) {
	for i := range n {
		s += i ^ 1
	}
	return s
}
