package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/kista-go/kista/store"
)

// Journal is a [store.Journal] in one SQLite file. Make it with [Open]. It is
// safe for concurrent use.
type Journal struct {
	path   string
	limits store.Limits
	now    func() time.Time
	queue  *queue
	lock   *lockFile
	write  *sql.DB // one connection, the writer's
	writer *writer
	read   *sql.DB

	running sync.WaitGroup // the writer

	mu      sync.Mutex
	closed  bool
	reading int           // pages being read
	idle    chan struct{} // closed when closed and reading is 0

	closing sync.Once
	err     error // of Close
}

var _ store.Journal = (*Journal)(nil)

func (j *Journal) goFunc(f func()) { j.running.Go(f) }

// Path returns the file of the journal, absolute and with symbolic links
// resolved.
func (j *Journal) Path() string { return j.path }

// Close ends the store. Writes that have got a place in line are carried out
// and answered; those that wait for one, and every later call, fail with
// [store.ErrClosed]. Close returns when all that is done and the file is
// unlocked. It may be called from anywhere, also in the function of a
// replay, and again: every call waits and returns the same error.
//
// The error tells of a file that could not be closed in order. What was
// acknowledged is not affected.
func (j *Journal) Close() error {
	j.closing.Do(func() {
		j.queue.close()
		j.mu.Lock()
		j.closed = true
		if j.reading == 0 {
			close(j.idle)
		}
		j.mu.Unlock()
		j.running.Wait()
		<-j.idle
		j.err = j.closeFiles()
	})
	return j.err
}

// closeFiles also serves an Open that has failed half way.
func (j *Journal) closeFiles() error {
	closeAll := func() error {
		var errs []error
		if j.read != nil {
			errs = append(errs, j.read.Close())
		}
		if j.writer != nil {
			errs = append(errs, j.writer.close())
		}
		if j.write != nil {
			errs = append(errs, j.write.Close())
		}
		return errors.Join(errs...)
	}
	var err error
	if j.writer != nil && j.writer.broken {
		err = bounded(closeAll)
	} else {
		err = closeAll()
	}
	if j.lock != nil {
		err = errors.Join(err, j.lock.release())
	}
	if err != nil {
		return fmt.Errorf("store: close %s: %w", j.path, err)
	}
	return nil
}

// bounded runs f after a panic inside the driver, which may have left locks
// behind that f would wait for in vain; then its goroutine is given up.
func bounded(f func() error) error {
	done := make(chan error, 1)
	go func() {
		defer func() {
			if v := recover(); v != nil {
				done <- fmt.Errorf("panic: %v", v)
			}
		}()
		done <- f()
	}()
	timer := time.NewTimer(5 * time.Second)
	defer timer.Stop()
	select {
	case err := <-done:
		return err
	case <-timer.C:
		return errors.New("the driver, which has panicked, does not close; its connections are given up")
	}
}

// Stats returns the counts since [Open]. It does not wait for the disk.
func (j *Journal) Stats() store.Stats {
	j.writer.mu.Lock()
	s := j.writer.stats
	j.writer.mu.Unlock()
	s.Queued, s.QueuedBytes, s.Waiting = j.queue.counts()
	return s
}

// Acquire implements [store.Journal].
func (j *Journal) Acquire(ctx context.Context, id store.PersistenceID, t store.Token) (store.Token, store.Seq, error) {
	if err := store.CheckAcquire(id, t); err != nil {
		return 0, 0, err
	}
	h, err := j.submit(ctx, &request{op: opAcquire, id: id, token: t})
	return h.Token, h.Highest, err
}

// Append implements [store.Journal].
func (j *Journal) Append(ctx context.Context, id store.PersistenceID, t store.Token, expect store.Seq, ev ...store.Event) (store.Seq, error) {
	size, err := j.limits.CheckAppend(id, t, expect, ev)
	if err != nil {
		return 0, err
	}
	h, err := j.submit(ctx, &request{op: opAppend, id: id, token: t, seq: expect, ev: ev, size: size})
	return h.Highest, err
}

// SaveSnapshot implements [store.Journal].
func (j *Journal) SaveSnapshot(ctx context.Context, id store.PersistenceID, t store.Token, s store.Snapshot) error {
	if err := j.limits.CheckSnapshot(id, t, s); err != nil {
		return err
	}
	_, err := j.submit(ctx, &request{op: opSnapshot, id: id, token: t, snap: s, size: len(s.Payload)})
	return err
}

// DeleteTo implements [store.Journal]. The events are out of sight when it
// returns; their space is given back to later events bit by bit, with the
// commits that follow, and never to the file system.
func (j *Journal) DeleteTo(ctx context.Context, id store.PersistenceID, t store.Token, to store.Seq) error {
	if err := store.CheckWriter(id, t); err != nil {
		return err
	}
	_, err := j.submit(ctx, &request{op: opDeleteTo, id: id, token: t, seq: to})
	return err
}

// Delete implements [store.Journal], as DeleteTo does.
func (j *Journal) Delete(ctx context.Context, id store.PersistenceID, t store.Token) error {
	if err := store.CheckWriter(id, t); err != nil {
		return err
	}
	_, err := j.submit(ctx, &request{op: opDelete, id: id, token: t})
	return err
}

// Head implements [store.Journal]. It waits in the line of the writes.
func (j *Journal) Head(ctx context.Context, id store.PersistenceID) (store.Head, error) {
	if err := store.CheckID(id); err != nil {
		return store.Head{}, err
	}
	return j.submit(ctx, &request{op: opHead, id: id})
}

func (j *Journal) stamp(at time.Time) time.Time {
	if at.IsZero() {
		at = j.now()
	}
	return at.Round(0).UTC()
}
