package sqlite_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/kista-go/kista/store"
	"github.com/kista-go/kista/store/sqlite"
)

// What was appended is there when the file is opened again.
func Example() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	path, ctx := filepath.Join(dir, "app.db"), context.Background()

	for range 2 {
		j, err := sqlite.Open(path, sqlite.Config{})
		if err != nil {
			fmt.Println(err)
			return
		}
		token, last, err := j.Acquire(ctx, "greeter", store.NextToken)
		fmt.Println("token", token, "last", last, err)
		_, err = j.Append(ctx, "greeter", token, last, store.Event{Manifest: "greeted@1", Payload: []byte("hello")})
		fmt.Println(err, j.Close())
	}
	// Output:
	// token 1 last 0 <nil>
	// <nil> <nil>
	// token 2 last 1 <nil>
	// <nil> <nil>
}
