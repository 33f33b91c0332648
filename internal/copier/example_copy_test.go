package copier_test

import (
	"fmt"

	"github.com/kista-go/kista/internal/copier"
)

func ExampleCopier_Copy() {
	type order struct {
		ID    int
		Items []string
	}
	c := copier.New(copier.Options{})

	sent := order{ID: 1, Items: []string{"tea"}}
	got, size, err := c.Copy(sent)
	sent.Items[0] = "coffee" // the sender goes on with its own
	fmt.Println(got, size, err)
	// Output: {1 [tea]} 51 <nil>
}
