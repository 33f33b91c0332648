package ubf

import (
	"context"
	"fmt"

	"github.com/kista-go/kista/contract"
	"github.com/kista-go/kista/term"
)

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
