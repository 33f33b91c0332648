package contract

import (
	"fmt"
	"strings"

	"github.com/kista-go/kista/term"
)

// A Line is one line of a written conversation.
type Line struct {
	// Number counts from 1 in the text; 0 is a line that was not read.
	Number int
	// State is the state in which the message comes.
	State term.Atom
	// Kind says what it is, and Message is the request or the event.
	Kind    RuleKind
	Message term.Term
	// Answered is true where a reply follows: Reply, with the state Next.
	Answered bool
	Reply    term.Term
	Next     term.Atom
}

// String returns the line as [ReadTranscript] reads it.
func (l Line) String() string {
	s := quoteTerm(l.State) + " "
	switch l.Kind {
	case EventOut:
		return s + "EVENT => " + term.String(l.Message)
	case EventIn:
		return s + "EVENT <= " + term.String(l.Message)
	}
	s += term.String(l.Message)
	if l.Answered {
		s += " => " + term.String(l.Reply) + " & " + quoteTerm(l.Next)
	}
	return s
}

func quoteTerm(a term.Atom) string { return a.String() }

// TranscriptError says where a text is no written conversation.
type TranscriptError struct {
	// Line counts from 1.
	Line int
	// Reason says what is wrong there.
	Reason string
}

// Error returns line and reason.
func (e *TranscriptError) Error() string {
	return fmt.Sprintf("contract: line %d of the conversation: %s", e.Line, e.Reason)
}

// ReadTranscript reads a written conversation: what was said, a line for each request with its reply, or for an event, written as rules
// are, with the state in front and values as package term writes them:
//
//	% a comment
//	start  {open,{'#S',"foo.dat"},read} => {ok,7} & ready
//	ready  EVENT => {grown,7,100}
//	ready  {close,7} => true & stop
//
// The signs "=>" and "&" may be left out, or be commas. A request without a reply ends a line as well. The error is a
// *[TranscriptError].
func ReadTranscript(text string) ([]Line, error) {
	var lines []Line
	number := 0
	for raw := range strings.Lines(text) {
		number++
		parts, err := divide(raw)
		if err == nil && len(parts) == 0 {
			continue
		}
		l := Line{Number: number}
		if err == nil {
			err = l.read(parts)
		}
		if err != nil {
			return nil, &TranscriptError{number, err.Error()}
		}
		lines = append(lines, l)
	}
	return lines, nil
}

// read fills in the line from its parts.
func (l *Line) read(parts []string) error {
	if len(parts) == 1 && strings.HasPrefix(parts[0], "{") { // {state, request, reply, next}
		t, err := term.Parse(parts[0])
		if tu, ok := t.(term.Tuple); err == nil && ok && len(tu) >= 2 {
			parts = nil
			for _, e := range tu {
				parts = append(parts, term.String(e))
			}
		}
	}
	if len(parts) < 2 {
		return fmt.Errorf("a line needs a state and a message")
	}
	var err error
	if l.State, err = stateOf(parts[0]); err != nil {
		return err
	}
	if parts[1] == "EVENT" {
		return l.readEvent(parts[2:])
	}
	parts = without(parts, "=>", "&")
	if l.Message, err = valueOf(parts[1]); err != nil {
		return fmt.Errorf("the request: %w", err)
	}
	switch len(parts) {
	case 2:
		return nil
	case 4:
	case 3:
		return fmt.Errorf("the reply has no next state")
	default:
		return fmt.Errorf("more stands here than state, request, reply and next state: %s", parts[4])
	}
	l.Answered = true
	if l.Reply, err = valueOf(parts[2]); err != nil {
		return fmt.Errorf("the reply: %w", err)
	}
	l.Next, err = stateOf(parts[3])
	return err
}

func (l *Line) readEvent(parts []string) error {
	if len(parts) != 2 || parts[0] != "=>" && parts[0] != "<=" {
		return fmt.Errorf("an event is EVENT => value, or EVENT <= value")
	}
	l.Kind = EventOut
	if parts[0] == "<=" {
		l.Kind = EventIn
	}
	var err error
	l.Message, err = valueOf(parts[1])
	return err
}

