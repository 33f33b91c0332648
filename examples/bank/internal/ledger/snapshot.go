package ledger

import (
	"container/list"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/kista-go/kista/etf"
)

// SnapshotManifest names the form of a snapshot.
const SnapshotManifest = "account@1"

// The form of a snapshot: everything in an order of its own, so that equal
// accounts have equal snapshots.
type (
	snapshot struct {
		_       struct{} `term:"account"`
		Balance *big.Int
		Sent    uint64
		Out     []Outgoing
		In      []received
		Open    []openTag
		Spent   []spentTag
	}
	received struct {
		_        struct{} `term:"in"`
		From     string
		N        uint64
		Credited bool
	}
	openTag struct {
		_    struct{} `term:"open"`
		Mark Mark
		At   int64
	}
	spentTag struct {
		_   struct{} `term:"spent"`
		Tag Digest
		At  int64
	}
)

// Snapshot returns the state as bytes, from which [Restore] makes it again.
func (a *Account) Snapshot() ([]byte, error) {
	s := snapshot{Balance: a.balance, Sent: a.sent, Out: a.Outbox()}
	ids := slices.SortedFunc(maps.Keys(a.in), func(x, y TransferID) int {
		if c := strings.Compare(x.From, y.From); c != 0 {
			return c
		}
		return compare(x.N, y.N)
	})
	for _, id := range ids {
		s.In = append(s.In, received{From: id.From, N: id.N, Credited: a.in[id]})
	}
	each(a.tags.byAge, func(m *tagged) { s.Open = append(s.Open, openTag{Mark: m.Mark, At: m.at.UnixNano()}) })
	each(a.tags.byName, func(m *tagged) { s.Spent = append(s.Spent, spentTag{Tag: m.Tag.ID, At: m.at.UnixNano()}) })
	return etf.Marshal(s)
}

func each(l *list.List, do func(m *tagged)) {
	for e := l.Front(); e != nil; e = e.Next() {
		do(e.Value.(*tagged))
	}
}

// Restore returns the account of a snapshot.
func Restore(limits Limits, manifest string, payload []byte) (*Account, error) {
	if manifest != SnapshotManifest {
		return nil, fmt.Errorf("ledger: unknown snapshot %q: written by a newer version, or by something else", manifest)
	}
	var s snapshot
	if err := etf.Unmarshal(payload, &s); err != nil {
		return nil, fmt.Errorf("ledger: snapshot: %w", err)
	}
	a := New(limits)
	if s.Balance == nil || s.Balance.Sign() < 0 {
		return nil, fmt.Errorf("ledger: snapshot with a balance of %v", s.Balance)
	}
	a.balance, a.sent = s.Balance, s.Sent
	for _, t := range s.Out {
		a.out[t.N] = &t
	}
	for _, r := range s.In {
		a.in[TransferID{r.From, r.N}] = r.Credited
	}
	for _, o := range s.Open {
		a.tags.open[o.Mark.Tag.ID] = a.tags.byAge.PushBack(&tagged{o.Mark, time.Unix(0, o.At)})
	}
	for _, o := range s.Spent {
		a.tags.spend(o.Tag, time.Unix(0, o.At))
	}
	return a, nil
}
