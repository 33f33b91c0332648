package ubf

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/contract"
	"github.com/kista-go/kista/term"
)

// Service is a contract and the code behind it. Contract and Plugin are required.
type Service struct {
	// Contract is what both sides keep. Its name is the service's.
	Contract *contract.Contract
	// Plugin makes the code for one session. It is called in the session's handler, a process of its own.
	Plugin func() Plugin
	// Manager is a process that all sessions of the service share, started with the server and supervised. The zero program: none.
	// Give it a name, by which the plugin reaches it.
	Manager kista.Program
}

// Plugin is the code of one session. All its methods run in the session's handler, one at a time. A panic or an error that is
// none of those named here ends the session, with that reason.
//
// A Plugin may also have the methods of [EventHandler] and [Stopper].
type Plugin interface {
	// Start accepts a session or rejects it. It returns what the client is told, and the state in which the session begins;
	// empty means [contract.Contract.Initial]. The error is made by [Reject]. arg is what the client gave; for the service
	// that a listener begins with, the constant undefined.
	Start(c *Ctx, arg term.Term) (reply term.Term, state term.Atom, err error)
	// Call answers a request, which the contract allows in that state, and names the state that follows.
	Call(c *Ctx, state term.Atom, request term.Term) (reply term.Term, next term.Atom, err error)
}

// EventHandler is a [Plugin] that takes the client's events.
type EventHandler interface {
	// Event takes an event, which the contract allows in that state. An error ends the session.
	Event(c *Ctx, state term.Atom, event term.Term) error
}

// Stopper is a [Plugin] that wants to know of the end of its session, whatever brings it about but its own crash.
type Stopper interface {
	// Stop is called last. reason is nil if the client has left, or the session has reached the state stop.
	Stop(c *Ctx, reason error)
}

// Reject returns an error by which [Plugin.Start] rejects a session: the client gets {error,Reason}, and stays with the meta
// service.
func Reject(reason term.Term) error { return &rejection{reason} }

type rejection struct{ reason term.Term }

func (e *rejection) Error() string { return "ubf: the session is rejected: " + term.String(e.reason) }

// Ctx is what a plugin has in its hands: its process, the client, and the way to it. It is valid in the methods of the plugin
// only, like a Self.
type Ctx struct {
	*kista.Self
	checker kista.PID
	peer    *peer
}

// peer is what is known of a client.
type peer struct {
	addr net.Addr
	tls  *tls.ConnectionState
}

// Emit sends an event to the client. It does not wait: while a call is being answered, events wait for the reply. One that
// the contract does not allow in the state in which it comes is dropped, and logged as this server's mistake. The error is that of
// [kista.Self.Send].
func (c *Ctx) Emit(event term.Term) error { return c.Send(c.checker, emitted{event}) }

// RemoteAddr returns the client's address.
func (c *Ctx) RemoteAddr() net.Addr { return c.peer.addr }

// TLS returns the state of the client's connection, with its certificates, or nil if the connection has no TLS. It must not be
// changed.
func (c *Ctx) TLS() *tls.ConnectionState { return c.peer.tls }

// Events returns where else events for the client may be sent: messages to it are those of [Event].
func (c *Ctx) Events() kista.PID { return c.checker }

// Event makes a message of an event, for a process that is not the handler, to be sent to [Ctx.Events].
func Event(event term.Term) any { return emitted{event} }

// What the processes of a session tell each other. Those that are immutable have terms of which the sender keeps none.
type (
	received struct { // a call of the driver's, answered once it has been dealt with: true ends the session
		kista.Immutable
		Term term.Term
	}
	emitted struct{ Event term.Term }
	begin   struct { // a call, answered with a begun
		kista.Immutable
		Arg term.Term
	}
	ask struct { // a call, answered with an answer
		kista.Immutable
		State   term.Atom
		Request term.Term
	}
	tell struct { // a call, answered when the plugin has taken it
		kista.Immutable
		State term.Atom
		Event term.Term
	}
	answer struct {
		Reply term.Term
		Next  term.Atom
	}
	begun struct {
		answer
		Rejected bool
	}
)

// handler is the process that runs a plugin.
type handler struct {
	make   func() Plugin
	peer   *peer
	plugin Plugin
}

func (h *handler) ctx(s *kista.Self) *Ctx { return &Ctx{Self: s, checker: s.Parent(), peer: h.peer} }

// Init makes the plugin.
func (h *handler) Init(*kista.Self) error {
	if h.plugin = h.make(); h.plugin == nil {
		return errors.New("ubf: Service.Plugin returned nil")
	}
	return nil
}

// Handle runs the plugin's methods.
func (h *handler) Handle(s *kista.Self, msg any) error {
	switch m := msg.(type) {
	case kista.Request:
		switch q := m.Msg.(type) {
		case begin:
			return h.start(s, q, m.From)
		case ask:
			reply, next, err := h.plugin.Call(h.ctx(s), q.State, q.Request)
			if err != nil {
				return fmt.Errorf("ubf: Call failed: %w", err)
			}
			return m.From.Reply(answer{reply, next})
		case tell:
			if e, ok := h.plugin.(EventHandler); ok {
				if err := e.Event(h.ctx(s), q.State, q.Event); err != nil {
					return fmt.Errorf("ubf: Event failed: %w", err)
				}
			}
			return m.From.Reply(nil)
		}
		m.From.Fail(kista.ErrUnknownRequest)
	}
	return nil
}

func (h *handler) start(s *kista.Self, q begin, from kista.From) error {
	reply, state, err := h.plugin.Start(h.ctx(s), q.Arg)
	var no *rejection
	switch {
	case errors.As(err, &no):
		h.plugin = nil
		_ = from.Reply(begun{answer{no.reason, ""}, true})
		return kista.Stop{}
	case err != nil:
		return fmt.Errorf("ubf: Start failed: %w", err)
	}
	return from.Reply(begun{answer{reply, state}, false})
}

// Terminate tells the plugin.
func (h *handler) Terminate(s *kista.Self, reason error) error {
	if p, ok := h.plugin.(Stopper); ok {
		if errors.Is(reason, kista.ErrShutdown) {
			reason = nil
		}
		p.Stop(h.ctx(s), reason)
	}
	return nil
}
