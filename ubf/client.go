package ubf

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/kista-go/kista/contract"
	"github.com/kista-go/kista/term"
	"github.com/kista-go/kista/ubfa"
)

// Options say how a client talks. The zero value speaks UBF(A), and waits for a greeting.
type Options struct {
	// Transport is how messages stand on the wire. Zero: UBF(A).
	Transport Transport
	// TLS, if not nil, is spoken.
	TLS *tls.Config
	// Quiet says that the server does not greet.
	Quiet bool
	// SimpleRPC says that replies come without the state.
	SimpleRPC bool
	// State is that in which the conversation begins. Empty: start.
	State term.Atom
	// Contract, if not nil, is that of the service that the conversation begins with. The client checks what it sends before it sends
	// it, and what it gets. See also [Client.StartSession].
	Contract *contract.Checker
	// Event, if not nil, gets the server's events, one at a time, in the client's own goroutine: it must not wait for a call of
	// the same client. nil: events wait for [Client.NextEvent].
	Event func(event term.Term)
	// MaxEvents is how many events wait; the oldest is dropped for the next one. Zero: 1000.
	MaxEvents int
	// Limits bound what the server may send.
	Limits Limits
	// Gap is the least time between an event or a reply and the next message to the server. Servers of UBF 2.x in Erlang lose
	// one of two messages that arrive together; a reply that is waited for keeps them apart, two events do not. Zero: none.
	Gap time.Duration
}

// Errors of a [Client].
var (
	// ErrClosed says that the client is closed: by Close, by the server, or by a call that was given up.
	ErrClosed = errors.New("ubf: the connection is closed")
	// ErrGreeting says that the server did not greet as it should.
	ErrGreeting = errors.New("ubf: no greeting")
)

// BrokenError says that a message broke the contract, by the word of the other side, whose checker has found it.
type BrokenError struct {
	// Blame is the side that broke it.
	Blame contract.Side
	// Request is what was asked, Reply what the server answered, if that was it.
	Request, Reply term.Term
	// Expect is what would have been allowed, as syntax trees.
	Expect term.Term
	// State is that of the session now.
	State term.Atom
}

func (e *BrokenError) Error() string {
	if e.Blame == contract.Server {
		return fmt.Sprintf("ubf: the server broke the contract: it answered %.200s with %.200s", term.String(e.Request), term.String(e.Reply))
	}
	return fmt.Sprintf("ubf: the server's checker refuses %.200s in state %s", term.String(e.Request), e.State)
}

// RejectedError says why a session was not begun.
type RejectedError struct{ Reason term.Term }

func (e *RejectedError) Error() string {
	return "ubf: the session was rejected: " + term.String(e.Reason)
}

// Client is one side of a conversation. Make one with [Dial] or [NewClient]. Its methods may be used by any goroutine; calls go
// one after the other.
type Client struct {
	o    Options
	wire *wire
	name string
	help string

	turn    chan struct{} // who has it may call
	replies chan term.Term
	events  chan term.Term
	done    chan struct{} // closed when nothing more comes
	once    sync.Once

	mu      sync.Mutex
	state   term.Atom
	calling bool
	session *contract.Session // nil: unchecked
	err     error             // why it is done
}

// Dial connects to a server, and waits for its greeting. ctx bounds that. The error is the network's, [ErrGreeting], or that of
// the transport's package.
func Dial(ctx context.Context, network, address string, o Options) (*Client, error) {
	conn, err := new(net.Dialer).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	if o.TLS != nil {
		cfg := o.TLS
		if cfg.ServerName == "" && !cfg.InsecureSkipVerify {
			cfg = cfg.Clone()
			cfg.ServerName, _, _ = net.SplitHostPort(address)
		}
		t := tls.Client(conn, cfg)
		if err := t.HandshakeContext(ctx); err != nil {
			_ = conn.Close()
			return nil, err
		}
		conn = t
	}
	return NewClient(ctx, conn, o)
}

// NewClient is [Dial] over a connection that exists, which belongs to the client from now on.
func NewClient(ctx context.Context, conn net.Conn, o Options) (*Client, error) {
	o.Transport = o.Transport.or()
	def(&o.State, metaState)
	def(&o.MaxEvents, 1000)
	c := &Client{
		o: o, state: o.State,
		wire: &wire{Conn: conn, codec: o.Transport.make(conn, o.Limits), write: DefaultTimeout, gap: o.Gap},
		turn: make(chan struct{}, 1), replies: make(chan term.Term, 1),
		events: make(chan term.Term, o.MaxEvents), done: make(chan struct{}),
	}
	if o.Contract != nil {
		session, err := o.Contract.SessionAt(o.State)
		if err != nil {
			session = o.Contract.Session()
			c.state = session.State()
		}
		c.session = session
	}
	if !o.Quiet {
		if err := c.greeting(ctx); err != nil {
			_ = conn.Close()
			return nil, err
		}
	}
	go c.read()
	return c, nil
}

