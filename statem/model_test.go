package statem_test

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// model carries out a scenario on one page: no processes, no clock, no kernel,
// one list for each queue. It is what the package's behaviour is compared with.
type model struct {
	sc         scenario
	supervised bool
	out        []string
	used       spent
	now        time.Duration
	numbered   int // timers so far

	alive     bool
	state     string
	mail      []modelEvent
	queue     []modelEvent
	postponed []modelEvent
	timers    map[string]modelTimer
	zero      []string
	held      map[string]bool   // calls that this incarnation has seen
	answers   map[string]string // of calls, once there is one
	inside    map[string]bool   // calls that the machine holds, seen or not
}

// modelEvent is an event; of a timer, what kind of timeout it is and which timer.
type modelEvent struct {
	kind, label string
	timer       int
}

type modelTimer struct {
	number int
	at     time.Duration
	label  string
	zero   bool
}

// modelTurn is what a callback asked for.
type modelTurn struct {
	move, next string
	postpone   bool
	inserted   []modelEvent
	settings   [][]string // the words on timeouts, with the duration added
	bad        bool
	end        string // why it ends
}

func (m *model) say(format string, args ...any) { m.out = append(m.out, fmt.Sprintf(format, args...)) }

// run returns the transcript.
func (m *model) run() []string {
	m.answers, m.inside = map[string]string{}, map[string]bool{}
	m.start()
	m.pass(unit)
	calls := map[string]bool{}
	for _, step := range m.sc.steps {
		m.say("-- %s", step)
		if units, ok := strings.CutPrefix(step, "wait "); ok {
			n, _ := strconv.Atoi(units)
			m.pass(time.Duration(n) * unit)
			continue
		}
		for ev := range strings.SplitSeq(step, ",") {
			w := strings.Fields(ev)
			if w[0] == "call" {
				calls[w[1]] = true
				m.inside[w[1]] = m.alive
				if !m.alive {
					m.answers[w[1]] = "died"
				}
			}
			if m.alive {
				m.mail = append(m.mail, modelEvent{kind: w[0], label: w[1]})
			}
		}
		m.work()
		m.pass(unit)
	}
	if m.alive {
		m.say("left in %s", m.state)
	}
	for _, c := range slices.Sorted(maps.Keys(calls)) {
		a, ok := m.answers[c]
		if !ok {
			a = "none"
		}
		m.say("answer of %s: %s", c, a)
	}
	return m.out
}

func (m *model) start() {
	m.alive, m.state = true, m.sc.first
	m.mail, m.queue, m.postponed, m.zero = nil, nil, nil, nil
	m.timers, m.held = map[string]modelTimer{}, map[string]bool{}
	var t modelTurn
	for _, w := range m.sc.rules[rule{"init", m.state}] {
		m.ask(&t, w)
	}
	if m.enter(&t, m.state); t.end != "" {
		m.die(t.end)
	} else {
		m.settle(t, modelEvent{}, false)
	}
	m.work()
}

// pass lets time pass: timers that end put their event into the mailbox.
func (m *model) pass(d time.Duration) {
	until := m.now + d
	for {
		first := ""
		for which, t := range m.timers {
			if !t.zero && t.at >= m.now && t.at <= until && (first == "" || t.at < m.timers[first].at) {
				first = which
			}
		}
		if first == "" {
			m.now = until
			return
		}
		t := m.timers[first]
		m.now = t.at
		m.mail = append(m.mail, modelEvent{kind: first, label: t.label, timer: t.number})
		m.work()
	}
}

// work handles what there is to handle.
func (m *model) work() {
	for m.alive {
		var ev modelEvent
		switch {
		case len(m.queue) > 0:
			ev, m.queue = m.queue[0], m.queue[1:]
		case len(m.zero) > 0:
			which := m.zero[0]
			ev = modelEvent{kind: which, label: m.timers[which].label}
			m.drop(which)
		case len(m.mail) > 0:
			ev, m.mail = m.mail[0], m.mail[1:]
			if ev.timer != 0 {
				if m.timers[ev.kind].number != ev.timer {
					continue // it was cancelled, or set anew
				}
				ev.label = m.timers[ev.kind].label // it may have been updated
				m.drop(ev.kind)
			}
		default:
			return
		}
		m.handle(modelEvent{kind: ev.kind, label: ev.label})
	}
}

func (m *model) handle(ev modelEvent) {
	m.say("%s: %s %s", m.state, ev.kind, ev.label)
	if ev.kind == "call" {
		m.held[ev.label] = true
	}
	var t modelTurn
	old := m.state
	m.act(&t, ev.label)
	moved := t.move == "next" && t.next != old
	if t.end == "" && (moved || t.move == "repeat") {
		if moved {
			m.state = t.next
		}
		m.enter(&t, old)
	}
	if t.end != "" {
		m.die(t.end)
		return
	}
	m.settle(t, ev, moved)
}

