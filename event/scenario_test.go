package event_test

import (
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/event"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/kistatest"
)

// Scenarios are told in the language of testdata/transcript.erl, which runs the
// same on the real gen_event. Beyond it there are, for us alone: NAME:error and
// NAME:goexit, as what a handler does; NAME:nap:SECONDS; and the command "kill",
// which kills the manager.

var errBad = errors.New("bad")

// play runs scenarios on our manager.
type play struct {
	t *testing.T
	n *kista.Node

	mu   sync.Mutex
	said []string
}

// run returns what is said in a scenario, with the commands if they are asked for.
func (p *play) run(text string, commands bool) (out []string) {
	kistatest.Within(p.t, p.n, func(s *kista.Self) {
		s.TrapExits(true)
		for line := range strings.Lines(text) {
			line = strings.TrimSpace(line)
			if line == "" || strings.HasPrefix(line, "#") || strings.HasPrefix(line, "|") {
				continue
			}
			if commands {
				out = append(out, line)
			}
			p.command(s, line)
			out = append(out, p.take()...)
		}
		if p.there() {
			assert.NoError(p.t, event.Shutdown(p.t.Context(), p.m(), nil))
		}
	})
	p.take()
	return out
}

func (p *play) m() kista.Addr { return p.n.Name("m") }

func (p *play) there() bool {
	_, there := p.n.WhereIs("m")
	return there
}

func (p *play) say(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.said = append(p.said, fmt.Sprintf(format, args...))
}

func (p *play) take() (out []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	out, p.said = p.said, nil
	return out
}

// command runs one command in the process s.
func (p *play) command(s *kista.Self, line string) {
	head, block, is := strings.Cut(line, ": ")
	if !is {
		p.do(s, strings.Fields(line))
		p.which()
		return
	}
	w := strings.Fields(head)
	commands := strings.Split(block, ";")
	if w[0] == "other" {
		pid := p.n.Spawn(func(other *kista.Self) error {
			for _, c := range commands {
				p.command(other, strings.TrimSpace(c))
			}
			return reasonOf(w[1])
		})
		_, _ = kista.Wait(s, pid)
		if p.there() {
			_, _ = kista.System(s, p.m(), kista.GetState{}) // it has heard of the end
		}
		p.which()
		return
	}
	gate := make(chan struct{})
	p.n.Spawn(func(parent *kista.Self) error {
		p.do(parent, []string{"start"})
		gate <- struct{}{}
		<-gate
		return reasonOf(w[1])
	})
	<-gate
	for _, c := range commands {
		p.command(s, strings.TrimSpace(c))
	}
	ref := s.Monitor(p.m())
	close(gate)
	_ = s.Select(kista.OnIf(func(d kista.Down) bool { return d.Ref == ref }, func(d kista.Down) error {
		p.say("down: %s", word(d.Reason))
		return nil
	}))
	p.told(s)
}

func (p *play) do(s *kista.Self, w []string) {
	m := p.m()
	switch w[0] {
	case "start":
		_, err := event.StartLink(s, s, event.Opts{Name: "m"})
		assert.NoError(p.t, err)
	case "add":
		p.say("add: %s", outcome(event.Add(s, m, p.spec(w[1], w[2]))))
	case "add_sup":
		p.say("add_sup: %s", outcome(event.AddSup(s, m, p.spec(w[1], w[2]))))
	case "delete":
		v, err := event.Delete(s, m, id(w[1]), w[2])
		if err == nil {
			p.say("delete: %v", v)
		} else {
			p.say("delete: %s", outcome(err))
		}
	case "swap":
		p.say("swap: %s", outcome(event.Swap(s, m, id(w[1]), w[2], p.spec(w[3], w[4]))))
	case "swap_sup":
		p.say("swap_sup: %s", outcome(event.SwapSup(s, m, id(w[1]), w[2], p.spec(w[3], w[4]))))
	case "call":
		v, err := event.Call(s, m, id(w[1]), ask{What: w[2]})
		if err == nil {
			p.say("call: %v", v)
		} else {
			p.say("call: %s", outcome(err))
		}
	case "sync":
		assert.NoError(p.t, event.SyncNotify(s, m, w[1]))
	case "info":
		assert.NoError(p.t, kista.Send(m, w[1]))
	case "told":
		p.told(s)
	case "stop":
		assert.NoError(p.t, event.Shutdown(s, m, reasonOf(w[1])))
	case "kill":
		pid, _ := p.n.WhereIs("m")
		assert.NoError(p.t, kista.Exit(pid, kista.Kill))
	default:
		p.t.Errorf("unknown command %q", w)
	}
}

func (p *play) which() {
	if !p.there() {
		p.say("= gone")
		return
	}
	ids, err := event.WhichHandlers(p.t.Context(), p.m())
	assert.NoError(p.t, err)
	line := "="
	for _, id := range ids {
		line += " " + id.String()
	}
	p.say("%s", line)
}

