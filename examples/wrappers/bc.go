package main

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/port"
	"github.com/kista-go/kista/server"
)

// bc answers an expression with one line, several, or none, and complains on its
// standard error. So a call of the port, which waits for one message, will not do.
// The server asks bc to say a word after each answer, and takes what came before.

// endOfAnswer is that word, and how bc is told to say it.
const (
	endOfAnswer = "."
	sayIt       = `print "\n.\n"`
)

// patience is how long bc may think. What takes longer ends it, and its server.
const patience = 4 * time.Second

var (
	// ErrNotUnderstood is the answer to what bc answers nothing to.
	ErrNotUnderstood = errors.New("bc has not understood")
	// ErrTooLong is why a calculator ends that has thought too long.
	ErrTooLong = errors.New("bc takes too long")
)

func init() { kista.RegisterError(ErrNotUnderstood, ErrTooLong) }

type (
	// Expression asks a calculator for the value of an expression.
	Expression struct {
		server.Replies[string]
		Text string
	}
	// overdue reminds the server of a question.
	overdue struct{ number int }
)

// calculator is the state of the server in front of bc.
type calculator struct {
	bc     kista.PID
	asked  int                      // questions ever
	asking []server.ReplyTo[string] // those that have no answer yet, the oldest first
	lines  []string                 // of its answer
}

var calculators server.Mux[calculator]

func init() {
	server.OnCall(&calculators, ask)
	server.OnInfo(&calculators, hear)
	server.OnInfo(&calculators, func(c *server.Ctx, s *calculator, p port.Paused) error {
		return port.Activate(p.Port, port.DefaultActive)
	})
	server.OnInfo(&calculators, late)
}

// Calculator describes a bc under a name, for a supervisor.
func Calculator(name string) kista.Program {
	return server.Child(server.Of(&calculators, open), struct{}{}, server.Opts{Name: name})
}

// Evaluate asks a calculator. The error is [ErrNotUnderstood] in a
// [*server.Refused], or why there is no answer.
func Evaluate(ctx context.Context, to kista.Addr, text string) (string, error) {
	return server.Call(ctx, to, Expression{Text: text})
}

// open starts the bc of a new server. They end together.
func open(c *server.Ctx, _ struct{}) (*calculator, error) {
	bc, err := port.StartLink(c, c.Self, port.Spec{
		Path: "bc", Args: []string{"-l"}, Env: []string{"BC_LINE_LENGTH=0"},
		Framing: port.Lines, Subscriber: c.PID(),
		Limits: port.Limits{Memory: 256 << 20},
	}, port.Opts{Label: "bc"})
	return &calculator{bc: bc}, err
}

func ask(c *server.Ctx, s *calculator, q Expression) (string, error) {
	if strings.ContainsAny(q.Text, "\n\"") {
		return "", ErrNotUnderstood // it might say the word itself
	}
	for _, line := range []string{q.Text, sayIt} {
		if err := port.Send(c, s.bc, []byte(line)); err != nil {
			return "", server.Crash(err)
		}
	}
	s.asked++
	s.asking = append(s.asking, server.ReplyTo[string]{From: c.From()})
	kista.SendAfter(patience, c.PID(), overdue{s.asked})
	return "", server.Later
}

// hear takes a line from bc.
func hear(c *server.Ctx, s *calculator, d port.Data) error {
	line := string(d.Bytes)
	if line != endOfAnswer {
		if line != "" {
			s.lines = append(s.lines, line)
		}
		return nil
	}
	asker, answer := s.asking[0], strings.Join(s.lines, "\n")
	s.asking, s.lines = s.asking[1:], nil
	if answer == "" {
		asker.Refuse(ErrNotUnderstood)
		return nil
	}
	return asker.Reply(answer)
}

// late ends the server if a question has no answer yet.
func late(_ *server.Ctx, s *calculator, o overdue) error {
	if o.number > s.asked-len(s.asking) {
		return ErrTooLong
	}
	return nil
}
