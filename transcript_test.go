package kista_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
)

var rewrite = flag.Bool("rewrite", false, "write what the kernel does into testdata/transcripts; read the difference before you keep it")

// TestTranscripts plays the scripts in testdata/transcripts. A script is blocks
// separated by empty lines: commands, a line of dashes, and what then happens, in
// order, until nobody can do anything. Processes get turns in the order in which
// they could go on; a line with numbers in front, "2,1:", says which place in that
// queue gets the first turns. Commands that stand in one line, separated by "|",
// begin at the same moment. Time stands still but for "pass D".
//
//	A is born [FLAGS]                  spawned from outside; FLAGS: trap, behaviour, as=NAME, grace=D
//	A spawns B [FLAGS] [link] [monitor]
//	A starts B [FLAGS] [link|monitor|child] [init=boom|ignore|panic|goexit|kill|receive]
//	A sends TO TEXT                    TO: a process, a name, @R for an alias
//	A receives [TEXT] [within D]       takes the first message, or the first that begins so
//	A reads                            takes all messages that are there
//	A links|unlinks|waits B            and kills, exits B [REASON], traps on|off
//	A monitors TO [as R] [alias=MODE]  demonitors R [flush]; aliases R MODE; unaliases R
//	A registers NAME                   unregisters NAME
//	A calls TO TEXT [within D]         answers TEXT: the request that it took last; fails TEXT
//	A timer R D TO TEXT                cancels R
//	A returns|panics [REASON]          and goexits
//	pass D; show A                     time; what the node knows of A
func TestTranscripts(t *testing.T) {
	files, err := filepath.Glob("testdata/transcripts/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no transcripts: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			want, err := os.ReadFile(file)
			assert.NoError(t, err)
			got := play(t, string(want))
			if *rewrite {
				assert.NoError(t, os.WriteFile(file, got, 0o644))
				return
			}
			if !bytes.Equal(got, want) {
				t.Errorf("%s: the kernel does something else; run with -rewrite and read the difference:\n%s", file, firstDifference(string(got), string(want)))
			}
		})
	}
}

func firstDifference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			return fmt.Sprintf("line %d\n got: %s\nwant: %s", i+1, g[i], w[i])
		}
	}
	return fmt.Sprintf("%d lines, want %d", len(g), len(w))
}

// play runs a script and returns it with what happens now.
func play(t *testing.T, text string) []byte {
	var out bytes.Buffer
	p := &theatre{t: t, players: map[string]*player{}, refs: map[string]kista.Ref{}, timers: map[string]*kista.Timer{}}
	p.clock = &stageClock{VirtualClock: kista.NewVirtualClock(epoch), rest: make(chan struct{}, 1)}
	p.clock.until = epoch
	p.n = start(t, kista.Config{Name: "a", Clock: p.clock, Pick: p.choose, Grace: time.Hour})
	p.clock.kick = func() { _ = kista.Send(p.gate, "") }
	p.gate = p.n.Spawn(p.opens)
	<-p.clock.rest
	for i, block := range strings.Split(strings.TrimSpace(text), "\n\n") {
		if i > 0 {
			out.WriteByte('\n')
		}
		commands, _, _ := strings.Cut(block, "\n----")
		p.out.Reset()
		comment := true
		for line := range strings.SplitSeq(commands, "\n") {
			out.WriteString(line + "\n")
			if !strings.HasPrefix(line, "#") {
				comment = false
				p.line(line)
			}
		}
		if !comment {
			out.WriteString("----\n" + p.out.String())
		}
	}
	p.over = true
	p.clock.ends()
	return out.Bytes()
}

// theatre is one script under way.
type theatre struct {
	t       *testing.T
	n       *kista.Node
	clock   *stageClock
	gate    kista.PID
	out     bytes.Buffer
	players map[string]*player
	refs    map[string]kista.Ref
	timers  map[string]*kista.Timer
	picks   []int // the next choices, counted from 1; then always the first
	over    bool
}

// stageClock moves on only as far as the script says, and tells when all rest.
type stageClock struct {
	*kista.VirtualClock
	until time.Time
	rest  chan struct{}
	kick  func()
	free  bool
}

// Advance is called by the node when nobody can do anything.
func (c *stageClock) Advance() bool {
	if c.free {
		return c.VirtualClock.Advance()
	}
	if c.Now().Before(c.until) && c.VirtualClock.Advance() {
		return true
	}
	select {
	case c.rest <- struct{}{}:
	default:
	}
	return false
}

// ends lets time go its way.
func (c *stageClock) ends() { c.free = true; c.kick() }

// do is one command for a player.
type do struct{ words []string }

