package memory

import (
	"bytes"
	"context"
	"iter"
	"slices"
	"strings"

	"github.com/kista-go/kista/store"
	"github.com/kista-go/kista/store/internal/rule"
)

// page is the number of events or ids taken under the lock at once.
const page = 256

// Replay implements [store.Journal].
func (j *Journal) Replay(ctx context.Context, id store.PersistenceID, from, to store.Seq, fn func(store.Seq, store.Event) error) error {
	if err := store.CheckID(id); err != nil {
		return err
	}
	first := true
	for {
		var events []store.Event
		err := j.do(ctx, "replay", id, func(e *journal) (err error) {
			var last store.Seq
			if from, last, err = rule.Replay(id, e.head, from, to); err != nil {
				return err
			}
			if first {
				to, first = last, false
			}
			if from > last {
				return nil
			}
			n := min(int(last-from)+1, page)
			events = e.events[from-e.head.DeletedTo-1:][:n:n]
			return nil
		})
		if err != nil {
			return err
		}
		for _, ev := range events {
			if err := rule.NotBegun(ctx, "replay", id); err != nil {
				return err
			}
			ev.Payload = bytes.Clone(ev.Payload)
			if err := fn(from, ev); err != nil {
				return err
			}
			from++
		}
		if len(events) == 0 || from > to {
			return nil
		}
	}
}

// IDs implements [store.Journal].
func (j *Journal) IDs(ctx context.Context, prefix string) iter.Seq2[store.PersistenceID, error] {
	return func(yield func(store.PersistenceID, error) bool) {
		after := store.PersistenceID("")
		for {
			ids, err := j.idsAfter(ctx, prefix, after)
			if err != nil {
				yield("", err)
				return
			}
			for _, id := range ids {
				if !yield(id, nil) {
					return
				}
				after = id
			}
			if len(ids) < page {
				return
			}
		}
	}
}

func (j *Journal) idsAfter(ctx context.Context, prefix string, after store.PersistenceID) ([]store.PersistenceID, error) {
	if err := rule.NotBegun(ctx, "list of ids", store.PersistenceID(prefix)); err != nil {
		return nil, err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.closed {
		return nil, store.ErrClosed
	}
	var ids []store.PersistenceID
	for id, e := range j.journals {
		if e.listed && id > after && strings.HasPrefix(string(id), prefix) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids[:min(page, len(ids))], nil
}
