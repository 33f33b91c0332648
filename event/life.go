package event

import (
	"errors"
	"log/slog"

	"github.com/kista-go/kista"
)

// handler is one handler as its manager knows it.
type handler struct {
	id      HandlerID
	owner   kista.PID // zero: nobody
	code    Handler
	c       Ctx
	failed  error // what its factory returned
	version string
}

// What a handler is given; also the word for it in reports.
const (
	kindEvent = "event"
	kindInfo  = "info"
	kindCall  = "call"
)

// list holds the handlers, the newest first.
type list []*handler

func (l *list) push(h *handler) { *l = append(list{h}, *l...) }

func (l list) find(id HandlerID) int {
	for i, h := range l {
		if h.id == id {
			return i
		}
	}
	return -1
}

// take removes the newest handler of that name and returns it; nil if there is
// none.
func (l *list) take(id HandlerID) *handler {
	i := l.find(id)
	if i < 0 {
		return nil
	}
	h := (*l)[i]
	l.removeAt(i)
	return h
}

func (l *list) removeAt(i int) {
	rest := make(list, 0, len(*l)-1)
	*l = append(append(rest, (*l)[:i]...), (*l)[i+1:]...)
}

// takeOwned removes the handlers of an owner and returns them, the newest first.
func (l *list) takeOwned(owner kista.PID) (taken []*handler) {
	var rest list
	for _, h := range *l {
		if h.owner == owner && !owner.IsZero() {
			taken = append(taken, h)
		} else {
			rest = append(rest, h)
		}
	}
	if taken != nil {
		*l = rest
	}
	return taken
}

func (l list) ids() []HandlerID {
	out := make([]HandlerID, len(l))
	for i, h := range l {
		out[i] = h.id
	}
	return out
}

// each lets every handler have a message, the newest first, and carries out what
// they decide. One that has come by a swap meanwhile does not get it. wanted tells
// whether any of them takes such messages.
func (m *manager) each(kind string, msg any) (wanted bool) {
	for i := 0; i < len(m.list) && m.lives(); {
		var verdict error
		crashed := shield(func() { // as many as go well behind one shield
			for ; i < len(m.list) && m.lives(); i++ {
				own := msg
				if i+1 < len(m.list) {
					own = private(msg)
				}
				takes, err := m.list[i].give(kind, own)
				wanted = wanted || takes
				if verdict = err; err != nil {
					return
				}
			}
		})
		if crashed != nil {
			verdict, wanted = crashed, true
		}
		if verdict != nil && m.lives() && m.decide(i, verdict, kind, msg) {
			i++
		}
	}
	return wanted
}

// private is a copy of what is data already, for one of several handlers.
func private(msg any) any {
	own, err := kista.Copy(msg)
	if err != nil {
		return msg
	}
	return own
}

// give runs the handler's function for an event or an info.
func (h *handler) give(kind string, msg any) (takes bool, err error) {
	if kind == kindEvent {
		return true, decided(h.code.HandleEvent(&h.c, msg))
	}
	if mux, ok := h.code.(interface{ wants(msg any) bool }); ok && !mux.wants(msg) {
		return false, nil
	}
	if i, ok := h.code.(Informer); ok {
		return true, decided(i.HandleInfo(&h.c, msg))
	}
	return false, nil
}

// decided freezes an error while the handler's shield is up, for that may run its
// methods. Decisions stay as they are.
func decided(err error) error {
	switch e := err.(type) { //nolint:errorlint // as returned, not wrapped
	case nil:
		return nil
	case *swapFor:
		return e
	case crash:
		return crash{kista.Freeze(e.reason)}
	}
	return kista.Freeze(err)
}

// decide carries out what handler i has decided, or removes it because it has
// failed. stays tells whether there is still a handler in its place.
func (m *manager) decide(i int, verdict error, kind string, msg any) (stays bool) {
	h := m.list[i]
	switch e := verdict.(type) { //nolint:errorlint // as returned, not wrapped
	case *swapFor:
		return m.replace(i, e)
	case crash:
		verdict = e.reason
	}
	m.list.removeAt(i)
	if verdict == Remove { //nolint:errorlint // as returned, not wrapped
		_, _ = m.leave(h, Leaving{Cause: Removed}, kista.PID{})
	} else {
		m.fail(h, verdict, kind, msg)
	}
	return false
}

