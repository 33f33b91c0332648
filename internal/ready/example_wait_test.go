package ready_test

import (
	"fmt"

	"github.com/kista-go/kista/internal/ready"
)

func ExampleQueue() {
	var q ready.Queue
	go q.Put("tea")
	go q.Put("toast")
	for left := 2; left > 0; {
		if _, ok := q.Take(); ok {
			left--
			continue
		}
		<-q.Wake()
	}
	fmt.Println("breakfast is ready")
	// Output: breakfast is ready
}
