package main

import (
	"errors"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/server"
	"github.com/kista-go/kista/statem"
)

// The states of the door.
const (
	isOpen  = "open"
	closing = "closing" // nobody comes in, and some are inside
	empty   = "empty"   // and nobody is inside
)

// errClosed is the answer to who comes too late.
var errClosed = errors.New("we are closing")

func init() { kista.RegisterError(errClosed) }

type (
	// enter is a customer who wants in.
	enter struct{ server.Replies[bool] }
	// leave is a cast: a customer is out.
	leave struct{}
	// shut closes the door, and is answered when the last customer has left.
	shut struct{ server.Replies[bool] }
	// door is the data of the machine.
	door struct{ inside int }
)

type doorCtx = statem.Ctx[string]

var doorCode statem.Mux[string, door]

func init() {
	m := &doorCode
	statem.OnCall(m.In(isOpen), func(_ *doorCtx, d *door, _ enter) (bool, error) {
		d.inside++
		return true, nil
	})
	statem.OnCall(m.In(closing, empty), func(*doorCtx, *door, enter) (bool, error) { return false, errClosed })
	statem.OnCast(m.Any(), func(c *doorCtx, d *door, _ leave) error {
		d.inside--
		if c.State() == closing && d.inside == 0 {
			c.NextState(empty)
		}
		return nil
	})
	statem.OnCall(m.In(isOpen), func(c *doorCtx, d *door, _ shut) (bool, error) {
		c.NextState(closing)
		if d.inside == 0 {
			c.NextState(empty)
		}
		return false, statem.Postpone // it is answered in the state empty
	})
	statem.OnCall(m.In(closing), func(*doorCtx, *door, shut) (bool, error) { return false, statem.Postpone })
	statem.OnCall(m.In(empty), func(*doorCtx, *door, shut) (bool, error) { return true, nil })
}

func newDoor(*doorCtx, struct{}) (string, *door, error) { return isOpen, &door{}, nil }
