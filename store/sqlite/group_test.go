package sqlite_test

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/store"
	"github.com/kista-go/kista/store/sqlite"
)

// walCommits counts the commits in the write-ahead log, from its bytes: each
// commit ends with a frame that carries the size of the database, and SQLite
// syncs the log once for it.
func walCommits(t testing.TB, path string) (commits int) {
	t.Helper()
	b, err := os.ReadFile(path + "-wal")
	if errors.Is(err, os.ErrNotExist) || len(b) == 0 {
		return 0
	}
	assert.NoError(t, err)
	const header, frame = 32, 24
	page := int(binary.BigEndian.Uint32(b[8:]))
	for at := header; at+frame+page <= len(b); at += frame + page {
		if string(b[at+8:at+16]) != string(b[16:24]) {
			break // left from before the log was started anew
		}
		if binary.BigEndian.Uint32(b[at+4:]) != 0 {
			commits++
		}
	}
	return commits
}

// outside opens the database of j behind its back.
func outside(t testing.TB, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(5000)")
	assert.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, db.Close()) })
	return db
}

// pin keeps the log from being started anew for as long as the test runs.
func pin(t testing.TB, path string) {
	t.Helper()
	tx, err := outside(t, path).Begin()
	assert.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, tx.Rollback()) })
	var n int
	assert.NoError(t, tx.QueryRow("select count(*) from head").Scan(&n))
}

func TestGroupCommit(t *testing.T) {
	const writers, appends = 200, 10
	j := open(t, sqlite.Config{})
	tokens := make([]store.Token, writers)
	name := func(w int) store.PersistenceID { return store.PersistenceID(fmt.Sprint("w/", w)) }
	for w := range writers {
		tokens[w], _ = acquire(t, j, name(w))
	}
	pin(t, j.Path())
	before, inLog := j.Stats(), walCommits(t, j.Path())

	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			var last store.Seq
			for range appends {
				var err error
				if last, err = j.Append(t.Context(), name(w), tokens[w], last, store.Event{Payload: make([]byte, 100)}); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()

	s := j.Stats()
	commits := s.Commits - before.Commits
	assert.Equal(t, s.Appends-before.Appends, int64(writers*appends))
	assert.Equal(t, int64(walCommits(t, j.Path())-inLog), commits) // the log confirms the count
	perSync := float64(writers*appends) / float64(commits)
	t.Logf("%d appends in %d commits: %.0f per sync", writers*appends, commits, perSync)
	assert.True(t, perSync >= 50, "%.1f appends per sync, want 50 or more", perSync)
}

// held is a store whose writer stops before a transaction until it is let go,
// so that a test decides what is in the next group.
type held struct {
	*sqlite.Journal
	stopped, goOn chan struct{}
}

// openHeld returns a store that stops at each arrival of stage while armed.
func openHeld(t *testing.T, cfg sqlite.Config, stage string) (h *held, arm func()) {
	t.Helper()
	h = &held{stopped: make(chan struct{}), goOn: make(chan struct{})}
	armed := make(chan struct{}, 1)
	j, err := sqlite.OpenHooked(filepath.Join(t.TempDir(), "journal.db"), cfg, func(s string) error {
		if s != stage {
			return nil
		}
		select {
		case <-armed:
			h.stopped <- struct{}{}
			<-h.goOn
		default:
		}
		return nil
	})
	assert.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, j.Close()) })
	h.Journal = j
	return h, func() { armed <- struct{}{} }
}

// lined waits until items requests stand in line and waiting callers before it.
func (h *held) lined(t *testing.T, items, waiting int) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); {
		if i, w := h.Lengths(); i == items && w == waiting {
			return
		}
		runtime.Gosched()
	}
	i, w := h.Lengths()
	t.Fatalf("%d requests stand in line and %d wait, want %d and %d", i, w, items, waiting)
}

