package bank_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/etf"
	"github.com/kista-go/kista/examples/bank"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/store"
	"github.com/kista-go/kista/store/sqlite"
	"github.com/kista-go/kista/supervisor"
	"github.com/kista-go/kista/term"
)

// poison writes an event into an account's journal, past the bank: a withdrawal
// of what is not there, which no replay survives.
func poison(t *testing.T, dir, account string) {
	t.Helper()
	j, err := sqlite.Open(filepath.Join(dir, "bank.db"), sqlite.Config{})
	assert.NoError(t, err)
	defer func() { assert.NoError(t, j.Close()) }()
	id := store.PersistenceID("account/" + account)
	token, last, err := j.Acquire(t.Context(), id, store.NextToken)
	assert.NoError(t, err)
	payload, err := etf.Encode(term.Tuple{term.Atom("withdrawn"), 1_000_000, term.Atom("undefined")})
	assert.NoError(t, err)
	_, err = j.Append(t.Context(), id, token, last, store.Event{Manifest: "withdrawn@1", Payload: payload})
	assert.NoError(t, err)
}

// watcher keeps what Config.Notify is sent.
type watcher struct {
	addr     kista.Addr
	accounts chan bank.AccountEvent
	trees    chan supervisor.Event
}

func watch(t *testing.T, node *kista.Node) *watcher {
	t.Helper()
	w := &watcher{accounts: make(chan bank.AccountEvent, 1000), trees: make(chan supervisor.Event, 10_000)}
	pid, err := node.SpawnWith(kista.SpawnOpts{}, func(self *kista.Self) error {
		for {
			msg, err := self.Receive()
			if err != nil {
				return err
			}
			switch e := msg.(type) {
			case bank.AccountEvent:
				w.accounts <- e
			case supervisor.Event:
				w.trees <- e
			}
		}
	})
	assert.NoError(t, err)
	w.addr = pid
	return w
}

// restarts counts the restarts that supervisors have told of so far.
func (w *watcher) restarts() (n int) {
	for {
		select {
		case e := <-w.trees:
			if e.Kind == supervisor.ChildRestarted {
				n++
			}
		default:
			return n
		}
	}
}

