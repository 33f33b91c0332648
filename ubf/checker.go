package ubf

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/contract"
	"github.com/kista-go/kista/supervisor"
	"github.com/kista-go/kista/term"
	"github.com/kista-go/kista/ubfa"
)

// checker is the process that has the contract of a session and its state, and writes to the client.
type checker struct {
	sv      *Server
	wire    *wire
	peer    *peer
	service *service // nil: the meta service
	session *contract.Session
	handler kista.PID
	lost    term.Atom // a state that the contract does not have, where the session is all the same (Compat)
	broken  int       // violations of the client
}

// Init greets the client.
func (k *checker) Init(s *kista.Self) error {
	sv := k.sv
	name := sv.spec.Name
	k.session = sv.meta.Session()
	if sv.begin != nil {
		if _, err := k.enter(s, sv.begin, wordUndefined); err != nil {
			return err
		}
	}
	if name == "" {
		name = k.session.Checker().Contract().Name
	}
	if sv.spec.Quiet {
		return nil
	}
	err := k.wire.send(term.Tuple{sv.spec.Transport.name, stringTerm(name), stringTerm(sv.texts.Greeting)})
	if err != nil && !unencodable(err) { // the client has gone already: the driver hears of it when it reads
		_ = k.wire.Close()
		return nil
	}
	return err
}

// Handle takes what the client and the handler say.
func (k *checker) Handle(s *kista.Self, msg any) error {
	switch m := msg.(type) {
	case kista.Request:
		in, ok := m.Msg.(received)
		if !ok {
			m.From.Fail(kista.ErrUnknownRequest)
			return nil
		}
		err := k.take(s, in.Term)
		if err == nil {
			return m.From.Reply(false)
		}
		_ = m.From.Reply(true)
		return err
	case emitted:
		return k.emit(s, m.Event)
	case kista.Exited:
		if m.PID == k.handler && (m.Reason != nil || !k.handler.IsZero()) {
			return kista.Stop{Reason: m.Reason}
		}
	}
	return nil
}

// Terminate ends the handler, which shall be told, and the connection.
func (k *checker) Terminate(s *kista.Self, _ error) error {
	if !k.handler.IsZero() {
		_ = s.Exit(k.handler, kista.ErrShutdown)
		ctx, cancel := context.WithTimeout(context.WithoutCancel(s), kista.DefaultGrace)
		defer cancel()
		if _, err := kista.Wait(ctx, k.handler); err != nil {
			_ = s.Exit(k.handler, kista.Kill)
		}
	}
	_ = k.wire.Close() // the driver may have done so
	return nil
}

// errOver ends a session in order.
var errOver = kista.Stop{}

// take takes a message of the client's. An error ends the session.
func (k *checker) take(s *kista.Self, t term.Term) error {
	if t == wordContract {
		return gone(k.wire.send(term.Tuple{wordContract, k.session.Checker().Contract().Term()}))
	}
	if e, ok := event(t, wordEventIn); ok {
		return k.event(s, e)
	}
	if k.sv.spec.Compat && hasImproper(t) {
		return errOver // UBF 2.x has no such lists, and crashes; a decoder that is strict has refused it
	}
	if k.lost != "" || k.sv.spec.Compat && k.session.State() == stateStop {
		return errOver // UBF 2.x crashes
	}
	err := k.session.Request(t)
	var v *contract.Violation
	switch {
	case errors.As(err, &v):
		return k.clientBroke(s, v)
	case err != nil:
		return err
	case k.service == nil:
		return k.ask(s, t)
	}
	return k.call(s, t)
}

// event is the event in a message that is one.
func event(t term.Term, word term.Atom) (term.Term, bool) {
	tu, ok := t.(term.Tuple)
	if !ok || len(tu) != 2 || tu[0] != word {
		return nil, false
	}
	return tu[1], true
}

// state is the session's state as the client sees it.
func (k *checker) state() term.Atom {
	if k.service == nil {
		return metaState
	}
	return k.session.State()
}

// reply sends a reply with the state that follows.
func (k *checker) reply(t term.Term, state term.Atom) error {
	if k.sv.spec.SimpleRPC {
		return k.wire.send(t)
	}
	return k.wire.send(term.Tuple{t, state})
}

