package supervisor

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/kista-go/kista"
)

var rewrite = flag.Bool("rewrite", false, "write what the core does into testdata; read the difference before you keep it")

// TestTranscripts drives the core through the scripts in testdata. A block of a
// script is commands, a line of dashes, and what the core wants done then, one
// effect a line; blocks are separated by empty lines. Timers that are forgotten
// are not shown.
//
//	supervisor [strategy=S] [intensity=N] [period=D] [auto=A]
//	pool [restart=R] [shutdown=D]
//	child ID [restart=R] [shutdown=D] [start=D] [significant] [supervisor] [orelse=N]
//	boot
//	up ID            its start is complete
//	fail ID REASON   its start has failed
//	exit ID REASON   its process has ended
//	late ID          the time of its timer has come; "late pool" of the pool's own
//	stale ID         the time of an older timer of its has come
//	again ID         the message by which a failed restart is tried again
//	at D             that much time has passed since the beginning
//	WHO start ID ... | terminate ID | restart ID | delete ID | get ID | which | count
//	halt REASON
func TestTranscripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no transcripts: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := replay(t, string(want))
			if *rewrite {
				if err := os.WriteFile(file, got, 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if !bytes.Equal(got, want) {
				t.Errorf("%s: the core does something else; run with -rewrite and read the difference:\n%s", file, firstDifference(string(got), string(want)))
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

// replay runs a script and returns it with what the core says now.
func replay(t *testing.T, text string) []byte {
	var out bytes.Buffer
	s := &script{t: t, kids: map[string]*child{}}
	for i, block := range strings.Split(strings.TrimSpace(text), "\n\n") {
		if i > 0 {
			out.WriteByte('\n')
		}
		commands, _, _ := strings.Cut(block, "\n----")
		s.out.Reset()
		for _, line := range strings.Split(commands, "\n") {
			out.WriteString(line + "\n")
			s.command(line)
		}
		if s.silent {
			continue // a comment
		}
		out.WriteString("----\n" + s.out.String())
	}
	return out.Bytes()
}

// script is a core that is driven by text.
type script struct {
	t      *testing.T
	spec   Spec
	pool   *Child
	core   *core
	now    time.Time
	kids   map[string]*child // also those that are gone
	out    bytes.Buffer
	silent bool
}

func (s *script) command(line string) {
	f := strings.Fields(line)
	s.silent = strings.HasPrefix(line, "#")
	if s.silent {
		return
	}
	switch f[0] {
	case "supervisor":
		s.core, s.pool, s.spec = nil, nil, s.flags(f[1:])
	case "pool":
		c := parseChild(s.t, append([]string{""}, f[1:]...))
		s.core, s.spec, s.pool = nil, Spec{}, &c
	case "child":
		s.spec.Children = append(s.spec.Children, parseChild(s.t, f[1:]))
	case "boot":
		if err := Check(s.spec); err != nil {
			fmt.Fprintf(&s.out, "refused: %v\n", err)
			return
		}
		s.now, s.kids = time.Time{}, map[string]*child{}
		s.core = newCore(s.spec, s.pool)
		s.step(boot{})
	case "up":
		s.step(started{s.kid(f[1])})
	case "fail":
		s.step(failed{s.kid(f[1]), parseReason(f[2])})
	case "exit":
		s.step(exited{s.kid(f[1]), parseReason(f[2])})
	case "late":
		if f[1] == "pool" {
			s.step(tick{token: s.core.poolToken})
			return
		}
		s.step(tick{c: s.kid(f[1]), token: s.kid(f[1]).token})
	case "stale":
		s.step(tick{c: s.kid(f[1]), token: s.kid(f[1]).token - 1})
	case "again":
		s.step(again{c: s.kid(f[1]), token: s.kid(f[1]).token})
	case "at":
		s.now = time.Time{}.Add(s.duration(f[1]))
	case "halt":
		s.step(halt{parseReason(f[1])})
	default:
		s.ask(f[0], f[1:])
	}
}

func (s *script) ask(who string, f []string) {
	a := ask{from: who}
	switch f[0] {
	case "start":
		a.req = startChild{child: parseChild(s.t, f[1:])}
	case "terminate":
		a.req = terminateChild{f[1]}
		if strings.HasPrefix(f[1], "#") {
			a.req, a.c = terminatePID{}, s.kids[f[1]]
		}
	case "restart":
		a.req = restartChild{f[1]}
	case "delete":
		a.req = deleteChild{f[1]}
	case "get":
		a.req = getChild{f[1]}
	case "which":
		a.req = whichChildren{}
	case "count":
		a.req = countChildren{}
	case "update":
		spec := s.flags(nil)
		for _, id := range f[1:] {
			spec.Children = append(spec.Children, parseChild(s.t, strings.Split(id, ",")))
		}
		a.req = update{spec: spec}
	default:
		s.t.Fatalf("no such command: %v", f)
	}
	s.step(a)
}

func (s *script) kid(name string) *child {
	c := s.kids[name]
	if c == nil {
		s.t.Fatalf("no child %s", name)
	}
	return c
}

func (s *script) step(event any) {
	effects := s.core.step(s.now, event)
	for c := s.core.children.first; c != nil; c = c.next {
		s.kids[nameOf(c)] = c
	}
	for i, e := range effects {
		if e.op == opDisarm || e.op == opArm && i > 0 && effects[i-1].child == e.child && e.child != nil {
			continue // shown with the effect before it
		}
		text := showEffect(e)
		if i+1 < len(effects) && effects[i+1].op == opArm && effects[i+1].child == e.child {
			text += fmt.Sprintf(", at most %v", effects[i+1].d)
		}
		s.out.WriteString(text + "\n")
	}
}

func nameOf(c *child) string {
	if c.id() == "" {
		return "#" + strconv.FormatUint(c.num, 10)
	}
	return c.id()
}

func showEffect(e effect) string {
	switch e.op {
	case opStart:
		if e.child.level > 0 {
			return fmt.Sprintf("start %s the simpler way %d", nameOf(e.child), e.child.level)
		}
		return "start " + nameOf(e.child)
	case opStop:
		return "stop " + nameOf(e.child)
	case opKill:
		return "kill " + nameOf(e.child)
	case opArm:
		return fmt.Sprintf("wait for all, at most %v", e.d)
	case opAgain:
		return "try again " + nameOf(e.child)
	case opReply:
		return fmt.Sprintf("reply to %v: %s", e.to, showReply(e.val, e.err))
	case opNote:
		text := fmt.Sprintf("  %s %v", nameOf(e.child), e.note.kind)
		switch e.note.kind {
		case ChildStarted:
		case ChildRestarted:
			text += fmt.Sprintf(" after %v", e.note.took)
		default:
			text += ": " + reasonText(e.note.reason)
		}
		return text
	case opUp:
		return "the supervisor is up"
	case opEnd:
		return "the supervisor ends: " + reasonText(e.err)
	}
	return fmt.Sprintf("effect %d of %s", e.op, nameOf(e.child))
}

func showReply(val any, err error) string {
	switch v := val.(type) {
	case nil:
		return err.Error()
	case kista.PID:
		return "a PID"
	case done:
		return "done"
	case []ChildInfo:
		var out []string
		for _, c := range v {
			out = append(out, showInfo(c))
		}
		return strings.Join(out, "; ")
	case ChildInfo:
		return showInfo(v)
	}
	return fmt.Sprintf("%+v", val)
}

func showInfo(c ChildInfo) string {
	return fmt.Sprintf("%s %v %v %v level %d restarts %d", c.ID, c.Status, c.Type, c.Restart, c.Level, c.Restarts)
}

func (s *script) flags(f []string) (spec Spec) {
	for _, arg := range f {
		key, val, _ := strings.Cut(arg, "=")
		switch key {
		case "strategy":
			spec.Strategy = named(s.t, val, OneForOne, OneForAll, RestForOne)
		case "intensity":
			spec.Intensity, _ = strconv.Atoi(val)
		case "period":
			spec.Period = s.duration(val)
		case "auto":
			spec.AutoShutdown = named(s.t, val, Never, AnySignificant, AllSignificant)
		default:
			s.t.Fatalf("no such flag: %s", arg)
		}
	}
	return spec
}

var nothing = Func(func(context.Context) error { return nil })

func parseChild(t *testing.T, f []string) Child {
	c := Child{ID: f[0], Start: nothing}
	for _, arg := range f[1:] {
		key, val, _ := strings.Cut(arg, "=")
		switch key {
		case "restart":
			c.Restart = named(t, val, Permanent, Transient, Temporary)
		case "shutdown":
			c.Shutdown = parseTime(t, val)
		case "start":
			c.StartTimeout = parseTime(t, val)
		case "significant":
			c.Significant = true
		case "supervisor":
			c.Start = Program(Spec{}, Opts{})
		case "orelse":
			n, _ := strconv.Atoi(val)
			for range n {
				c.OrElse = append(c.OrElse, nothing)
			}
		default:
			t.Fatalf("no such field: %s", arg)
		}
	}
	return c
}

func (s *script) duration(text string) time.Duration { return parseTime(s.t, text) }

func parseTime(t *testing.T, text string) time.Duration {
	switch text {
	case "brutal":
		return BrutalKill
	case "infinity":
		return kista.NoTimeout
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func named[T fmt.Stringer](t *testing.T, text string, all ...T) T {
	for _, v := range all {
		if v.String() == text {
			return v
		}
	}
	t.Fatalf("no such name: %s", text)
	panic("unreachable")
}

func parseReason(text string) error {
	switch text {
	case "normal":
		return nil
	case "shutdown":
		return kista.ErrShutdown
	case "killed":
		return kista.ErrKilled
	case "ignore":
		return kista.ErrIgnore
	case "same":
		return &SameFault{Cause: errors.New("poison")}
	}
	return errors.New(text)
}
