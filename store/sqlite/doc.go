// Package sqlite keeps journals in one SQLite file: a [store.Journal] for a
// program that needs no database server. Everything is in the binary, without
// cgo, and the file can be read with the sqlite3 tool.
//
// # What is promised
//
// A write that has returned without an error is on disk: SQLite's write-ahead
// log has been synced. After a crash of the program, or of the machine, the
// next [Open] finds every acknowledged write, whole, and no part of any other.
// This takes a disk that does not lie about syncing, and a local file system;
// on a network one, neither locks nor the log can be trusted.
//
// # Group commit
//
// A sync takes from a fraction of a millisecond to tens of them, and a
// database that syncs for each of two hundred writers makes the last one wait
// for two hundred syncs. Here all writes go to one goroutine, the writer. While
// it waits for the disk, further writes line up, and the next transaction
// takes them all, so that one sync serves many. Whoever writes alone pays for
// one sync and waits for nobody.
//
// Requests in one group share nothing but the sync: one that is fenced, in
// conflict or invalid gets its error, and the others are committed. If the
// database refuses the whole group, each member is tried alone.
//
// # Faults
//
// A full disk, or anything else that SQLite can undo, fails the request and
// leaves the store in order. If a commit fails in a way that leaves open
// whether it is on disk, as a failed sync does, its requests return
// [store.ErrUnknown] and every later write [store.ErrFailed]: only opening
// the file again, which reads what is really there, restores certainty. The
// store is a good child for a supervisor. A panic inside the database is
// treated alike; no caller is left waiting.
//
// # Reading
//
// Readers have their own connections and see the last commit; they neither
// wait for the writer nor make it wait. They read in pages and hold nothing
// while the caller works on one.
//
// # Caveats
//
//   - One process at a time: see [Open]. A copy for backup or inspection is
//     made with "sqlite3 file 'vacuum into ...'", which may run at any time.
//   - The file keeps its size when events are deleted; their space is used
//     again.
//   - Beside the file lie its log ("-wal"), an index of it ("-shm") and the
//     lock (".lock"). The log belongs to the data: move both or neither.
//   - Events and snapshots carry checksums; the heads of the journals do not.
package sqlite
