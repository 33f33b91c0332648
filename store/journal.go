package store

import (
	"context"
	"iter"
	"math"
	"time"
)

// PersistenceID is the durable name of a journal, such as "account/17": valid
// UTF-8 of 1 to [MaxIDLen] bytes without U+0000. Any other id is refused with
// [ErrInvalid]. Ids are compared byte by byte, without any normalization.
type PersistenceID string

// MaxIDLen is the greatest length of a [PersistenceID] and of a manifest, in
// bytes.
const MaxIDLen = 512

// Seq is the sequence number of an event in its journal. The first event has
// number 1; 0 stands before it and is the highest number of a journal without
// events.
type Seq uint64

// MaxSeq is the greatest sequence number, 2^63-1. As the upper bound of
// [Journal.Replay] and of [Journal.DeleteTo] it means all there is.
const MaxSeq Seq = math.MaxInt64

// Token is a fencing token: it names one incarnation of a journal's writer,
// and every later incarnation has a greater one. See the package comment.
type Token uint64

const (
	// NextToken, the zero Token, asks [Journal.Acquire] to issue a token. No
	// writer ever holds it.
	NextToken Token = 0

	// MaxToken is the greatest token, 2^63-1.
	MaxToken Token = math.MaxInt64
)

// Event is one entry of a journal. The store does not look into it.
type Event struct {
	// Manifest says how Payload is to be read, by convention "type@version",
	// such as "deposited@1", so that events outlive the types that wrote
	// them. It is valid UTF-8 of at most [MaxIDLen] bytes without U+0000 and
	// may be empty.
	Manifest string

	// Payload is the event itself, at most [Limits.MaxPayload] bytes. An
	// empty payload may come back as nil.
	Payload []byte

	// Time says when the event happened, to the nanosecond, from the year
	// 1678 to 2262. The zero Time is replaced by the store's clock when the
	// event is appended. It comes back in UTC, without a monotonic reading.
	Time time.Time
}

// Snapshot is the state of a process after the event numbered Seq, so that
// a new incarnation replays only what follows.
type Snapshot struct {
	// Seq is the number of the last event that the state contains. 0 means
	// that there is no snapshot.
	Seq Seq

	// Manifest, Payload and Time are as in [Event], except that the payload
	// may have [Limits.MaxSnapshot] bytes.
	Manifest string
	Payload  []byte
	Time     time.Time
}

// Head is what the store knows of a journal without reading its events. The
// zero Head is that of a journal that was never acquired.
type Head struct {
	// Token is the greatest token ever acquired; only its holder may write.
	Token Token

	// Highest is the number of the last event ever appended. It never goes
	// down.
	Highest Seq

	// DeletedTo is the number up to which events are deleted: those that can
	// be replayed are DeletedTo+1 to Highest.
	DeletedTo Seq
}