// told says what the process s has been told, in the order in which it came.
func (p *play) told(s *kista.Self) {
	for more := true; more; {
		err := s.Select(
			kista.On(func(msg any) error {
				switch e := msg.(type) {
				case event.HandlerExited:
					p.say("told: %s %s", e.Handler, p.news(s, e))
				case kista.Exited:
					p.say("exit: %s", word(e.Reason))
				default:
					p.say("message: %T", msg)
				}
				return nil
			}),
			kista.After(0, func() error { more = false; return nil }),
		)
		assert.NoError(p.t, err)
	}
}

func (p *play) news(s *kista.Self, e event.HandlerExited) string {
	switch {
	case e.Cause == event.Swapped && e.Owner == s.PID():
		return "swapped " + e.Next.String() + " mine"
	case e.Cause == event.Swapped && e.Owner.IsZero():
		return "swapped " + e.Next.String() + " nobody"
	case e.Cause == event.Swapped:
		return "swapped " + e.Next.String() + " other"
	case e.Cause == event.Failed:
		return "failed " + word(e.Reason)
	}
	return word(e.Reason)
}

// spec describes a handler that speaks.
func (p *play) spec(name, how string) event.Spec {
	return event.New(id(name), p.open, [2]string{name, how})
}

func (p *play) open(c *event.Ctx, args [2]string) (event.Handler, error) {
	name := args[0]
	if from, ok := c.Handover(); ok {
		p.say("%s init after %s", name, inherited(from))
	} else {
		p.say("%s init", name)
	}
	switch args[1] {
	case "fail":
		return nil, errBoom
	case "crash":
		panic(errBoom)
	}
	return &speaker{p: p, name: name}, nil
}

func inherited(h event.Handover) string {
	switch {
	case errors.Is(h.Err, event.ErrNoHandler):
		return "nobody"
	case h.Err != nil:
		return "failure " + word(h.Err)
	}
	return h.Term.(string)
}

// speaker is the handler of scenarios.
type speaker struct {
	p    *play
	name string
	n    int
}

func (h *speaker) HandleEvent(_ *event.Ctx, ev any) error {
	h.p.say("%s event %s", h.name, ev)
	_, err := h.act(ev.(string))
	return err
}

func (h *speaker) HandleInfo(_ *event.Ctx, msg any) error {
	if e, ok := msg.(kista.Exited); ok {
		h.n++
		h.p.say("%s exit %s", h.name, word(e.Reason))
		return nil
	}
	h.p.say("%s info %s", h.name, msg)
	_, err := h.act(msg.(string))
	return err
}

func (h *speaker) HandleCall(_ *event.Ctx, req any) (any, error) {
	what := req.(ask).What
	h.p.say("%s call %s", h.name, what)
	bad, err := h.act(what)
	switch {
	case bad:
		return make(chan int), nil
	case err == errBoom: //nolint:errorlint // identity
		return nil, event.Crash(err)
	}
	return h.n, err
}

func (h *speaker) act(what string) (bad bool, err error) {
	h.n++
	w := strings.Split(what, ":")
	if w[0] != h.name || len(w) == 1 {
		return false, nil
	}
	switch w[1] {
	case "crash":
		panic(errBoom)
	case "error":
		return false, errBoom
	case "goexit":
		runtime.Goexit()
	case "bad":
		return true, errBad
	case "remove":
		return false, event.Remove
	case "swap":
		return false, event.SwapFor("bye", h.p.spec(w[2], w[3]))
	case "nap":
		s, _ := strconv.Atoi(w[2])
		time.Sleep(time.Duration(s) * time.Second) // sleep: virtual
	}
	return false, nil
}

func (h *speaker) Terminate(_ *event.Ctx, why event.Leaving) any {
	switch why.Cause {
	case event.Stopped, event.Removed:
		h.p.say("%s terminate %s", h.name, why.Cause)
	case event.Orphaned, event.Failed:
		h.p.say("%s terminate %s %s", h.name, why.Cause, word(why.Reason))
	default:
		h.p.say("%s terminate args %s", h.name, why.Args)
	}
	if why.Args == "crash" {
		panic(errBoom)
	}
	return fmt.Sprintf("%s %d", h.name, h.n)
}

// reasonOf is the exit reason that a word means.
func reasonOf(word string) error {
	return map[string]error{"normal": nil, "boom": errBoom, "shutdown": kista.ErrShutdown}[word]
}

// word is the word for a reason.
func word(reason error) string {
	var data *kista.DataError
	switch {
	case reason == nil:
		return "normal"
	case errors.Is(reason, kista.ErrShutdown):
		return "shutdown"
	case errors.Is(reason, errBoom):
		return "boom"
	case errors.Is(reason, errBad), errors.As(reason, &data):
		return "bad"
	case errors.Is(reason, kista.ErrGoexit):
		return "goexit"
	case errors.Is(reason, kista.ErrKilled):
		return "killed"
	}
	return reason.Error()
}

// outcome is the word for what became of a command.
func outcome(err error) string {
	var call *kista.CallError
	switch {
	case err == nil:
		return "ok"
	case errors.Is(err, event.ErrNoHandler):
		return "no handler"
	case errors.As(err, &call):
		return "late"
	}
	return "failed " + word(err)
}
