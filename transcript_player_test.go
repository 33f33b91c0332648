package kista_test

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/kista-go/kista"
)

// player is a process of a script.
type player struct {
	p    *theatre
	name string
	pid  kista.PID
	last kista.From
	init string
}

// flags are the words of a command that say how a process is made.
func (p *theatre) flags(words []string) (o kista.SpawnOpts, init string, behaves bool) {
	for _, word := range words {
		key, val, _ := strings.Cut(word, "=")
		switch key {
		case "trap":
			o.TrapExits = true
		case "behaviour":
			behaves = true
		case "as":
			o.Name = val
		case "grace":
			o.Grace = p.duration(val)
		case "link":
			o.Link = true
		case "monitor":
			o.Monitor = true
		case "init":
			init, behaves = val, true
		}
	}
	return o, init, behaves
}

func (p *theatre) cast(name, init string) *player {
	who := &player{p: p, name: name, init: init}
	p.players[name] = who
	return who
}

func (who *player) program(o kista.SpawnOpts, behaves bool) kista.Program {
	if behaves {
		return kista.BehaviourProgram(o, "player", func() (kista.Behaviour, error) { return who, nil })
	}
	return kista.BodyProgram(o, false, who.body)
}

// bear makes a process from outside.
func (p *theatre) bear(s *kista.Self, name string, words []string) {
	o, init, behaves := p.flags(words)
	who := p.cast(name, init)
	if !behaves {
		pid, err := p.n.SpawnWith(o, who.body)
		who.pid = pid
		if err != nil {
			p.say("%s is not born: %s", name, p.why(err))
		}
		return
	}
	pid, err := p.n.Start(s, who.program(o, behaves))
	if who.pid = pid; err != nil {
		p.say("%s is not born: %s", name, p.why(err))
	}
}

func (who *player) body(s *kista.Self) (err error) {
	who.pid = s.PID()
	defer func() { who.p.say("%s's code ends", who.name) }()
	for {
		m, err := kista.Receive[do](s)
		if err != nil {
			who.p.say("%s is told to end: %s", who.name, who.p.why(err))
			return err
		}
		if err, end := who.act(s, m.words); end {
			return err
		}
	}
}

// Init does what the script says of it.
func (who *player) Init(s *kista.Self) error {
	who.pid = s.PID()
	switch who.init {
	case "boom":
		return errors.New("boom")
	case "ignore":
		return kista.ErrIgnore
	case "panic":
		panic("boom")
	case "goexit":
		runtime.Goexit()
	case "kill":
		return s.Exit(s.PID(), kista.Kill)
	case "receive":
		_, err := s.Receive()
		return err
	}
	return nil
}

// Handle does what it is told, and says what else comes.
func (who *player) Handle(s *kista.Self, msg any) error {
	if m, is := msg.(do); is {
		err, end := who.act(s, m.words)
		if end && err == nil {
			err = kista.Stop{}
		}
		if end {
			return err
		}
		return nil
	}
	who.takes("handles", msg)
	return nil
}

// Terminate says so.
func (who *player) Terminate(_ *kista.Self, reason error) error {
	who.p.say("%s terminates: %s", who.name, who.p.why(reason))
	return nil
}

func (who *player) takes(how string, msg any) {
	if q, is := msg.(kista.Request); is {
		who.last = q.From
	}
	who.p.say("%s %s %s", who.name, how, who.p.message(msg))
}

func (p *theatre) addr(text string) kista.Addr {
	if name, is := strings.CutPrefix(text, "@"); is {
		return p.refs[name]
	}
	if who := p.players[text]; who != nil {
		return who.pid
	}
	return p.n.Name(text)
}

func (p *theatre) reason(words []string) error {
	switch text := strings.Join(words, " "); text {
	case "", "normal":
		return nil
	case "shutdown":
		return kista.ErrShutdown
	case "kill":
		return kista.Kill
	default:
		return errors.New(text)
	}
}

var modes = map[string]kista.AliasMode{
	"explicit": kista.ExplicitUnalias, "reply": kista.Reply, "monitor": kista.WithMonitor, "reply+monitor": kista.ReplyWithMonitor,
}

