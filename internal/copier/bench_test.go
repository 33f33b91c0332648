package copier_test

import (
	"strconv"
	"testing"

	"github.com/kista-go/kista/internal/copier"
)

type pair struct{ A, B int }

type strs struct {
	Name, Mail, City string
	Age              int
}

type tree struct {
	ID    int
	Name  string
	Tags  []string
	Kids  []tree
	Score []float64
}

// tree100 has 100 nodes.
func tree100() tree {
	root := tree{Name: "root", Tags: []string{"a", "b"}, Score: []float64{1, 2, 3}}
	for i := range 9 {
		kid := tree{ID: i, Name: "kid", Tags: []string{"x"}, Score: []float64{1}}
		for j := range 10 {
			kid.Kids = append(kid.Kids, tree{ID: j, Name: "leaf", Tags: []string{"t"}})
		}
		root.Kids = append(root.Kids, kid)
	}
	return root
}

func BenchmarkCopy(b *testing.B) {
	ints, anys := map[string]int{}, map[string]any{}
	for i := range 100 {
		ints["key-"+strconv.Itoa(i)] = i
		anys["key-"+strconv.Itoa(i)] = i
	}
	c := copier.New(copier.Options{})
	for _, bench := range []struct {
		name string
		v    any
	}{
		{"struct of 2 ints", pair{1, 2}},
		{"struct with 3 strings", strs{"n", "m", "c", 3}},
		{"1 KiB bytes", make([]byte, 1024)},
		{"1 MiB bytes", make([]byte, 1<<20)},
		{"pointer to struct", &strs{"n", "m", "c", 3}},
		{"map[string]int of 100", ints},
		{"map[string]any of 100", anys},
		{"tree of 100", tree100()},
	} {
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := c.Copy(bench.v); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