func (k *checker) clientBroke(s *kista.Self, v *contract.Violation) error {
	s.Logger().Info("ubf: the client broke its contract", "client", k.peer.addr.String(), "violation", v)
	err := k.reply(term.Tuple{wordClientBroke, v.Message, v.Expect}, k.state())
	if unencodable(err) { // not all that is read can be written, or it is too long to be said back
		err = k.reply(term.Tuple{wordClientBroke, wordUndefined, v.Expect}, k.state())
	}
	if err != nil {
		return gone(err)
	}
	return k.again(s)
}

// again counts a violation of the client's, and ends the session if there were too many.
func (k *checker) again(s *kista.Self) error {
	k.broken++
	if limit := k.sv.spec.MaxViolations; limit > 0 && k.broken >= limit && !k.sv.spec.Compat {
		s.Logger().Warn("ubf: a client that breaks its contract again and again is dropped", "client", k.peer.addr.String(), "violations", k.broken)
		return errOver
	}
	return nil
}

// gone ends a session whose client cannot be written to: no fault of this process, unless the message has no form on the wire.
func gone(err error) error {
	if err == nil || unencodable(err) {
		return err
	}
	return errOver
}

// call has the plugin answer a request.
func (k *checker) call(s *kista.Self, request term.Term) error {
	v, err := k.plugin(s, k.handler, request, func(own term.Term) any { return ask{State: k.session.State(), Request: own} })
	if err != nil {
		return err
	}
	a, _ := v.(answer)
	return k.answer(s, request, a)
}

// plugin asks a handler something with a term of the client's, of which the handler gets a copy. Any error ends the session.
func (k *checker) plugin(s *kista.Self, h kista.PID, t term.Term, question func(own term.Term) any) (any, error) {
	own, err := kista.Copy(t)
	if err != nil { // the decoder's limits are others than those of messages
		s.Logger().Info("ubf: a connection is closed", "client", k.peer.addr.String(), "reason", err)
		return nil, errOver
	}
	limit := k.sv.spec.Call
	if limit < 0 {
		limit = kista.NoTimeout
	}
	if idle := k.sv.spec.Idle; k.sv.spec.Compat && idle > 0 {
		limit = idle
	}
	v, err := kista.CallFor(s, limit, h, question(own))
	if err != nil {
		if k.sv.spec.Compat && errors.Is(err, context.DeadlineExceeded) {
			return nil, errOver
		}
		return nil, fmt.Errorf("ubf: no answer of the plugin: %w", err)
	}
	return v, nil
}

// answer checks what the server says, and sends it.
func (k *checker) answer(s *kista.Self, request term.Term, a answer) error {
	before := k.state()
	next := a.Next
	if k.service == nil {
		next = k.session.State()
	}
	err := k.session.Reply(a.Reply, next)
	var v *contract.Violation
	switch {
	case err == nil:
		if err := k.reply(a.Reply, k.state()); err != nil {
			return gone(err)
		}
		if k.service != nil && k.session.State() == stateStop && !k.sv.spec.Compat {
			return errOver
		}
		return nil
	case !errors.As(err, &v):
		return err
	}
	told := term.Tuple{wordServerBroke, term.Tuple{request, a.Reply}, v.Expect}
	if !k.sv.spec.Compat {
		err := k.reply(told, before)
		if unencodable(err) {
			err = k.reply(term.Tuple{wordServerBroke, term.Tuple{wordUndefined, wordUndefined}, v.Expect}, before)
		}
		if err != nil && !unencodable(err) {
			return gone(err)
		}
		return v
	}
	s.Logger().Error("ubf: the server broke its contract", "client", k.peer.addr.String(), "violation", v)
	state := a.Next
	if k.service == nil {
		state = metaState
	} else if k.session.Enter(a.Next) != nil {
		k.lost = a.Next
	}
	if err := k.reply(told, state); err != nil {
		return gone(err)
	}
	return nil
}

// event takes an event of the client's, and waits until the plugin has: no more is read meanwhile.
func (k *checker) event(s *kista.Self, e term.Term) error {
	side := contract.Client
	if k.sv.spec.Compat {
		side = contract.Server
	}
	if err := k.session.Event(side, e); err != nil {
		s.Logger().Info("ubf: a client's event is dropped", "client", k.peer.addr.String(), "violation", err)
		return k.again(s)
	}
	if k.service == nil {
		return nil
	}
	_, err := k.plugin(s, k.handler, e, func(own term.Term) any { return tell{State: k.session.State(), Event: own} })
	return err
}

