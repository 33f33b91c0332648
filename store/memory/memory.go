package memory

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"time"

	"github.com/kista-go/kista/store"
	"github.com/kista-go/kista/store/internal/rule"
)

// Config is how a [Journal] is set up. The zero Config works.
type Config struct {
	// Limits bounds requests. Nothing ever waits in line here, so that
	// MaxQueue and MaxQueueBytes have no effect.
	Limits store.Limits

	// Now is the clock that stamps events and snapshots without a time; nil
	// means time.Now.
	Now func() time.Time
}

// Journal is a [store.Journal] in memory. Make it with [New]. It is safe for
// concurrent use, and no method blocks.
type Journal struct {
	limits store.Limits
	now    func() time.Time

	mu       sync.Mutex // guards what follows, held for short copies only
	closed   bool
	journals map[store.PersistenceID]*journal
	stats    store.Stats
}

var _ store.Journal = (*Journal)(nil)

type journal struct {
	head   store.Head
	listed bool
	events []store.Event // those numbered head.DeletedTo+1 and up; never changed in place
	snap   store.Snapshot
}

// New returns an empty journal store. It fails with [store.ErrInvalid] if a
// limit is negative.
func New(cfg Config) (*Journal, error) {
	if err := cfg.Limits.Validate(); err != nil {
		return nil, err
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Journal{
		limits:   cfg.Limits.WithDefaults(),
		now:      cfg.Now,
		journals: make(map[store.PersistenceID]*journal),
	}, nil
}

// Close ends the store: every later call fails with [store.ErrClosed]. What was
// stored is gone. Close may be called again, and never fails.
func (j *Journal) Close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.closed = true
	j.journals = nil
	return nil
}

// Stats returns the counts since [New]. Each write counts as one commit.
func (j *Journal) Stats() store.Stats {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.stats
}

// do runs f on the journal of id, under the lock; the journal is an empty one if
// there is none.
func (j *Journal) do(ctx context.Context, op string, id store.PersistenceID, f func(*journal) error) error {
	if err := rule.NotBegun(ctx, op, id); err != nil {
		return err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.closed {
		return store.ErrClosed
	}
	e := j.journals[id]
	if e == nil {
		e = new(journal)
	}
	err := f(e)
	switch {
	case errors.Is(err, store.ErrConflict):
		j.stats.Conflicts++
	case errors.Is(err, store.ErrFenced):
		j.stats.Fenced++
	}
	return err
}

// Acquire implements [store.Journal].
func (j *Journal) Acquire(ctx context.Context, id store.PersistenceID, t store.Token) (store.Token, store.Seq, error) {
	if err := store.CheckAcquire(id, t); err != nil {
		return 0, 0, err
	}
	var highest store.Seq
	err := j.do(ctx, "acquire", id, func(e *journal) (err error) {
		if t, err = rule.Acquire(id, e.head, t); err != nil {
			return err
		}
		j.journals[id] = e
		e.head.Token, e.listed = t, true
		highest = e.head.Highest
		j.stats.Commits++
		return nil
	})
	if err != nil {
		return 0, 0, err
	}
	return t, highest, nil
}

// Append implements [store.Journal].
func (j *Journal) Append(ctx context.Context, id store.PersistenceID, t store.Token, expect store.Seq, ev ...store.Event) (store.Seq, error) {
	size, err := j.limits.CheckAppend(id, t, expect, ev)
	if err != nil {
		return 0, err
	}
	added := make([]store.Event, len(ev))
	for i := range ev {
		added[i] = store.Event{Manifest: ev[i].Manifest, Payload: bytes.Clone(ev[i].Payload), Time: j.stamp(ev[i].Time)}
	}
	err = j.do(ctx, "append", id, func(e *journal) error {
		if err := rule.Append(id, e.head, t, expect); err != nil {
			return err
		}
		e.events = append(e.events, added...)
		e.head.Highest += store.Seq(len(added))
		e.listed = true
		j.stats.Commits++
		j.stats.Appends++
		j.stats.Events += int64(len(added))
		j.stats.Bytes += int64(size)
		return nil
	})
	if err != nil {
		return 0, err
	}
	return expect + store.Seq(len(added)), nil
}

// SaveSnapshot implements [store.Journal].
func (j *Journal) SaveSnapshot(ctx context.Context, id store.PersistenceID, t store.Token, s store.Snapshot) error {
	if err := j.limits.CheckSnapshot(id, t, s); err != nil {
		return err
	}
	s.Payload, s.Time = bytes.Clone(s.Payload), j.stamp(s.Time)
	return j.do(ctx, "save snapshot", id, func(e *journal) error {
		replace, err := rule.Snapshot(id, e.head, t, s.Seq, e.snap.Seq)
		if err != nil {
			return err
		}
		if replace {
			e.snap = s
		}
		e.listed = true
		j.stats.Commits++
		return nil
	})
}

// LatestSnapshot implements [store.Journal].
func (j *Journal) LatestSnapshot(ctx context.Context, id store.PersistenceID) (store.Snapshot, error) {
	if err := store.CheckID(id); err != nil {
		return store.Snapshot{}, err
	}
	var s store.Snapshot
	err := j.do(ctx, "latest snapshot", id, func(e *journal) error {
		s = e.snap
		return nil
	})
	s.Payload = bytes.Clone(s.Payload)
	return s, err
}

// DeleteTo implements [store.Journal].
func (j *Journal) DeleteTo(ctx context.Context, id store.PersistenceID, t store.Token, to store.Seq) error {
	if err := store.CheckWriter(id, t); err != nil {
		return err
	}
	return j.do(ctx, "delete to", id, func(e *journal) error {
		if err := rule.Owner(id, e.head, t); err != nil {
			return err
		}
		e.deleteTo(to)
		j.stats.Commits++
		return nil
	})
}

// Delete implements [store.Journal].
func (j *Journal) Delete(ctx context.Context, id store.PersistenceID, t store.Token) error {
	if err := store.CheckWriter(id, t); err != nil {
		return err
	}
	return j.do(ctx, "delete", id, func(e *journal) error {
		if err := rule.Owner(id, e.head, t); err != nil {
			return err
		}
		e.deleteTo(store.MaxSeq)
		e.snap, e.listed = store.Snapshot{}, false
		j.stats.Commits++
		return nil
	})
}

// Head implements [store.Journal].
func (j *Journal) Head(ctx context.Context, id store.PersistenceID) (store.Head, error) {
	if err := store.CheckID(id); err != nil {
		return store.Head{}, err
	}
	var h store.Head
	err := j.do(ctx, "head", id, func(e *journal) error {
		h = e.head
		return nil
	})
	return h, err
}

func (e *journal) deleteTo(to store.Seq) {
	to = min(to, e.head.Highest)
	if to <= e.head.DeletedTo {
		return
	}
	// A new slice, so that the deleted payloads can be collected while a
	// replay holds a page of the old one.
	e.events = append([]store.Event(nil), e.events[to-e.head.DeletedTo:]...)
	e.head.DeletedTo = to
}

func (j *Journal) stamp(at time.Time) time.Time {
	if at.IsZero() {
		at = j.now()
	}
	return at.Round(0).UTC()
}