// replace swaps handler i at its own wish (statement 166).
func (m *manager) replace(i int, sw *swapFor) (stays bool) {
	h := m.list[i]
	from := &Handover{From: h.id}
	m.list.removeAt(i)
	from.Term, from.Err = m.leave(h, Leaving{Cause: Swapped, Args: sw.args, Next: sw.next.id}, h.owner)
	next, err := m.create(sw.next, h.owner, from)
	if err != nil {
		gone := &handler{id: sw.next.id, owner: h.owner}
		m.reportFailed(gone, err, "swap", nil)
		m.tell(gone, HandlerExited{Cause: Failed, Reason: err})
		return false
	}
	rest := append(list{next}, m.list[i:]...)
	m.list = append(m.list[:i:i], rest...)
	return true
}

// call lets one handler answer (statement 170).
func (m *manager) call(id HandlerID, req any) (answer any, err error) {
	i := m.list.find(id)
	if i < 0 {
		return nil, &HandlerError{Op: "call", Handler: id, Reason: ErrNoHandler}
	}
	h := m.list[i]
	var verdict error
	crashed := shield(func() { answer, verdict = h.answer(req) })
	if crashed != nil {
		verdict = crash{crashed}
	}
	switch e := verdict.(type) { //nolint:errorlint // as returned, not wrapped
	case nil:
		return answer, nil
	case crash:
		m.decide(i, e, kindCall, req)
		return nil, &HandlerError{Op: "call", Handler: id, Reason: e.reason}
	case *Refused, *UnknownError: // as it is, also from another handler
		return nil, verdict
	case *swapFor:
		m.decide(i, e, kindCall, req)
		return answer, nil
	}
	if verdict == Remove { //nolint:errorlint // as returned, not wrapped
		m.decide(i, verdict, kindCall, req)
		return answer, nil
	}
	return nil, &Refused{Err: verdict}
}

// answer runs the handler's function for a request. A value that is not data is
// a bad return (statement 163).
func (h *handler) answer(req any) (any, error) {
	c, ok := h.code.(Caller)
	if !ok {
		return nil, &UnknownError{Handler: h.id, Type: typeName(req)}
	}
	v, err := c.HandleCall(&h.c, req)
	err = decided(err)
	switch err.(type) { //nolint:errorlint // as returned, not wrapped
	case nil, *swapFor:
	default:
		if err != Remove { //nolint:errorlint // as returned, not wrapped
			return nil, err // the value is not asked for
		}
	}
	own, bad := kista.Copy(v)
	if bad != nil {
		return nil, crash{kista.Freeze(bad)}
	}
	return own, err
}

// leave lets a handler that is out of the list terminate, and tells its owner.
// next is the owner of its successor.
func (m *manager) leave(h *handler, why Leaving, next kista.PID) (t any, err error) {
	if end, ok := h.code.(Terminator); ok && m.lives() {
		if err = shield(func() { t = end.Terminate(&h.c, why) }); err != nil {
			t = nil
			m.report(slog.LevelError, "event handler does not terminate in order",
				slog.String("handler", h.id.String()), slog.String("cause", why.Cause.String()), slog.Any("reason", err))
		}
	}
	if why.Cause != Failed {
		e := HandlerExited{Cause: why.Cause, Next: why.Next, Owner: next}
		if why.Cause == Stopped || why.Cause == Orphaned {
			e.Reason = kista.ErrShutdown
		}
		m.tell(h, e)
	}
	return t, err
}

// fail lets a handler that is out of the list because it has failed over that
// message terminate, and reports it.
func (m *manager) fail(h *handler, reason error, kind string, msg any) {
	_, _ = m.leave(h, Leaving{Cause: Failed, Reason: reason}, kista.PID{})
	m.reportFailed(h, reason, kind, msg)
	m.tell(h, HandlerExited{Cause: Failed, Reason: reason})
}

// tell sends the owner of a handler what has become of it. It is not lost to a
// mailbox that is full: then it comes when there is room.
func (m *manager) tell(h *handler, e HandlerExited) {
	if h.owner.IsZero() {
		return
	}
	e.Manager, e.Handler = m.self.PID(), h.id
	var full *kista.MailboxFullError
	if err := m.self.Send(h.owner, e); errors.As(err, &full) {
		kista.SendAfter(0, h.owner, e)
	}
}
