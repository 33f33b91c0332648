package sqlite_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/store"
	"github.com/kista-go/kista/store/sqlite"
)

const (
	childEnv = "KISTA_SQLITE_TEST_CHILD" // which child the test binary is
	pathEnv  = "KISTA_SQLITE_TEST_PATH"
	longEnv  = "KISTA_SQLITE_TEST_KILLS" // rounds of TestKill
)

var children = map[string]func(){"open": openChild, "write": writeChild}

// startChild runs the test binary again as the named child. It ends with the
// test, by Kill, and by itself when its standard input does.
func startChild(t *testing.T, name, path string) (kill func(), lines *bufio.Scanner) {
	t.Helper()
	exe, err := os.Executable()
	assert.NoError(t, err)
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), childEnv+"="+name, pathEnv+"="+path)
	cmd.Stderr = os.Stderr
	_, err = cmd.StdinPipe() // stays open while this process lives
	assert.NoError(t, err)
	out, err := cmd.StdoutPipe()
	assert.NoError(t, err)
	assert.NoError(t, cmd.Start())
	var once sync.Once
	kill = func() {
		once.Do(func() {
			_ = cmd.Process.Kill()
		})
	}
	t.Cleanup(func() {
		kill()
		_ = cmd.Wait() // says that it was killed
	})
	return kill, bufio.NewScanner(out)
}

// endWithParent ends this child when the parent is gone, or after a time in
// which every test is over.
func endWithParent() {
	time.AfterFunc(time.Minute, func() { os.Exit(3) })
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(2)
	}()
}

func openChild() {
	endWithParent()
	_, err := sqlite.Open(os.Getenv(pathEnv), sqlite.Config{})
	fmt.Println(err)
	select {}
}

func TestSecondProcess(t *testing.T) {
	j := open(t, sqlite.Config{})
	_, lines := startChild(t, "open", j.Path())
	assert.True(t, lines.Scan(), "no answer from the child: %v", lines.Err())
	want := (&store.LockedError{Path: j.Path() + ".lock", PID: os.Getpid()}).Error()
	assert.Equal(t, lines.Text(), want)

	// The other way round: a child that holds it, and is killed.
	path := filepath.Join(t.TempDir(), "other.db")
	kill, lines := startChild(t, "open", path)
	assert.True(t, lines.Scan() && lines.Text() == "<nil>", "the child cannot open: %s", lines.Text())
	_, err := sqlite.Open(path, sqlite.Config{})
	l := assert.ErrorAs[*store.LockedError](t, err)
	assert.True(t, l.PID > 0 && l.PID != os.Getpid(), "held by %d", l.PID)
	kill()
	for lines.Scan() { // until it is gone
	}
	openAt(t, path, sqlite.Config{})
}

// writeChild has 50 writers append as fast as they can, and says so only when
// the store has said so.
func writeChild() {
	endWithParent()
	j, err := sqlite.Open(os.Getenv(pathEnv), sqlite.Config{})
	if err != nil {
		fmt.Println("open:", err)
		return
	}
	for w := range killWriters {
		go func() {
			if err := killWriter(j, w); err != nil {
				fmt.Println("error:", err)
			}
		}()
	}
	select {}
}

const killWriters = 50

func killID(w int) store.PersistenceID { return store.PersistenceID(fmt.Sprint("w/", w)) }

func killWriter(j *sqlite.Journal, w int) error {
	ctx, id := context.Background(), killID(w)
	token, last, err := j.Acquire(ctx, id, store.NextToken)
	if err != nil {
		return err
	}
	fmt.Println("token", w, token)
	for i := 1; ; i++ {
		n := 1 + rand.IntN(3)
		ev := make([]store.Event, n)
		for k := range ev { // each event says where in its batch it is
			ev[k] = store.Event{Manifest: strconv.Itoa(n), Payload: fmt.Appendf(nil, "%d %d", int(last)+1, int(last)+k+1)}
		}
		if last, err = j.Append(ctx, id, token, last, ev...); err != nil {
			return err
		}
		fmt.Println("append", w, last)
		if w%5 != 0 || i%10 != 0 {
			continue
		}
		if err := j.SaveSnapshot(ctx, id, token, store.Snapshot{Seq: last, Payload: fmt.Append(nil, last)}); err != nil {
			return err
		}
		fmt.Println("snapshot", w, last)
		if err := j.DeleteTo(ctx, id, token, last); err != nil {
			return err
		}
		fmt.Println("delete", w, last)
	}
}

