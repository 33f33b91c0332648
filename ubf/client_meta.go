package ubf

import (
	"context"
	"fmt"

	"github.com/kista-go/kista/contract"
	"github.com/kista-go/kista/term"
	"github.com/kista-go/kista/ubfa"
)

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

// Check has the client check what it sends, before it sends it, and what it gets, from now on, against the contract of the service
// that it talks to. No call may be under way. The error says that the contract does not have the state in which the client is.
func (c *Client) Check(k *contract.Checker) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	session, err := k.SessionAt(c.state)
	if err != nil {
		return fmt.Errorf("ubf: the contract %q has no state %s, in which the conversation is: %w", k.Contract().Name, c.state, err)
	}
	c.session = session
	c.wire.use(k.Contract())
	return nil
}