// opens is the process that gives the players their commands.
func (p *theatre) opens(s *kista.Self) error {
	for {
		m, err := s.Receive()
		if err != nil {
			return err
		}
		line, _ := m.(string)
		for command := range strings.SplitSeq(line, "|") {
			f := strings.Fields(command)
			if len(f) < 2 {
				continue
			}
			switch who := p.players[f[0]]; {
			case f[0] == "pass":
			case f[0] == "show":
				p.show(f[1])
			case f[1] == "is":
				p.bear(s, f[0], f[3:])
			case who == nil:
				p.t.Errorf("nobody is called %q", f[0])
			default:
				_ = kista.Send(who.pid, do{f[1:]})
			}
		}
	}
}

// line plays one line, to the end.
func (p *theatre) line(line string) {
	if places, rest, ok := strings.Cut(line, ": "); ok {
		line = rest
		for place := range strings.SplitSeq(places, ",") {
			i, err := strconv.Atoi(place)
			assert.NoError(p.t, err)
			p.picks = append(p.picks, i)
		}
	}
	if d, ok := strings.CutPrefix(line, "pass "); ok {
		p.pass(p.duration(d))
		return
	}
	_ = kista.Send(p.gate, line)
	<-p.clock.rest
}

// pass lets time go on.
func (p *theatre) pass(d time.Duration) {
	stop := p.clock.Now().Add(d)
	mark := p.clock.AfterFunc(d, func() {}) // so that there is something to move on to
	defer mark.Stop()
	p.clock.until = stop
	p.clock.kick()
	<-p.clock.rest
}

func (p *theatre) choose(n int) int {
	if len(p.picks) == 0 {
		return 0
	}
	i := p.picks[0]
	p.picks = p.picks[1:]
	return max(0, min(i, n)-1)
}

func (p *theatre) duration(text string) time.Duration {
	d, err := time.ParseDuration(text)
	assert.NoError(p.t, err)
	return d
}

// say writes down what happens.
func (p *theatre) say(format string, args ...any) {
	if p.over {
		return
	}
	if at := p.clock.Now().Sub(epoch); at > 0 {
		fmt.Fprintf(&p.out, "%v ", at)
	}
	fmt.Fprintf(&p.out, format+"\n", args...)
}

func (p *theatre) show(name string) {
	pid := p.players[name].pid
	i, alive := p.n.Info(pid)
	if !alive {
		reason, _ := kista.Wait(context.Background(), pid)
		p.say("%s has ended: %s", name, p.why(reason))
		return
	}
	var links, by, watches []string
	for _, pid := range i.Links {
		links = append(links, p.name(pid))
	}
	for _, pid := range i.MonitoredBy {
		by = append(by, p.name(pid))
	}
	for _, a := range i.Monitors {
		watches = append(watches, p.name(a))
	}
	p.say("%s lives: name %q, mail %d, links %v, watches %v, watched by %v", name, i.Name, i.MailboxLen, links, watches, by)
}

// name is what the script calls an address.
func (p *theatre) name(a kista.Addr) string {
	for name, who := range p.players {
		if who.pid == a {
			return name
		}
	}
	for name, ref := range p.refs {
		if ref == a {
			return "@" + name
		}
	}
	if pid, is := a.(kista.PID); is && pid.IsZero() {
		return "nobody"
	}
	return fmt.Sprint(a)
}

func (p *theatre) refName(ref kista.Ref) string {
	for name, r := range p.refs {
		if r == ref {
			return name
		}
	}
	return "?"
}

func (p *theatre) why(err error) string {
	if call, is := err.(*kista.CallError); is { //nolint:errorlint // as it is
		return "no answer: " + p.why(call.Reason)
	}
	if taken, is := err.(*kista.NameTakenError); is { //nolint:errorlint // as it is
		return "taken by " + p.name(taken.PID)
	}
	return (&stage{}).why(err)
}

// message is how a message reads.
func (p *theatre) message(msg any) string {
	switch m := msg.(type) {
	case kista.Exited:
		return fmt.Sprintf("Exited %s: %s", p.name(m.PID), p.why(m.Reason))
	case kista.Down:
		return fmt.Sprintf("Down %s, %s: %s", p.refName(m.Ref), p.name(m.Addr), p.why(m.Reason))
	case kista.Started:
		if m.Err != nil {
			return fmt.Sprintf("Started %s: %s", p.name(m.PID), p.why(m.Err))
		}
		return fmt.Sprintf("Started %s", p.name(m.PID))
	case kista.Request:
		return fmt.Sprintf("request %q from %s", m.Msg, p.name(m.From.PID()))
	}
	return fmt.Sprintf("%q", msg)
}
