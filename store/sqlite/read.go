package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/kista-go/kista/store"
	"github.com/kista-go/kista/store/internal/rule"
)

// A page is what a reader takes from the database at once. The caller's
// function runs between pages, never while a connection or a transaction is
// held: it may take its time, use the store, panic or never return, and
// neither another reader nor the size of the log is affected.
const (
	pageEvents = 256
	pageBytes  = 1 << 20
	pageIDs    = 256
)

// reader lets a page be read while the store is open.
func (j *Journal) reader(ctx context.Context, op string, id store.PersistenceID, f func() error) error {
	if err := rule.NotBegun(ctx, op, id); err != nil {
		return err
	}
	j.mu.Lock()
	if j.closed {
		j.mu.Unlock()
		return store.ErrClosed
	}
	j.reading++
	j.mu.Unlock()
	defer func() {
		j.mu.Lock()
		defer j.mu.Unlock()
		if j.reading--; j.reading == 0 && j.closed {
			close(j.idle)
		}
	}()
	err := f()
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil: // the driver's words for it do not match the context's
		return rule.NotBegun(ctx, op, id)
	case errors.Is(err, store.ErrCorrupt), errors.Is(err, store.ErrDeleted):
		return err
	}
	return wrap(op, id, err)
}

// view runs f on one state of the database.
func (j *Journal) view(ctx context.Context, f func(*sql.Tx) error) error {
	tx, err := j.read.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // nothing was written
	return f(tx)
}

// Replay implements [store.Journal].
func (j *Journal) Replay(ctx context.Context, id store.PersistenceID, from, to store.Seq, fn func(store.Seq, store.Event) error) error {
	if err := store.CheckID(id); err != nil {
		return err
	}
	for first := true; ; first = false {
		var page []store.Event
		err := j.reader(ctx, "replay", id, func() error {
			return j.view(ctx, func(tx *sql.Tx) (err error) {
				key, h, err := scanHead(tx.QueryRowContext(ctx, selectHead, string(id)))
				if err != nil {
					return err
				}
				start, last, err := rule.Replay(id, h, from, to)
				if err != nil || start > last {
					from, to = start, last
					return err
				}
				if from = start; first {
					to = last
				}
				page, err = readPage(ctx, tx, key, id, start, last)
				return err
			})
		})
		if err != nil {
			return err
		}
		for _, e := range page {
			if err := rule.NotBegun(ctx, "replay", id); err != nil {
				return err
			}
			if err := fn(from, e); err != nil {
				return err
			}
			from++
		}
		if from > to {
			return nil
		}
	}
}

// readPage returns some events from the one numbered seq on, at least one.
func readPage(ctx context.Context, tx *sql.Tx, key int64, id store.PersistenceID, seq, last store.Seq) ([]store.Event, error) {
	rows, err := tx.QueryContext(ctx,
		"select seq, time, manifest, payload, sum from event where journal = ? and seq >= ? and seq <= ? order by seq limit ?",
		key, int64(seq), int64(last), pageEvents)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var page []store.Event
	for size := 0; size < pageBytes && rows.Next(); seq++ {
		var got, nanos, sum int64
		var e store.Event
		if err := rows.Scan(&got, &nanos, &e.Manifest, &e.Payload, &sum); err != nil {
			return nil, err
		}
		if store.Seq(got) != seq {
			return nil, missing(id, seq)
		}
		if sum != checksum(id, seq, nanos, e.Manifest, e.Payload) {
			return nil, &store.CorruptError{ID: id, Seq: seq, Problem: "its checksum does not match"}
		}
		e.Time = time.Unix(0, nanos).UTC()
		size += len(e.Payload) + len(e.Manifest)
		page = append(page, e)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	if len(page) == 0 {
		return nil, missing(id, seq)
	}
	return page, nil
}

func missing(id store.PersistenceID, seq store.Seq) error {
	return &store.CorruptError{ID: id, Seq: seq, Problem: "it is missing"}
}

// LatestSnapshot implements [store.Journal].
func (j *Journal) LatestSnapshot(ctx context.Context, id store.PersistenceID) (store.Snapshot, error) {
	if err := store.CheckID(id); err != nil {
		return store.Snapshot{}, err
	}
	var s store.Snapshot
	err := j.reader(ctx, "latest snapshot", id, func() error {
		var seq, nanos, sum int64
		err := j.read.QueryRowContext(ctx,
			`select seq, time, manifest, payload, sum from snapshot
			where journal = (select key from head where id = ?)`, string(id)).
			Scan(&seq, &nanos, &s.Manifest, &s.Payload, &sum)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		s.Seq, s.Time = store.Seq(seq), time.Unix(0, nanos).UTC()
		if sum != checksum(id, s.Seq, nanos, s.Manifest, s.Payload) {
			return &store.CorruptError{ID: id, Problem: fmt.Sprintf("the checksum of the snapshot of event %d does not match", seq)}
		}
		return nil
	})
	if err != nil {
		return store.Snapshot{}, err
	}
	return s, nil
}

// IDs implements [store.Journal].
func (j *Journal) IDs(ctx context.Context, prefix string) iter.Seq2[store.PersistenceID, error] {
	return func(yield func(store.PersistenceID, error) bool) {
		after := ""
		for {
			var ids []string
			err := j.reader(ctx, "list of ids", store.PersistenceID(prefix), func() (err error) {
				ids, err = j.idsAfter(ctx, prefix, after)
				return err
			})
			if err != nil {
				yield("", err)
				return
			}
			for _, id := range ids {
				if !strings.HasPrefix(id, prefix) || !yield(store.PersistenceID(id), nil) {
					return
				}
				after = id
			}
			if len(ids) < pageIDs {
				return
			}
		}
	}
}

func (j *Journal) idsAfter(ctx context.Context, prefix, after string) ([]string, error) {
	rows, err := j.read.QueryContext(ctx,
		"select id from head where id >= ? and id > ? and listed order by id limit ?", prefix, after, pageIDs)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var ids []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}
