package store

import (
	"fmt"
	"math"
	"strings"
	"time"
	"unicode/utf8"
)

// Limits bounds what one request may ask of a store and how much may wait.
// The zero value of each field means its default; a negative value is refused
// when the store is opened.
type Limits struct {
	// MaxPayload is the size of an event's payload in bytes; 0 means 1 MiB.
	MaxPayload int

	// MaxEvents is the number of events in one append; 0 means 1000.
	MaxEvents int

	// MaxBatch is the size of all payloads of one append in bytes; 0 means
	// 8 MiB.
	MaxBatch int

	// MaxSnapshot is the size of a snapshot's payload in bytes; 0 means
	// 64 MiB.
	MaxSnapshot int

	// MaxQueue is the number of writes that wait in line for the disk; 0
	// means 4096. A caller that finds the line full waits for room.
	MaxQueue int

	// MaxQueueBytes is the size of all payloads that wait in line; 0 means
	// 128 MiB. A single write that is larger waits until the line is empty.
	MaxQueueBytes int
}

// WithDefaults returns l with every zero field replaced by its default.
func (l Limits) WithDefaults() Limits {
	def := func(p *int, v int) {
		if *p == 0 {
			*p = v
		}
	}
	def(&l.MaxPayload, 1<<20)
	def(&l.MaxEvents, 1000)
	def(&l.MaxBatch, 8<<20)
	def(&l.MaxSnapshot, 64<<20)
	def(&l.MaxQueue, 4096)
	def(&l.MaxQueueBytes, 128<<20)
	return l
}

// Validate returns an [ErrInvalid] that names the first negative field, or
// nil.
func (l Limits) Validate() error {
	for _, f := range []struct {
		name  string
		value int
	}{
		{"MaxPayload", l.MaxPayload},
		{"MaxEvents", l.MaxEvents},
		{"MaxBatch", l.MaxBatch},
		{"MaxSnapshot", l.MaxSnapshot},
		{"MaxQueue", l.MaxQueue},
		{"MaxQueueBytes", l.MaxQueueBytes},
	} {
		if f.value < 0 {
			return &InvalidError{Problem: fmt.Sprintf("limit %s is %d; it must be positive, or 0 for the default", f.name, f.value)}
		}
	}
	return nil
}

// The Check functions below are for drivers: what they refuse, every driver
// refuses in the same way.

// CheckID returns an [ErrInvalid] if id is not a valid [PersistenceID].
func CheckID(id PersistenceID) error {
	if id == "" {
		return &InvalidError{ID: id, Problem: "the id is empty; name the journal"}
	}
	if p := textProblem(string(id)); p != "" {
		return &InvalidError{ID: id, Problem: "the id " + p}
	}
	return nil
}

// CheckWriter returns an [ErrInvalid] if id or t cannot be those of a write.
func CheckWriter(id PersistenceID, t Token) error {
	if err := CheckID(id); err != nil {
		return err
	}
	if t == NextToken || t > MaxToken {
		return &InvalidError{ID: id, Problem: fmt.Sprintf("%d is not a token; use the one that Acquire returned", t)}
	}
	return nil
}

// CheckAcquire returns an [ErrInvalid] if id or t cannot be acquired.
func CheckAcquire(id PersistenceID, t Token) error {
	if t == NextToken {
		return CheckID(id)
	}
	return CheckWriter(id, t)
}

// CheckAppend returns the [ErrInvalid] or [ErrLimit] for which an append is
// refused before the journal is looked at, and the size of its payloads.
// The limits must have been through [Limits.WithDefaults].
func (l Limits) CheckAppend(id PersistenceID, t Token, expect Seq, ev []Event) (size int, err error) {
	if err := CheckWriter(id, t); err != nil {
		return 0, err
	}
	if len(ev) == 0 {
		return 0, &InvalidError{ID: id, Problem: "append of no events; there is nothing to store"}
	}
	if len(ev) > l.MaxEvents {
		return 0, &LimitError{ID: id, Limit: "MaxEvents", Max: int64(l.MaxEvents), Got: int64(len(ev))}
	}
	if expect > MaxSeq-Seq(len(ev)) {
		return 0, &InvalidError{ID: id, Problem: fmt.Sprintf("append after event %d would pass the greatest sequence number, %d", expect, MaxSeq)}
	}
	for i := range ev {
		if err := checkEntry(id, fmt.Sprintf("event %d of the append", i+1), ev[i].Manifest, ev[i].Time); err != nil {
			return 0, err
		}
		if n := len(ev[i].Payload); n > l.MaxPayload {
			return 0, &LimitError{ID: id, Limit: "MaxPayload", Max: int64(l.MaxPayload), Got: int64(n)}
		}
		size += len(ev[i].Payload)
	}
	if size > l.MaxBatch {
		return 0, &LimitError{ID: id, Limit: "MaxBatch", Max: int64(l.MaxBatch), Got: int64(size)}
	}
	return size, nil
}

// CheckSnapshot is [Limits.CheckAppend] for a snapshot.
func (l Limits) CheckSnapshot(id PersistenceID, t Token, s Snapshot) error {
	if err := CheckWriter(id, t); err != nil {
		return err
	}
	if s.Seq == 0 || s.Seq > MaxSeq {
		return &InvalidError{ID: id, Problem: fmt.Sprintf("snapshot of event %d; a snapshot names the last event it contains", s.Seq)}
	}
	if n := len(s.Payload); n > l.MaxSnapshot {
		return &LimitError{ID: id, Limit: "MaxSnapshot", Max: int64(l.MaxSnapshot), Got: int64(n)}
	}
	return checkEntry(id, "the snapshot", s.Manifest, s.Time)
}

var (
	minTime = time.Unix(0, math.MinInt64)
	maxTime = time.Unix(0, math.MaxInt64)
)

func checkEntry(id PersistenceID, what, manifest string, at time.Time) error {
	if p := textProblem(manifest); p != "" {
		return &InvalidError{ID: id, Problem: "the manifest of " + what + " " + p}
	}
	if !at.IsZero() && (at.Before(minTime) || at.After(maxTime)) {
		return &InvalidError{ID: id, Problem: fmt.Sprintf("the time of %s, %v, is not within 1678 to 2262", what, at)}
	}
	return nil
}

func textProblem(s string) string {
	switch {
	case len(s) > MaxIDLen:
		return fmt.Sprintf("has %d bytes, more than %d", len(s), MaxIDLen)
	case !utf8.ValidString(s):
		return "is not valid UTF-8"
	case strings.ContainsRune(s, 0):
		return "contains U+0000"
	}
	return ""
}
