package ubf

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/contract"
	"github.com/kista-go/kista/supervisor"
	"github.com/kista-go/kista/term"
)

// ProxySpec says between whom a proxy stands. To and Contracts are required.
type ProxySpec struct {
	// Listen is where clients connect, as for net.Listen("tcp", ...). Empty: any free port of the loopback interface.
	Listen string
	// To is the server's address.
	To string
	// TLS, if not nil, is what clients have to speak; ServerTLS, what the proxy speaks to the server.
	TLS, ServerTLS *tls.Config
	// Transport is how messages stand on the wire, on both sides. Zero: UBF(A).
	Transport Transport
	// Contracts are those of the services behind. The first is the one that a conversation begins with, unless the server's greeting
	// has another name; then it begins with the meta service of UBF(C), and startSession chooses.
	Contracts []*contract.Contract
	// SimpleRPC says that replies come without the state.
	SimpleRPC bool
	// Observe lets violations pass, and reports them. Otherwise what breaks the contract is not passed on: a client is told, and the
	// conversation goes on; for a server that breaks it, the client is told, and the conversation ends.
	Observe bool
	// Violation, if not nil, is told of each violation, by the processes of the sessions: it must not block.
	Violation func(client net.Addr, v *contract.Violation)
	// MaxSessions is how many conversations there may be. Zero: 10000.
	MaxSessions int
	// Idle is how long a conversation may be silent. Zero: for ever.
	Idle time.Duration
	// Write is how long one side may leave what it is sent unread, and how long the server may still talk to a client that has
	// said all. Zero: ten seconds.
	Write time.Duration
	// Limits bound what either side may send.
	Limits Limits
}

// Proxy stands between clients and a server that know nothing of it, and checks what they say to each other. Make one with
// [NewProxy].
type Proxy struct {
	spec     ProxySpec
	services contract.Services
	first    *contract.Checker
	prefix   string
	pool     *supervisor.Pool[net.Conn]
	door     *door
	live     atomic.Int64
	counts   counts
}

// NewProxy makes a proxy. The error is a [*SpecError].
func NewProxy(spec ProxySpec) (*Proxy, error) {
	def(&spec.MaxSessions, DefaultSessions)
	def(&spec.Write, DefaultTimeout)
	spec.Transport = spec.Transport.or()
	p := &Proxy{spec: spec, prefix: fmt.Sprintf("ubf.%d.", servers.Add(1))}
	switch {
	case spec.To == "":
		return nil, &SpecError{"To", "it is empty"}
	case len(spec.Contracts) == 0:
		return nil, &SpecError{"Contracts", "there are none"}
	case spec.MaxSessions < 0 || spec.Idle < 0 || spec.Write < 0:
		return nil, &SpecError{"MaxSessions, Idle, Write", "one is negative"}
	}
	for i, c := range spec.Contracts {
		k, err := contract.Compile(c)
		if err == nil {
			err = p.services.Add(k)
		}
		if err != nil {
			return nil, &SpecError{fmt.Sprintf("Contracts[%d]", i), err.Error()}
		}
		if i == 0 {
			p.first = k
		}
	}
	p.pool = &supervisor.Pool[net.Conn]{
		Restart: supervisor.Temporary,
		Child: func(conn net.Conn) kista.Program {
			o := kista.SpawnOpts{Label: "ubf proxy for " + conn.RemoteAddr().String()}
			return kista.BodyProgram(o, true, func(self *kista.Self) error { return p.between(self, conn) })
		},
	}
	p.door = &door{
		address: spec.Listen, tls: spec.TLS, pool: p.pool, sessions: p.prefix + "sessions",
		full: func() bool { return p.live.Load() >= int64(spec.MaxSessions) },
	}
	return p, nil
}

