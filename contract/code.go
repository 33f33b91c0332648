package contract

// A Code names a kind of fault in a contract.
type Code string

// The codes of errors.
const (
	// CodeLexical is a character or token that does not exist.
	CodeLexical Code = "lexical"
	// CodeSyntax is a token where another is due.
	CodeSyntax Code = "syntax"
	// CodeLimit is a contract beyond what this package takes: see [Parser].
	CodeLimit Code = "limit"
	// CodeForms is a form that is missing, or that stands twice: NAME and VSN once, TYPES and ANYSTATE at most once.
	CodeForms Code = "forms"
	// CodeAttribute is an attribute that the type does not have, or a set of attributes that exclude each other.
	CodeAttribute Code = "attribute"
	// CodeDuplicateField is a record with two fields of one name.
	CodeDuplicateField Code = "duplicate-field"
	// CodeDuplicateType is a type with two definitions, be they the same.
	CodeDuplicateType Code = "duplicate-type"
	// CodeConflict is a type with another definition than an imported or builtin type of that name.
	CodeConflict Code = "conflicting-type"
	// CodeMissingType is a type without a definition.
	CodeMissingType Code = "missing-type"
	// CodeDuplicateState is a state with two definitions, or a definition of stop.
	CodeDuplicateState Code = "duplicate-state"
	// CodeMissingState is a next state without a definition.
	CodeMissingState Code = "missing-state"
	// CodeUnusedType is a type that no rule reaches, in a contract that has rules.
	CodeUnusedType Code = "unused-type"
	// CodeImport is an import that cannot be had.
	CodeImport Code = "import"
)

// The codes of warnings.
const (
	// CodeStyle is what this package takes and the compiler of UBF 2.x does not.
	CodeStyle Code = "style"
	// CodeTranslated is an old type that has no exact counterpart in UBF 2.x.
	CodeTranslated Code = "translated"
	// CodeUnreachableState is a state that no conversation gets to.
	CodeUnreachableState Code = "unreachable-state"
	// CodeDeadEnd is a state from which no conversation gets to stop.
	CodeDeadEnd Code = "dead-end"
	// CodeOverlap is two requests, or two replies, that one value may be.
	CodeOverlap Code = "overlap"
	// CodeHidden is a rule for every state that a state's own rule hides.
	CodeHidden Code = "hidden"
	// CodeNoValue is a type that no value has.
	CodeNoValue Code = "no-value"
	// CodeReserved is a message in a shape that UBF(C) itself uses.
	CodeReserved Code = "reserved"
	// CodeShadowed is a type named like a predefined one, which is never meant by that name.
	CodeShadowed Code = "shadowed"
	// CodeDefault is a record field whose default is not of its type.
	CodeDefault Code = "default"
	// CodeString is string(), a list of characters, where a UBF string is likely to be meant.
	CodeString Code = "string"
	// CodeNone is none(), which, other than its name says, matches everything.
	CodeNone Code = "none"
)
