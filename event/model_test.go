package event_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/kista-go/kista/internal/assert"
)

// model is what a manager should be: it says of a scenario what the manager should
// say, in a few lines and without any concurrency.
type model struct {
	up     bool
	list   []*handlerModel // the newest first
	linked map[string]bool // processes: the teller, others by number
	said   []string
	news   []string // what the teller has been told
	me     string   // who runs the commands
	others int
}

type handlerModel struct {
	name, owner string // owner: "" nobody
	n           int
}

const teller = "teller"

func (m *model) say(format string, args ...any) {
	m.said = append(m.said, fmt.Sprintf(format, args...))
}

func (m *model) run(text string) []string {
	m.me = teller
	for line := range strings.Lines(text) {
		m.command(strings.TrimSpace(line))
	}
	return m.said
}

func (m *model) start(parent string) {
	*m = model{up: true, said: m.said, news: m.news, me: m.me, others: m.others, linked: map[string]bool{parent: true}}
}

func (m *model) command(line string) {
	head, block, is := strings.Cut(line, ": ")
	if !is {
		m.do(strings.Fields(line))
		m.which()
		return
	}
	w := strings.Fields(head)
	commands := strings.Split(block, ";")
	if w[0] == "other" {
		m.others++
		m.me = fmt.Sprint("other ", m.others)
		for _, c := range commands {
			m.command(strings.TrimSpace(c))
		}
		if m.linked[m.me] {
			m.ends(m.me, w[1])
		}
		m.me = teller
		m.which()
		return
	}
	m.start("parent")
	for _, c := range commands {
		m.command(strings.TrimSpace(c))
	}
	m.stop(w[1], "parent")
	m.say("down: %s", w[1])
	m.told()
}

func (m *model) do(w []string) {
	switch w[0] {
	case "start":
		m.start(teller)
	case "add":
		m.say("add: %s", m.add(w[1], w[2], "", ""))
	case "add_sup":
		m.linked[m.me] = true
		m.say("add_sup: %s", m.add(w[1], w[2], m.me, ""))
	case "delete":
		result := "no handler"
		if i := m.find(w[1]); i >= 0 {
			h := m.remove(i)
			if result = m.leave(h, "args "+w[2], "normal"); w[2] == "crash" {
				result = "failed boom"
			}
		}
		m.say("delete: %s", result)
	case "swap":
		m.say("swap: %s", m.swap(w[1], w[2], w[3], w[4], ""))
	case "swap_sup":
		m.say("swap_sup: %s", m.swap(w[1], w[2], w[3], w[4], m.me))
	case "call":
		m.say("call: %s", m.call(w[1], w[2]))
	case "sync":
		m.each("event", w[1])
	case "info":
		m.each("info", w[1])
	case "told":
		m.told()
	case "stop":
		m.stop(w[1], teller)
	case "kill":
		m.up, m.list = false, nil
		if m.linked[teller] {
			m.news = append(m.news, "exit: killed")
		}
	}
}

func (m *model) which() {
	if !m.up {
		m.say("= gone")
		return
	}
	line := "="
	for _, h := range m.list {
		line += " " + h.name
	}
	m.say("%s", line)
}

func (m *model) told() {
	m.said = append(m.said, m.news...)
	m.news = nil
}

func (m *model) find(name string) int {
	return slices.IndexFunc(m.list, func(h *handlerModel) bool { return h.name == name })
}

func (m *model) remove(i int) *handlerModel {
	h := m.list[i]
	m.list = slices.Delete(m.list, i, i+1)
	return h
}

// begin makes a handler; result is why not.
func (m *model) begin(name, how, owner, after string) (h *handlerModel, result string) {
	if after != "" {
		after = " after " + after
	}
	m.say("%s init%s", name, after)
	if how != "ok" {
		return nil, "failed boom"
	}
	return &handlerModel{name: name, owner: owner}, "ok"
}

func (m *model) add(name, how, owner, after string) string {
	h, result := m.begin(name, how, owner, after)
	if h != nil {
		m.list = slices.Insert(m.list, 0, h)
	}
	return result
}

