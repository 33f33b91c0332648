package port

import (
	"errors"
	"os"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/term"
)

// Program describes a port for a supervisor. A mistake in spec fails each of its
// starts, with a [*SpecError]. Two incarnations of one Program, the next of which
// was started because the one before had ended, are never there at once: even
// where the one before was killed, its program and all that this has started are
// gone before the next starts.
func Program(spec Spec, o Opts) kista.Program {
	spec = spec.clone().withDefaults()
	o.TrapExits = true
	before := new(fence)
	return kista.BehaviourProgram(o, "port", func() (kista.Behaviour, error) {
		if err := spec.validate(); err != nil {
			return nil, err
		}
		return &port{spec: spec.clone(), fence: before}, nil
	}).AtLevel("L3")
}

// port is the behaviour of a port's process: its face. What it has in the
// operating system is its run's.
type port struct {
	spec  Spec
	fence *fence
	born  time.Time
	run   *run
}

// Init starts the program.
func (p *port) Init(s *kista.Self) (err error) {
	p.born = time.Now()
	if err := p.fence.pass(s); err != nil {
		return err
	}
	files, err := p.open()
	if err != nil {
		return err
	}
	p.run = newRun(s, p.spec)
	if p.spec.Subscriber != nil { // before there is anything to be told
		p.run.mux.subscribe(p.spec.Subscriber, s.Monitor(p.spec.Subscriber), p.spec.Active)
	}
	err = p.fence.add(p.run)
	if err == nil {
		err = p.run.launch(files)
	}
	for _, f := range files {
		f.Close()
	}
	if err != nil {
		return err
	}
	up := false
	defer func() {
		if !up {
			p.run.kill()
		}
	}()
	if err := p.run.keep(s); err != nil {
		return err
	}
	if err := p.run.wait(s); err != nil {
		return err
	}
	up = true
	return nil
}

// open opens what the program inherits.
func (p *port) open() (files []*os.File, err error) {
	ok := false
	defer func() {
		if !ok {
			for _, f := range files {
				f.Close()
			}
		}
	}()
	for _, open := range p.spec.Files {
		f, err := open()
		if err == nil && f == nil {
			err = errors.New("port: a function of Spec.Files returned neither a file nor an error")
		}
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	ok = true
	return files, nil
}

// Handle takes requests, and the news of the program's end.
func (p *port) Handle(s *kista.Self, msg any) error {
	switch m := msg.(type) {
	case kista.Request:
		p.request(s, m)
	case kista.Exited:
		return p.exited(m)
	case kista.Down:
		p.run.mux.unsubscribe(m.Ref)
	case activate:
		p.run.mux.activate(m.n)
	}
	return nil
}

func (p *port) request(s *kista.Self, q kista.Request) {
	switch m := q.Msg.(type) {
	case input:
		p.run.mux.enqueue(m, q.From)
		return
	case closeInput:
		p.run.mux.endInput()
	case sendSignal:
		if m.n < 1 || m.n > 64 {
			q.From.Fail(&SpecError{Field: "Signal", Value: term.String(int64(m.n)), Why: "there is no such signal"})
			return
		}
		p.run.command(commandSignal, byte(m.n))
	case subscribe:
		var watch kista.Ref
		if m.who != nil {
			watch = s.Monitor(m.who)
		}
		if old := p.run.mux.subscribe(m.who, watch, m.n); !old.IsZero() {
			s.DemonitorFlush(old)
		}
	default:
		q.From.Fail(kista.ErrUnsupported)
		return
	}
	_ = q.From.Reply(nil)
}

// exited ends the port with its program, or with a process that it is linked to.
func (p *port) exited(e kista.Exited) error {
	switch {
	case e.PID == p.run.keeper:
		return kista.Stop{Reason: p.run.outcome(e.Reason)}
	case e.Reason == nil:
		return nil
	}
	return kista.Stop{Reason: e.Reason}
}

// State is the answer to [kista.GetState].
func (p *port) State() any {
	i := Info{Program: p.spec.Path, Age: time.Since(p.born)}
	p.run.describe(&i)
	return i
}

// Terminate stops the program and returns when all of it is gone.
func (p *port) Terminate(s *kista.Self, _ error) error {
	p.run.stop(s)
	return nil
}