// greeting reads the first message.
func (c *Client) greeting(ctx context.Context) error {
	defer context.AfterFunc(ctx, func() { _ = c.wire.SetReadDeadline(time.Unix(1, 0)) })()
	t, err := c.wire.ReadTerm()
	if err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return fmt.Errorf("%w: %w", ErrGreeting, err)
	}
	tu, ok := t.(term.Tuple)
	if !ok || len(tu) != 3 || tu[0] != c.o.Transport.name {
		return fmt.Errorf("%w: the server said %.200s; want {'%s',Name,Help}", ErrGreeting, term.String(t), c.o.Transport.name)
	}
	name, ok1 := ubfa.StringOf(tu[1])
	help, ok2 := ubfa.StringOf(tu[2])
	if !ok1 || !ok2 {
		return fmt.Errorf("%w: the server said %.200s", ErrGreeting, term.String(t))
	}
	c.name, c.help = string(name), string(help)
	return nil
}

// Name returns the name in the server's greeting, and Help the text.
func (c *Client) Name() string { return c.name }

// Help returns the text in the server's greeting.
func (c *Client) Help() string { return c.help }

// State returns the state of the session, as the last reply said.
func (c *Client) State() term.Atom {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state
}

// Done returns a channel that is closed when the conversation is over; [Client.Err] says why.
func (c *Client) Done() <-chan struct{} { return c.done }

// Err returns why the conversation is over: nil as long as it is not, [ErrClosed] after Close, io.EOF where the server has closed
// it, or what went wrong.
func (c *Client) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// Close ends the conversation. Closing twice is fine.
func (c *Client) Close() error {
	c.fail(ErrClosed)
	return nil
}

func (c *Client) fail(err error) {
	c.once.Do(func() {
		c.mu.Lock()
		c.err = err
		c.mu.Unlock()
		_ = c.wire.Close()
		close(c.done)
	})
}

// read takes what the server sends.
func (c *Client) read() {
	for {
		t, err := c.wire.ReadTerm()
		if err != nil {
			c.fail(err)
			return
		}
		if e, ok := event(t, wordEventOut); ok && !c.isReply(e) {
			c.take(e)
			continue
		}
		select {
		case c.replies <- t:
		default:
			c.fail(fmt.Errorf("ubf: the server sent %.200s, which nobody had asked for", term.String(t)))
			return
		}
	}
}