// Program describes the proxy for a supervisor. It is up once it listens.
func (p *Proxy) Program(o supervisor.Opts) kista.Program {
	return supervisor.Program(supervisor.Spec{
		Strategy: supervisor.RestForOne, Intensity: 5, Period: 10 * time.Second,
		Children: []supervisor.Child{
			{ID: "sessions", Start: p.pool.Program(supervisor.Opts{Name: p.prefix + "sessions"})},
			{ID: "listener", Start: p.door.program()},
		},
	}, o)
}

// Start starts the proxy on a node, from outside, and waits until it listens.
func (p *Proxy) Start(ctx context.Context, n *kista.Node, o supervisor.Opts) (kista.PID, error) {
	return n.Start(ctx, p.Program(o))
}

// Addr returns where the proxy listens, once it does.
func (p *Proxy) Addr() net.Addr { return p.door.addr() }

// Transition is how often something that a contract allows has happened.
type Transition struct {
	Contract string
	State    term.Atom
	// What is the type of the request or event, as the contract has it, and Reply that of the reply. Reply is empty for events.
	What, Reply string
	Kind        contract.RuleKind
	Next        term.Atom // after a reply
	Count       uint64
}

// Stats is what a proxy has seen.
type Stats struct {
	Sessions    int64 // that are there now
	Total       int64 // that there were
	Transitions []Transition
	// ClientViolations and ServerViolations are how often either side broke the contract; Malformed, how often it said what is no
	// message.
	ClientViolations, ServerViolations, Malformed uint64
}

type counts struct {
	mu    sync.Mutex
	total int64
	by    map[Transition]uint64
	broke [2]uint64
	bad   uint64
}

func (c *counts) add(t Transition) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.by == nil {
		c.by = map[Transition]uint64{}
	}
	c.by[t]++
}

// Stats returns what the proxy has seen so far.
func (p *Proxy) Stats() Stats {
	c := &p.counts
	c.mu.Lock()
	defer c.mu.Unlock()
	s := Stats{
		Sessions: p.live.Load(), Total: c.total,
		ClientViolations: c.broke[contract.Client], ServerViolations: c.broke[contract.Server], Malformed: c.bad,
	}
	for t, n := range c.by {
		t.Count = n
		s.Transitions = append(s.Transitions, t)
	}
	slices.SortFunc(s.Transitions, func(a, b Transition) int {
		return slices.Compare([]string{a.Contract, string(a.State), a.What, a.Reply, string(a.Next)}, []string{b.Contract, string(b.State), b.What, b.Reply, string(b.Next)})
	})
	return s
}

// between is the body of a conversation's first process: it connects the two, and reads what the client says.
func (p *Proxy) between(self *kista.Self, client net.Conn) error {
	p.live.Add(1)
	defer p.live.Add(-1)
	p.counts.mu.Lock()
	p.counts.total++
	p.counts.mu.Unlock()
	defer func() { _ = client.Close() }()
	defer context.AfterFunc(self, func() { _ = client.Close() })()
	if err := self.Started(); err != nil {
		return err
	}
	server, err := p.dial(self)
	if err != nil {
		self.Logger().Warn("ubf: proxy: the server cannot be reached", "server", p.spec.To, "error", err)
		return nil
	}
	defer func() { _ = server.Close() }()
	g := &gate{p: p, client: p.side(client, server), server: p.side(server, client), addr: client.RemoteAddr()}
	check, err := self.StartLink(self, kista.BehaviourProgram(
		kista.SpawnOpts{Label: "ubf proxy's checker for " + client.RemoteAddr().String(), TrapExits: true}, "ubf checker",
		func() (kista.Behaviour, error) { return g, nil }))
	if err != nil {
		return err
	}
	gone := make(chan struct{})
	back := func(self *kista.Self) error {
		defer close(gone)
		defer context.AfterFunc(self, func() { _ = server.Close() })()
		defer func() { _ = client.Close() }()
		return p.pump(self, check, g.server, contract.Server)
	}
	if _, _, err := self.SpawnWith(kista.SpawnOpts{Label: "ubf proxy's way back for " + client.RemoteAddr().String(), Link: true}, back); err != nil {
		return err
	}
	err = p.pump(self, check, g.client, contract.Client)
	if half, ok := server.(interface{ CloseWrite() error }); ok && errors.Is(err, errSaidAll) && half.CloseWrite() == nil {
		late := time.NewTimer(p.spec.Write) // whether the client still listens, nobody can tell
		defer late.Stop()
		select {
		case <-gone:
		case <-late.C:
		case <-self.Done():
		}
	}
	if errors.Is(err, errSaidAll) {
		return kista.ErrShutdown
	}
	return err
}

