package store

// Stats counts what a store has done since it was opened, and shows what waits.
// Drivers return one from a method Stats, which does not block.
type Stats struct {
	Appends   int64 // appends that were stored
	Events    int64 // events in them
	Bytes     int64 // payload bytes in them
	Commits   int64 // transactions with at least one write; one sync each on disk
	Conflicts int64 // requests refused with ErrConflict
	Fenced    int64 // requests refused with ErrFenced
	Faults    int64 // transactions that failed and were undone, or are unknown

	Queued      int // writes that wait in line or are being committed
	QueuedBytes int // their payload bytes
	Waiting     int // callers that wait for room in the line
}
