package bank_test

import (
	"context"
	"testing"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/examples/bank"
	"github.com/kista-go/kista/internal/assert"
)

// startNode starts a node that the test's end stops.
func startNode(t testing.TB) *kista.Node {
	t.Helper()
	node, err := kista.Start(kista.Config{Logger: quiet})
	assert.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		assert.NoError(t, node.Stop(ctx))
	})
	return node
}

func start(t testing.TB, cfg bank.Config) (*kista.Node, *bank.Bank) {
	t.Helper()
	node := startNode(t)
	b, err := bank.Start(t.Context(), node, cfg)
	assert.NoError(t, err)
	return node, b
}

func TestPlainProtocol(t *testing.T) {
	_, b := start(t, bank.Config{Data: t.TempDir()})
	c := dial(t, b.Addr())
	for _, step := range []struct{ request, reply string }{
		{`{deposit,joe,5}`, `{ok,5}`},
		{`{balance,joe}`, `{ok,5}`},
		{`{withdraw,joe,7}`, `{error,{not_enough_money,5}}`},
		{`{withdraw,joe,2}`, `{ok,3}`},
		{`{deposit,joe,1180591620717411303424}`, `{ok,1180591620717411303427}`}, // 1 bsl 70
		{`{balance,"joe"}`, `{ok,0}`},
		{`{balance,<<"joe">>}`, `{ok,0}`},
		{`{transfer,joe,mike,3}`, `{ok,1180591620717411303424}`},
		{`{balance,mike}`, `{ok,3}`},
		{`{transfer,mike,joe,4}`, `{error,{not_enough_money,3}}`},
		{`{transfer,joe,joe,1}`, `{error,same_account}`},
		{`{deposit,joe,0}`, `{error,bad_request}`},
		{`{deposit,joe,1.5}`, `{error,bad_request}`},
		{`{no_such_request,1}`, `{error,bad_request}`},
		{`hello`, `{error,bad_request}`},
	} {
		if got := c.ask(step.request); got != step.reply {
			t.Errorf("%s: got %s, want %s", step.request, got, step.reply)
		}
	}
}
