package statem_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/kistatest"
	"github.com/kista-go/kista/server"
	"github.com/kista-go/kista/statem"
	"github.com/kista-go/kista/supervisor"
)

// A scenario is a program for a state machine, and what is sent to it; its
// language is explained in testdata/transcript.erl, which runs the same on the
// real gen_statem.
type scenario struct {
	first string
	rules map[rule][][]string
	steps []string
}

// rule says for what its actions are: an event's label, "enter" or "init", in a
// state.
type rule struct{ label, state string }

// limit is how many callbacks a scenario may have.
const limit = 100

// unit is how long a step lasts, in virtual time.
const unit = time.Second

func parse(text string) scenario {
	sc := scenario{rules: map[rule][][]string{}}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || line[0] == '#' || line[0] == '|':
		case line[0] == '>':
			sc.steps = append(sc.steps, strings.TrimPrefix(line, "> "))
		default:
			key, actions, _ := strings.Cut(line, ":")
			f := strings.Fields(key)
			r := rule{f[0], f[1]}
			if r.label == "init" {
				sc.first = r.state
			}
			sc.rules[r] = nil
			for a := range strings.SplitSeq(actions, ",") {
				if words := strings.Fields(a); len(words) > 0 {
					sc.rules[r] = append(sc.rules[r], words)
				}
			}
		}
	}
	return sc
}

// label is the message of every event.
type label string

// script is the data of a machine that carries out a scenario.
type script struct {
	sc    scenario
	say   func(format string, args ...any)
	calls map[string]kista.From
	spent *spent
}

// spent counts what one run has used up.
type spent struct {
	mu                sync.Mutex // incarnations share it
	callbacks, timers int
}

// callback takes one callback; false if there are none left.
func (s *spent) callback() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.callbacks == limit {
		return false
	}
	s.callbacks++
	return true
}