// TestKill kills a process that writes, at random moments, and looks at what it
// left: everything that was acknowledged, nothing torn, no gap, and tokens
// that go on rising.
func TestKill(t *testing.T) {
	rounds := 5
	if s := os.Getenv(longEnv); s != "" {
		var err error
		rounds, err = strconv.Atoi(s)
		assert.NoError(t, err)
	}
	path := filepath.Join(t.TempDir(), "journal.db")
	acked := map[string]map[int]uint64{"token": {}, "append": {}, "snapshot": {}, "delete": {}}
	acks := 0
	for range rounds {
		kill, lines := startChild(t, "write", path)
		limit := 100 + rand.IntN(2000)
		for n := 0; lines.Scan(); n++ { // also what was on its way when it died
			var what string
			var w int
			var value uint64
			if _, err := fmt.Sscan(lines.Text(), &what, &w, &value); err != nil || acked[what] == nil {
				t.Fatalf("the child says %q", lines.Text())
			}
			if value <= acked[what][w] {
				t.Fatalf("%s of writer %d: %d follows %d", what, w, value, acked[what][w])
			}
			acked[what][w] = value
			acks++
			if n == limit {
				kill()
			}
		}
		survived(t, path, acked)
	}
	t.Logf("%d rounds, %d acknowledgements, none lost", rounds, acks)
}

func survived(t *testing.T, path string, acked map[string]map[int]uint64) {
	t.Helper()
	j, err := sqlite.Open(path, sqlite.Config{})
	assert.NoError(t, err)
	defer func() { assert.NoError(t, j.Close()) }()
	for w := range killWriters {
		id := killID(w)
		h, err := j.Head(t.Context(), id)
		assert.NoError(t, err)
		snap, err := j.LatestSnapshot(t.Context(), id)
		assert.NoError(t, err)
		for what, got := range map[string]uint64{
			"token": uint64(h.Token), "append": uint64(h.Highest), "snapshot": uint64(snap.Seq), "delete": uint64(h.DeletedTo),
		} {
			if got < acked[what][w] {
				t.Errorf("%s: %s %d was acknowledged, %d is there", id, what, acked[what][w], got)
			}
		}
		if h.DeletedTo > snap.Seq {
			t.Errorf("%s: deleted to %d, but the snapshot is of %d", id, h.DeletedTo, snap.Seq)
		}
		if snap.Seq > 0 && string(snap.Payload) != fmt.Sprint(snap.Seq) {
			t.Errorf("%s: snapshot of %d is %q", id, snap.Seq, snap.Payload)
		}
		next, size, first := h.DeletedTo+1, 0, 0
		err = j.Replay(t.Context(), id, next, store.MaxSeq, func(seq store.Seq, e store.Event) error {
			var start, self int
			if _, err := fmt.Sscan(string(e.Payload), &start, &self); err != nil {
				return err
			}
			if seq != next || self != int(seq) || size == 0 && start != self || size > 0 && start != first {
				return fmt.Errorf("event %d of a batch from %d is in place %d, after %d", self, start, seq, next-1)
			}
			if size == 0 {
				first = start
				if size, err = strconv.Atoi(e.Manifest); err != nil {
					return err
				}
			}
			size--
			next++
			return nil
		})
		if err != nil {
			t.Errorf("%s: %v", id, err)
		}
		if size != 0 {
			t.Errorf("%s: the last batch is torn, %d events are missing", id, size)
		}
		if next != h.Highest+1 {
			t.Errorf("%s: events end at %d, the head says %d", id, next-1, h.Highest)
		}
		// The dead child's token must be worth nothing any more.
		if h.Token == 0 {
			continue
		}
		token, last, err := j.Acquire(t.Context(), id, store.NextToken)
		assert.NoError(t, err)
		assert.True(t, token > h.Token && last == h.Highest, "acquired %d, %d after %v", token, last, h)
		if _, err = j.Append(t.Context(), id, h.Token, last, store.Event{}); !errors.Is(err, store.ErrFenced) {
			t.Errorf("%s: a dead writer's append: %v", id, err)
		}
	}
}
