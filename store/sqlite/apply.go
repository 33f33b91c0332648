package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/kista-go/kista/store"
	"github.com/kista-go/kista/store/internal/rule"
)

// statements are prepared once, on the writer's connection.
type statements struct {
	head, create, acquire, advance, insert *sql.Stmt
	snapSeq, snapSave, list, deleteTo      *sql.Stmt
	unlist, snapDelete                     *sql.Stmt
	purgeable, purge, purged               *sql.Stmt

	all []*sql.Stmt
}

const selectHead = "select key, token, highest, deleted from head where id = ?"

func (s *statements) prepare(ctx context.Context, c *sql.Conn) error {
	for _, p := range []struct {
		stmt **sql.Stmt
		text string
	}{
		{&s.head, selectHead},
		{&s.create, "insert into head (id, token, highest, deleted, purged, listed) values (?, ?, 0, 0, 0, 1)"},
		{&s.acquire, "update head set token = ?, listed = 1 where key = ?"},
		{&s.advance, "update head set highest = ?, listed = 1 where id = ? and token = ? and highest = ? returning key"},
		{&s.insert, "insert into event (journal, seq, time, manifest, payload, sum) values (?, ?, ?, ?, ?, ?)"},
		{&s.snapSeq, "select seq from snapshot where journal = ?"},
		{&s.snapSave, "insert or replace into snapshot (journal, seq, time, manifest, payload, sum) values (?, ?, ?, ?, ?, ?)"},
		{&s.list, "update head set listed = 1 where key = ?"},
		{&s.deleteTo, "update head set deleted = ? where key = ?"},
		{&s.unlist, "update head set deleted = highest, listed = 0 where key = ?"},
		{&s.snapDelete, "delete from snapshot where journal = ?"},
		{&s.purgeable, "select key, purged, deleted from head where purged < deleted limit 1"},
		{&s.purge, "delete from event where journal = ? and seq > ? and seq <= ?"},
		{&s.purged, "update head set purged = ? where key = ?"},
	} {
		var err error
		if *p.stmt, err = c.PrepareContext(ctx, p.text); err != nil {
			return err
		}
		s.all = append(s.all, *p.stmt)
	}
	return nil
}

// close must come before the connection's: SQLite keeps one with open
// statements alive, with its locks, and database/sql does not know of these.
func (s *statements) close() error {
	var errs []error
	for _, stmt := range s.all {
		errs = append(errs, stmt.Close())
	}
	return errors.Join(errs...)
}

// apply carries out r in the open transaction. What the rules do not allow
// answers r and has written nothing; an error is a fault of the database,
// after which the transaction must be undone.
func (w *writer) apply(ctx context.Context, r *request) error {
	if r.op == opAppend {
		return w.append(ctx, r)
	}
	key, h, err := scanHead(w.stmt.head.QueryRowContext(ctx, string(r.id)))
	if err != nil {
		return err
	}
	switch r.op {
	case opHead:
		r.out = h
		return nil
	case opAcquire:
		return w.acquire(ctx, r, key, h)
	case opSnapshot:
		return w.snapshot(ctx, r, key, h)
	}
	if err := rule.Owner(r.id, h, r.token); err != nil {
		r.refuse(err)
		return nil
	}
	if r.op == opDeleteTo {
		if to := min(r.seq, h.Highest); to > h.DeletedTo {
			_, err = w.stmt.deleteTo.ExecContext(ctx, int64(to), key)
		}
	} else if _, err = w.stmt.unlist.ExecContext(ctx, key); err == nil {
		_, err = w.stmt.snapDelete.ExecContext(ctx, key)
	}
	// The rows go later, a few with each commit: to delete a long journal must
	// not keep the others waiting.
	w.purging = true
	return err
}

// append checks token and expectation in the statement that raises the highest
// number: a row that does not match is not written.
func (w *writer) append(ctx context.Context, r *request) error {
	highest := r.seq + store.Seq(len(r.ev))
	var key int64
	err := w.stmt.advance.QueryRowContext(ctx, int64(highest), string(r.id), int64(r.token), int64(r.seq)).Scan(&key)
	if errors.Is(err, sql.ErrNoRows) {
		_, h, err := scanHead(w.stmt.head.QueryRowContext(ctx, string(r.id)))
		if err != nil {
			return err
		}
		if err := rule.Append(r.id, h, r.token, r.seq); err != nil {
			r.refuse(err)
			return nil
		}
		return fmt.Errorf("the head of the journal matches, but was not updated")
	}
	if err != nil {
		return err
	}
	for i := range r.ev {
		e, seq := &r.ev[i], r.seq+store.Seq(i)+1
		nanos := e.Time.UnixNano()
		if _, err := w.stmt.insert.ExecContext(ctx, key, int64(seq), nanos, e.Manifest, e.Payload,
			checksum(r.id, seq, nanos, e.Manifest, e.Payload)); err != nil {
			return err
		}
	}
	r.out = store.Head{Token: r.token, Highest: highest}
	return nil
}

func (w *writer) acquire(ctx context.Context, r *request, key int64, h store.Head) error {
	t, err := rule.Acquire(r.id, h, r.token)
	if err != nil {
		r.refuse(err)
		return nil
	}
	if key == 0 {
		_, err = w.stmt.create.ExecContext(ctx, string(r.id), int64(t))
	} else {
		_, err = w.stmt.acquire.ExecContext(ctx, int64(t), key)
	}
	h.Token = t
	r.out = h
	return err
}

func (w *writer) snapshot(ctx context.Context, r *request, key int64, h store.Head) error {
	var old int64
	if err := w.stmt.snapSeq.QueryRowContext(ctx, key).Scan(&old); err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	s := &r.snap
	replace, err := rule.Snapshot(r.id, h, r.token, s.Seq, store.Seq(old))
	if err != nil {
		r.refuse(err)
		return nil
	}
	if replace {
		nanos := s.Time.UnixNano()
		if _, err := w.stmt.snapSave.ExecContext(ctx, key, int64(s.Seq), nanos, s.Manifest, s.Payload,
			checksum(r.id, s.Seq, nanos, s.Manifest, s.Payload)); err != nil {
			return err
		}
	}
	_, err = w.stmt.list.ExecContext(ctx, key)
	return err
}

// purge removes some rows of deleted events.
func (w *writer) purge(ctx context.Context) error {
	var key, purged, deleted int64
	err := w.stmt.purgeable.QueryRowContext(ctx).Scan(&key, &purged, &deleted)
	if errors.Is(err, sql.ErrNoRows) {
		w.purging = false
		return nil
	}
	if err != nil {
		return err
	}
	to := min(deleted, purged+purgeRows)
	if _, err := w.stmt.purge.ExecContext(ctx, key, purged, to); err != nil {
		return err
	}
	_, err = w.stmt.purged.ExecContext(ctx, to, key)
	return err
}

// scanHead returns key 0 and the zero Head for a journal that does not exist.
func scanHead(row *sql.Row) (key int64, h store.Head, err error) {
	var token, highest, deleted int64
	err = row.Scan(&key, &token, &highest, &deleted)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, store.Head{}, nil
	}
	if err == nil && (token <= 0 || highest < 0 || deleted < 0 || deleted > highest) {
		err = &store.CorruptError{Problem: fmt.Sprintf("a head has token %d, highest %d, deleted %d", token, highest, deleted)}
	}
	return key, store.Head{Token: store.Token(token), Highest: store.Seq(highest), DeletedTo: store.Seq(deleted)}, err
}
