// Package otp tells what a fresh Erlang node knows: the atoms in its table and the functions that its modules export. That is
// what binary_to_term's option safe lets through, so it is what "kista term --safe" does.
//
// known.txt.gz was written by known.escript on Erlang/OTP 25.
package otp

import (
	"bufio"
	"bytes"
	"compress/gzip"
	_ "embed"
	"strconv"
	"strings"
	"sync"

	"github.com/kista-go/kista/term"
)

//go:embed known.txt.gz
var packed []byte

var tables = sync.OnceValue(func() (t struct {
	atoms   map[term.Atom]bool
	exports map[term.Export]bool
},
) {
	t.atoms, t.exports = map[term.Atom]bool{"": true}, map[term.Export]bool{}
	unpacked, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		panic(err) // the embedded file is broken: nothing to be done at run time
	}
	in := bufio.NewScanner(unpacked)
	for in.Scan() && in.Text() != "" {
		t.atoms[term.Atom(in.Text())] = true
	}
	for in.Scan() {
		module, rest, _ := strings.Cut(in.Text(), ":")
		i := strings.LastIndexByte(rest, '/')
		if arity, err := strconv.Atoi(rest[i+1:]); i > 0 && err == nil {
			t.exports[term.Export{Module: term.Atom(module), Function: term.Atom(rest[:i]), Arity: arity}] = true
		}
	}
	return t
})

// Atom reports whether a fresh node knows the atom.
func Atom(a term.Atom) bool { return tables().atoms[a] }

// Export reports whether a fresh node has that function.
func Export(e term.Export) bool { return tables().exports[e] }