// after is the duration of a timer of so many units: it ends when no step
// begins, and no two end at the same time. The odd part is a hash, for with
// multiples of one number the sum of two is that of two others.
func (s *spent) after(words string) time.Duration {
	n, err := strconv.Atoi(words)
	if err != nil {
		panic(err)
	}
	if n == 0 {
		return 0
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.timers++
	odd := uint64(s.timers) * 0x9e3779b97f4a7c15
	odd = (odd ^ odd>>32) * 0xd6e8feb86659fd93 >> 36 // under 2^28 ns
	return time.Duration(n)*unit - unit/2 + time.Duration(odd)
}

var errLimit = errors.New("limit")

// act carries out the actions for an event, or for an entry call, in a state.
func (s *script) act(c *statem.Ctx[string], what, state string) error {
	if !s.spent.callback() {
		return statem.Stop(&kista.ShutdownError{Cause: errLimit}) // no restart
	}
	var result error
	for _, w := range s.sc.rules[rule{what, state}] {
		switch w[0] {
		case "next":
			c.NextState(w[1])
		case "repeat":
			c.RepeatState()
		case "postpone":
			result = statem.Postpone
		case "stop":
			return statem.Stop(errors.New(w[1]))
		case "stop_reply":
			c.Reply(s.calls[w[2]], w[3])
			return statem.Stop(errors.New(w[1]))
		case "crash":
			panic("crash")
		case "spend":
			time.Sleep(s.spent.after(w[1])) // sleep: time is virtual
		default:
			s.ask(c, w)
		}
	}
	return result
}

// ask carries out one of the actions that init knows too.
func (s *script) ask(c *statem.Ctx[string], w []string) {
	switch w[0] {
	case "reply":
		if from, ok := s.calls[w[1]]; ok {
			c.Reply(from, w[2])
		}
	case "insert":
		c.NextEvent(event(w[1], w[2]))
	default:
		verb, which, args := timeoutWords(w)
		switch verb {
		case "set":
			c.SetTimeout(which, s.spent.after(args[0]), label(args[1]))
		case "at":
			c.SetTimeoutAt(which, c.Node().Now().Add(s.spent.after(args[0])), label(args[1]))
		case "update":
			c.UpdateTimeout(which, label(args[0]))
		case "cancel":
			c.CancelTimeout(which)
		}
	}
}

// timeoutWords takes an action on a timeout apart: what is to be done to which.
func timeoutWords(w []string) (verb string, which statem.Timeout, args []string) {
	verb, name := "set", w[0]
	for _, v := range []string{"update", "cancel"} {
		if rest, ok := strings.CutPrefix(name, v+"_"); ok {
			verb, name = v, rest
		}
	}
	if rest, ok := strings.CutSuffix(name, "_at"); ok {
		verb, name = "at", rest
	}
	switch name {
	case "state_timeout":
		return verb, statem.StateTimeout, w[1:]
	case "event_timeout":
		return verb, statem.EventTimeout, w[1:]
	case "timeout":
		return verb, statem.Named(w[1]), w[2:]
	}
	panic("no action: " + strings.Join(w, " "))
}

// event makes an event of a type.
func event(typ, msg string) statem.Event {
	ev := statem.Event{Msg: label(msg)}
	switch typ {
	case "internal":
		ev.Type = statem.InternalEvent
	case "cast":
		ev.Type = statem.CastEvent
	case "info":
		ev.Type = statem.InfoEvent
	case "state_timeout":
		ev.Type, ev.Timeout = statem.TimeoutEvent, statem.StateTimeout
	case "timeout":
		ev.Type, ev.Timeout = statem.TimeoutEvent, statem.EventTimeout
	default:
		panic("no event: " + typ)
	}
	return ev
}

// kind is what a transcript calls a type of event.
func kind(ev statem.Event) string {
	switch {
	case ev.Type != statem.TimeoutEvent:
		return ev.Type.String()
	case ev.Timeout == statem.StateTimeout:
		return "state_timeout"
	case ev.Timeout == statem.EventTimeout:
		return "timeout"
	}
	return fmt.Sprintf("timeout %v", ev.Timeout.Name())
}

// handle, enter and terminate are the functions of both styles.
func (s *script) handle(c *statem.Ctx[string], ev statem.Event) error {
	what := string(ev.Msg.(label))
	s.say("%s: %s %s", c.State(), kind(ev), what)
	if ev.Type == statem.CallEvent {
		s.calls[what] = c.From()
	}
	return s.act(c, what, c.State())
}

func (s *script) enter(c *statem.Ctx[string], old string) error {
	s.say("%s: enter from %s", c.State(), old)
	return s.act(c, "enter", c.State())
}

func (s *script) terminate(c *statem.Ctx[string], reason error) error {
	if stop, ok := reason.(kista.Stop); ok {
		reason = stop.Reason
	}
	var bad *statem.ActionError
	var panicked *kista.PanicError
	text := strings.TrimPrefix(fmt.Sprint(reason), "kista: shutdown: ")
	switch {
	case errors.As(reason, &bad):
		text = "bad_action"
	case errors.As(reason, &panicked):
		text = fmt.Sprint(panicked.Value)
	}
	s.say("%s: terminate %s", c.State(), text)
	return nil
}

// inHandler is a script with one function for all states.
type inHandler struct{ *script }

func (h inHandler) Handle(c *statem.Ctx[string], ev statem.Event) error { return h.handle(c, ev) }

func (h inHandler) Enter(c *statem.Ctx[string], old string) error { return h.enter(c, old) }

func (h inHandler) Terminate(c *statem.Ctx[string], reason error) error {
	return h.terminate(c, reason)
}

// inMux is a script with one function for each state: of s1 for the type of
// event and message, of s2 for any event, and for the rest one that is for any
// state.
var inMux = func() *statem.Mux[string, script] {
	m := new(statem.Mux[string, script])
	s1 := m.In("s1")
	byMessage := func(c *statem.Ctx[string], s *script, msg label, ev statem.Event) error {
		ev.Msg, ev.From = msg, c.From()
		return s.handle(c, ev)
	}
	statem.OnCast(s1, func(c *statem.Ctx[string], s *script, msg label) error {
		return byMessage(c, s, msg, statem.Event{Type: statem.CastEvent})
	})
	statem.OnInfo(s1, func(c *statem.Ctx[string], s *script, msg label) error {
		return byMessage(c, s, msg, statem.Event{Type: statem.InfoEvent})
	})
	statem.OnInternal(s1, func(c *statem.Ctx[string], s *script, msg label) error {
		return byMessage(c, s, msg, statem.Event{Type: statem.InternalEvent})
	})
	for _, which := range []statem.Timeout{statem.StateTimeout, statem.EventTimeout} {
		statem.OnTimeout(s1, which, func(c *statem.Ctx[string], s *script, msg label) error {
			return byMessage(c, s, msg, statem.Event{Type: statem.TimeoutEvent, Timeout: which})
		})
	}
	call := func(c *statem.Ctx[string], s *script, ev statem.Event) error { return s.handle(c, ev) }
	statem.OnEvent(m.In("s2"), call)
	statem.OnEvent(m.Any(), call)
	m.In("s3", "s4")
	enter := func(c *statem.Ctx[string], s *script, old string) error { return s.enter(c, old) }
	statem.OnEnter(m.In("s1", "s3"), enter)
	statem.OnEnter(m.Any(), enter)
	statem.OnTerminate(m, func(c *statem.Ctx[string], s *script, reason error) error { return s.terminate(c, reason) })
	return m
}()

// play says how a scenario is run.
type play struct {
	mux        bool // in one style or the other
	supervised bool // a crash is followed by a restart
}

// run carries out a scenario in the present bubble and returns its transcript.
func (how play) run(t *testing.T, sc scenario) (out []string) {
	t.Helper()
	ctx := context.Background()
	n, _ := kistatest.Node(t, kista.Config{Name: "a"})
	var mu sync.Mutex
	say := func(format string, args ...any) {
		mu.Lock()
		defer mu.Unlock()
		out = append(out, fmt.Sprintf(format, args...))
	}
	used := new(spent)
	factory := func(c *statem.Ctx[string], _ struct{}) (string, statem.Handler[string], error) {
		s := &script{sc: sc, say: say, calls: map[string]kista.From{}, spent: used}
		for _, w := range sc.rules[rule{"init", sc.first}] {
			s.ask(c, w)
		}
		if how.mux {
			return sc.first, inMux.Handler(s), nil
		}
		return sc.first, inHandler{s}, nil
	}
	opts := statem.Opts{Name: "machine"}
	var err error
	if how.supervised {
		_, err = supervisor.Start(ctx, n, supervisor.Spec{
			Intensity: limit,
			Children:  []supervisor.Child{{ID: "machine", Start: statem.Child(factory, struct{}{}, opts), Restart: supervisor.Transient}},
		}, supervisor.Opts{})
	} else {
		_, err = statem.Start(ctx, n, factory, struct{}{}, opts)
	}
	assert.NoError(t, err)

	machine := n.Name("machine")
	calls := map[string]*kista.Pending{}
	began, units := time.Now(), 1
	next := func() { // waits for the next step, and until there is nothing else to do
		kistatest.Pass(time.Until(began.Add(time.Duration(units) * unit)))
		kista.System(ctx, machine, kista.GetStatus{})
	}
	for _, step := range sc.steps {
		next()
		say("-- %s", step)
		if wait, ok := strings.CutPrefix(step, "wait "); ok {
			u, err := strconv.Atoi(wait)
			assert.NoError(t, err)
			units += u
			continue
		}
		queueAtOnce(machine, step, calls)
		units++
	}
	next()
	if v, err := kista.System(ctx, machine, kista.GetStatus{}); err == nil {
		say("left in %s", v.(kista.BehaviourStatus).State.(statem.Snapshot[string]).State)
	}
	for _, name := range slices.Sorted(maps.Keys(calls)) {
		say("answer of %s: %s", name, answer(calls[name]))
	}
	return out
}

// queueAtOnce sends the events of a step while the machine is suspended.
func queueAtOnce(machine kista.Addr, step string, calls map[string]*kista.Pending) {
	ctx := context.Background()
	kista.System(ctx, machine, kista.Suspend{})
	for ev := range strings.SplitSeq(step, ",") {
		w := strings.Fields(ev)
		switch w[0] {
		case "cast":
			server.Cast(machine, label(w[1]))
		case "info":
			kista.Send(machine, label(w[1]))
		case "call":
			calls[w[1]] = kista.Begin(ctx, machine, label(w[1]))
		}
	}
	kista.System(ctx, machine, kista.Resume{})
}

func answer(c *kista.Pending) string {
	select {
	case <-c.Done():
	default:
		c.Cancel()
		return "none"
	}
	v, err := c.Wait(context.Background())
	if err != nil {
		return "died"
	}
	return v.(string)
}
