package ledger_test

import (
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/kista-go/kista/etf"
	"github.com/kista-go/kista/examples/bank/internal/ledger"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/term"
)

func TestKeysNameTermsExactly(t *testing.T) {
	keys := map[string]string{}
	for _, text := range []string{
		`joe`, `"joe"`, `<<"joe">>`, `'joe smith'`, `1`, `1.0`, `{joe,1}`, `[]`, `#{a => 1}`, `#{}`, `<<>>`, `''`,
		`<<0>>`, `'\x{0}'`, `"\n"`, `<<"#83">>`, `[joe|x]`, `-0.0`, `0.0`, `<<1:3>>`, `fun m:f/1`, `'ключ'`,
	} {
		who, err := term.Parse(text)
		assert.NoError(t, err)
		key, err := ledger.Key(who)
		assert.NoError(t, err)
		if twin, taken := keys[key]; taken {
			t.Errorf("%s and %s have the key %s", text, twin, key)
		}
		keys[key] = text
		back, err := ledger.Name(key)
		assert.NoError(t, err)
		assert.True(t, term.Identical(back, who), "%s has the key %s, which names %s", text, key, term.Format(back))
		assert.True(t, !strings.ContainsRune(key, 0) && len(key) <= 500, "%s has the key %q, which is no persistence id", text, key)
	}
	pids := []term.PID{{Node: "a@b", ID: 1, Creation: 1}, {Node: "a@b", ID: 1, Creation: 2}}
	k1, err := ledger.Key(pids[0])
	assert.NoError(t, err)
	k2, err := ledger.Key(pids[1])
	assert.NoError(t, err)
	assert.True(t, k1 != k2, "two pids have the key %s", k1)

	_, err = ledger.Key(term.Binary(strings.Repeat("x", 200)))
	assert.True(t, err != nil, "a name of 206 bytes was taken")
	_, err = ledger.MakeTag(term.Binary(strings.Repeat("x", 300)), term.Atom("r"))
	assert.True(t, err != nil, "a tag of 306 bytes was taken")
}

func TestJournalOfAnotherAccountIsNotApplied(t *testing.T) {
	joe := ledger.TransferID{From: "joe", N: 1}
	for name, events := range map[string][]ledger.Event{
		"overdraft":        {ledger.Withdrawn{Amount: big.NewInt(1)}},
		"negative deposit": {ledger.Deposited{Amount: big.NewInt(-1)}},
		"no amount":        {ledger.Deposited{}},
		"transfer missing": {ledger.Deposited{Amount: big.NewInt(9)}, ledger.Sent{N: 2, To: "x", Amount: big.NewInt(1)}},
		"settled twice": {
			ledger.Deposited{Amount: big.NewInt(9)},
			ledger.Sent{N: 1, To: "x", Amount: big.NewInt(1)},
			ledger.Settled{N: 1},
			ledger.Settled{N: 1},
		},
		"credited twice": {
			ledger.Credited{From: joe.From, N: joe.N, Amount: big.NewInt(1)},
			ledger.Credited{From: joe.From, N: joe.N, Amount: big.NewInt(1)},
		},
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("it was applied")
				}
			}()
			a := ledger.New(ledger.Limits{})
			for _, e := range events {
				a.Apply(e, time.Unix(0, 0))
			}
		})
	}
}

// FuzzDecode feeds journals that something else has written.
func FuzzDecode(f *testing.F) {
	for _, e := range []ledger.Event{
		ledger.Deposited{Amount: big.NewInt(5), Mark: &ledger.Mark{Reply: ledger.OK(big.NewInt(5))}},
		ledger.Sent{N: 1, To: "mike", Amount: big.NewInt(5), Mark: &ledger.Mark{Wait: 1}},
		ledger.Credited{From: "joe", N: 1, Amount: big.NewInt(5)},
	} {
		m, p, err := ledger.Encode(e)
		assert.NoError(f, err)
		f.Add(m, p)
	}
	f.Add("deposited@1", []byte{131, 104, 0})
	f.Fuzz(func(t *testing.T, manifest string, payload []byte) {
		e, err := ledger.Decode(manifest, payload)
		if err != nil {
			return
		}
		m, p, err := ledger.Encode(e)
		assert.NoError(t, err)
		back, err := ledger.Decode(m, p)
		assert.NoError(t, err)
		again, err := etf.Marshal(back)
		assert.NoError(t, err)
		assert.Equal(t, again, p)
	})
}