// errSaidAll says that one side will say no more.
var errSaidAll = errors.New("ubf: the connection is at its end")

func (p *Proxy) dial(self *kista.Self) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(self, DefaultTimeout)
	defer cancel()
	if p.spec.ServerTLS != nil {
		return (&tls.Dialer{Config: p.spec.ServerTLS}).DialContext(ctx, "tcp", p.spec.To)
	}
	return new(net.Dialer).DialContext(ctx, "tcp", p.spec.To)
}

// side is one of the two connections.
func (p *Proxy) side(conn, other net.Conn) *wire {
	var rw io.ReadWriter = conn
	w := &wire{Conn: conn, idle: p.spec.Idle, write: p.spec.Write}
	if p.spec.Observe {
		w.tee = &passing{Conn: conn, to: other, write: p.spec.Write}
		rw = w.tee
	}
	w.codec = p.spec.Transport.make(rw, p.spec.Limits)
	return w
}

// passing is a connection whose bytes are passed on once what they hold has been looked at: when more are wanted.
type passing struct {
	net.Conn
	to    net.Conn
	write time.Duration
	held  []byte
}

func (c *passing) Read(b []byte) (int, error) {
	if err := c.pass(); err != nil {
		return 0, err
	}
	n, err := c.Conn.Read(b)
	c.held = append(c.held[:0], b[:n]...)
	return n, err
}

// pass passes on what is held.
func (c *passing) pass() error {
	if len(c.held) == 0 {
		return nil
	}
	if err := c.to.SetWriteDeadline(time.Now().Add(c.write)); err != nil {
		return err
	}
	_, err := c.to.Write(c.held)
	c.held = c.held[:0]
	return err
}

// said is what one of the two has said: a call to the checker, answered once it has been dealt with: true ends the conversation.
type said struct {
	kista.Immutable // the sender keeps nothing of it
	By              contract.Side
	Term            term.Term
}

// nonsense tells the checker that one side has said what is no message, and that all passes from now on.
type nonsense struct{}

// pump reads what one side says, until the conversation is over.
func (p *Proxy) pump(self *kista.Self, check kista.PID, w *wire, by contract.Side) error {
	for {
		w.alive()
		t, err := w.ReadTerm()
		if err != nil {
			if stop := self.Err(); stop != nil {
				return stop
			}
			if malformed(err) {
				p.counts.mu.Lock()
				p.counts.bad++
				p.counts.mu.Unlock()
				self.Logger().Warn("ubf: proxy: what is no message", "by", by.String(), "client", w.RemoteAddr().String(), "error", err)
			}
			if p.spec.Observe {
				if malformed(err) {
					_ = self.Send(check, nonsense{})
				}
				p.copyRest(w, err)
			}
			if by == contract.Client && (errors.Is(err, io.EOF) || p.spec.Observe) {
				return errSaidAll
			}
			return kista.ErrShutdown // the other side is told by the end of its connection
		}
		over, err := kista.CallFor(self, kista.NoTimeout, check, said{By: by, Term: t})
		if err != nil {
			return err
		}
		if over == true {
			return kista.ErrShutdown
		}
	}
}

// copyRest passes on what cannot be understood any more.
func (p *Proxy) copyRest(w *wire, why error) {
	rw := w.tee
	if rw == nil || !malformed(why) {
		if rw != nil {
			_ = rw.pass()
		}
		return
	}
	if rw.pass() == nil {
		_, _ = io.Copy(rw.to, rw.Conn)
	}
}
