package ledger

import (
	"cmp"
	"container/list"
	"time"

	"github.com/kista-go/kista/term"
)

// tags are the tags that an account knows: with their replies (open), and by
// name only (spent). Both are in the order in which they came.
type tags struct {
	open, spent   map[Digest]*list.Element // of *tagged
	byAge, byName *list.List               // open and spent, oldest first
}

type tagged struct {
	Mark
	at time.Time
}

func newTags() tags {
	return tags{
		open: map[Digest]*list.Element{}, spent: map[Digest]*list.Element{},
		byAge: list.New(), byName: list.New(),
	}
}

func (t *tags) known(id Digest) bool { return t.open[id] != nil || t.spent[id] != nil }

// repeated answers a request whose tag is known.
func (t *tags) repeated(tag Tag) (d Decision, known bool) {
	if tag == (Tag{}) {
		return d, false
	}
	if t.spent[tag.ID] != nil {
		return Decision{Reply: TagExpired}, true
	}
	e := t.open[tag.ID]
	if e == nil {
		return d, false
	}
	m := e.Value.(*tagged)
	switch {
	case m.Tag.Request != tag.Request:
		return Decision{Reply: TagReused}, true
	case m.Wait != 0:
		return Decision{Wait: m.Wait}, true
	}
	return Decision{Reply: m.Reply}, true
}

// full reports whether there is no room for another tag.
func (t *tags) full(l Limits) bool {
	return len(t.open) >= l.Tags && len(t.spent) >= l.SpentTags
}

// record keeps a tag, and lets the others age.
func (t *tags) record(m *Mark, at time.Time, l Limits) {
	if m == nil {
		return
	}
	if t.known(m.Tag.ID) {
		panic("ledger: a tag is recorded twice")
	}
	t.age(at, l)
	t.open[m.Tag.ID] = t.byAge.PushBack(&tagged{*m, at})
}

// age spends what is too old, and the oldest if there are too many; it forgets
// names after the retention time. What waits for its reply stays.
func (t *tags) age(now time.Time, l Limits) {
	if l.TagRetention > 0 {
		for e := t.byName.Front(); e != nil && now.Sub(e.Value.(*tagged).at) > l.TagRetention; e = t.byName.Front() {
			t.delete(e.Value.(*tagged).Tag.ID)
		}
	}
	var next *list.Element
	for e := t.byAge.Front(); e != nil && len(t.spent) < l.SpentTags; e = next {
		next = e.Next()
		m := e.Value.(*tagged)
		if len(t.open) < l.Tags && now.Sub(m.at) <= l.TagAge {
			break
		}
		if m.Wait != 0 {
			continue
		}
		t.delete(m.Tag.ID)
		t.spend(m.Tag.ID, m.at)
	}
}

func (t *tags) spend(id Digest, at time.Time) {
	t.spent[id] = t.byName.PushBack(&tagged{Mark{Tag: Tag{ID: id}}, at})
}

// settle gives the tag of a transfer its reply.
func (t *tags) settle(id Digest, n uint64, reply term.Term) {
	if e := t.open[id]; e != nil {
		if m := e.Value.(*tagged); m.Wait == n {
			m.Wait, m.Reply = 0, reply
		}
	}
}

func (t *tags) delete(id Digest) {
	if e := t.open[id]; e != nil {
		t.byAge.Remove(e)
		delete(t.open, id)
	}
	if e := t.spent[id]; e != nil {
		t.byName.Remove(e)
		delete(t.spent, id)
	}
}

func compare(a, b uint64) int { return cmp.Compare(a, b) }
