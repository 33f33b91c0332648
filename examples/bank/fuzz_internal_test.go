package bank

import (
	"testing"

	"github.com/kista-go/kista/etf"
	"github.com/kista-go/kista/examples/bank/internal/ledger"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/store"
	"github.com/kista-go/kista/term"
)

// FuzzRequest feeds the frames of strangers: whatever they hold is refused, or is
// a request that an account can decide, with a key that names the account exactly.
func FuzzRequest(f *testing.F) {
	for _, text := range []string{
		`{deposit,joe,5}`, `{withdraw,"joe",1180591620717411303424}`, `{balance,<<"joe">>}`,
		`{transfer,joe,{mike,1.5},3}`, `{transfer,joe,joe,3}`, `{deposit,joe,-1}`, `{deposit,#{a => [b|c]},1}`,
		`{call,tag,{deposit,joe,5}}`, `hello`, `[]`,
	} {
		t, err := term.Parse(text)
		assert.NoError(f, err)
		b, err := etf.Encode(t)
		assert.NoError(f, err)
		f.Add(b)
	}
	dec := etf.Decoder{Limits: requestLimits(4096)}
	f.Fuzz(func(t *testing.T, b []byte) {
		v, err := dec.DecodeAll(b)
		if err != nil {
			return
		}
		if tag, err := ledger.MakeTag(v, v); err == nil {
			again, err := ledger.MakeTag(v, v)
			assert.NoError(t, err)
			assert.Equal(t, again, tag)
		}
		q, refusal := parse(v)
		if refusal != nil {
			if _, err := etf.Encode(refusal); err != nil {
				t.Errorf("the refusal of %s cannot be sent: %v", term.Format(v), err)
			}
			return
		}
		who, err := ledger.Name(q.key)
		assert.NoError(t, err)
		assert.True(t, term.Identical(who, v.(term.Tuple)[1]), "%s has the key %s", term.Format(v), q.key)
		assert.NoError(t, store.CheckID(journalPrefix+store.PersistenceID(q.key)))
		d := ledger.New(Limits{}).Decide(ledger.Tag{}, q.request)
		if d.NotNow == "" && d.Wait == 0 {
			_, err := etf.Encode(d.Reply)
			assert.NoError(t, err)
		}
	})
}