func (m *model) enter(t *modelTurn, old string) {
	for {
		m.say("%s: enter from %s", m.state, old)
		of := modelTurn{settings: t.settings, inserted: t.inserted}
		m.act(&of, "enter")
		if of.end == "" && (of.postpone || len(of.inserted) > len(t.inserted) || of.move == "next" && of.next != m.state) {
			of.end = "bad_action"
		}
		t.settings, t.end = of.settings, of.end
		if of.end != "" || of.move != "repeat" {
			return
		}
	}
}

func (m *model) act(t *modelTurn, what string) {
	if !m.used.callback() {
		t.end = "limit"
		return
	}
	for _, w := range m.sc.rules[rule{what, m.state}] {
		switch w[0] {
		case "next", "repeat":
			t.move, t.next = w[0], w[len(w)-1]
		case "postpone":
			t.postpone = true
		case "stop_reply":
			m.reply(w[2], w[3])
			t.end = w[1]
			return
		case "stop":
			t.end = w[1]
			return
		case "crash":
			t.end = "crash"
			return
		default:
			m.ask(t, w)
		}
	}
}

func (m *model) ask(t *modelTurn, w []string) {
	switch w[0] {
	case "reply":
		m.reply(w[1], w[2])
	case "insert":
		t.inserted = append(t.inserted, modelEvent{kind: w[1], label: w[2]})
	default:
		verb, which, args := timeoutWords(w)
		name := "state_timeout"
		if which.Name() != nil {
			name = fmt.Sprintf("timeout %v", which.Name())
		} else if strings.Contains(w[0], "event") {
			name = "timeout"
		}
		words := []string{verb, name, "0", ""}
		switch verb {
		case "set", "at":
			words[2], words[3] = m.used.after(args[0]).String(), args[1]
		case "update":
			words[3] = args[0]
		}
		t.settings = append(t.settings, words)
	}
}

func (m *model) reply(call, with string) {
	if _, answered := m.answers[call]; m.held[call] && !answered {
		m.answers[call] = with
		delete(m.inside, call)
	}
}

// settle ends a transition.
func (m *model) settle(t modelTurn, ev modelEvent, moved bool) {
	if t.postpone {
		m.postponed = append(m.postponed, ev)
	}
	m.drop("timeout")
	if moved {
		m.drop("state_timeout")
		m.queue = append(m.postponed, m.queue...)
		m.postponed = nil
	}
	m.queue = append(slices.Clone(t.inserted), m.queue...)
	for i, s := range t.settings {
		if how, counts := whatCounts(t.settings, i); counts {
			m.set(how, s[1])
		}
	}
}

// whatCounts says what becomes of the setting at i: what was asked for a timeout
// last counts, with the label of the updates after it, in its place.
func whatCounts(all [][]string, i int) (how []string, counts bool) {
	which, verb := all[i][1], all[i][0]
	how = slices.Clone(all[i])
	updates, earlier := 0, ""
	for j, s := range all {
		switch {
		case s[1] != which:
		case j < i && verb == "update":
			earlier = s[0]
		case j > i && s[0] == "update":
			updates++
			how[3] = s[3]
		case j > i:
			return nil, false // set or cancelled again later
		}
	}
	switch {
	case verb == "update" && earlier == "cancel":
		how[0] = "set"
	case verb == "update" && earlier != "":
		return nil, false // said with what was set, or updated first
	case verb == "cancel" && updates > 0:
		return nil, false
	}
	return how, true
}

func (m *model) set(how []string, which string) {
	running, runs := m.timers[which]
	if how[0] == "update" && runs {
		running.label = how[3]
		m.timers[which] = running
		return
	}
	m.drop(which)
	if how[0] == "cancel" {
		return
	}
	d, err := time.ParseDuration(how[2])
	if err != nil && how[2] != "0" {
		panic(err)
	}
	m.numbered++
	t := modelTimer{number: m.numbered, at: m.now + d, label: how[3], zero: d == 0}
	if t.zero {
		t.number = 0
		m.zero = append(m.zero, which)
	}
	m.timers[which] = t
}

func (m *model) drop(which string) {
	delete(m.timers, which)
	m.zero = slices.DeleteFunc(m.zero, func(z string) bool { return z == which })
}

func (m *model) die(why string) {
	m.say("%s: terminate %s", m.state, why)
	m.alive = false
	m.mail, m.queue, m.timers, m.zero = nil, nil, nil, nil
	for c, in := range m.inside {
		if _, answered := m.answers[c]; in && !answered {
			m.answers[c] = "died"
		}
	}
	m.inside = map[string]bool{}
	if m.supervised && why != "limit" {
		m.start()
	}
}
