package contract

import (
	"math/big"

	"github.com/kista-go/kista/term"
)

// Stop is the state that ends a session. It has no rules and is never defined.
const Stop term.Atom = "stop"

// None is the state of a contract that has none: one with ANYSTATE rules only, or with types only.
const None term.Atom = "none"

// A Contract is the syntax tree of one contract: what its file says, in whatever notation, translated to that of UBF 2.x.
// [Parse] makes one that keeps every rule of the language, except that it may hold what [Analyse] warns of. A Contract is
// plain data: many goroutines may read it, and nothing in this package changes one.
type Contract struct {
	// File is the name given to Parse, and stands in front of diagnostics.
	File string
	// Name is the name of the service, and Version a text that only people read.
	Name, Version string
	// Dialect is the notation that the file is written in; never Auto.
	Dialect Dialect
	// Imports are the +IMPORT forms, in the order of the file.
	Imports []*Import
	// Types are the contract's own types, in the order of the file; those that stand for types written in rules follow.
	Types []*TypeDef
	// Imported are the types that the imports bring. Builtin types are not among them.
	Imported []*TypeDef
	// States are the states with their rules, in the order of the file.
	States []*State
	// AnyState are the rules for every state. Their outcomes have no Next.
	AnyState []*Rule

	comments []comment        // of the file
	forms    map[string][]Pos // where forms begin that are no part of the tree
}

// A comment begins with its percent sign.
type comment struct {
	pos  Pos
	text string
}

// An Import is a form +IMPORT("other.con"). All types of the other contract come with it, those that it imports itself too.
type Import struct {
	// Pos is where the form begins.
	Pos Pos
	// File is the name of the other contract's file.
	File string
	// Names restricts the import: to these types, or, where Except is true, to all others. Nil restricts nothing.
	Names []string
	// Except turns Names round.
	Except bool
}

// A TypeDef gives a name to a type.
type TypeDef struct {
	// Pos is where the name stands, in the file of that name; the file is empty for builtin types.
	Pos  Pos
	File string
	// Name is the type's name, without parentheses.
	Name string
	// Type is what the name stands for.
	Type Type
	// Note is the annotation, or nil.
	Note *Note
	// Implied is true where the file has no such definition, but a rule with the type written out.
	Implied bool

	end int // the last line
}

// A Note is the annotation of a type: text for people and tools, without meaning for the checker.
type Note struct {
	// Kind is the notation: a "string", a <<"binary">> or a `tag`.
	Kind NoteKind
	// Text is the bytes between the quotes.
	Text string
}

// NoteKind is how an annotation is written.
type NoteKind int

// The notations of annotations.
const (
	StringNote NoteKind = iota
	BinaryNote
	TagNote
)

// A State is a state of the conversation, with what may be said in it.
type State struct {
	// Pos is where the name stands.
	Pos Pos
	// Name is the state's name.
	Name term.Atom
	// Rules are the state's rules in the order of the file.
	Rules []*Rule
}

// A Rule is one thing that may be said.
type Rule struct {
	// Pos is where the rule begins.
	Pos Pos
	// Kind says who speaks.
	Kind RuleKind
	// Message is the type of the request or event; always a plain reference, without attributes and not optional.
	Message *Ref
	// Outcomes are the replies to a request, at least one; nil for events.
	Outcomes []*Outcome

	end int // the last line
}

// RuleKind says who speaks, and whether an answer is due.
type RuleKind int

// The kinds of rules.
const (
	// Request is a client's request, which the server answers.
	Request RuleKind = iota
	// EventOut is an event from the server to the client: EVENT =>.
	EventOut
	// EventIn is an event from the client to the server: EVENT <=.
	EventIn
)

// String returns "request", "event to the client" or "event from the client".
func (k RuleKind) String() string {
	return [...]string{"request", "event to the client", "event from the client"}[k]
}

// An Outcome is one way a request may end: a reply and the state after it.
type Outcome struct {
	// Pos is where the reply's type stands.
	Pos Pos
	// Reply is the type of the reply; a plain reference as in Rule.
	Reply *Ref
	// Next is the state that follows. It is empty in rules for every state, where the state stays what it is.
	Next term.Atom
}

// A Type is one of [*Ref], [*Alt], [*Tuple], [*List], [*Range], [*Literal] and [*Record].
type Type interface {
	// Position is where the type begins in its file.
	Position() Pos
	isType()
}

// A Ref names a type: name(), name()?, or, for predefined types only, name(attribute, ...).
type Ref struct {
	Pos Pos
	// Name is the type's name. Predefined tells whether the language itself defines it.
	Name string
	// Attrs are the attributes, sorted and without duplicates.
	Attrs []string
	// Optional is true for name()?, which the atom undefined matches too.
	Optional bool
}

// An Alt is A | B | C: at least two alternatives, none of which is an Alt.
type Alt struct {
	Pos  Pos
	Alts []Type
}

// A Tuple is {A, B, C}: as many fields, in that order. It may be empty.
type Tuple struct {
	Pos    Pos
	Fields []Type
}

// A List is [T] with bounds on its length, or [], where Elem is nil and Min and Max are 0.
type List struct {
	Pos  Pos
	Elem Type
	// Min and Max bound the length. Max counts only where Bounded is true.
	Min, Max int64
	Bounded  bool
}

// A Range is the integers Lo..Hi, both included. A nil bound is open; not both are.
type Range struct {
	Pos    Pos
	Lo, Hi *big.Int
}

// A Literal is one value: an atom, an integer (int64 or *big.Int), a float64, a [term.Binary], or a string, which is the
// tuple {'#S', Bytes} that UBF strings are.
type Literal struct {
	Pos Pos
	// Value is the value itself.
	Value term.Term
	// Text is true for a string: Value is its tuple.
	Text bool
}

// A Record is #name{field::T, ...}, the tuple {name, T, ...}, or, where Extended is true, ##name{...}, the tuple
// {name, Fields, Extra, T, ...}, in which Fields is undefined or the tuple of the names of the fields, '$fields' and
// '$extra' first, and Extra is anything.
type Record struct {
	Pos      Pos
	Name     string
	Extended bool
	Fields   []*Field
}

// A Field is a field of a record. Its name and default have no meaning for the checker.
type Field struct {
	Pos  Pos
	Name string
	// Default is the value that the field has where none is given, written as a type, or nil.
	Default Type
	// Type is the type of the field.
	Type Type
}

// Position returns the place of the name.
func (t *Ref) Position() Pos { return t.Pos }

// Position returns the place of the first alternative.
func (t *Alt) Position() Pos { return t.Pos }

// Position returns the place of the opening brace.
func (t *Tuple) Position() Pos { return t.Pos }

// Position returns the place of the opening bracket.
func (t *List) Position() Pos { return t.Pos }

// Position returns the place of the first token.
func (t *Range) Position() Pos { return t.Pos }

// Position returns the place of the value.
func (t *Literal) Position() Pos { return t.Pos }

// Position returns the place of the number sign.
func (t *Record) Position() Pos { return t.Pos }

func (*Ref) isType()     {}
func (*Alt) isType()     {}
func (*Tuple) isType()   {}
func (*List) isType()    {}
func (*Range) isType()   {}
func (*Literal) isType() {}
func (*Record) isType()  {}