// TestNeighbours puts good and bad requests into one group: each gets its own
// answer, the good ones in one commit.
func TestNeighbours(t *testing.T) {
	j, arm := openHeld(t, sqlite.Config{}, "begin")
	ctx := t.Context()
	token := map[store.PersistenceID]store.Token{}
	for _, id := range []store.PersistenceID{"gate", "good1", "good2", "conflict", "fenced", "snap"} {
		token[id], _ = acquire(t, j, id)
	}
	pin(t, j.Path())
	inLog := walCommits(t, j.Path())
	arm()
	var wg sync.WaitGroup
	wg.Go(func() { add(t, j, "gate", token["gate"], 0, "x") })
	<-j.stopped
	errs := make([]error, 7)
	for i, f := range []func() error{
		func() error { _, err := j.Append(ctx, "good1", token["good1"], 0, store.Event{}); return err },
		func() error { _, err := j.Append(ctx, "conflict", token["conflict"], 5, store.Event{}); return err },
		func() error { _, err := j.Append(ctx, "fenced", token["fenced"]+1, 0, store.Event{}); return err },
		func() error { return j.SaveSnapshot(ctx, "snap", token["snap"], store.Snapshot{Seq: 1}) },
		func() error { _, _, err := j.Acquire(ctx, "fenced", 1); return err },
		func() error { return j.DeleteTo(ctx, "nothing", 1, 1) },
		func() error {
			_, err := j.Append(ctx, "good2", token["good2"], 0, store.Event{}, store.Event{})
			return err
		},
	} {
		wg.Go(func() { errs[i] = f() })
		j.lined(t, i+1, 0)
	}
	j.goOn <- struct{}{}
	wg.Wait()
	for i, want := range []error{nil, store.ErrConflict, store.ErrFenced, store.ErrInvalid, store.ErrFenced, store.ErrFenced, nil} {
		if !errors.Is(errs[i], want) {
			t.Errorf("request %d: %v, want %v", i, errs[i], want)
		}
	}
	assert.Equal(t, walCommits(t, j.Path())-inLog, 2) // gate, and all the others
}

// TestPoisonedNeighbour has a request in the group that the database refuses:
// the transaction is undone, and the others are committed without it.
func TestPoisonedNeighbour(t *testing.T) {
	j, arm := openHeld(t, sqlite.Config{}, "begin")
	token := map[store.PersistenceID]store.Token{}
	ids := []store.PersistenceID{"a", "b", "poison", "c", "d"}
	for _, id := range ids {
		token[id], _ = acquire(t, j, id)
	}
	// Someone has tampered: the row that the append will write is there.
	_, err := outside(t, j.Path()).Exec("insert into event select key, 2, 0, '', x'', 0 from head where id = 'poison'")
	assert.NoError(t, err)
	arm()
	var wg sync.WaitGroup
	wg.Go(func() { acquire(t, j, "gate") })
	<-j.stopped
	errs := map[store.PersistenceID]error{}
	var mu sync.Mutex
	for i, id := range ids {
		wg.Go(func() {
			_, err := j.Append(t.Context(), id, token[id], 0, store.Event{}, store.Event{})
			mu.Lock()
			errs[id] = err
			mu.Unlock()
		})
		j.lined(t, i+1, 0)
	}
	j.goOn <- struct{}{}
	wg.Wait()
	for _, id := range ids {
		h, err := j.Head(t.Context(), id)
		assert.NoError(t, err)
		if id == "poison" {
			assert.True(t, errs[id] != nil && !errors.Is(errs[id], store.ErrUnknown), "error is %v", errs[id])
			assert.Equal(t, h.Highest, store.Seq(0))
			continue
		}
		assert.NoError(t, errs[id])
		assert.Equal(t, h.Highest, store.Seq(2))
	}
	assert.Equal(t, j.Stats().Faults, int64(2)) // the group, and the poisoned one alone
}

