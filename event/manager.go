package event

import (
	"log/slog"

	"github.com/kista-go/kista"
)

// manager is the process: it owns the handlers, and lets each have what comes.
// Everything in it belongs to the process; code of handlers runs behind a shield,
// while the manager waits.
type manager struct {
	first []Spec // what it starts with
	self  *kista.Self
	list  list
}

var _ kista.Behaviour = (*manager)(nil)

// Init makes the first handlers.
func (m *manager) Init(s *kista.Self) error {
	m.self = s
	for _, spec := range m.first {
		if err := m.add("add", spec, kista.PID{}, nil); err != nil {
			m.stopAll()
			return err
		}
	}
	m.first = nil
	return nil
}

// Handle implements kista.Behaviour.
func (m *manager) Handle(_ *kista.Self, msg any) error {
	switch e := msg.(type) {
	case notify:
		m.each(kindEvent, e.Event)
	case kista.Request:
		m.request(e)
	case kista.Exited:
		m.orphan(e.PID, e.Reason)
		m.each(kindInfo, msg)
	default:
		m.inform(msg)
	}
	return nil
}

// inform gives the handlers a message that is no event.
func (m *manager) inform(msg any) (wanted bool) {
	wanted = m.each(kindInfo, msg)
	if !wanted {
		m.report(slog.LevelWarn, "event: no handler wants this info", slog.String("message", typeName(msg)))
	}
	return wanted
}

func (m *manager) request(q kista.Request) {
	var answer any = done{}
	var err error
	switch r := q.Msg.(type) {
	case syncNotify:
		m.each(kindEvent, r.Event)
	case callOne:
		answer, err = m.call(r.ID, r.Req)
	case addOne:
		m.link(r.owner)
		err = m.add("add", r.spec, r.owner, nil)
	case deleteOne:
		answer, err = m.delete(r.ID, r.Args)
	case swapOne:
		err = m.swap(r)
	case whichHandlers:
		answer = m.list.ids()
	default:
		if !m.inform(q) {
			q.From.Fail(&UnknownError{Type: typeName(q.Msg)})
		}
		return
	}
	if err == nil {
		err = q.From.Reply(answer)
	}
	if err != nil {
		q.From.Fail(err)
	}
}

// link makes sure that an owner's end reaches the manager, and the other way
// round. An owner that has ended already comes as Exited.
func (m *manager) link(owner kista.PID) {
	if !owner.IsZero() {
		_ = m.self.Link(owner)
	}
}

// create makes a handler from its description.
func (m *manager) create(spec Spec, owner kista.PID, from *Handover) (*handler, error) {
	if spec.make == nil {
		return nil, errNoFactory
	}
	h := &handler{id: spec.id, owner: owner}
	h.c = Ctx{Self: m.self, id: spec.id, owner: owner, handover: from}
	err := shield(func() {
		var failed error
		if h.code, failed = spec.make(&h.c); failed != nil {
			h.code, h.failed = nil, kista.Freeze(failed)
		}
	})
	h.c.handover = nil
	switch {
	case err != nil:
		return nil, err
	case h.failed != nil:
		return nil, h.failed
	case h.code == nil:
		return nil, errNoCode
	}
	if v, ok := h.code.(interface{ version() string }); ok {
		h.version = v.version()
	}
	return h, nil
}

func (m *manager) add(op string, spec Spec, owner kista.PID, from *Handover) error {
	h, err := m.create(spec, owner, from)
	if err != nil {
		return &HandlerError{Op: op, Handler: spec.id, Reason: err}
	}
	m.list.push(h)
	return nil
}

func (m *manager) delete(id HandlerID, args any) (any, error) {
	h := m.list.take(id)
	if h == nil {
		return nil, &HandlerError{Op: "delete", Handler: id, Reason: ErrNoHandler}
	}
	t, err := m.leave(h, Leaving{Cause: Deleted, Args: args}, kista.PID{})
	if err != nil {
		return nil, &HandlerError{Op: "delete", Handler: id, Reason: err}
	}
	return term{t}, nil
}

func (m *manager) swap(r swapOne) error {
	from, owner := &Handover{From: r.old, Err: ErrNoHandler}, r.owner
	if h := m.list.take(r.old); h != nil {
		if owner.IsZero() {
			owner = h.owner
		}
		from.Term, from.Err = m.leave(h, Leaving{Cause: Swapped, Args: r.args, Next: r.next.id}, owner)
	}
	m.link(owner)
	return m.add("swap", r.next, owner, from)
}

// orphan removes the handlers of an owner that has ended.
func (m *manager) orphan(owner kista.PID, reason error) {
	for _, h := range m.list.takeOwned(owner) {
		_, _ = m.leave(h, Leaving{Cause: Orphaned, Reason: reason}, kista.PID{})
	}
}

// stopAll ends all handlers, the newest first.
func (m *manager) stopAll() {
	for len(m.list) > 0 && m.lives() {
		h := m.list[0]
		m.list = m.list[1:]
		_, _ = m.leave(h, Leaving{Cause: Stopped}, kista.PID{})
		if !h.owner.IsZero() && h.owner != m.self.Parent() {
			_ = m.self.Unlink(h.owner) // it has been told
		}
	}
}

// Terminate implements kista.Behaviour.
func (m *manager) Terminate(*kista.Self, error) error {
	m.stopAll()
	return nil
}

// lives tells whether the process may still run code: not once it is killed.
func (m *manager) lives() bool { return m.self.Node().Alive(m.self.PID()) }

// HandlerState is what [kista.GetState] shows of a handler, and what a
// [kista.ReplaceState] replaces, the newest first (statement 173): a copy of its
// state, or why there is none.
type HandlerState struct {
	Handler HandlerID
	State   any
	Err     error
}

// State implements kista.StateReader.
func (m *manager) State() any {
	all := make([]HandlerState, 0, len(m.list))
	for _, h := range m.list {
		s := HandlerState{Handler: h.id}
		s.State, s.Err = h.state()
		all = append(all, s)
	}
	return all
}