// Journal is the edge between processes and stable storage: one journal per
// persistence id, each with one writer at a time and any number of readers.
// A method that names a journal which does not exist treats it as an empty
// one, and the writing methods fail with [ErrFenced] until it is acquired.
//
// All methods are safe for concurrent use, and those of different journals do
// not order or fail each other. Calls for one journal that follow each other
// take effect in that order, and a read sees every write that has returned
// before it began.
//
// Besides the errors named at each method, every method returns
//
//   - an error that matches the context's, and not [ErrUnknown], if the
//     context ended before the request was begun: it has not taken place;
//   - [ErrInvalid] for an argument that no store could take;
//   - [ErrClosed] after the store was closed;
//   - [ErrFailed] if the store has failed for good and must be opened again;
//   - the driver's own error, wrapped, if the driver refused and undid the
//     request (a full disk).
//
// A writing method whose context ends, or whose driver fails, when the
// request has already begun returns [ErrUnknown]. All of them but Append may
// simply be repeated; for Append see [Settle].
type Journal interface {
	// Acquire makes the caller the journal's only writer: from now on every
	// write with another token fails with [ErrFenced]. With [NextToken] the
	// store issues the token, one more than the last. Any other t must be
	// greater than every token of this journal so far, or Acquire fails with
	// ErrFenced and changes nothing. It returns the token and the number of the
	// last event, which the first [Journal.Append] expects. Acquire creates
	// the journal if there is none. It has the durability of an append.
	Acquire(ctx context.Context, id PersistenceID, t Token) (Token, Seq, error)

	// Append adds events with the numbers expect+1, expect+2, ... and returns
	// the number of the last one, after they are stored for good. It adds all
	// of them or none.
	//
	// Errors: [ErrFenced] if t is not the token of the journal's writer;
	// [ErrConflict] if the last event is not the one numbered expect;
	// [ErrLimit] if the events are too many or too large; [ErrInvalid] for no
	// event, a manifest that is not text, or a time out of range; [ErrUnknown].
	// When both a token and an expectation are stale, the token is reported.
	Append(ctx context.Context, id PersistenceID, t Token, expect Seq, ev ...Event) (Seq, error)

	// Replay calls fn for the events numbered from to to, both included, in
	// order, in the calling goroutine. It ends without an error at the last
	// event that the journal had when Replay began; if from lies beyond that,
	// fn is never called. A from of 0 means the oldest event that is kept.
	// Memory use does not depend on the number of events, writers do not wait
	// for readers, and fn may use the store.
	//
	// Errors: what fn returned, unchanged, which ends the replay; [ErrDeleted]
	// if events from from on are deleted, or become so while Replay runs;
	// [ErrCorrupt] for an event that is missing or is not what was
	// appended. A panic of fn passes through and leaves nothing behind.
	Replay(ctx context.Context, id PersistenceID, from, to Seq, fn func(Seq, Event) error) error

	// SaveSnapshot keeps s in place of the journal's previous snapshot. If
	// that one has a greater number, it stays, and there is no error: the
	// newer state is the better start.
	//
	// Errors: [ErrFenced] as for Append; [ErrInvalid] if s.Seq is 0 or beyond
	// the last event; [ErrLimit]; [ErrUnknown].
	SaveSnapshot(ctx context.Context, id PersistenceID, t Token, s Snapshot) error

	// LatestSnapshot returns the journal's snapshot, or the zero Snapshot,
	// with Seq 0, if there is none. It fails with [ErrCorrupt] if the snapshot
	// is not what was saved; the events that are not deleted can still be
	// replayed.
	LatestSnapshot(ctx context.Context, id PersistenceID) (Snapshot, error)

	// DeleteTo deletes the events up to the one numbered to, or all of them if
	// to is beyond the last. Their numbers are not used again, and Highest
	// stays. The snapshot stays too; whether there is one that makes the
	// events superfluous is the caller's care.
	//
	// Errors: [ErrFenced] as for Append; [ErrUnknown].
	DeleteTo(ctx context.Context, id PersistenceID, t Token, to Seq) error

	// Delete deletes all events and the snapshot, and takes the id off the
	// list of [Journal.IDs]. What remains is the [Head], a few bytes, so that
	// neither a token nor a number is ever used twice; the next Acquire brings
	// the id back, as an empty journal that goes on counting.
	//
	// Errors: [ErrFenced] as for Append; [ErrUnknown].
	Delete(ctx context.Context, id PersistenceID, t Token) error

	// Head returns the head of a journal, after every write to it that was
	// handed to the store before Head was called has been decided: a write
	// whose context ended is then either in or will never be.
	Head(ctx context.Context, id PersistenceID) (Head, error)

	// IDs yields the ids that begin with prefix, every one for the empty
	// prefix, in ascending byte order. It reads page by page: an id that is
	// there from begin to end is yielded once, one that comes or goes
	// meanwhile may or may not be. An error is yielded last, with the empty
	// id. The loop's body may use the store.
	IDs(ctx context.Context, prefix string) iter.Seq2[PersistenceID, error]
}
