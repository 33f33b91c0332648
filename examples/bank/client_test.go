package bank_test

import (
	"net"
	"testing"
	"time"

	"github.com/kista-go/kista/etf"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/term"
)

// patience bounds whatever a test waits for.
const patience = 30 * time.Second

// client is one connection to a bank, seen from outside.
type client struct {
	t    testing.TB
	conn net.Conn
	in   *etf.Reader
	out  *etf.Writer
}

func dial(t testing.TB, addr net.Addr) *client {
	t.Helper()
	conn, err := net.DialTimeout("tcp", addr.String(), patience)
	assert.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return &client{t, conn, etf.NewReader(conn), etf.NewWriter(conn)}
}

// ask sends a request, as Erlang text, and returns the reply as Erlang text.
func (c *client) ask(request string) string {
	c.t.Helper()
	c.send(request)
	return c.receive()
}

func (c *client) send(request string) {
	c.t.Helper()
	assert.NoError(c.t, c.conn.SetDeadline(time.Now().Add(patience)))
	assert.NoError(c.t, c.out.WriteTerm(parse(c.t, request)))
}

func (c *client) receive() string {
	c.t.Helper()
	reply, err := c.in.ReadTerm()
	assert.NoError(c.t, err)
	return term.Format(reply)
}

func parse(t testing.TB, text string) term.Term {
	t.Helper()
	v, err := term.Parse(text)
	assert.NoError(t, err)
	return v
}
