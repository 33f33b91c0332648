package ledger

import (
	"fmt"
	"math/big"
	"reflect"

	"github.com/kista-go/kista/etf"
	"github.com/kista-go/kista/term"
)

// Event is something that has happened to an account. In a journal it is a
// tagged tuple in Erlang's external term format, its name with a version the
// manifest: so a new version of an event can be told from the old one.
type Event interface{ event() }

// Mark is the tag that came with a request, and the reply that belongs to it.
// For a transfer under way there is no reply yet; its number is Wait.
type Mark struct {
	_     struct{} `term:"mark"`
	Tag   Tag
	Wait  uint64
	Reply term.Term
}

type (
	// Deposited adds Amount to the balance.
	Deposited struct {
		_      struct{} `term:"deposited"`
		Amount *big.Int
		Mark   *Mark
	}
	// Withdrawn takes Amount from it.
	Withdrawn struct {
		_      struct{} `term:"withdrawn"`
		Amount *big.Int
		Mark   *Mark
	}
	// Refused changes nothing but to keep the reply to a tagged request.
	Refused struct {
		_    struct{} `term:"refused"`
		Mark *Mark
	}
	// Sent moves Amount from the balance to the outbox, as transfer N.
	Sent struct {
		_      struct{} `term:"sent"`
		N      uint64
		To     string
		Amount *big.Int
		Mark   *Mark
	}
	// Settled tells the outcome of transfer N; one that was declined is back on the
	// balance.
	Settled struct {
		_        struct{} `term:"settled"`
		N        uint64
		Credited bool
	}
	// Cleared takes transfer N out of the outbox.
	Cleared struct {
		_ struct{} `term:"cleared"`
		N uint64
	}
	// Credited adds what another account has sent.
	Credited struct {
		_      struct{} `term:"credited"`
		From   string
		N      uint64
		Amount *big.Int
	}
	// Declined refuses what another account has sent, for good.
	Declined struct {
		_    struct{} `term:"declined"`
		From string
		N    uint64
	}
	// Forgotten takes a transfer off the list of those that have come.
	Forgotten struct {
		_    struct{} `term:"forgotten"`
		From string
		N    uint64
	}
	// TagDeleted forgets a tag.
	TagDeleted struct {
		_   struct{} `term:"tag_deleted"`
		Tag Digest
	}
)

func (Deposited) event()  {}
func (Withdrawn) event()  {}
func (Refused) event()    {}
func (Sent) event()       {}
func (Settled) event()    {}
func (Cleared) event()    {}
func (Credited) event()   {}
func (Declined) event()   {}
func (Forgotten) event()  {}
func (TagDeleted) event() {}

// kinds are the events by manifest, and the manifests by type.
var kinds, manifests = func() (map[string]reflect.Type, map[reflect.Type]string) {
	byName, byType := map[string]reflect.Type{}, map[reflect.Type]string{}
	for _, e := range []Event{
		Deposited{}, Withdrawn{}, Refused{}, Sent{}, Settled{}, Cleared{}, Credited{}, Declined{}, Forgotten{}, TagDeleted{},
	} {
		t := reflect.TypeOf(e)
		name := t.Field(0).Tag.Get("term") + "@1"
		byName[name], byType[t] = t, name
	}
	return byName, byType
}()

// Encode returns an event as it stands in a journal.
func Encode(e Event) (manifest string, payload []byte, err error) {
	manifest, ok := manifests[reflect.TypeOf(e)]
	if !ok {
		return "", nil, fmt.Errorf("ledger: %T is no event", e)
	}
	payload, err = etf.Marshal(e)
	return manifest, payload, err
}

// Decode reads an event from a journal.
func Decode(manifest string, payload []byte) (Event, error) {
	t, ok := kinds[manifest]
	if !ok {
		return nil, fmt.Errorf("ledger: unknown event %q: written by a newer version, or by something else", manifest)
	}
	v := reflect.New(t)
	if err := etf.Unmarshal(payload, v.Interface()); err != nil {
		return nil, fmt.Errorf("ledger: event %q: %w", manifest, err)
	}
	return v.Elem().Interface().(Event), nil
}
