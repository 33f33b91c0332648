// Package gen writes Go code of contracts: what "kista contract gen" does.
//
// For each message type there is a Go type, with the annotation and the comments of the contract as its own. For each state there is one too, whose
// methods are the requests that the state allows: what it does not allow does not compile. A method returns the reply and the
// state that follows; where there is a choice, a value of an interface that has a Go type for each outcome. A state is good
// for one step: see package ubf/linear, on which the code stands, and whose constants make sure that library and
// code belong together.
//
// The other side is an interface for each state, and one of all of them, Handler, with a method for each request and for each
// event of the client's. What it returns is of the same outcome types, so it cannot answer what the contract does not allow in
// that state. Service makes a service of it. What the server tells a client at any time is sent with ubf's Ctx.Emit: Emit(Ring{7}.Term()).
//
// # Types
//
//	integer(), ranges        int64
//	float()                  float64
//	boolean()                bool
//	atom(), constants        term.Atom; alternatives of constants are a type of their own, with constants
//	binary()                 term.Binary
//	ubfstring()              string
//	[T]                      a slice
//	{name, A, B}, #name{}    a struct with a field for each element but the name
//	everything else          term.Term, which the checker looks at all the same
//
// The output depends on the contract alone, and is as gofmt has it.
package gen
