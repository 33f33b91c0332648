package event

import "github.com/kista-go/kista"

// Ctx is a handler's manager as the handler's own functions see it. It is the
// manager's [kista.Self], and so the context that says who calls. It belongs to
// the functions of its handler. As a context it may go to other goroutines.
type Ctx struct {
	*kista.Self

	id       HandlerID
	owner    kista.PID
	handover *Handover
}

// Handler returns the handler's own name.
func (c *Ctx) Handler() HandlerID { return c.id }

// Owner returns the process that the handler goes with ([AddSup]), or the zero
// PID.
func (c *Ctx) Owner() kista.PID { return c.owner }

// Handover returns, in a factory, what the old handler left if the new one takes
// its place ([Swap], [SwapFor]). ok is false if it was simply added.
func (c *Ctx) Handover() (h Handover, ok bool) {
	if c.handover == nil {
		return h, false
	}
	return *c.handover, true
}

// Inherit returns, in a factory, what the old handler's Terminate returned, if
// that was a T. ok is false if it was something else, if there was no old
// handler, or if it failed.
func Inherit[T any](c *Ctx) (v T, ok bool) {
	h, _ := c.Handover()
	v, ok = h.Term.(T)
	return v, ok
}

// Notify is the package's [Notify] from this manager: it sends nothing once the
// manager has ended. An event for the manager itself comes after what is in its
// mailbox.
func (c *Ctx) Notify(to kista.Addr, ev any) error { return lossy(c.Send(to, notify{ev})) }
