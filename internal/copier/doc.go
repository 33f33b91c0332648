// Package copier makes private deep copies of messages, so that two processes
// never share memory that either of them can change.
//
// A *plan* says how values of one type are copied. It is compiled by
// reflection the first time a type is sent and kept for ever; afterwards a
// copy is a walk over memory along the plan. A type is *flat* if no value of it
// refers to memory that somebody could change: numbers, strings, and arrays and
// structs of such. Flat values pass uncopied: an interface value's contents are
// immutable in Go, so sharing them is safe and costs nothing. A type is
// *opaque* if the caller of this package vouches for it ([Options.Opaque]).
//
// # What passes, what is copied, what is refused
//
// Uncopied: bool, numbers (uintptr is one), strings, time.Time, *time.Location,
// netip's values, unique.Handle, *regexp.Regexp, reflect.Type, *runtime.Func,
// arrays of length zero whatever their element, opaque types.
//
// Copied: slices (nil stays nil, empty stays empty, capacity beyond the length
// is dropped), maps (with keys that hold pointers, with NaN keys), pointers,
// what interfaces hold, and everything made of these, unexported and embedded
// fields of any package included: big.Int, url.URL, json.RawMessage,
// bytes.Buffer, container/list and the like need nothing special.
//
// Refused, with the path to the place: channels, functions (so iter.Seq too),
// unsafe.Pointer, anything of sync, sync/atomic and weak or made of it,
// contexts, open files, connections, running commands, loggers and what slog
// passes to them, buffered readers and writers, strings.Builder, reflect.Value,
// and whatever belongs to package testing.
// The *type* decides, not the value: a message type with a
// channel field fails always, also while the field is nil, so that a program
// learns of it at the first send and not on the day the field is set. Only what
// an interface holds is decided by value; a nil interface is data.
//
// An error that an interface holds is handed to [Options.Freeze], since its
// methods would otherwise run the sender's code in the receiver.
//
// # Rules for callers
//
// No method of a copied value is ever called. The source is only read, so
// it may be read by others at the same time; whoever writes to it during the
// copy has a data race, which the race detector reports. Cycles are kept.
// Sharing inside a message is lost as a rule (two pointers to one value become
// pointers to two), as in Erlang; it is kept in messages that are cyclic, nested
// more than 500 deep, or over a limit when counted with repetition. Interior
// pointers and slices of one array become separate copies always.
//
// A string made with unsafe over bytes that change is shared memory; nobody can
// tell it from a string.
package copier