// emit sends an event to the client.
func (k *checker) emit(s *kista.Self, e term.Term) error {
	if err := k.session.Event(contract.Server, e); err != nil {
		s.Logger().Error("ubf: an event is dropped: the server may not send it", "client", k.peer.addr.String(), "violation", err)
		return nil
	}
	if err := k.wire.send(term.Tuple{wordEventOut, e}); err != nil {
		return gone(err)
	}
	return nil
}

// ask answers a request to the meta service.
func (k *checker) ask(s *kista.Self, request term.Term) error {
	sv := k.sv
	var reply term.Term
	switch q := request.(type) {
	case term.Atom:
		switch q {
		case wordInfo:
			reply = stringTerm(sv.texts.Info)
		case wordDescription:
			reply = stringTerm(sv.texts.Description)
		case wordHelp:
			reply = term.Binary(sv.texts.Help)
		case wordServices:
			list := term.List{}
			for _, name := range sv.names {
				list = append(list, stringTerm(name))
			}
			reply = list
		}
	case term.Tuple:
		name, _ := ubfa.StringOf(q[1])
		switch q[0] {
		case wordStart:
			return k.start(s, request, sv.services[string(name)], q[2])
		case wordRestart:
			reply = k.restart(s, string(name))
		}
	}
	return k.answer(s, request, answer{Reply: reply})
}

// start begins a session with a service.
func (k *checker) start(s *kista.Self, request term.Term, to *service, arg term.Term) error {
	if to == nil {
		return k.answer(s, request, answer{Reply: failure(term.Atom("noSuchService"))})
	}
	was := k.session
	b, err := k.enter(s, to, arg)
	switch {
	case err != nil:
		return err
	case b.Rejected:
		return k.answer(s, request, answer{Reply: failure(b.Reply)})
	}
	// The old contract says what the answer may be, the new one what the state is.
	reply := term.Tuple{wordOK, b.Reply}
	if err := was.Reply(reply, was.State()); err != nil {
		return err
	}
	if err := k.reply(reply, k.state()); err != nil {
		return gone(err)
	}
	return nil
}

// enter starts a handler, and makes its service the session's unless it rejects the client.
func (k *checker) enter(s *kista.Self, to *service, arg term.Term) (begun, error) {
	h, err := s.StartLink(s, kista.BehaviourProgram(
		kista.SpawnOpts{Label: fmt.Sprintf("ubf handler of %q for %v", to.Contract.Name, k.peer.addr), TrapExits: true}, "ubf handler",
		func() (kista.Behaviour, error) { return &handler{make: to.Plugin, peer: k.peer}, nil }))
	if err != nil {
		return begun{}, fmt.Errorf("ubf: service %q: %w", to.Contract.Name, err)
	}
	v, err := k.plugin(s, h, arg, func(own term.Term) any { return begin{Arg: own} })
	if err != nil {
		return begun{}, err
	}
	b, _ := v.(begun)
	if b.Rejected {
		return b, nil
	}
	session := to.checker.Session()
	if b.Next != "" {
		if session, err = to.checker.SessionAt(b.Next); err != nil {
			return begun{}, fmt.Errorf("ubf: service %q begins in state %q: %w", to.Contract.Name, b.Next, err)
		}
	}
	k.service, k.session, k.handler = to, session, h
	k.wire.use(to.Contract)
	return b, nil
}

// restart starts a service's manager anew.
func (k *checker) restart(s *kista.Self, name string) term.Term {
	svc := k.sv.services[name]
	switch {
	case svc == nil:
		return failure(term.Atom("noSuchService"))
	case !k.sv.spec.AllowRestart:
		return failure(term.Atom("notAllowed"))
	case svc.Manager.IsZero():
		return term.Tuple{wordOK, wordOK}
	}
	sup := s.Node().Name(k.sv.prefix + "services")
	err := supervisor.TerminateChild(s, sup, name)
	if err == nil {
		_, err = supervisor.RestartChild(s, sup, name)
	}
	if err != nil {
		s.Logger().Error("ubf: a service cannot be restarted", "service", name, "error", err)
		return failure(term.Atom("notRestarted"))
	}
	return term.Tuple{wordOK, wordOK}
}

// hasImproper reports whether a term has an improper list in it.
func hasImproper(t term.Term) bool {
	switch v := t.(type) {
	case term.Improper:
		return true
	case term.Tuple:
		return slices.ContainsFunc(v, hasImproper)
	case term.List:
		return slices.ContainsFunc(v, hasImproper)
	}
	return false
}
