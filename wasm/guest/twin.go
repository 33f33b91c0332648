package guest

import (
	"github.com/kista-go/kista/etf"
	"github.com/kista-go/kista/term"
)

// Twin is a host for tests: it calls a behaviour back and notes what it does. Make
// it with [NewTwin]. It belongs to one goroutine.
type Twin struct {
	// Sent is what the guest has sent and cast, in order, timers' messages included.
	Sent []Sent
	// Logged are its log records.
	Logged []string
	// Answer, if set, answers the calls that the guest makes; an error is a refusal.
	// Without it there is nobody to call.
	Answer func(to, req term.Term) (term.Term, error)

	g      behaviour
	in     []byte
	out    []byte
	asked  uint64
	got    term.Term
	why    *Error
	done   bool
	ended  bool
	timers int64
}

// Sent is a message that a guest has sent: how ("send", "cast", "send_after",
// "exit"), to whom, and what.
type Sent struct {
	How     string
	To, Msg term.Term
}

// NewTwin starts a guest outside WebAssembly, as [Run] would have it. The error is
// an [*Error] with why it does not start.
func NewTwin[S, A any](m *Mux[S], init func(c *Ctx, args A) (*S, error), args any) (*Twin, error) {
	t := &Twin{g: of(m, init)}
	if err := t.give(args); err != nil {
		return nil, err
	}
	if t.g.start(t) == statusStop {
		return nil, t.reason()
	}
	return t, nil
}

func (t *Twin) give(v any) error {
	tm, err := term.From(v)
	if err == nil {
		t.in, err = etf.Encode(tm)
	}
	return err
}

func (t *Twin) reason() error {
	if len(t.out) == 0 {
		return Stop(nil)
	}
	tm, err := decode(t.out)
	if err != nil {
		return err
	}
	return &Error{tm}
}

func (t *Twin) deliver(kind int32, from uint64, msg any) error {
	if t.ended {
		return ErrNobody
	}
	if err := t.give(msg); err != nil {
		return err
	}
	t.out = nil
	if t.g.handle(t, kind, from) == statusStop {
		t.ended = true
		return t.reason()
	}
	return nil
}

// Call has the guest handle a call and returns its answer. The error is [Later] if
// it has not answered, an [*Error] if it refused, or why it has ended.
func (t *Twin) Call(req any) (term.Term, error) {
	t.asked++
	t.got, t.why, t.done = nil, nil, false
	err := t.deliver(kindCall, t.asked, req)
	switch {
	case t.why != nil:
		return nil, t.why
	case t.done:
		return t.got, nil
	case err != nil:
		return nil, err
	}
	return nil, Later
}

// Cast has the guest handle a cast. The error is why it has ended.
func (t *Twin) Cast(msg any) error { return t.deliver(kindCast, 0, msg) }

// Info has the guest handle a plain message. The error is why it has ended.
func (t *Twin) Info(msg any) error { return t.deliver(kindInfo, 0, msg) }

// State returns the state as the host sees it.
func (t *Twin) State() (term.Term, error) {
	t.g.state(t)
	return decode(t.out)
}

var _ host = (*Twin)(nil)

func (t *Twin) read() []byte   { return t.in }
func (t *Twin) write(b []byte) { t.out = append([]byte(nil), b...) }

func (t *Twin) self() int32 {
	_ = t.give(PID{Node: "twin", ID: 1})
	return 0
}

func (t *Twin) note(how string, to, msg []byte) int32 {
	a, err := decode(to)
	if err != nil {
		return -1
	}
	m, err := decode(msg)
	if err != nil {
		return -1
	}
	t.Sent = append(t.Sent, Sent{how, a, m})
	return 0
}

func (t *Twin) send(to, msg []byte) int32 { return t.note("send", to, msg) }
func (t *Twin) cast(to, msg []byte) int32 { return t.note("cast", to, msg) }

func (t *Twin) call(to, msg []byte, _ int64) int32 {
	if t.Answer == nil {
		return -2
	}
	a, err := decode(to)
	if err != nil {
		return -1
	}
	m, err := decode(msg)
	if err != nil {
		return -1
	}
	answer, err := t.Answer(a, m)
	if err != nil {
		_ = t.give(reasonTerm(err))
		return -7
	}
	if t.give(answer) != nil {
		return -7
	}
	return 0
}

func (t *Twin) answered(from uint64) bool { return from == t.asked && !t.done }

func (t *Twin) reply(from uint64, b []byte) int32 {
	if !t.answered(from) {
		return -2
	}
	tm, err := decode(b)
	if err != nil {
		return -1
	}
	t.got, t.done = tm, true
	return 0
}

func (t *Twin) refuse(from uint64, b []byte) int32 {
	if !t.answered(from) {
		return -2
	}
	tm, err := decode(b)
	if err != nil {
		return -1
	}
	t.why, t.done = &Error{tm}, true
	return 0
}

func (t *Twin) caller(uint64) int32 {
	_ = t.give(term.Atom("undefined"))
	return 0
}

func (t *Twin) sendAfter(_ int64, to, msg []byte) int64 {
	if code := t.note("send_after", to, msg); code != 0 {
		return int64(code)
	}
	t.timers++
	return t.timers
}

func (t *Twin) cancel(uint64) int64           { return -1 }
func (t *Twin) monitor([]byte) int64          { return 1 }
func (t *Twin) demonitor(uint64) int32        { return 0 }
func (t *Twin) link([]byte) int32             { return 0 }
func (t *Twin) unlink([]byte) int32           { return 0 }
func (t *Twin) exit(pid, reason []byte) int32 { return t.note("exit", pid, reason) }
func (t *Twin) trapExits(bool) bool           { return false }
func (t *Twin) spawn(string, []byte) int32    { return -5 }
func (t *Twin) now() int64                    { return -5 }

func (t *Twin) log(_ int32, text string) int32 {
	t.Logged = append(t.Logged, text)
	return 0
}
