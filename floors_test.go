package kista_test

import (
	"os"
	"testing"

	"github.com/kista-go/kista/internal/guard"
)

// floors is Kista's import lattice. Imports go only downwards: a package may
// import what stands on any floor beneath it, what lies in its own directory's
// family (store/sqlite and store), and, on its own floor, what an edge a < b
// allows. The notation is that of guard.ParseLattice.
//
// The floors are the architecture. The kernel knows no behaviour, a behaviour
// knows no service, no library knows a program; so each can be read, tested
// and replaced with nothing but what is beneath it. If an import that you need
// is refused, the usual answer is to move the shared part down, or to let the
// upper package hand it to the lower one as an interface or a function. Do not
// edit this text merely to make a build pass.
const floors = `
# F0 leaves: values that may cross a boundary, and mechanism without opinion.
# They may use each other; Go itself forbids a cycle.
floor term internal/*
	term < internal/*
	internal/* < term

# F1 codecs: encodings of term, and the contract language. No processes here.
# JSF says in JSON what UBF(A) says, so it shares the types for strings and property lists.
floor etf ubfa jsf contract contract/gen
	contract < contract/gen
	ubfa     < jsf

# F2 kernel: nodes, processes, signals.
floor .

# F3 behaviours. sys is beneath them: what every behaviour answers. A
# supervisor is driven by calls as a server is, as in OTP; tasks, applications
# and releases are started under supervisors.
floor sys server statem event supervisor task app release
	sys        < server statem event supervisor task app release
	server     < supervisor statem task app release
	supervisor < task app release
	app        < release

# F4 services: other computers, other processes, disks.
floor dist registry pg store wasm port peer heart upgrade ubf contract/checked discovery
	discovery < dist
	dist      < registry pg peer
	port      < peer heart
	heart     < upgrade

# F5 kits: what users' tests, their checks and operators import.
floor kistatest sim observe observer vet
	observe < observer

# F6 programs. The tool's demo runs the bank, which is an example to read too.
floor cmd/kista examples/*
	examples/* < cmd/kista

# Foreign modules, each where it is the point of the package. Everything else
# is the standard library: whoever uses the kernel gets no dependency with it.
use github.com/google/go-cmp: internal/*     # internal/assert, for tests
use pgregory.net/rapid:       internal/*     # generators that tests share
use modernc.org/sqlite:       store          # the embedded driver
use github.com/spf13/cobra:   cmd/kista
use golang.org/x/term:        cmd/kista
use github.com/tetratelabs/wazero: wasm      # the engine that guests run on
use golang.org/x/tools:       vet cmd/kista  # the framework of analyzers, and its driver for go vet
use golang.org/x/sys:         port wasm heart # what the operating system can do for a program's walls
`

func TestFloors(t *testing.T) {
	lattice, err := guard.ParseLattice(floors)
	if err != nil {
		t.Fatal(err)
	}
	tree, err := guard.Load(os.DirFS("."))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range lattice.Check(tree) {
		t.Error(p)
	}
}
