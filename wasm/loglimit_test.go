package wasm_test

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/term"
	"github.com/kista-go/kista/wasm"
)

// kept is a log's handler that keeps what the guests say and what is said of them.
type kept struct {
	slog.Handler
	mu  *sync.Mutex
	all *[]string
}

func (k kept) Enabled(context.Context, slog.Level) bool { return true }

func (k kept) WithAttrs([]slog.Attr) slog.Handler { return k }

func (k kept) Handle(_ context.Context, r slog.Record) error {
	text := r.Message
	r.Attrs(func(a slog.Attr) bool { text += " " + a.String(); return true })
	k.mu.Lock()
	*k.all = append(*k.all, text)
	k.mu.Unlock()
	return nil
}

// taken is what has been said since the last time.
func (k kept) taken() []string {
	k.mu.Lock()
	defer k.mu.Unlock()
	all := *k.all
	*k.all = nil
	return all
}

// A guest logs as much as its limit allows, over all its callbacks, and how much it
// was that nobody saw is said.
func TestLogLimit(t *testing.T) {
	k := kept{slog.DiscardHandler, new(sync.Mutex), new([]string)}
	clock := kista.NewVirtualClock(time.Unix(1_800_000_000, 0))
	n, err := kista.Start(kista.Config{Name: "a", Logger: slog.New(k), Clock: clock})
	assert.NoError(t, err)
	defer func() { assert.NoError(t, n.Stop(context.Background())) }()
	m := load(t, strings.Replace(handle(`
			(i32.store8 (i32.const 200) (i32.const 104)) (i32.store8 (i32.const 201) (i32.const 105))
			(drop (call $log (i32.const 4) (i32.const 200) (i32.const 2)))
			(call $reply (local.get $from) (i32.const 1)) (i32.const 0)`),
		"(module", `(module (import "kista_v1" "log" (func $log (param i32 i32 i32) (result i32)))`, 1), wasm.Limits{})
	ctx := context.Background()
	calls := func(pid kista.PID, times int) {
		t.Helper()
		for range times {
			_, err := kista.Call(ctx, pid, term.Atom("log"))
			assert.NoError(t, err)
		}
	}
	const said = "guest: hi"

	one := spawn(t, n, m, wasm.Opts{Log: wasm.LogLimit{Records: 2, Burst: 2 * time.Second}})
	other := spawn(t, n, m, wasm.Opts{})
	calls(one, 10)
	begin := "wasm: the guest logs too much: records are dropped records_per_second=2 bytes_per_second=65536"
	assert.Equal(t, k.taken(), []string{said, said, said, said, begin})
	calls(other, 3) // each has its own
	assert.Equal(t, k.taken(), []string{said, said, said})
	clock.AfterFunc(500*time.Millisecond, func() {})
	assert.True(t, clock.Advance(), "nothing to wait for")
	calls(one, 2)
	assert.Equal(t, k.taken(), []string{"wasm: the guest has logged too much: records were dropped records=6 bytes=12", said, begin})
	_, err = kista.System(ctx, one, kista.Terminate{Reason: kista.ErrShutdown})
	assert.NoError(t, err)
	assert.Equal(t, k.taken(), []string{"wasm: the guest has logged too much: records were dropped records=1 bytes=2"})

	text := spawn(t, n, m, wasm.Opts{Log: wasm.LogLimit{Bytes: 5, Burst: time.Second}})
	calls(text, 4)
	assert.Equal(t, len(k.taken()), 2+1)
	none := spawn(t, n, m, wasm.Opts{Log: wasm.LogLimit{Records: -1}})
	calls(none, 4)
	assert.Equal(t, k.taken(), []string{"wasm: the guest logs too much: records are dropped records_per_second=-1 bytes_per_second=65536"})
}
