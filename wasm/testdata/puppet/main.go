// Puppet is a guest that does what it is told, for the tests of package wasm.
package main

import (
	"errors"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"github.com/kista-go/kista/term"
	"github.com/kista-go/kista/wasm/guest"
)

// State is what the puppet has seen.
type State struct {
	Args term.Term
	Seen []term.Term
	Kept int
}

type (
	// Do asks for one operation.
	Do struct {
		_   struct{} `term:"do"`
		Op  string
		To  term.Term
		Arg term.Term
	}
	// Add is a cast.
	Add struct {
		_ struct{} `term:"add"`
		N int
	}
)

var (
	later guest.From
	mon   guest.Monitor
	timer guest.Timer
)

func address(t term.Term) any {
	if name, ok := t.(term.Binary); ok {
		return guest.Name(name)
	}
	return t
}

func do(c *guest.Ctx, s *State, q Do) (any, error) {
	to := address(q.To)
	switch q.Op {
	case "self":
		return c.Self(), nil
	case "caller":
		return c.Caller(c.From()), nil
	case "send":
		return true, c.Send(to, q.Arg)
	case "cast":
		return true, c.Cast(to, q.Arg)
	case "call":
		var answer term.Term
		err := c.Call(0, to, q.Arg, &answer)
		return answer, err
	case "call quickly":
		return nil, c.Call(time.Millisecond, to, q.Arg, nil)
	case "later":
		later = c.From()
		return nil, guest.Later
	case "now answer":
		return true, c.Reply(later, q.Arg)
	case "refuse":
		return nil, &guest.Error{Term: q.Arg}
	case "send after":
		var err error
		timer, err = c.SendAfter(time.Duration(q.Arg.(int64))*time.Millisecond, to, term.Atom("tick"))
		return true, err
	case "cancel":
		left, ok := c.Cancel(timer)
		return ok && left > 0, nil
	case "monitor":
		var err error
		mon, err = c.Monitor(to)
		return true, err
	case "demonitor":
		c.Demonitor(mon)
		return true, nil
	case "link":
		return true, c.Link(to.(guest.PID))
	case "unlink":
		return true, c.Unlink(to.(guest.PID))
	case "exit":
		return true, c.Exit(to.(guest.PID), q.Arg)
	case "trap exits":
		return c.TrapExits(true), nil
	case "spawn":
		name, _ := q.To.(term.Binary)
		return c.Spawn(string(name), q.Arg)
	case "log":
		c.Log(guest.Warn, "it was told to log")
		return true, nil
	case "now":
		now, err := c.Now()
		return now.UnixNano(), err
	case "time":
		return time.Now().UnixNano(), nil
	case "sleep":
		time.Sleep(time.Duration(q.Arg.(int64)) * time.Millisecond)
		return true, nil
	case "seen":
		seen := s.Seen
		s.Seen = nil
		return seen, nil
	case "wrong reply":
		return "no number", nil
	case "stop":
		return true, guest.Stop(nil)
	case "fail":
		return nil, guest.Stop(&guest.Error{Term: term.Atom("told_to")})
	case "panic":
		panic("told to panic")
	case "file":
		_, err := os.ReadFile("/etc/passwd")
		return nil, err
	case "environment":
		return len(os.Environ()) + len(os.Args), nil
	case "print":
		_, err := os.Stdout.WriteString("printed\n")
		return true, err
	case "allocate":
		var all [][]byte
		for {
			all = append(all, make([]byte, 1<<20))
			if len(all) > 1<<20 {
				return nil, nil
			}
		}
	case "recurse":
		return deep(0), nil
	case "spin":
		for i := 0; ; i++ {
			s.Kept = i
		}
	case "goroutines":
		ch := make(chan int)
		for i := range 100 {
			go func() { ch <- i }()
		}
		sum := 0
		for range 100 {
			sum += <-ch
		}
		return sum, nil
	case "text":
		return strings.Repeat("x", int(q.Arg.(int64))), nil
	}
	return nil, errors.New("it does not know how to " + q.Op)
}

//go:noinline
func deep(n int) int {
	var big [16]int
	big[n&15] = n
	return deep(n+1) + big[n&15]
}

func init() {
	debug.SetGCPercent(10) // a heap of 400 KB before the first collection, instead of 4 MB
	m := &guest.Mux[State]{Version: version}
	guest.OnCall(m, do)
	guest.OnCast(m, func(_ *guest.Ctx, s *State, a Add) error {
		s.Kept += a.N
		return nil
	})
	see := func(s *State, t term.Term) error {
		s.Seen = append(s.Seen, t)
		return nil
	}
	guest.OnInfo(m, func(_ *guest.Ctx, s *State, t term.Atom) error { return see(s, t) })
	guest.OnInfo(m, func(_ *guest.Ctx, s *State, t term.Tuple) error { return see(s, t) })
	guest.OnDown(m, func(_ *guest.Ctx, s *State, d guest.Down) error {
		return see(s, term.Tuple{term.Atom("DOWN"), d.Monitor == mon, d.Who, d.Reason})
	})
	guest.OnExited(m, func(_ *guest.Ctx, s *State, e guest.Exited) error {
		return see(s, term.Tuple{term.Atom("EXIT"), e.PID, e.Reason})
	})
	guest.OnTerminate(m, func(c *guest.Ctx, s *State, reason error) {
		_ = c.Send(guest.Name("watcher"), term.Tuple{term.Atom("bye"), s.Kept})
	})
	migrate(m)
	guest.Run(m, func(c *guest.Ctx, args term.Term) (*State, error) {
		switch args {
		case term.Term(term.Atom("refuse")):
			return nil, &guest.Error{Term: term.Atom("told_so")}
		case term.Term(term.Atom("ignore")):
			return nil, guest.Stop(nil)
		case term.Term(term.Atom("panic")):
			panic("at the start")
		}
		return &State{Args: args}, nil
	})
}

func main() {}
