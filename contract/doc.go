// Package contract is UBF(B): contracts between programs that do not trust each other. A contract says what a client may ask of
// a server, state by state, and what the server may answer. It is checked from outside, by somebody who sees only the
// messages; so neither side has to believe the other, and when something goes wrong it is known who broke the contract.
//
// # Words
//
// A contract has types and states. A type is a set of values of package term: {open, fileName(), read | write} is every tuple of
// three fields whose first is the atom open, and so on. A state has rules: a request, and its outcomes, each a reply with
// the state that follows. Rules under ANYSTATE hold in every state and change none. Events go either way at any time,
// are not answered and change no state. The conversation ends in the state stop.
//
//	+NAME("door").
//	+VSN("1.0").
//	+TYPES
//	open() :: {open, code()};  code() :: 0..9999;  shut() :: shut;
//	ok() :: ok;  wrong() :: {error, wrong_code};  rang() :: {rang, integer()}.
//	+STATE locked    open() => ok() & unlocked | wrong() & locked;  EVENT => rang().
//	+STATE unlocked  shut() => ok() & locked.
//
// A side breaks the contract with a message that no rule of the state allows: the client with a request, the server with a
// reply, or with a state that does not belong to that reply.
//
// # Use
//
// [Parse] reads a contract and returns its syntax tree, a [Contract], or everything that is wrong with it, each with its place.
// [Compile] makes a [Checker] of it. [Checker.Match] checks a value against a type; a [Session] follows a conversation and says,
// as a [Violation], who has broken the contract, where in the message, what was due and what was seen. [Analyse] finds what
// is legal and yet hardly meant: states that nobody reaches or leaves, requests that cannot be told apart, types without values.
//
// # Notations
//
// Contracts have been written in several ways: as UBF 2.x takes them, as UBF 1.x did, and as on the slides of Armstrong's
// talks. All become the same tree, and [Contract.String] prints it as UBF 2.x. [Parser] says which notation to expect; by default
// it is found out. Texts are bytes of Latin-1, as in UBF 2.x: a string or binary in a contract is its bytes, an atom
// one character for each byte.
//
// # Values
//
// UBF's strings are tuples {'#S', Bytes}, with the bytes as a list; the type ubfstring() is theirs, while string() is a list
// of characters. A string in a contract, "abc", matches the UBF string (in UBF 2.x, by mistake, it matches nothing).
// Values are checked as decoders yield them, or with any of Go's integer types, float32 and bool.
//
// # Hostile messages
//
// Checking takes a bounded amount of work: a value that needs 10010 or more nested named types is refused, as by UBF 2.x, and so
// is one for which more than four million references must be followed, which only alternatives that begin alike can need. Bound
// the size of messages where they are decoded.
package contract
