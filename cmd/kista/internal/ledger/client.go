package ledger

import (
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/kista-go/kista/etf"
	"github.com/kista-go/kista/term"
)

// op is one request of the bank.
type op struct {
	kind    string
	who, to string
	amount  int64
}

func (o op) term() term.Term {
	switch o.kind {
	case "balance":
		return term.Tuple{term.Atom("balance"), term.Binary(o.who)}
	case "transfer":
		return term.Tuple{term.Atom("transfer"), term.Binary(o.who), term.Binary(o.to), o.amount}
	}
	return term.Tuple{term.Atom(o.kind), term.Binary(o.who), o.amount}
}

func (o op) String() string { return term.String(o.term()) }

type outcome int

const (
	open    outcome = iota // not known: ask again with the same tag
	done                   // it happened
	noMoney                // it did not, and will not
	refusal                // an answer that must not be given to this client
)

// judge reads a reply. Whatever is not clearly an outcome is asked again.
func judge(reply term.Term) (o outcome, known bool) {
	t, ok := reply.(term.Tuple)
	if !ok || len(t) != 2 {
		return open, false
	}
	switch {
	case term.Identical(t[0], term.Atom("ok")):
		return done, true
	case !term.Identical(t[0], term.Atom("error")):
		return open, false
	}
	if why, ok := t[1].(term.Tuple); ok && len(why) == 2 && term.Identical(why[0], term.Atom("not_enough_money")) {
		return noMoney, true
	}
	switch why, _ := t[1].(term.Atom); why {
	case "tag_expired", "tag_reused", "bad_request", "quarantined":
		return refusal, true
	}
	return open, false
}

// client is one connection to the robust port, made anew when it breaks.
type client struct {
	addr    string
	timeout time.Duration
	conn    net.Conn
	in      *etf.Reader
	out     *etf.Writer
}

func (c *client) close() {
	if c.conn != nil {
		_ = c.conn.Close()
		c.conn = nil
	}
}

func (c *client) connect() error {
	if c.conn != nil {
		return nil
	}
	conn, err := net.DialTimeout("tcp", c.addr, c.timeout)
	if err != nil {
		return err
	}
	c.conn, c.in, c.out = conn, etf.NewReader(conn), etf.NewWriter(conn)
	return nil
}

// call makes one attempt at a request.
func (c *client) call(tag, req term.Term) (term.Term, error) {
	return c.exchange(tag, term.Tuple{term.Atom("call"), tag, req})
}

// deleteTag tells the bank that the answer has arrived. If that gets lost, the
// tag ages out.
func (c *client) deleteTag(tag term.Term) {
	_, _ = c.exchange(tag, term.Tuple{term.Atom("delete_tag"), tag})
}

func (c *client) balance(who, tag string) (int64, error) {
	reply, err := c.call(term.Binary(tag), op{kind: "balance", who: who}.term())
	if err != nil {
		return 0, err
	}
	if t, ok := reply.(term.Tuple); ok && len(t) == 2 {
		if n, ok := t[1].(int64); ok && term.Identical(t[0], term.Atom("ok")) {
			return n, nil
		}
	}
	return 0, fmt.Errorf("ledger: no balance in %s", term.String(reply))
}

var errOther = errors.New("ledger: the answer is to another request")

// exchange sends a frame and reads the acknowledgement for tag. After any error
// the connection is closed, so that a late answer cannot be taken for another.
func (c *client) exchange(tag, req term.Term) (reply term.Term, err error) {
	if err := c.connect(); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			c.close()
		}
	}()
	if err := c.conn.SetDeadline(time.Now().Add(c.timeout)); err != nil {
		return nil, err
	}
	if err := c.out.WriteTerm(req); err != nil {
		return nil, err
	}
	got, err := c.in.ReadTerm()
	if err != nil {
		return nil, err
	}
	t, ok := got.(term.Tuple)
	if !ok || len(t) != 3 || !term.Identical(t[0], term.Atom("ack")) || !term.Identical(term.Canonical(t[1]), term.Canonical(tag)) {
		return nil, errOther
	}
	return t[2], nil
}
