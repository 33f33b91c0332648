package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"sync"

	"github.com/kista-go/kista/store"
)

const (
	purgeRows   = 256      // deleted events removed with one commit
	walCheck    = 256      // commits between two looks at the size of the log
	walTruncate = 64 << 20 // size from which the log is cut back
)

// writer owns the connection that writes, and the goroutine that uses it: every
// request that waits when the disk is free again goes into the next
// transaction. With many writers a commit costs each of them a fraction of
// a sync, and no more waiting than for two commits.
type writer struct {
	queue *queue
	max   int    // requests in one transaction
	wal   string // path of the write-ahead log
	conn  *sql.Conn
	stmt  statements
	hook  func(stage string) error // tests put faults here; nil outside

	purging bool  // there may be rows of deleted events
	stuck   bool  // they cannot be removed; left until the next open
	failed  error // set for good by a fault after which nothing is certain
	broken  bool  // that fault was a panic inside the driver
	commits int

	mu    sync.Mutex
	stats store.Stats
}

// run serves the queue until it is closed and empty.
func (w *writer) run() {
	for {
		// Those whom the last commit has answered get to run first, so that
		// their next request makes this one.
		runtime.Gosched()
		group, done := w.queue.take(w.max)
		switch {
		case len(group) > 0:
			w.serve(group)
			w.tidy()
		case done:
			return
		case w.purging && !w.stuck && w.failed == nil:
			w.serve(nil)
		default:
			<-w.queue.wake
		}
	}
}

// serve answers every request of the group.
func (w *writer) serve(group []*request) {
	switch stuck := w.stuck; {
	case w.failed != nil:
		w.refuse(group, w.failed)
	default:
		fault := w.transact(group)
		switch {
		case fault == nil || w.failed != nil: // answered
		case len(group) == 1 && w.stuck == stuck:
			w.refuse(group, fault)
		default:
			// One of them, or all, cannot be written. Each gets its own
			// transaction, so that it fails alone.
			for i := range group {
				w.alone(group[i : i+1])
			}
		}
	}
	w.count(group)
	bytes := 0
	for _, r := range group {
		bytes += r.size
	}
	w.queue.release(len(group), bytes) // before the answers, so that who has one finds its place free
	for _, r := range group {
		close(r.done)
	}
}

func (w *writer) alone(one []*request) {
	if w.failed != nil {
		w.refuse(one, w.failed)
	} else if fault := w.transact(one); fault != nil && w.failed == nil {
		w.refuse(one, fault)
	}
}

func (w *writer) refuse(group []*request, err error) {
	for _, r := range group {
		r.refuse(err)
	}
}

// transact carries out the group in one transaction. If it returns an error,
// nothing has been written: either the requests may be tried again, or, if
// w.failed is set now, they have been answered.
func (w *writer) transact(group []*request) (fault error) {
	stage := "begin"
	defer func() {
		if v := recover(); v != nil {
			fault = &panicError{v, debug.Stack()}
			w.broken = true
		}
		if fault == nil {
			return
		}
		w.mu.Lock()
		w.stats.Faults++
		w.mu.Unlock()
		certain := stage != "commit" || undone(fault)
		if !w.broken && certain {
			w.rollback()
			w.stuck = w.stuck || stage == "purge" || len(group) == 0
			return
		}
		w.failed = fmt.Errorf("%w: close it and open it again: %s: %w", store.ErrFailed, stage, fault)
		for _, r := range group {
			if certain {
				r.refuse(w.failed)
			} else {
				r.refuse(r.unknown(w.failed))
			}
		}
	}()

	ctx := context.Background()
	if err := w.step(stage); err != nil {
		return err
	}
	if _, err := w.conn.ExecContext(ctx, "begin immediate"); err != nil {
		return wrap("begin", "", err)
	}
	wrote := false
	for _, r := range group {
		stage = r.op.String()
		if err := w.step(stage); err != nil {
			return err
		}
		r.refuse(nil)
		if err := w.apply(ctx, r); err != nil {
			return wrap(stage, r.id, err)
		}
		wrote = wrote || r.err == nil && r.op != opHead
	}
	if w.purging && !w.stuck {
		stage = "purge"
		if err := w.purge(ctx); err != nil {
			return wrap(stage, "", err)
		}
		wrote = wrote || w.purging
	}
	stage = "commit"
	if err := w.step(stage); err != nil {
		return err
	}
	if _, err := w.conn.ExecContext(ctx, "commit"); err != nil {
		return wrap("commit", "", err)
	}
	if wrote {
		w.mu.Lock()
		w.stats.Commits++
		w.mu.Unlock()
	}
	return nil
}

func (w *writer) rollback() {
	// An error says that SQLite has rolled back by itself. If the transaction
	// were still open, the next begin would fail.
	_, _ = w.conn.ExecContext(context.Background(), "rollback")
}

// close gives the connection back to the system. The goroutine has ended.
func (w *writer) close() error {
	if w.failed != nil {
		w.rollback()
	}
	return errors.Join(w.stmt.close(), w.conn.Close())
}

func (w *writer) step(stage string) error {
	if w.hook == nil {
		return nil
	}
	return w.hook(stage)
}

// tidy cuts the log back after readers have kept SQLite from starting it anew
// for long. It runs between transactions; an error matters to nobody, since
// the log stays valid and the next tidy tries again.
func (w *writer) tidy() {
	if w.commits++; w.commits%walCheck != 0 || w.failed != nil {
		return
	}
	if fi, err := os.Stat(w.wal); err != nil || fi.Size() < walTruncate {
		return
	}
	defer func() {
		if v := recover(); v != nil {
			w.broken = true
			w.failed = fmt.Errorf("%w: close it and open it again: checkpoint: %w", store.ErrFailed, &panicError{v, debug.Stack()})
		}
	}()
	_, _ = w.conn.ExecContext(context.Background(), "pragma wal_checkpoint(truncate)")
}

func (w *writer) count(group []*request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, r := range group {
		switch {
		case errors.Is(r.err, store.ErrConflict):
			w.stats.Conflicts++
		case errors.Is(r.err, store.ErrFenced):
			w.stats.Fenced++
		case r.err == nil && r.op == opAppend:
			w.stats.Appends++
			w.stats.Events += int64(len(r.ev))
			w.stats.Bytes += int64(r.size)
		}
	}
}
