package bank_test

import (
	"context"
	"testing"

	"github.com/kista-go/kista/examples/bank"
	"github.com/kista-go/kista/internal/assert"
)

// steps asks one request after the other.
func (c *client) steps(pairs ...[2]string) {
	c.t.Helper()
	for _, p := range pairs {
		if got := c.ask(p[0]); got != p[1] {
			c.t.Errorf("%s: got %s, want %s", p[0], got, p[1])
		}
	}
}

func TestRobustProtocol(t *testing.T) {
	_, b := start(t, bank.Config{})
	dial(t, b.RobustAddr()).steps([][2]string{
		{`{call,a,{deposit,joe,5}}`, `{ack,a,{ok,5}}`},
		{`{call,a,{deposit,joe,5}}`, `{ack,a,{ok,5}}`},
		{`{call,b,{balance,joe}}`, `{ack,b,{ok,5}}`},
		{`{call,a,{deposit,joe,6}}`, `{ack,a,{error,tag_reused}}`},
		{`{call,{c,1},{withdraw,joe,7}}`, `{ack,{c,1},{error,{not_enough_money,5}}}`},
		{`{call,"t",{transfer,joe,mike,2}}`, `{ack,[116],{ok,3}}`},
		{`{call,"t",{transfer,joe,mike,2}}`, `{ack,[116],{ok,3}}`},
		{`{call,d,{balance,mike}}`, `{ack,d,{ok,2}}`},
		{`{delete_tag,a}`, `{ack,a,deleted}`},
		{`{delete_tag,a}`, `{ack,a,unknown}`},
		{`{delete_tag,never}`, `{ack,never,unknown}`},
		{`{call,e,{nothing,joe}}`, `{ack,e,{error,bad_request}}`},
		{`{deposit,joe,5}`, `{error,bad_request}`},
		{`{call,f}`, `{error,bad_request}`},
	}...)
	// Another connection does not know which account a tag belongs to, but may say.
	dial(t, b.RobustAddr()).steps([][2]string{
		{`{delete_tag,{c,1}}`, `{ack,{c,1},unknown}`},
		{`{delete_tag,{c,1},joe}`, `{ack,{c,1},deleted}`},
		{`{call,"t",{transfer,joe,mike,2}}`, `{ack,[116],{ok,3}}`},
		{`{delete_tag,"t"}`, `{ack,[116],deleted}`},
	}...)
}

// TestRestart stops a bank and starts it again on the same file.
func TestRestart(t *testing.T) {
	cfg := bank.Config{Data: t.TempDir(), SnapshotEvery: 2}
	node, b := start(t, cfg)
	dial(t, b.RobustAddr()).steps([][2]string{
		{`{call,1,{deposit,joe,100}}`, `{ack,1,{ok,100}}`},
		{`{call,2,{withdraw,joe,1}}`, `{ack,2,{ok,99}}`},
		{`{call,3,{transfer,joe,mike,9}}`, `{ack,3,{ok,90}}`},
		{`{call,4,{transfer,joe,mike,10}}`, `{ack,4,{ok,80}}`},
		{`{call,5,{withdraw,joe,81}}`, `{ack,5,{error,{not_enough_money,80}}}`},
	}...)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	assert.NoError(t, b.Stop(ctx))
	b, err := bank.Start(ctx, node, cfg)
	assert.NoError(t, err)
	dial(t, b.RobustAddr()).steps([][2]string{
		{`{call,1,{deposit,joe,100}}`, `{ack,1,{ok,100}}`},
		{`{call,3,{transfer,joe,mike,9}}`, `{ack,3,{ok,90}}`},
		{`{call,5,{withdraw,joe,81}}`, `{ack,5,{error,{not_enough_money,80}}}`},
		{`{call,6,{balance,joe}}`, `{ack,6,{ok,80}}`},
		{`{call,7,{balance,mike}}`, `{ack,7,{ok,19}}`},
	}...)
	assert.NoError(t, b.Stop(ctx))
	assert.NoError(t, b.Stop(ctx)) // once more is no mistake
}
