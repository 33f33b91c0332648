package ubf

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
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

// Err returns why the conversation is over: nil as long as it is not, [ErrClosed] after Close, an error that wraps io.EOF where the
// server has closed it, or what went wrong.
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
			if errors.Is(err, io.EOF) && !malformed(err) {
				err = fmt.Errorf("ubf: the server has closed the connection: %w", err)
			}
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
