package contract

import (
	"slices"
	"sync"
)

// predefinedAttrs are the types of the language with their attributes. All sets of attributes are legal, except those
// with both ascii and asciiprintable.
var predefinedAttrs = map[string][]string{
	"any":     {"nonempty", "nonundefined"},
	"none":    nil,
	"atom":    {"ascii", "asciiprintable", "nonempty", "nonundefined"},
	"binary":  {"ascii", "asciiprintable", "nonempty"},
	"float":   nil,
	"integer": nil,
	"list":    {"nonempty"},
	"tuple":   {"nonempty"},
}

// Predefined reports whether the language itself defines the type of that name: any, none, atom, binary, float, integer,
// list and tuple.
func Predefined(name string) bool {
	_, ok := predefinedAttrs[name]
	return ok
}

// builtinSource is the contract whose types every contract knows.
const builtinSource = `+NAME("ubf_types_builtin").
+VSN("1.0").
+TYPES
nil()             :: [];
term()            :: any();
boolean()         :: 'false' | 'true';
byte()            :: 0..255;
char()            :: 0..16#10ffff;
non_neg_integer() :: 0..;
pos_integer()     :: 1..;
neg_integer()     :: ..-1;
number()          :: integer() | float();
string()          :: [char()];
nonempty_string() :: [char()]+;
module()          :: atom();
mfa()             :: {atom(), atom(), byte()};
node()            :: atom();
timeout()         :: 'infinity' | non_neg_integer();
no_return()       :: none();
ubfproplist()     :: {'#P', [{term(), term()}]};
ubfstring()       :: {'#S', [byte()]}.
`

// builtin returns the types of builtinSource by name. They must not be changed.
var builtin = sync.OnceValue(func() map[string]*TypeDef {
	r := &reader{c: &Contract{Dialect: UBF2}, strict: true}
	r.read([]byte(builtinSource))
	types := map[string]*TypeDef{}
	for _, d := range r.c.Types {
		types[d.Name] = d
	}
	return types
})

// Builtin returns the types that every contract knows besides the predefined ones, such as boolean() and ubfstring(), by name. The
// tree is shared and must not be changed.
func Builtin() []*TypeDef {
	var defs []*TypeDef
	for _, d := range builtin() {
		defs = append(defs, d)
	}
	slices.SortFunc(defs, func(a, b *TypeDef) int { return a.Pos.Compare(b.Pos) })
	return defs
}
