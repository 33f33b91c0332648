package ledger

import (
	"errors"
	"fmt"
	"time"
)

// Limits bound what one account keeps. The zero value of a field means its
// default.
type Limits struct {
	// Bits is the size of a balance. A deposit that would make it larger is
	// refused, and so is a transfer, which then returns. Zero: 256.
	Bits int
	// Tags is how many tags are kept with their replies. Beyond it, and beyond
	// TagAge, the oldest are spent. Zero: 1000 and 24 hours.
	Tags   int
	TagAge time.Duration
	// SpentTags is how many spent tags are known by name. Zero: 10,000.
	SpentTags int
	// TagRetention is after how long a spent tag is forgotten: setting it promises
	// that no client repeats a request after that time. Zero: never.
	TagRetention time.Duration
	// Outgoing is how many transfers from the account may be under way at a time,
	// fewer than Tags. Incoming is the same for transfers to it. Zero: 100 and
	// 10,000.
	Outgoing, Incoming int
}

// WithDefaults returns l with every zero field replaced by its default.
func (l Limits) WithDefaults() Limits {
	def(&l.Bits, 256)
	def(&l.Tags, 1000)
	def(&l.TagAge, 24*time.Hour)
	def(&l.SpentTags, 10_000)
	def(&l.Outgoing, 100)
	def(&l.Incoming, 10_000)
	return l
}

func def[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// Validate reports the first field that makes no sense.
func (l Limits) Validate() error {
	for _, f := range []struct {
		name  string
		value int64
	}{
		{"Bits", int64(l.Bits)},
		{"Tags", int64(l.Tags)},
		{"TagAge", int64(l.TagAge)},
		{"SpentTags", int64(l.SpentTags)},
		{"TagRetention", int64(l.TagRetention)},
		{"Outgoing", int64(l.Outgoing)},
		{"Incoming", int64(l.Incoming)},
	} {
		if f.value < 0 {
			return fmt.Errorf("bank: Limits.%s is %d: it must not be negative", f.name, f.value)
		}
	}
	if d := l.WithDefaults(); d.Outgoing >= d.Tags {
		return errors.New("Limits.Outgoing must be less than Limits.Tags: every transfer under way holds a tag")
	}
	return nil
}