func TestContextEndsInLine(t *testing.T) {
	j, arm := openHeld(t, sqlite.Config{Limits: store.Limits{MaxQueue: 2}}, "commit")
	token, last := acquire(t, j, "a")
	arm()
	inCommit, cancelCommit := context.WithCancel(t.Context())
	inLine, cancelLine := context.WithCancel(t.Context())
	outOfLine, cancelOut := context.WithCancel(t.Context())
	answers := make(chan error)
	append1 := func(ctx context.Context) {
		_, err := j.Append(ctx, "a", token, last, store.Event{Payload: []byte("x")})
		answers <- err
	}

	go append1(inCommit)
	<-j.stopped
	go append1(inLine)
	j.lined(t, 1, 0)
	go append1(outOfLine)
	j.lined(t, 1, 1)
	assert.Equal(t, [3]int{j.Stats().Queued, j.Stats().QueuedBytes, j.Stats().Waiting}, [3]int{2, 2, 1})

	// Out of the line and in it, nothing has been begun.
	for _, cancel := range []func(){cancelOut, cancelLine} {
		cancel()
		err := <-answers
		assert.ErrorIs(t, err, context.Canceled)
		assert.True(t, !errors.Is(err, store.ErrUnknown), "the outcome is known: %v", err)
	}
	// In the commit it is unknown, and the caller need not wait for the disk.
	cancelCommit()
	err := <-answers
	assert.ErrorIs(t, err, context.Canceled)
	u := assert.ErrorAs[*store.UnknownError](t, err)
	assert.Equal(t, []any{u.Op, u.ID, u.Token, u.Expect, u.Events}, []any{"append", store.PersistenceID("a"), token, last, 1})

	settled := make(chan bool)
	go func() {
		written, err := store.Settle(t.Context(), j, u)
		if err != nil {
			t.Error(err)
		}
		settled <- written
	}()
	j.lined(t, 1, 0) // Settle waits for the commit
	j.goOn <- struct{}{}
	assert.Equal(t, <-settled, true)
	h, err := j.Head(t.Context(), "a")
	assert.NoError(t, err)
	assert.Equal(t, h.Highest, store.Seq(1))
	assert.Equal(t, j.Stats().Queued, 0)
}

func TestQueueBytes(t *testing.T) {
	j, arm := openHeld(t, sqlite.Config{Limits: store.Limits{MaxQueueBytes: 100}}, "commit")
	token := map[string]store.Token{}
	for _, id := range []string{"a", "b", "c", "large"} {
		token[id], _ = acquire(t, j, store.PersistenceID(id))
	}
	arm()
	var wg sync.WaitGroup
	send := func(id string, size int) {
		wg.Go(func() {
			if _, err := j.Append(t.Context(), store.PersistenceID(id), token[id], 0, store.Event{Payload: make([]byte, size)}); err != nil {
				t.Error(err)
			}
		})
	}
	send("a", 60)
	<-j.stopped
	send("b", 40)
	j.lined(t, 1, 0)
	send("large", 1000) // more than the line ever takes: goes when it is empty
	j.lined(t, 1, 1)
	send("c", 1) // does not overtake
	j.lined(t, 1, 2)
	j.goOn <- struct{}{}
	wg.Wait()
	assert.Equal(t, j.Stats().Bytes, int64(1101))
	assert.Equal(t, j.Stats().QueuedBytes, 0)
}

func TestCloseServesTheLine(t *testing.T) {
	j, arm := openHeld(t, sqlite.Config{Limits: store.Limits{MaxQueue: 3}}, "commit")
	var tokens []store.Token
	name := func(i int) store.PersistenceID { return store.PersistenceID(fmt.Sprint(i)) }
	for i := range 4 {
		token, _ := acquire(t, j, name(i))
		tokens = append(tokens, token)
	}
	arm()
	var wg sync.WaitGroup
	errs := make([]error, 4)
	for i := range 4 {
		wg.Go(func() { _, errs[i] = j.Append(t.Context(), name(i), tokens[i], 0, store.Event{}) })
		switch i {
		case 0:
			<-j.stopped
		case 3:
			j.lined(t, 2, 1)
		default:
			j.lined(t, i, 0)
		}
	}
	for range 3 {
		wg.Go(func() {
			if err := j.Close(); err != nil {
				t.Error(err)
			}
			if _, err := j.Head(t.Context(), "0"); !errors.Is(err, store.ErrClosed) {
				t.Errorf("after Close: %v", err)
			}
		})
	}
	j.lined(t, 2, 0) // the one that waited was sent away
	j.goOn <- struct{}{}
	wg.Wait()
	for i, err := range errs {
		if i < 3 {
			assert.NoError(t, err)
		} else {
			assert.ErrorIs(t, err, store.ErrClosed)
		}
	}
	again := openAt(t, j.Path(), sqlite.Config{})
	for i := range 4 {
		h, err := again.Head(t.Context(), name(i))
		assert.NoError(t, err)
		assert.Equal(t, h.Highest, store.Seq(min(1, max(0, 3-i))))
	}
}
