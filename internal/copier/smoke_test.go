package copier_test

import (
	"reflect"
	"testing"

	"github.com/kista-go/kista/internal/copier"
)

func TestSmoke(t *testing.T) {
	c := copier.New(copier.Options{})
	type N struct {
		A string
		K []N
		M map[string]any
		P *N
		S []string
	}
	v := N{"a", []N{{A: "x"}}, map[string]any{"k": []int{1}, "z": map[int]*N{3: {A: "q"}}}, &N{A: "p"}, []string{"s"}}
	v.P.P = v.P
	out, n, err := c.Copy(v)
	t.Log(n, err)
	if !reflect.DeepEqual(out, v) {
		t.Fatal(out)
	}
	v.M["bad"] = struct{ C chan int }{}
	_, _, err = c.Copy(v)
	t.Log(err)
	v.P.P = nil
	_, _, err = c.Copy(&v)
	t.Log(err)
	t.Log(c.Check(reflect.TypeFor[struct{ M []map[string]chan int }]()))
}
