package wheel_test

import (
	"fmt"
	"time"

	"github.com/kista-go/kista/internal/wheel"
)

// call waits for an answer, but not for ever.
type call struct {
	wheel.Entry
	over chan string
}

// Fire says that the time is over.
func (c *call) Fire() { c.over <- "nobody answered" }

func ExampleWheel() {
	w := wheel.New(wheel.Machine{})
	defer w.Close()

	answered := &call{over: make(chan string, 1)}
	answered.Owner = answered
	w.Set(&answered.Entry, time.Hour)
	fmt.Println("stopped in time:", w.Stop(&answered.Entry))

	lost := &call{over: make(chan string, 1)}
	lost.Owner = lost
	w.Set(&lost.Entry, time.Millisecond)
	fmt.Println(<-lost.over)
	// Output:
	// stopped in time: true
	// nobody answered
}