// act does one command. end: its code is to return err.
func (who *player) act(s *kista.Self, f []string) (err error, end bool) {
	p := who.p
	arg := func(i int) string {
		if i < len(f) {
			return f[i]
		}
		return ""
	}
	within := kista.NoTimeout
	if i := slices.Index(f, "within"); i > 0 {
		within = p.duration(arg(i + 1))
		f = f[:i]
	}
	said := strings.Join(f, " ")
	other := func() kista.PID { pid, _ := p.addr(arg(1)).(kista.PID); return pid }
	switch f[0] {
	case "returns":
		return p.reason(f[1:]), true
	case "panics":
		panic(arg(1))
	case "goexits":
		runtime.Goexit()
	case "receives":
		return who.receive(s, arg(1), within)
	case "reads":
		for {
			_, _ = who.receive(s, "", 0)
			if info, alive := p.n.Info(who.pid); !alive || !who.more(s, info) {
				return nil, false
			}
		}
	case "sends":
		err = s.Send(p.addr(arg(1)), strings.Join(f[2:], " "))
	case "spawns":
		o, init, _ := p.flags(f[2:])
		child := p.cast(arg(1), init)
		var ref kista.Ref
		child.pid, ref, err = s.SpawnWith(o, child.body)
		p.refs[arg(1)] = ref
	case "starts":
		return who.start(s, f)
	case "links":
		err = s.Link(other())
	case "unlinks":
		err = s.Unlink(other())
	case "waits":
		var reason error
		if reason, err = kista.Wait(s, other()); err == nil {
			said += ": " + p.why(reason)
		}
	case "kills":
		err = s.Exit(other(), kista.Kill)
	case "exits":
		err = s.Exit(other(), p.reason(f[2:]))
	case "traps":
		s.TrapExits(arg(1) == "on")
	case "monitors":
		o := kista.MonitorOpts{}
		name := "m"
		for i, word := range f {
			if word == "as" {
				name = arg(i + 1)
			}
			if mode, is := strings.CutPrefix(word, "alias="); is {
				o.Alias = modes[mode]
			}
		}
		p.refs[name], err = s.MonitorWith(p.addr(arg(1)), o)
	case "demonitors":
		if arg(2) == "flush" {
			said += fmt.Sprint(": ", s.DemonitorFlush(p.refs[arg(1)]))
		} else {
			said += fmt.Sprint(": ", s.Demonitor(p.refs[arg(1)]))
		}
	case "aliases":
		p.refs[arg(1)] = s.Alias(modes[arg(2)])
	case "unaliases":
		said += fmt.Sprint(": ", s.Unalias(p.refs[arg(1)]))
	case "registers":
		err = s.Register(arg(1))
	case "unregisters":
		err = p.n.Unregister(arg(1))
	case "calls":
		var v any
		if v, err = kista.CallFor(s, within, p.addr(arg(1)), strings.Join(f[2:], " ")); err == nil {
			said += fmt.Sprintf(": %q", v)
		}
	case "answers":
		err = who.last.Reply(strings.Join(f[1:], " "))
	case "fails":
		who.last.Fail(p.reason(f[1:]))
	case "timer":
		p.timers[arg(1)] = kista.SendAfter(p.duration(arg(2)), p.addr(arg(3)), strings.Join(f[4:], " "))
	case "cancels":
		left, ok := p.timers[arg(1)].Cancel()
		said += fmt.Sprintf(": %v %v", left, ok)
	default:
		p.t.Errorf("no such command: %v", f)
	}
	if err != nil {
		said += ": " + p.why(err)
	}
	p.say("%s %s", who.name, said)
	return nil, false
}

// more reports whether there is anything in the mailbox but commands.
func (who *player) more(s *kista.Self, _ kista.ProcessInfo) (more bool) {
	_ = s.Select(kista.OnIf(func(m any) bool {
		if _, is := m.(do); !is {
			more = true
		}
		return false
	}, nil), kista.After(0, nil))
	return more
}

func (who *player) receive(s *kista.Self, text string, within time.Duration) (err error, end bool) {
	var msg any
	fits := func(m any) bool {
		_, is := m.(do)
		return !is && (text == "" || strings.HasPrefix(strings.Trim(who.p.message(m), `"`), text))
	}
	err = s.Select(kista.OnIf(fits, func(m any) error { msg = m; return nil }), kista.After(within, nil))
	switch {
	case err != nil:
		who.p.say("%s is told to end: %s", who.name, who.p.why(err))
		return err, true
	case msg == nil:
		who.p.say("%s receives nothing", who.name)
	default:
		who.takes("receives", msg)
	}
	return nil, false
}

func (who *player) start(s *kista.Self, f []string) (err error, end bool) {
	p := who.p
	o, init, behaves := p.flags(f[2:])
	child := p.cast(f[1], init)
	o.Link, o.Monitor = false, false
	pr := child.program(o, behaves)
	said := strings.Join(f, " ")
	switch {
	case slices.Contains(f, "child"):
		child.pid, _, err = s.StartChild(pr)
	case slices.Contains(f, "monitor"):
		var ref kista.Ref
		_, ref, err = s.StartMonitor(s, pr)
		p.refs[f[1]] = ref
	case slices.Contains(f, "link"):
		_, err = s.StartLink(s, pr)
	default:
		_, err = p.n.Start(s, pr)
	}
	if err != nil {
		said += ": " + p.why(err)
	}
	p.say("%s %s", who.name, said)
	return nil, false
}
