package event_test

import (
	"context"
	"fmt"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/event"
)

type (
	// Temperature is an event.
	Temperature float64
	// Mean is the state of handlers that want to know the mean temperature.
	Mean struct {
		Sum float64
		N   int
	}
	// MeanSoFar asks for it.
	MeanSoFar struct{ event.Replies[float64] }
)

// means leave what they know to their successor.
var means = func() *event.Mux[Mean] {
	m := new(event.Mux[Mean])
	event.OnEvent(m, func(_ *event.Ctx, s *Mean, t Temperature) error {
		s.Sum += float64(t)
		s.N++
		return nil
	})
	event.OnCall(m, func(_ *event.Ctx, s *Mean, _ MeanSoFar) (float64, error) { return s.Sum / float64(s.N), nil })
	event.OnTerminate(m, func(_ *event.Ctx, s *Mean, why event.Leaving) any {
		if why.Cause == event.Swapped {
			fmt.Println("the old one makes way for", why.Next, "because of", why.Args)
		}
		return *s
	})
	return m
}()

// newMean begins with what it inherits, or with nothing.
func newMean(c *event.Ctx, _ string) (*Mean, error) {
	s, _ := event.Inherit[Mean](c)
	return &s, nil
}

// A handler takes the place of another one, in one step: no event is missed, and
// what the old one knew is not lost.
func ExampleSwap() {
	ctx := context.Background()
	node, _ := kista.Start(kista.Config{Logger: quiet})
	defer node.Stop(ctx)

	old, better := event.HandlerID{Module: "mean", ID: "1"}, event.HandlerID{Module: "mean", ID: "2"}
	weather, _ := event.Start(ctx, node, event.Opts{}, event.New(old, event.Of(means, newMean), ""))
	_ = event.Notify(weather, Temperature(10))
	_ = event.Notify(weather, Temperature(20))

	_ = event.Swap(ctx, weather, old, "an upgrade", event.New(better, event.Of(means, newMean), ""))

	_ = event.Notify(weather, Temperature(30))
	fmt.Println(event.WhichHandlers(ctx, weather))
	fmt.Println(event.Call(ctx, weather, better, MeanSoFar{}))
	// Output:
	// the old one makes way for mean/2 because of an upgrade
	// [mean/2] <nil>
	// 20 <nil>
}
