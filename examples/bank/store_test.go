package bank_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/examples/bank"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/store"
	"github.com/kista-go/kista/store/sqlite"
	"github.com/kista-go/kista/supervisor"
)

// flaky is a store whose appends, each n-th of them, end in the unknown.
type flaky struct {
	bank.Store
	calls *atomic.Int64
	every int64
	// written says whether such an append is carried out; failed, whether the store
	// is out of order from then on.
	written, failed bool
	broken          atomic.Bool
}

func (f *flaky) Append(ctx context.Context, id store.PersistenceID, t store.Token, expect store.Seq, ev ...store.Event) (store.Seq, error) {
	if f.broken.Load() {
		return 0, store.ErrFailed
	}
	if f.calls.Add(1)%f.every != 0 {
		return f.Store.Append(ctx, id, t, expect, ev...)
	}
	if f.written {
		if seq, err := f.Store.Append(ctx, id, t, expect, ev...); err != nil {
			return seq, err
		}
	}
	f.broken.Store(f.failed)
	return 0, &store.UnknownError{Op: "append", ID: id, Token: t, Expect: expect, Events: len(ev), Cause: errors.New("the disk did not say")}
}

func (f *flaky) Head(ctx context.Context, id store.PersistenceID) (store.Head, error) {
	if f.broken.Load() {
		return store.Head{}, store.ErrFailed
	}
	return f.Store.Head(ctx, id)
}

// TestUnknownOutcome: whatever became of an append that nobody can tell of, the
// accounts find out, and never guess.
func TestUnknownOutcome(t *testing.T) {
	for _, written := range []bool{true, false} {
		for _, failed := range []bool{true, false} {
			t.Run(fmt.Sprintf("written=%t/failed=%t", written, failed), func(t *testing.T) {
				t.Parallel()
				unknownOutcome(t, written, failed)
			})
		}
	}
}

func unknownOutcome(t *testing.T, written, failed bool) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	node := startNode(t)
	path := filepath.Join(t.TempDir(), "bank.db")
	var calls, opened atomic.Int64
	every := int64(10)
	if failed {
		every = 40 // each time, the whole tree behind the store is restarted
	}
	b, err := bank.Start(ctx, node, bank.Config{Open: func() (bank.Store, error) {
		opened.Add(1)
		j, err := sqlite.Open(path, sqlite.Config{})
		return &flaky{Store: j, calls: &calls, every: every, written: written, failed: failed}, err
	}})
	assert.NoError(t, err)
	l := &load{t: t, accounts: 4, addr: func(ctx context.Context) (string, error) {
		_, err := node.AwaitName(ctx, "bank.robust.listener")
		return b.RobustAddr().String(), err
	}}
	stop, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		l.run(ctx, 4, stop)
	}()
	l.calls(ctx, &calls, 120)
	close(stop)
	<-ended
	l.compare(ctx)
	assert.Equal(t, opened.Load() > 1, failed)
}

// calls waits until the store has been asked to append so often.
func (l *load) calls(ctx context.Context, calls *atomic.Int64, n int64) {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for calls.Load() < n {
		select {
		case <-tick.C:
		case <-ctx.Done():
			l.t.Errorf("no %d appends: %v", n, context.Cause(ctx))
			return
		}
	}
}

// TestStoreIsWaitedFor: a bank that starts while another program has its file
// waits for it.
func TestStoreIsWaitedFor(t *testing.T) {
	dir := t.TempDir()
	other, err := sqlite.Open(filepath.Join(dir, "bank.db"), sqlite.Config{})
	assert.NoError(t, err)
	node := startNode(t)
	type started struct {
		b   *bank.Bank
		err error
	}
	done := make(chan started, 1)
	go func() {
		b, err := bank.Start(context.Background(), node, bank.Config{Data: dir})
		done <- started{b, err}
	}()
	_, err = node.AwaitName(t.Context(), "bank.store")
	assert.NoError(t, err)
	assert.Silent(t, done)
	assert.NoError(t, other.Close())
	s := assert.Within(t, patience, done)
	assert.NoError(t, s.err)
	dial(t, s.b.Addr()).steps([2]string{`{deposit,joe,5}`, `{ok,5}`})
}

// TestManyAccounts: more accounts than may be live, and idle ones.
func TestManyAccounts(t *testing.T) {
	node, b := start(t, bank.Config{MaxLive: 5, RequestTimeout: patience})
	c := dial(t, b.Addr())
	for round := range 3 {
		for i := range 20 {
			c.steps([2]string{fmt.Sprintf(`{deposit,%d,1}`, i), fmt.Sprintf(`{ok,%d}`, round+1)})
		}
	}
	c.steps([2]string{`{transfer,1,2,3}`, `{ok,0}`}, [2]string{`{balance,2}`, `{ok,6}`})
	live := 0
	for pid := range node.Processes() {
		if info, ok := node.Info(pid); ok && len(info.Name) > 13 && info.Name[:13] == "bank.account/" {
			live++
		}
	}
	assert.True(t, live <= 5, "%d accounts are live", live)
}

// TestTransferNeedsNoRoom: the payer cannot end before the payee has lived.
func TestTransferNeedsNoRoom(t *testing.T) {
	_, b := start(t, bank.Config{MaxLive: 1, RequestTimeout: patience})
	c := dial(t, b.Addr())
	c.steps([][2]string{
		{`{deposit,joe,5}`, `{ok,5}`},
		{`{transfer,joe,mike,2}`, `{ok,3}`},
		{`{transfer,mike,robert,1}`, `{ok,1}`},
		{`{balance,robert}`, `{ok,1}`},
		{`{balance,joe}`, `{ok,3}`},
	}...)
}