func TestPoisonedAccount(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	dir := t.TempDir()
	node := startNode(t)
	w := watch(t, node)
	cfg := bank.Config{Data: dir, Notify: w.addr}
	run := func() (b *bank.Bank) {
		b, err := bank.Start(ctx, node, cfg)
		assert.NoError(t, err)
		return b
	}
	kind := func(want bank.AccountEventKind) bank.AccountEvent {
		t.Helper()
		e := assert.Within(t, patience, w.accounts)
		assert.Equal(t, e.Kind, want)
		assert.Equal(t, e.Account, "joe")
		return e
	}

	b := run()
	dial(t, b.Addr()).steps([][2]string{{`{deposit,joe,5}`, `{ok,5}`}, {`{deposit,mike,7}`, `{ok,7}`}}...)
	assert.NoError(t, b.Stop(ctx))
	poison(t, dir, "joe")

	// It dies twice of its journal, and is read only; nobody else notices.
	b = run()
	mike := dial(t, b.Addr())
	mike.steps([2]string{`{balance,mike}`, `{ok,7}`})
	before, ok := node.WhereIs("bank.account/mike")
	assert.True(t, ok, "mike has no process")
	dial(t, b.Addr()).steps([][2]string{
		{`{deposit,joe,1}`, `{error,quarantined}`},
		{`{balance,joe}`, `{ok,5}`},
		{`{withdraw,joe,1}`, `{error,quarantined}`},
		{`{transfer,joe,mike,1}`, `{error,quarantined}`},
	}...)
	dial(t, b.RobustAddr()).steps([2]string{`{call,t,{deposit,joe,1}}`, `{nack,t,quarantined}`})
	assert.Equal(t, kind(bank.AccountCrashed).Seq, store.Seq(2))
	entered := kind(bank.AccountQuarantined)
	assert.Equal(t, entered.Seq, store.Seq(2))
	assert.ErrorAs[*kista.PanicError](t, entered.Reason)
	list, err := b.Quarantined(ctx)
	assert.NoError(t, err)
	assert.Equal(t, len(list), 1)
	assert.Equal(t, list[0].Account, "joe")
	mike.steps([2]string{`{deposit,mike,1}`, `{ok,8}`})
	after, _ := node.WhereIs("bank.account/mike")
	assert.Equal(t, after, before)
	assert.Equal(t, w.restarts(), 0)

	// A transfer to it waits, and the client is told that it does not know yet.
	sum, err := b.Audit(ctx)
	assert.NoError(t, err)
	assert.Equal(t, sum.Unreadable, []string{"joe"})
	assert.Equal(t, sum.Total().String(), "13")

	// After a restart of the bank it is in quarantine without dying again.
	assert.NoError(t, b.Stop(ctx))
	b = run()
	dial(t, b.Addr()).steps([][2]string{{`{deposit,joe,1}`, `{error,quarantined}`}, {`{balance,joe}`, `{ok,5}`}}...)
	assert.Equal(t, len(w.accounts), 0)

	// Released as it is, it dies again; without the event, it lives.
	assert.ErrorIs(t, b.Release(ctx, term.Atom("mike"), bank.Retry), bank.ErrNotQuarantined)
	assert.ErrorIs(t, b.Release(ctx, term.Atom("joe"), bank.Retry), bank.ErrStillPoisoned)
	kind(bank.AccountReleased)
	kind(bank.AccountCrashed)
	kind(bank.AccountQuarantined)
	assert.NoError(t, b.Release(ctx, term.Atom("joe"), bank.Skip))
	kind(bank.AccountReleased)
	dial(t, b.Addr()).steps([][2]string{{`{balance,joe}`, `{ok,5}`}, {`{deposit,joe,1}`, `{ok,6}`}}...)
	assert.NoError(t, b.Stop(ctx))
	b = run()
	dial(t, b.Addr()).steps([][2]string{{`{balance,joe}`, `{ok,6}`}, {`{transfer,joe,mike,2}`, `{ok,4}`}}...)
	list, err = b.Quarantined(ctx)
	assert.NoError(t, err)
	assert.Equal(t, len(list), 0)
	assert.Equal(t, len(w.accounts), 0)
	assert.Equal(t, w.restarts(), 0)
}

// TestTransferToPoisonedAccount: what is sent to an account in quarantine waits,
// and arrives when it is released.
func TestTransferToPoisonedAccount(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	dir := t.TempDir()
	node := startNode(t)
	cfg := bank.Config{Data: dir, RequestTimeout: time.Second}
	b, err := bank.Start(ctx, node, cfg)
	assert.NoError(t, err)
	dial(t, b.Addr()).steps([][2]string{{`{deposit,joe,5}`, `{ok,5}`}, {`{deposit,mike,7}`, `{ok,7}`}}...)
	assert.NoError(t, b.Stop(ctx))
	poison(t, dir, "mike")
	b, err = bank.Start(ctx, node, cfg)
	assert.NoError(t, err)

	dial(t, b.RobustAddr()).steps([][2]string{
		{`{call,q,{deposit,mike,1}}`, `{nack,q,quarantined}`},
		{`{call,t,{transfer,joe,mike,2}}`, `{nack,t,unavailable}`},
		{`{call,b,{balance,joe}}`, `{ack,b,{ok,3}}`},
	}...)
	sum, err := b.Audit(ctx)
	assert.NoError(t, err)
	assert.Equal(t, sum.Total().String(), "12")
	assert.Equal(t, sum.Underway.String(), "2")
	assert.NoError(t, b.Stop(ctx))

	// The bank remembers what it has to go on with.
	cfg.RequestTimeout = patience
	b, err = bank.Start(ctx, node, cfg)
	assert.NoError(t, err)
	c := dial(t, b.RobustAddr())
	c.send(`{call,t,{transfer,joe,mike,2}}`)
	assert.NoError(t, b.Release(ctx, term.Atom("mike"), bank.Skip))
	assert.Equal(t, c.receive(), `{ack,t,{ok,3}}`)
	c.steps([2]string{`{call,m,{balance,mike}}`, `{ack,m,{ok,9}}`})
}
