package peer

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/kista-go/kista/port"
)

// Defaults of a [Spec]'s zero values.
const (
	DefaultMaxMessage   = 16 << 20         // bytes
	DefaultBuffer       = 64 << 20         // bytes
	DefaultHeartbeat    = time.Second      // see Spec.Heartbeat
	DefaultPatience     = 10 * time.Second // see Spec.Patience
	DefaultGrace        = 5 * time.Second  // see Spec.Grace
	DefaultStartTimeout = 30 * time.Second // see Spec.StartTimeout
)

// MinMemory is the least memory that a peer can be given: with less, a Go program does not come up.
const MinMemory = 32 << 20

// Spec says how a peer's OS process runs. Its zero value works.
type Spec struct {
	// Name is the name of the peer's node: processes in it that are registered are reached by it
	// ([kista.Node.Remote]). There is one peer of a name at a time. Empty: the entry's, with a number that no other
	// peer has.
	Name string
	// Env is its whole environment, as "NAME=value". nil: this process's own.
	Env []string
	// Dir is its working directory. Empty: this process's.
	Dir string

	// Memory is how many bytes of memory it may use. The Go runtime in it collects garbage harder when it comes near
	// (GOMEMLIMIT, nine tenths of it); when it is over, it is ended with CauseMemory. What the parent sees, several
	// times a second, is its resident memory; where it grows faster than that, the operating system refuses what is
	// over the limit by a quarter and 64 MiB. Zero: no limit.
	Memory int64
	// Group limits it together with all that it starts, by a control group, for instance its memory to the byte. Zero:
	// it does not.
	Group port.Group
	// Limits are further ones, of the operating system. Limits.Memory is set by Memory, if that is not zero.
	Limits port.Limits
	// Sandbox is for code that is not trusted. nil: it is.
	Sandbox *port.Sandbox

	// Standby keeps a second OS process ready, which takes over when the first one has died and a supervisor starts
	// the peer again. It costs some ten megabytes. It needs a supervisor: without a parent nobody starts again.
	Standby bool

	// Heartbeat is how often it is asked whether it lives. Zero: one second.
	Heartbeat time.Duration
	// Patience is how long it may be silent before it is killed. Zero: ten seconds, or ten heartbeats if that is more.
	// Negative: for ever.
	Patience time.Duration
	// StartTimeout is how long its OS process may take to come up, package initialisation included. Zero: 30 seconds.
	StartTimeout time.Duration
	// Grace is how long it has to stop its processes when it is to stop, within the time that a supervisor gives; then
	// it is killed. Zero: five seconds.
	Grace time.Duration

	// MaxMessage is the largest message in bytes, in either direction, as it stands between the OS processes. A larger
	// one is refused with a [*kista.DataError]. Zero: 16 MiB.
	MaxMessage int
	// Buffer is how many bytes wait in each direction for the other side to read them; a message that would make it
	// more is refused with a [*kista.MailboxFullError]. Zero: 64 MiB.
	Buffer int
}

func (s Spec) withDefaults() Spec {
	def(&s.Heartbeat, DefaultHeartbeat)
	def(&s.Patience, max(DefaultPatience, 10*s.Heartbeat))
	def(&s.StartTimeout, DefaultStartTimeout)
	def(&s.Grace, DefaultGrace)
	def(&s.MaxMessage, DefaultMaxMessage)
	def(&s.Buffer, DefaultBuffer)
	return s
}

func def[T comparable](v *T, d T) {
	var zero T
	if *v == zero {
		*v = d
	}
}

func (s Spec) validate() error {
	for _, f := range []struct {
		name string
		v    int64
	}{
		{"Memory", s.Memory},
		{"Heartbeat", int64(s.Heartbeat)},
		{"StartTimeout", int64(s.StartTimeout)},
		{"Grace", int64(s.Grace)},
		{"MaxMessage", int64(s.MaxMessage)},
		{"Buffer", int64(s.Buffer)},
	} {
		if f.v < 0 {
			return &SpecError{Field: f.name, Value: fmt.Sprint(f.v), Why: "it is negative"}
		}
	}
	switch {
	case s.Memory > 0 && s.Memory < MinMemory:
		return &SpecError{Field: "Memory", Value: fmt.Sprint(s.Memory), Why: fmt.Sprintf("no Go program comes up with less than %d", MinMemory)}
	case s.MaxMessage > 1<<30:
		return &SpecError{Field: "MaxMessage", Value: fmt.Sprint(s.MaxMessage), Why: "it is over 1 GiB"}
	case s.Patience > 0 && s.Patience <= s.Heartbeat:
		return &SpecError{Field: "Patience", Value: s.Patience.String(), Why: "it is no longer than a heartbeat"}
	case strings.ContainsRune(s.Name, 0):
		return &SpecError{Field: "Name", Value: fmt.Sprintf("%q", s.Name), Why: "it has a NUL byte"}
	}
	return nil
}

// The environment that makes a copy of the program a peer.
const (
	childArg = "kista-peer"
	childEnv = "KISTA_PEER"
)

// program is the port's side of the spec.
func (s Spec) program(files []func() (*os.File, error)) port.Spec {
	env := s.Env
	if env == nil {
		env = os.Environ()
	}
	env = append([]string{childEnv + "=" + s.Name}, env...)
	if s.Memory > 0 {
		env = append(env, fmt.Sprintf("GOMEMLIMIT=%d", s.Memory/10*9))
	}
	p := port.Spec{
		Path: "/proc/self/exe", Args: []string{childArg, s.Name}, Dir: s.Dir, Env: env, Files: files,
		Limits: s.Limits, Group: s.Group, Sandbox: s.Sandbox, Grace: s.Grace, Drain: time.Second,
	}
	if s.Memory > 0 && p.Limits.Memory == 0 && !raced {
		p.Limits.Memory = s.Memory + s.Memory/4 + 64<<20
	}
	return p
}