func TestIdleAccountsEnd(t *testing.T) {
	node, b := start(t, bank.Config{IdleTime: 20 * time.Millisecond})
	c := dial(t, b.Addr())
	c.steps([2]string{`{deposit,joe,5}`, `{ok,5}`})
	pid, err := node.AwaitName(t.Context(), "bank.account/joe")
	assert.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	reason, err := kista.Wait(ctx, pid)
	if !errors.Is(err, kista.ErrNoProcess) { // it was quicker
		assert.NoError(t, err)
		assert.True(t, !kista.Abnormal(reason), "it ended with %v", reason)
	}
	c.steps([2]string{`{balance,joe}`, `{ok,5}`})
}

func TestConfigIsChecked(t *testing.T) {
	for _, cfg := range []bank.Config{
		{Port: -1},
		{RobustPort: 70_000},
		{MaxLive: -1},
		{IdleTime: -1},
		{Limits: bank.Limits{Bits: -1}},
		{Limits: bank.Limits{Tags: 5, Outgoing: 5}},
		{Data: "x", Open: func() (bank.Store, error) { return nil, nil }},
	} {
		_, err := bank.New(cfg)
		assert.True(t, err != nil, "%+v was taken", cfg)
	}
	node := startNode(t)
	_, err := bank.Start(t.Context(), node, bank.Config{Listen: "no such host."})
	assert.True(t, err != nil, "a bank listens nowhere")
	assert.Equal(t, len(node.Names()), 0)
}

// sick is a store in which one account's journal cannot be read.
type sick struct {
	bank.Store
	replay func(ctx context.Context) error // nil: well again
}

const sickID store.PersistenceID = "account/sick"

func (s *sick) Replay(ctx context.Context, id store.PersistenceID, from, to store.Seq, fn func(store.Seq, store.Event) error) error {
	if id == sickID && s.replay != nil {
		return s.replay(ctx)
	}
	return s.Store.Replay(ctx, id, from, to, fn)
}

// TestDamagedJournal: bytes that a disk has changed are as deadly as an event that
// panics, and lead to quarantine.
func TestDamagedJournal(t *testing.T) {
	b := startSick(t, bank.Config{}, func(context.Context) error {
		return &store.CorruptError{ID: sickID, Seq: 1, Problem: "checksum"}
	})
	dial(t, b.Addr()).steps([][2]string{
		{`{deposit,sick,1}`, `{error,quarantined}`},
		{`{balance,sick}`, `{ok,0}`},
		{`{deposit,well,1}`, `{ok,1}`},
	}...)
	list, err := b.Quarantined(t.Context())
	assert.NoError(t, err)
	assert.Equal(t, len(list), 1)
	assert.Equal(t, list[0].Seq, store.Seq(1))
}

// TestStartThatHangs: an account that does not come up is given up, and is not in
// quarantine, since it was not its journal that held it.
func TestStartThatHangs(t *testing.T) {
	b := startSick(t, bank.Config{StartTimeout: 50 * time.Millisecond}, func(ctx context.Context) error {
		<-ctx.Done()
		return context.Cause(ctx)
	})
	dial(t, b.Addr()).steps([][2]string{
		{`{balance,sick}`, `{error,unavailable}`},
		{`{deposit,well,1}`, `{ok,1}`},
	}...)
	list, err := b.Quarantined(t.Context())
	assert.NoError(t, err)
	assert.Equal(t, len(list), 0)
}

// startSick starts a bank in which the account sick has an event that replay
// stands before.
func startSick(t *testing.T, cfg bank.Config, replay func(context.Context) error) *bank.Bank {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	path := filepath.Join(t.TempDir(), "bank.db")
	s := new(sick)
	cfg.Open = func() (bank.Store, error) {
		j, err := sqlite.Open(path, sqlite.Config{})
		return &sick{Store: j, replay: s.replay}, err
	}
	node, b := start(t, cfg)
	dial(t, b.Addr()).steps([2]string{`{deposit,sick,9}`, `{ok,9}`})
	assert.NoError(t, b.Stop(ctx))
	s.replay = replay
	b, err := bank.Start(ctx, node, cfg)
	assert.NoError(t, err)
	return b
}

// TestCrashLoopEndsTheBank: when no restart helps, the bank ends and says why.
func TestCrashLoopEndsTheBank(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	gone := errors.New("the disk is gone")
	var opened atomic.Int64
	node, b := start(t, bank.Config{Open: func() (bank.Store, error) {
		if opened.Add(1) > 1 {
			return nil, gone
		}
		return sqlite.Open(filepath.Join(t.TempDir(), "bank.db"), sqlite.Config{})
	}})
	pid, _ := node.WhereIs("bank.store")
	assert.NoError(t, kista.Exit(pid, kista.Kill))
	reason, err := kista.Wait(ctx, b.PID())
	if !errors.Is(err, kista.ErrNoProcess) { // it was quicker
		assert.NoError(t, err)
		assert.ErrorAs[*supervisor.IntensityError](t, reason)
		assert.ErrorIs(t, reason, kista.ErrShutdown)
	}
	assert.Equal(t, len(node.Names()), 0)
}
