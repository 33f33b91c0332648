// Package store keeps what must outlive a process: its journal, the ordered
// record of the events that made its state, and snapshots of that state.
//
// A process that is restarted begins with nothing: its memory went with its
// last incarnation, which is what makes the restart worth having. What it
// must not forget it writes here first and acknowledges afterwards; the next
// incarnation reads it back. The package is the edge only, the [Journal]
// interface and its errors. Two drivers stand behind it:
//
//   - package memory keeps journals in memory: for tests, and for state that
//     may die with the node;
//   - package sqlite keeps them in one file on disk, and acknowledges a write
//     only after the operating system has been made to sync it.
//
// Both pass the conformance suite of package storetest, and so must any
// other driver.
//
// # Words
//
// A journal belongs to one persistence id ([PersistenceID]), the durable name
// of a process: "account/17" stays the same while the PIDs of its
// incarnations come and go. An event ([Event]) is one entry: bytes, a
// manifest that tells how to read them, and a time. Events are numbered 1, 2,
// 3, ... without a gap; the number is the sequence number ([Seq]). A pair of
// id and sequence number names one event for ever: neither a deletion nor a
// crash makes the store give the same pair to another event.
//
// A fencing token ([Token]) tells the incarnations of one journal's writer
// apart. A process that was killed while its goroutine sat in a system call,
// or a node that was cut off and believes that it is still the owner, may
// come back and try to write: a zombie. So every incarnation first calls
// Acquire, which gives it a token greater than every one before. Every write
// carries the token, and the store compares it in the transaction that
// writes. From the moment in which a new token exists, every write with an
// older one fails with [ErrFenced], however late it arrives and whatever its
// sender believes. There is no moment with two writers, and no clock is
// involved.
//
// # Where tokens come from
//
// On one node the store itself is the best issuer: Acquire with [NextToken]
// adds one to the last token of the journal, durably, so tokens rise across
// restarts of the program too. In a cluster the owner of a name is decided
// elsewhere, by a lease, and the lease has a number of its own that rises
// with every owner. That number is then given to Acquire, which takes it if
// it is greater than every token the journal has seen. A token is good for
// one Acquire: two incarnations that present the same one are two writers,
// and the second is refused. One interface serves both, and a journal can
// move from the first to the second when its numbers are raised.
//
// # The life of a writer
//
//	token, last, err := j.Acquire(ctx, id, store.NextToken)
//	snap, err := j.LatestSnapshot(ctx, id)             // snap.Seq is 0 if there is none
//	err = j.Replay(ctx, id, snap.Seq+1, last, apply)   // rebuild the state
//	last, err = j.Append(ctx, id, token, last, events...)
//	// only now answer whoever asked for the change
//
// Append names the sequence number it expects to be the last one. If there
// is another, someone wrote what this writer has not seen, and the append
// fails with [ErrConflict]: the decision that led to it was made on an old
// state. Nothing of it has been written.
//
// # When the outcome is unknown
//
// An error of Append normally means that nothing was written. The exception
// is [ErrUnknown]: the context ended, or the disk failed, while the commit
// was under way, and the events may or may not be there. A writer that goes on
// as if they were not would write them twice. It has two honest ways out: let
// the process die, since its next incarnation replays what is there; or ask
// with [Settle], which waits until the store has decided and then tells.
//
// # Rules for callers
//
//   - Acquire once per incarnation, before reading the state back, never in
//     the supervisor and never shared between processes.
//   - Stop on ErrFenced. Another incarnation owns the journal; acquiring
//     again to get rid of the error makes two incarnations fight.
//   - Acknowledge to your own caller only after Append has returned.
//   - Delete events only below a snapshot that you could start from.
//   - Bytes are copied in and out. A payload handed to Append may be reused
//     when it returns, whatever it returns; one received from Replay is the
//     receiver's own.
//   - Nothing is kept beside a journal: a fact about it, such as that it is in
//     quarantine after its events have killed its process twice, is an event
//     in another journal, of a supervisor's own.
//
// # Limits
//
// Everything a caller can make large has a limit ([Limits]): payload, batch,
// snapshot, and the appends that wait in line. Beyond the first three a
// request is refused with [ErrLimit]. A full line is no error: the caller
// waits for room as long as its context allows, so that pressure travels back
// to whoever sends the work.
package store
