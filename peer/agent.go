package peer

import (
	"reflect"
	"slices"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/known"
)

// agentName is the agent's, on a peer's node.
const agentName = "kista.peer"

// What a parent asks the agent for.
type (
	spawn struct { // answered with the PID
		Entry string
		Args  any
	}
	stop struct{ Within time.Duration } // answered at once
)

func init() {
	known.Add(reflect.TypeFor[spawn]())
	known.Add(reflect.TypeFor[stop]())
}

// agent is the process in a peer that does what its parent asks for.
type agent struct {
	stop     chan<- time.Duration
	starters []starter // in the order of their start
}

// starter is a process that starts what an entry describes, and whom to tell if it fails.
type starter struct {
	pid  kista.PID
	from kista.From
}

func agentProgram(stop chan<- time.Duration) kista.Program {
	o := kista.SpawnOpts{Name: agentName, TrapExits: true, Shutdown: kista.NoTimeout, Priority: kista.PriorityHigh}
	return kista.BehaviourProgram(o, "peer agent", func() (kista.Behaviour, error) { return &agent{stop: stop}, nil })
}

// Init implements [kista.Behaviour].
func (a *agent) Init(*kista.Self) error { return nil }

// Handle takes requests, and the news of ends.
func (a *agent) Handle(s *kista.Self, msg any) error {
	switch m := msg.(type) {
	case kista.Exited:
		i := slices.IndexFunc(a.starters, func(st starter) bool { return st.pid == m.PID })
		if i < 0 {
			break
		}
		if m.Reason != nil {
			a.starters[i].from.Fail(m.Reason) // if it has not been answered
		}
		a.starters = slices.Delete(a.starters, i, i+1)
	case kista.Request:
		switch q := m.Msg.(type) {
		case spawn:
			return a.spawn(s, q, m.From)
		case stop:
			select {
			case a.stop <- q.Within:
			default:
			}
			return m.From.Reply(nil)
		default:
			m.From.Fail(kista.ErrUnsupported)
		}
	}
	return nil
}

// spawn has a process of its own start the entry's program, and watch over what it starts: the entry is somebody's code.
func (a *agent) spawn(s *kista.Self, q spawn, from kista.From) error {
	e := entryNamed(q.Entry)
	if e == nil {
		from.Fail(&EntryError{Entry: q.Entry, Peer: s.Node().NodeName(), Why: "it is not registered there"})
		return nil
	}
	o := kista.SpawnOpts{Link: true, TrapExits: true, Label: "start of " + q.Entry, Grace: kista.NoTimeout}
	pid, _, err := s.SpawnWith(o, func(self *kista.Self) error { return start(self, e, q, from) })
	if err != nil {
		from.Fail(err)
		return nil
	}
	a.starters = append(a.starters, starter{pid, from})
	return nil
}

// start is the body of a starter. It ends with what it started, and normally: whoever asked for it watches that.
func start(self *kista.Self, e *entry, q spawn, from kista.From) error {
	program, err := e.program(self.Node().NodeName(), q.Args)
	var pid kista.PID
	if err == nil {
		pid, err = self.StartLink(self, program)
	}
	if err != nil {
		from.Fail(err)
		return nil
	}
	_ = from.Reply(pid)
	for {
		msg, err := self.Receive()
		if err != nil {
			return err
		}
		x, is := msg.(kista.Exited)
		switch {
		case !is:
		case x.PID == pid:
			return nil
		default: // the agent's
			_ = self.Exit(pid, kista.ErrShutdown)
		}
	}
}

// Terminate stops everything, the youngest first, within its context's time.
func (a *agent) Terminate(s *kista.Self, _ error) error {
	for i := len(a.starters) - 1; i >= 0; i-- {
		pid := a.starters[i].pid
		_ = s.Exit(pid, kista.ErrShutdown)
		if _, err := kista.Wait(s, pid); err != nil {
			return nil
		}
	}
	return nil
}
