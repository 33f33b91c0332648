package event_test

import (
	"context"
	"fmt"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/event"
)

type (
	// Alarm is an event.
	Alarm struct {
		Room  string
		Smoke int
	}
	// Alarms asks a tally how many there were.
	Alarms struct{ event.Replies[int] }
	// Tally is the state of a handler.
	Tally struct{ Count int }
)

// tallies is the code of handlers that count alarms.
var tallies = func() *event.Mux[Tally] {
	m := new(event.Mux[Tally])
	event.OnEvent(m, func(_ *event.Ctx, t *Tally, _ Alarm) error {
		t.Count++
		return nil
	})
	event.OnCall(m, func(_ *event.Ctx, t *Tally, _ Alarms) (int, error) { return t.Count, nil })
	return m
}()

func newTally(_ *event.Ctx, from int) (*Tally, error) { return &Tally{from}, nil }

// printer is a handler without a state.
func printer(*event.Ctx, string) (event.Handler, error) {
	return event.HandlerFunc(func(_ *event.Ctx, ev any) error {
		alarm := ev.(Alarm) // another event would panic: the printer alone would go
		fmt.Println("alarm in", alarm.Room)
		return nil
	}), nil
}

// One event, two handlers. One of them crashes and is gone; the other goes on.
func Example() {
	ctx := context.Background()
	node, _ := kista.Start(kista.Config{Logger: quiet})
	defer node.Stop(ctx)

	tally := event.HandlerID{Module: "tally"}
	alarms, _ := event.Start(ctx, node, event.Opts{Name: "alarms"},
		event.New(tally, event.Of(tallies, newTally), 0))
	_ = event.Add(ctx, alarms, event.New(event.HandlerID{Module: "printer"}, printer, ""))

	_ = event.Notify(alarms, Alarm{Room: "kitchen", Smoke: 7})
	fmt.Println(event.WhichHandlers(ctx, alarms))

	_ = event.Notify(node.Name("alarms"), "not an alarm")
	fmt.Println(event.WhichHandlers(ctx, alarms))
	fmt.Println(event.Call(ctx, alarms, tally, Alarms{}))
	// Output:
	// alarm in kitchen
	// [printer tally] <nil>
	// [tally] <nil>
	// 1 <nil>
}
