package port

import (
	"fmt"
	"path/filepath"
	"slices"

	"github.com/kista-go/kista/port/internal/guardian"
)

// systemPaths are the files and directories that a sandboxed program may read and
// execute if [Sandbox.Read] says nothing: programs, libraries, and what libraries
// need. Those that do not exist are left out. They are read-only to it.
var systemPaths = []string{
	"/bin", "/sbin", "/usr", "/lib", "/lib32", "/lib64", "/libx32", "/etc/alternatives", "/etc/ld.so.cache", "/etc/localtime",
	"/dev/zero", "/dev/random", "/dev/urandom",
}

// nobody is the user that a sandboxed program is by default, where it can be one.
const nobody = 65534

// Sandbox is what a program that is not trusted may do: nothing, but for what the
// fields say. All of it holds together, or the start fails with an
// [*UnsupportedError] that says what cannot be had and why:
//
//   - a user of its own where the node is root, else a user namespace in which it
//     has no more rights than the node's user;
//   - process, IPC and host name namespaces of its own: it sees and signals no
//     process but its own, and when its guardian ends, the kernel kills all at once;
//   - no new privileges: set-user-ID programs give it nothing;
//   - Landlock: no file but those under Read and Write can be opened, run, made or
//     removed;
//   - without Network, a network namespace with nothing in it, and no sockets but
//     pairs; with it, TCP and UDP over IPv4 and IPv6 only;
//   - a seccomp filter: no system calls that change the system, other processes or
//     the filter's own premises, none that are newer than the filter, and none that
//     change owner, mode, times or attributes of files, which Landlock does not guard.
//
// What can still be learnt: the names and the metadata of files, where directories
// of the way there may be searched; the load of the machine. It needs Linux 6.2 (with
// Network 6.12) on amd64 or arm64. Memory, processes and processor time
// are limited by [Limits] and [Group], not here.
type Sandbox struct {
	// Read are files and directories that may be read and executed, with all that
	// is beneath. nil: the system's programs and libraries (/bin, /usr, /lib, ...).
	// The program itself and /dev/null are always added.
	Read []string
	// Write are files and directories that may be changed too.
	Write []string
	// Network allows to connect and to listen, with the network of the node.
	Network bool
	// User is the number of the user and group that the program gets if the node is
	// root; it must not be anybody's who matters. Zero: 65534, nobody. If the node is
	// not root, it must be zero.
	User int
}

func (b *Sandbox) validate() error {
	switch {
	case b == nil:
		return nil
	case b.User < 0:
		return &SpecError{Field: "Sandbox.User", Value: fmt.Sprint(b.User), Why: "it is negative"}
	}
	for what, list := range map[string][]string{"Sandbox.Read": b.Read, "Sandbox.Write": b.Write} {
		for _, path := range list {
			if !filepath.IsAbs(path) {
				return &SpecError{Field: what, Value: fmt.Sprintf("%q", path), Why: "it is not an absolute path"}
			}
		}
	}
	return nil
}

func (b *Sandbox) clone() *Sandbox {
	if b == nil {
		return nil
	}
	c := *b
	c.Read, c.Write = slices.Clone(b.Read), slices.Clone(b.Write)
	return &c
}

// jail is the sandbox as the launcher has it.
func (b *Sandbox) jail() *guardian.Jail {
	if b == nil {
		return nil
	}
	j := &guardian.Jail{Network: b.Network, User: b.User}
	for list, paths := range map[*[][]byte][]string{&j.Read: b.Read, &j.Write: b.Write} {
		for _, p := range paths {
			*list = append(*list, []byte(p))
		}
	}
	if b.Read == nil {
		for _, p := range systemPaths {
			j.Default = append(j.Default, []byte(p))
		}
	}
	return j
}