// leave ends a handler, and returns what it leaves.
func (m *model) leave(h *handlerModel, why, news string) string {
	m.say("%s terminate %s", h.name, why)
	m.tell(h.name, h.owner, news)
	if why == "args crash" {
		return "failure boom"
	}
	return fmt.Sprintf("%s %d", h.name, h.n)
}

func (m *model) tell(name, owner, news string) {
	if owner == teller {
		m.news = append(m.news, fmt.Sprintf("told: %s %s", name, news))
	}
}

// swapped is the news of a swap for the teller.
func swapped(next, owner string) string {
	return "swapped " + next + " " + map[string]string{teller: "mine", "": "nobody"}[owner] + strings.Repeat("other", min(len(strings.TrimPrefix(owner, teller)), 1))
}

func (m *model) swap(old, args, next, how, owner string) string {
	after := "nobody"
	if i := m.find(old); i >= 0 {
		h := m.remove(i)
		if owner == "" {
			owner = h.owner
		}
		after = m.leave(h, "args "+args, swapped(next, owner))
	}
	if owner != "" {
		m.linked[owner] = true
	}
	return m.add(next, how, owner, after)
}

// act is what handler i does with something; failed is why it fails.
func (m *model) act(i int, what string) (stays bool, failed string) {
	h := m.list[i]
	h.n++
	w := strings.Split(what, ":")
	if w[0] != h.name || len(w) == 1 {
		return true, ""
	}
	switch w[1] {
	case "crash", "error":
		failed = "boom"
	case "goexit", "bad":
		failed = w[1]
	case "remove":
		m.leave(m.remove(i), "removed", "normal")
		return false, ""
	case "swap":
		m.remove(i)
		left := m.leave(h, "args bye", swapped(w[2], h.owner))
		next, _ := m.begin(w[2], w[3], h.owner, left)
		if next == nil {
			m.tell(w[2], h.owner, "failed boom")
			return false, ""
		}
		m.list = slices.Insert(m.list, i, next)
		return true, ""
	default:
		return true, ""
	}
	m.leave(m.remove(i), "failed "+failed, "failed "+failed)
	return false, failed
}

func (m *model) each(kind, what string) {
	for i := 0; i < len(m.list); {
		m.say("%s %s %s", m.list[i].name, kind, what)
		if stays, _ := m.act(i, what); stays {
			i++
		}
	}
}

func (m *model) call(name, what string) string {
	i := m.find(name)
	if i < 0 {
		return "no handler"
	}
	m.say("%s call %s", name, what)
	n := m.list[i].n + 1
	_, failed := m.act(i, what)
	var seconds int
	if _, err := fmt.Sscanf(what, name+":nap:%d", &seconds); err == nil && seconds >= 5 {
		return "late"
	}
	if failed != "" {
		return "failed " + failed
	}
	return fmt.Sprint(n)
}

// ends is the end of a process that the manager is linked with.
func (m *model) ends(who, reason string) {
	delete(m.linked, who)
	var rest []*handlerModel
	for _, h := range m.list {
		if h.owner == who {
			m.leave(h, "orphaned "+reason, "shutdown")
		} else {
			rest = append(rest, h)
		}
	}
	m.list = rest
	for _, h := range m.list {
		h.n++
		m.say("%s exit %s", h.name, reason)
	}
}

func (m *model) stop(reason, parent string) {
	linked := m.linked[teller]
	for _, h := range m.list {
		m.leave(h, "stopped", "shutdown")
		if h.owner == teller && parent != teller {
			linked = false
		}
	}
	if linked {
		m.news = append(m.news, "exit: "+reason)
	}
	m.up, m.list = false, nil
}

// The model says of the golden scenarios what Erlang says.
func TestModelIsErlangs(t *testing.T) {
	text, err := os.ReadFile(ordersFile)
	assert.NoError(t, err)
	for _, c := range strings.Split(string(text), "\n== ")[1:] {
		title, text, _ := strings.Cut(c, "\n")
		var commands, want []string
		for line := range strings.Lines(text) {
			line = strings.TrimSpace(line)
			if said, is := strings.CutPrefix(line, "| "); is {
				want = append(want, said)
			} else if line != "" {
				commands = append(commands, line)
			}
		}
		t.Run(title, func(t *testing.T) {
			assert.Equal(t, new(model).run(strings.Join(commands, "\n")), want)
		})
	}
}
