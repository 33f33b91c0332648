package sqlite

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/kista-go/kista/store"
	"github.com/kista-go/kista/store/internal/rule"
)

type op int

const (
	opAcquire op = iota
	opAppend
	opSnapshot
	opDeleteTo
	opDelete
	opHead
)

var opNames = [...]string{"acquire", "append", "save snapshot", "delete to", "delete", "head"}

func (o op) String() string { return opNames[o] }

// request is one call on its way to the writer and back.
type request struct {
	op    op
	id    store.PersistenceID
	token store.Token
	seq   store.Seq      // append: expect; deleteTo: to
	ev    []store.Event  // append
	snap  store.Snapshot // snapshot
	size  int            // payload bytes

	done chan struct{} // closed by the writer, after it has set out and err
	out  store.Head    // what it found or made: acquire, append, head
	err  error
}

// refuse answers r, and only r, with err.
func (r *request) refuse(err error) { r.out, r.err = store.Head{}, err }

// unknown answers r, which may have been committed.
func (r *request) unknown(cause error) error {
	if r.op == opHead {
		return fmt.Errorf("store: journal %q: head: %w", r.id, cause)
	}
	u := &store.UnknownError{Op: r.op.String(), ID: r.id, Token: r.token, Cause: cause}
	if r.op == opAppend {
		u.Expect, u.Events = r.seq, len(r.ev)
	}
	return u
}

// submit hands r to the writer and waits for the answer. The bytes in r are
// copied first: when the context ends, the caller may reuse them while the
// writer still reads.
func (j *Journal) submit(ctx context.Context, r *request) (store.Head, error) {
	if err := rule.NotBegun(ctx, r.op.String(), r.id); err != nil {
		return store.Head{}, err
	}
	if err := j.queue.admit(ctx, r.size); err != nil {
		if errors.Is(err, store.ErrClosed) {
			return store.Head{}, err
		}
		return store.Head{}, rule.NotBegun(ctx, r.op.String(), r.id)
	}
	j.own(r)
	r.done = make(chan struct{})
	j.queue.push(r)
	select {
	case <-r.done:
		return r.out, r.err
	case <-ctx.Done():
	}
	if j.queue.withdraw(r) {
		return store.Head{}, rule.NotBegun(ctx, r.op.String(), r.id)
	}
	select {
	case <-r.done: // answered just now
		return r.out, r.err
	default:
		return store.Head{}, r.unknown(rule.Cause(ctx))
	}
}

func (j *Journal) own(r *request) {
	switch r.op {
	case opAppend:
		own := make([]store.Event, len(r.ev))
		for i, e := range r.ev {
			own[i] = store.Event{Manifest: e.Manifest, Payload: append([]byte{}, e.Payload...), Time: j.stamp(e.Time)}
		}
		r.ev = own
	case opSnapshot:
		r.snap.Payload = bytes.Clone(r.snap.Payload)
		r.snap.Time = j.stamp(r.snap.Time)
	}
}
