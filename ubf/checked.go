package ubf

import (
	"errors"
	"fmt"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/contract"
	"github.com/kista-go/kista/term"
)

// CheckedSpec is a contract between processes of one node. Contract and Box are required.
type CheckedSpec struct {
	// Contract is what both sides keep. The state is not named in replies: it is followed, and where a reply fits several, so are all of
	// them.
	Contract *contract.Contract
	// Box is the process behind: a server, as a rule. It knows nothing of the contract, and nobody else knows its PID.
	Box kista.Program
	// Client gets what the box sends to the checked address with [Event]. nil: the process that started it.
	Client kista.Addr
	// Types makes terms of messages that are Go values. nil: as package term does.
	Types *term.Registry
	// Call is how long the box may take for a call. Zero: five seconds. Negative: for ever.
	Call time.Duration
	// Violation, if not nil, is told of each violation, in the checker's process: it must not block.
	Violation func(v *contract.Violation)
}

// Checked describes a process that stands in front of another one, and checks what is said between them: a *checked address*. Callers
// call it, send to it, link with it and monitor it as they would the process behind.
//
//   - A request that the contract does not allow is answered with a *[contract.Violation], in a [*kista.CallError], and the box
//     never sees it. Others reach the box as they are, one at a time, and its reply the caller.
//   - Messages that are sent or cast are events from the client: those that the contract does not allow (EVENT <=) are
//     dropped, logged, and told to [CheckedSpec.Violation]. What the box sends with [Event] to its parent, which is the checked
//     address, are events to the client (EVENT =>).
//   - A reply that breaks the contract ends both, with the violation as the reason: the box is faulty. The caller gets it too.
//   - Exit signals go through to the box. When the box ends, whatever it had said before goes through first; then the
//     checked address ends with the box's reason. So all of it, signals and messages, is one stream.
//
// A [*SpecError] fails its start.
func Checked(spec CheckedSpec, o kista.SpawnOpts) kista.Program {
	o.TrapExits = true
	return kista.BehaviourProgram(o, "ubf checked", func() (kista.Behaviour, error) {
		if spec.Contract == nil || spec.Box.IsZero() {
			return nil, &SpecError{"Contract, Box", "both are required"}
		}
		k, err := contract.Compile(spec.Contract)
		if err != nil {
			return nil, &SpecError{"Contract", err.Error()}
		}
		return &checked{spec: spec, session: k.Session()}, nil
	})
}

// checked is the process of a checked address.
type checked struct {
	spec    CheckedSpec
	session *contract.Session
	client  kista.Addr
	box     kista.PID
}

// Init starts the box.
func (c *checked) Init(s *kista.Self) (err error) {
	if c.client = c.spec.Client; c.client == nil {
		c.client = s.Parent()
	}
	switch {
	case c.spec.Call == 0:
		c.spec.Call = kista.DefaultCallTimeout
	case c.spec.Call < 0:
		c.spec.Call = kista.NoTimeout
	}
	c.box, err = s.StartLink(s, c.spec.Box)
	return err
}

// Handle takes what either side says.
func (c *checked) Handle(s *kista.Self, msg any) error {
	switch m := msg.(type) {
	case kista.Request:
		return c.call(s, m)
	case emitted:
		return c.event(s, contract.Server, m.Event, m.Event, c.client)
	case kista.Exited:
		if m.PID == c.box {
			return kista.Stop{Reason: m.Reason}
		}
		return s.Exit(c.box, m.Reason)
	case kista.Casted:
		return c.event(s, contract.Client, m.Msg, m, c.box)
	}
	return c.event(s, contract.Client, msg, msg, c.box)
}

// term makes a term of a message.
func (c *checked) term(v any) (term.Term, error) {
	t, err := c.spec.Types.From(v)
	if err != nil {
		return nil, fmt.Errorf("ubf: a message of type %T has no form in a contract: %w", v, err)
	}
	return t, nil
}

// call passes a request on, and its reply back.
func (c *checked) call(s *kista.Self, q kista.Request) error {
	t, err := c.term(q.Msg)
	if err == nil {
		err = c.session.Request(t)
	}
	if err != nil {
		c.tell(err)
		q.From.Fail(err)
		return nil
	}
	state := c.session.State()
	v, err := kista.CallFor(s, c.spec.Call, c.box, q.Msg)
	if err != nil {
		_ = c.session.Enter(state) // there is no reply
		var call *kista.CallError
		if errors.As(err, &call) {
			err = call.Reason
		}
		q.From.Fail(err)
		return nil
	}
	reply, err := c.term(v)
	if err == nil {
		err = c.session.Answer(reply)
	}
	if err != nil {
		c.tell(err)
		q.From.Fail(err)
		return err
	}
	return q.From.Reply(v)
}

// event passes an event on.
func (c *checked) event(s *kista.Self, by contract.Side, said, whole any, to kista.Addr) error {
	t, err := c.term(said)
	if err == nil {
		err = c.session.Event(by, t)
	}
	if err != nil {
		c.tell(err)
		s.Logger().Warn("ubf: an event that the contract does not allow is dropped", "violation", err)
		return nil
	}
	if err := s.Send(to, whole); err != nil {
		s.Logger().Warn("ubf: an event cannot be passed on", "error", err)
	}
	return nil
}

func (c *checked) tell(err error) {
	var v *contract.Violation
	if c.spec.Violation != nil && errors.As(err, &v) {
		c.spec.Violation(v)
	}
}

// Terminate ends the box, which has the time for it that its address has.
func (c *checked) Terminate(s *kista.Self, _ error) error {
	if !c.box.IsZero() && s.Node().Alive(c.box) {
		_ = s.Exit(c.box, kista.ErrShutdown)
		_, _ = kista.Wait(s, c.box)
	}
	return nil
}