func without(parts []string, words ...string) []string {
	var kept []string
	for _, p := range parts {
		if p != words[0] && p != words[1] {
			kept = append(kept, p)
		}
	}
	return kept
}

func valueOf(s string) (term.Term, error) { return term.Parse(s) }

// stateOf reads the name of a state, which may have a colon behind it.
func stateOf(s string) (term.Atom, error) {
	t, err := term.Parse(strings.TrimSuffix(s, ":"))
	if a, ok := t.(term.Atom); err == nil && ok {
		return a, nil
	}
	return "", fmt.Errorf("%s is no name of a state", quote(s))
}

// divide cuts a line into values and signs: at blanks and commas outside brackets and quotes, up to a comment.
func divide(s string) ([]string, error) {
	var parts []string
	start, depth := -1, 0
	end := func(i int) {
		if start >= 0 {
			parts = append(parts, s[start:i])
			start = -1
		}
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '%':
			end(i)
			i = len(s)
		case depth == 0 && (c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == ','):
			end(i)
		case depth == 0 && (strings.HasPrefix(s[i:], "=>") || strings.HasPrefix(s[i:], "<=") || c == '&'):
			end(i)
			n := 2
			if c == '&' {
				n = 1
			}
			parts = append(parts, s[i:i+n])
			i += n - 1
		default:
			if start < 0 {
				start = i
			}
			n, err := token1(s[i:], &depth)
			if err != nil {
				return nil, err
			}
			i += n - 1
		}
	}
	if depth != 0 {
		return nil, fmt.Errorf("a bracket is not closed")
	}
	end(len(s))
	return parts, nil
}

// token1 returns the length of what begins s and cannot be cut, and counts brackets.
func token1(s string, depth *int) (int, error) {
	switch c := s[0]; {
	case strings.HasPrefix(s, "<<"), strings.HasPrefix(s, "#{"):
		*depth++
		return 2, nil
	case strings.HasPrefix(s, ">>"):
		*depth--
		return 2, nil
	case c == '{' || c == '[':
		*depth++
	case c == '}' || c == ']':
		*depth--
	case c == '$' && len(s) > 1:
		if s[1] == '\\' && len(s) > 2 {
			return 3, nil
		}
		return 2, nil
	case c == '"' || c == '\'':
		for i := 1; i < len(s); i++ {
			switch s[i] {
			case '\\':
				i++
			case c:
				return i + 1, nil
			}
		}
		return 0, fmt.Errorf("a quote is not closed")
	}
	if *depth < 0 {
		return 0, fmt.Errorf("a bracket closes what was never opened")
	}
	return 1, nil
}

// ReplayError says which line of a conversation breaks the contract.
type ReplayError struct {
	// Line is the line, as it was read.
	Line Line
	// Err is a *[Violation], or says that the line's state is not the one in which the conversation is.
	Err error
}

// Error returns the number of the line and what is wrong.
func (e *ReplayError) Error() string {
	return fmt.Sprintf("contract: line %d: %s", e.Line.Number, strings.TrimPrefix(e.Err.Error(), "contract: "))
}

// Unwrap returns Err.
func (e *ReplayError) Unwrap() error { return e.Err }

// Replay checks a written conversation. It begins in the state of its first line, and ends with the first line that breaks the
// contract, which the error tells as a *[ReplayError]; state is where the conversation has got to.
func (k *Checker) Replay(lines []Line) (state term.Atom, err error) {
	s := k.Session()
	for i, l := range lines {
		if i == 0 {
			err = s.Enter(l.State)
		} else if l.State != s.State() {
			err = fmt.Errorf("the line says state %v, and the conversation is in state %v", l.State, s.State())
		}
		if err == nil {
			err = s.replay(l)
		}
		if err != nil {
			return s.State(), &ReplayError{l, err}
		}
	}
	return s.State(), nil
}

func (s *Session) replay(l Line) error {
	switch l.Kind {
	case EventOut:
		return s.Event(Server, l.Message)
	case EventIn:
		return s.Event(Client, l.Message)
	}
	if err := s.Request(l.Message); err != nil {
		return err
	}
	if l.Answered {
		return s.Reply(l.Reply, l.Next)
	}
	return nil
}