// isReply tells whether {event_out,X} is the reply event_out with the state X: contracts must not have such a one, since only
// what comes after it could tell.
func (c *Client) isReply(x term.Term) bool {
	state, constant := x.(term.Atom)
	if !constant || c.o.SimpleRPC {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.calling || c.session == nil {
		return false
	}
	_, err := c.session.Checker().SessionAt(state)
	return err == nil && c.session.Event(contract.Server, x) != nil
}

// take takes an event.
func (c *Client) take(e term.Term) {
	c.mu.Lock()
	var wrong error
	if c.session != nil {
		wrong = c.session.Event(contract.Server, e)
	}
	c.mu.Unlock()
	if wrong != nil {
		c.fail(wrong)
		return
	}
	if c.o.Event != nil {
		c.o.Event(e)
		return
	}
	for {
		select {
		case c.events <- e:
			return
		default:
		}
		select {
		case <-c.events: // the oldest
		default:
		}
	}
}

// NextEvent waits for the server's next event, unless [Options.Event] gets them.
func (c *Client) NextEvent(ctx context.Context) (term.Term, error) {
	select {
	case e := <-c.events:
		return e, nil
	default:
	}
	select {
	case e := <-c.events:
		return e, nil
	case <-c.done:
		return nil, c.Err()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// Call sends a request and waits for the reply, with the state that follows. ctx bounds it; since nobody can take a request
// back, a call that is given up after it was sent closes the connection.
//
// The error is a [*BrokenError] if the server's checker has found a violation, and the session goes on; a
// *[contract.Violation] if the client's own has: of the request, and then nothing was sent; of the reply, and then the
// connection is closed. Otherwise it is ctx's, or [Client.Err].
func (c *Client) Call(ctx context.Context, request term.Term) (reply term.Term, state term.Atom, err error) {
	select {
	case c.turn <- struct{}{}:
	case <-c.done:
		return nil, "", c.Err()
	case <-ctx.Done():
		return nil, "", context.Cause(ctx)
	}
	defer func() { <-c.turn }()
	if err := c.Err(); err != nil {
		return nil, "", err
	}
	if err := c.begin(request); err != nil {
		return nil, "", err
	}
	t, err := c.exchange(ctx, request)
	if err != nil {
		return nil, "", err
	}
	return c.end(request, t)
}

// begin checks a request.
func (c *Client) begin(request term.Term) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.session != nil && request != wordContract {
		if err := c.session.Request(request); err != nil {
			return err
		}
	}
	c.calling = true
	return nil
}

// exchange sends a request and waits for what comes back.
func (c *Client) exchange(ctx context.Context, request term.Term) (term.Term, error) {
	if err := c.wire.send(request); err != nil {
		if unencodable(err) { // nothing was sent
			c.mu.Lock()
			defer c.mu.Unlock()
			c.calling = false
			if c.session != nil {
				_ = c.session.Enter(c.state)
			}
			return nil, err
		}
		c.fail(err)
		return nil, c.Err() // the reader may know better
	}
	select {
	case t := <-c.replies:
		return t, nil
	case <-ctx.Done():
		err := context.Cause(ctx)
		c.fail(fmt.Errorf("ubf: a call was given up: %w", err))
		return nil, err
	case <-c.done:
		select {
		case t := <-c.replies:
			return t, nil
		default:
			return nil, c.Err()
		}
	}
}

// end takes a reply apart, and checks it.
func (c *Client) end(request, t term.Term) (term.Term, term.Atom, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calling = false
	reply, state := t, c.state
	if tu, ok := t.(term.Tuple); ok && len(tu) == 2 && (!c.o.SimpleRPC || request == wordContract) {
		next, ok := tu[1].(term.Atom)
		switch {
		case request == wordContract && tu[0] == wordContract:
			return tu[1], state, nil
		case ok:
			reply, state = tu[0], next
		default:
			return nil, "", c.strange(t)
		}
	} else if !c.o.SimpleRPC {
		return nil, "", c.strange(t)
	}
	if b := broken(reply, request, state); b != nil {
		c.state = state
		if c.session != nil {
			_ = c.session.Enter(state)
		}
		return nil, state, b
	}
	if c.session != nil {
		err := error(nil)
		if c.o.SimpleRPC {
			if err = c.session.Answer(reply); err == nil {
				state = c.session.State()
			}
		} else {
			err = c.session.Reply(reply, state)
		}
		if err != nil {
			c.mu.Unlock()
			c.fail(err)
			c.mu.Lock()
			return nil, "", err
		}
	}
	c.state = state
	return reply, state, nil
}

// strange ends a conversation with a server that says what is no reply. The caller has c.mu.
func (c *Client) strange(t term.Term) error {
	err := fmt.Errorf("ubf: the server said %.200s; want {Reply,State}", term.String(t))
	c.mu.Unlock()
	c.fail(err)
	c.mu.Lock()
	return err
}

// broken is the violation that a reply tells of.
func broken(reply, request term.Term, state term.Atom) *BrokenError {
	tu, ok := reply.(term.Tuple)
	if !ok || len(tu) != 3 {
		return nil
	}
	b := &BrokenError{Request: request, Expect: tu[2], State: state}
	switch tu[0] {
	case wordClientBroke:
		return b
	case wordServerBroke:
		b.Blame = contract.Server
		if pair, ok := tu[1].(term.Tuple); ok && len(pair) == 2 {
			b.Request, b.Reply = pair[0], pair[1]
		}
		return b
	}
	return nil
}

// SendEvent sends an event to the server. It waits for the connection only. The error is a *[contract.Violation] if the contract
// does not allow it, and then nothing was sent.
func (c *Client) SendEvent(e term.Term) error {
	c.mu.Lock()
	var err error
	if c.session != nil {
		err = c.session.Event(contract.Client, e)
	}
	if err == nil && c.err != nil {
		err = c.err
	}
	c.mu.Unlock()
	if err != nil {
		return err
	}
	if err := c.wire.send(term.Tuple{wordEventIn, e}); err != nil {
		if !unencodable(err) {
			c.fail(err)
		}
		return err
	}
	return nil
}

// StartSession begins a session with a service, of which the client has the contract k, or nil if it does not check. It returns what
// the service said. The error is a [*RejectedError], or that of [Client.Call].
func (c *Client) StartSession(ctx context.Context, service string, arg term.Term, k *contract.Checker) (term.Term, error) {
	reply, state, err := c.Call(ctx, term.Tuple{wordStart, stringTerm(service), arg})
	if err != nil {
		return nil, err
	}
	tu, ok := reply.(term.Tuple)
	if !ok || len(tu) != 2 {
		return nil, fmt.Errorf("ubf: the server answered startSession with %.200s", term.String(reply))
	}
	if tu[0] != wordOK {
		return nil, &RejectedError{tu[1]}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.session = nil
	if k != nil {
		if c.session, err = k.SessionAt(state); err != nil {
			return nil, fmt.Errorf("ubf: the service %s begins in state %s, which its contract does not have", service, state)
		}
		c.wire.use(k.Contract())
	}
	return tu[1], nil
}

// Services asks the meta service what there is.
func (c *Client) Services(ctx context.Context) ([]string, error) {
	reply, _, err := c.Call(ctx, wordServices)
	if err != nil {
		return nil, err
	}
	list, ok := reply.(term.List)
	if !ok {
		return nil, fmt.Errorf("ubf: the server answered services with %.200s", term.String(reply))
	}
	var out []string
	for _, t := range list {
		name, ok := ubfa.StringOf(t)
		if !ok {
			return nil, fmt.Errorf("ubf: the server answered services with %.200s", term.String(reply))
		}
		out = append(out, string(name))
	}
	return out, nil
}

// ContractTerm asks for the contract of the service that the client talks to, as a syntax tree: see [contract.Contract.Term].
func (c *Client) ContractTerm(ctx context.Context) (term.Term, error) {
	t, _, err := c.Call(ctx, wordContract)
	return t, err
}
