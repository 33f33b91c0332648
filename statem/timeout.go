package statem

import (
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/kista-go/kista"
)

// Timeout is one of the timeouts that a state machine may have running:
// [StateTimeout], [EventTimeout], or any number of [Named] ones. It is
// comparable; its zero value is none of them.
type Timeout struct {
	kind timeoutKind
	name any
}

type timeoutKind uint8

const (
	noTimeout timeoutKind = iota
	stateTimeout
	eventTimeout
	namedTimeout
)

var (
	// StateTimeout is cancelled by a change of state: how long a machine may stay
	// where it is (statement 145).
	StateTimeout = Timeout{kind: stateTimeout}
	// EventTimeout is cancelled by any event: how long a machine may hear nothing
	// (statement 146).
	EventTimeout = Timeout{kind: eventTimeout}
)

// Named returns the timeout with a name, which any value that == compares, and
// finds equal to itself, may be: a string, a PID. It is cancelled by nothing but [Ctx.CancelTimeout]
// (statement 147).
func Named(name any) Timeout { return Timeout{kind: namedTimeout, name: name} }

// Name returns the name of a [Named] timeout, and nil for the others.
func (t Timeout) Name() any { return t.name }

// String returns "state timeout", "event timeout", or "timeout" and the name.
func (t Timeout) String() string {
	switch t.kind {
	case stateTimeout:
		return "state timeout"
	case eventTimeout:
		return "event timeout"
	case namedTimeout:
		return fmt.Sprintf("timeout %v", t.name)
	}
	return "no timeout"
}

func (t Timeout) check() string {
	switch {
	case t.kind == noTimeout:
		return "the zero Timeout is none: use StateTimeout, EventTimeout or Named"
	case t.name != nil && !reflect.ValueOf(t.name).Comparable():
		return fmt.Sprintf("a %T cannot name a timeout: == does not compare it", t.name)
	case !t.is(t):
		return fmt.Sprintf("%v cannot name a timeout: it is not equal to itself", t.name)
	}
	return ""
}

func (t Timeout) is(other Timeout) bool { return t == other }

// setting is what a callback asked for one timeout.
type setting struct {
	which Timeout
	do    settingKind
	after time.Duration
	at    time.Time
	msg   any
}

type settingKind uint8

const (
	setAfter settingKind = iota
	setAt
	update
	cancel
)

// settings are what a callback and the entry call after it asked for: at most
// one for each timeout, in order.
type settings []setting

// add adds one. What was asked before for the same timeout no longer counts
// (statement 145), but that an update changes only its message.
func (s settings) add(n setting) settings {
	for i, old := range s {
		if old.which != n.which {
			continue
		}
		if n.do == update && old.do != cancel {
			s[i].msg = n.msg
			return s
		}
		if n.do == update {
			n.do, n.after = setAfter, 0 // of what has just been cancelled: over at once
		}
		s = append(s[:i], s[i+1:]...)
		break
	}
	return append(s, n)
}

// tick is the message of a timer: what it was armed for is found by its number,
// and if nothing is, it was cancelled while the message was on its way.
type tick struct{ armed uint64 }

// timeouts are those that run, and those that are over but not yet handled.
type timeouts struct {
	self   *kista.Self
	last   uint64 // the number of the youngest timer
	timers map[Timeout]*running
	armed  map[uint64]Timeout
	zero   []Timeout // over at once, in order (statement 148)
}

// running is a timeout under way.
type running struct {
	msg    any
	number uint64
	timer  *kista.Timer // nil: among the zero ones
}

// apply carries out what was asked for.
func (t *timeouts) apply(asked settings) error {
	for _, s := range asked {
		r := t.timers[s.which]
		switch {
		case s.do == cancel:
			t.cancel(s.which)
		case s.do == update && r != nil:
			r.msg = s.msg
		default:
			t.cancel(s.which)
			if err := t.start(s); err != nil {
				return err
			}
		}
	}
	return nil
}

func (t *timeouts) start(s setting) error {
	r := &running{msg: s.msg}
	if t.timers == nil {
		t.timers = map[Timeout]*running{}
	}
	t.timers[s.which] = r
	d := s.after
	switch {
	case s.do == setAt:
		d = s.at.Sub(t.self.Node().Now())
	case d <= 0:
		t.zero = append(t.zero, s.which)
		return nil
	}
	if t.armed == nil {
		t.armed = map[uint64]Timeout{}
	}
	t.last++
	r.number = t.last
	t.armed[r.number] = s.which
	r.timer = kista.SendAfter(d, t.self.PID(), tick{r.number})
	return r.timer.Err()
}

// cancel ends a timeout: from now on it does not come, even if its time was
// over already.
func (t *timeouts) cancel(which Timeout) {
	r := t.timers[which]
	if r == nil {
		return
	}
	delete(t.timers, which)
	if r.timer != nil {
		delete(t.armed, r.number)
		r.timer.Cancel()
		return
	}
	for i, z := range t.zero {
		if z == which {
			t.zero = append(t.zero[:i], t.zero[i+1:]...)
			return
		}
	}
}

// due returns the event of a timer that is over; false if it was cancelled.
func (t *timeouts) due(k tick) (Event, bool) {
	which, ok := t.armed[k.armed]
	if !ok {
		return Event{}, false
	}
	delete(t.armed, k.armed)
	return t.event(which), true
}

// dueNow returns the event of the first timeout that was over at once.
func (t *timeouts) dueNow() (Event, bool) {
	if len(t.zero) == 0 {
		return Event{}, false
	}
	which := t.zero[0]
	if t.zero = t.zero[1:]; len(t.zero) == 0 {
		t.zero = nil
	}
	return t.event(which), true
}

func (t *timeouts) event(which Timeout) Event {
	msg := t.timers[which].msg
	delete(t.timers, which)
	return Event{Type: TimeoutEvent, Timeout: which, Msg: msg}
}

// names names the timeouts under way.
func (t *timeouts) names() (out []string) {
	for which := range t.timers {
		out = append(out, which.String())
	}
	slices.Sort(out)
	return out
}
