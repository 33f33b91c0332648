package port

import (
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/port/internal/frame"
	"github.com/kista-go/kista/port/internal/guardian"
)

// Framing says how the program's standard input and output are divided into
// messages, both in the same way.
type Framing uint8

const (
	// Stream: not at all. What the program wrote comes as it is read, in parts of
	// any size. The default.
	Stream = Framing(frame.Stream)
	// Lines: each message is a line, without its newline. What is sent gets one.
	Lines = Framing(frame.Lines)
	// Frames1, Frames2 and Frames4: each message is preceded by its length, a
	// big-endian number of 1, 2 or 4 bytes (Erlang's {packet, N}).
	Frames1 = Framing(frame.Len1)
	Frames2 = Framing(frame.Len2) // see Frames1
	Frames4 = Framing(frame.Len4) // see Frames1
)

// String names the framing.
func (f Framing) String() string {
	names := [...]string{"stream", "lines", "1-byte frames", "2-byte frames", "4-byte frames"}
	if int(f) < len(names) {
		return names[f]
	}
	return fmt.Sprintf("unknown (%d)", uint8(f))
}

// Defaults of a [Spec]'s zero values.
const (
	DefaultMaxMessage = 1 << 20         // bytes
	DefaultBuffer     = 1 << 20         // bytes
	DefaultMaxCalls   = 1000            // calls
	DefaultActive     = 100             // messages
	DefaultGrace      = time.Second     // see Spec.Grace
	DefaultDrain      = 5 * time.Second // see Spec.Drain
)

// Spec describes a program and how it is run. Path is required; everything else
// has a default that works. It is a value: [Program] copies it.
type Spec struct {
	// Path is the program: a file, or a name to be found in the node's PATH, anew
	// at each start.
	Path string
	// Args are its arguments, without its own name.
	Args []string
	// Dir is its working directory, counted from the node's. Empty: the node's.
	Dir string
	// Env is its whole environment, as "NAME=value". Empty: it has none.
	Env []string
	// Files open what the program has as descriptors 3, 4, ... It inherits no
	// others. Each function is called in the new port process at each start, and
	// the file it returns is closed once the program has it.
	Files []func() (*os.File, error)

	// Framing divides its input and output into messages. Zero: Stream.
	Framing Framing
	// MaxMessage is the largest message, in bytes, that is taken from it. A larger
	// one ends the port with a [*MessageError]. Zero: 1 MiB. In a Stream it bounds
	// the parts.
	MaxMessage int
	// Buffer is how many bytes wait in the node at most, in each direction: what
	// the program does not read, [Send] and [Call] refuse with a [*BusyError]; what
	// the subscriber is not ready for stays with the program, which then waits in
	// its write. Zero: 1 MiB.
	Buffer int
	// MaxCalls is how many calls wait for their answers at most, those whose
	// callers have given up included. Zero: 1000.
	MaxCalls int

	// Subscriber gets what the program writes and what is no answer to a [Call], as
	// [Data]. nil: nobody does, and it is dropped and counted; see [Subscribe].
	Subscriber kista.Addr
	// Active is for how many messages the subscriber is ready from the start; see
	// [Activate]. Zero: 100.
	Active int

	// Grace is how long a program that is to stop has after the end of its input,
	// and again after SIGTERM, until it is killed. Both are cut so that all of it
	// fits into the time that a supervisor gives. Zero: one second.
	Grace time.Duration
	// Drain is how long, after the end of the program, its last output waits for a
	// subscriber that is not ready. Zero: five seconds.
	Drain time.Duration

	// Stderr bounds what of its standard error becomes log records.
	Stderr StderrLimits
	// Limits are those of the program's resources.
	Limits Limits
	// Group limits the program and all its descendants together. Zero: it does not.
	Group Group
	// Sandbox is for a program that is not trusted. nil: it is.
	Sandbox *Sandbox
}

// StderrLimits bound the log records made of what a program writes to its
// standard error, a line each. Zero values are the defaults.
type StderrLimits struct {
	// Line is the number of bytes kept of a line. Zero: 4 KiB.
	Line int
	// PerSecond is how many lines a second are logged in the long run; Burst is how
	// many may come at once. Zero: 20, 100. What is over is counted, and the
	// count logged. Negative PerSecond: no limit.
	PerSecond, Burst int
}

// Limits are limits of the operating system for the program and each process that
// it starts, by itself. Zero values are no limits beyond the node's own.
type Limits struct {
	// Memory is the private memory in bytes that one process may have
	// (RLIMIT_DATA). What asks for more is refused it, and most programs then end.
	Memory int64
	// CPU is the processor time that one process may use, in whole seconds,
	// rounded up: then comes SIGXCPU and a second later SIGKILL (RLIMIT_CPU).
	CPU time.Duration
	// FileSize is the largest file in bytes that may be written: beyond it comes
	// SIGXFSZ (RLIMIT_FSIZE).
	FileSize int64
	// OpenFiles is the number of descriptors of one process (RLIMIT_NOFILE).
	OpenFiles int
	// Processes is how many processes and threads the program's user may have, all
	// others of that user included (RLIMIT_NPROC). The operating system does not
	// hold root to it, so it is refused where the program would run as root.
	Processes int
}

// Group is what a program and all its descendants may use together, kept to by a
// control group of Linux: one of its own is made for each start, and removed at the
// end. Zero values are no limits.
type Group struct {
	// Path is a control group in which the node may make others, from the mount
	// point on, for instance "/kista"; whoever runs the machine makes it. The same
	// path counts in every hierarchy that is needed, of version 1 or 2. Required
	// where there is a limit.
	Path string
	// Memory is in bytes, with what the kernel keeps for them, and without swap. When
	// it is used up the kernel kills one of them, and the exit reason, if it is one
	// of the program's, says so ([ExitError]).
	Memory int64
	// Processes is how many processes and threads there may be; starting one more
	// fails.
	Processes int
	// Processors is how much processor time there is in the long run: 0.5 is half of
	// one. The granularity is a hundredth.
	Processors float64
}

func (g Group) limited() bool { return g.Memory != 0 || g.Processes != 0 || g.Processors != 0 }

func (g Group) validate() error {
	switch {
	case !(g.Processors >= 0 && g.Processors <= 1<<20):
		return &SpecError{Field: "Group.Processors", Value: fmt.Sprint(g.Processors), Why: "it is no number of processors"}
	case g.limited() && !filepath.IsAbs(g.Path):
		return &SpecError{Field: "Group.Path", Value: fmt.Sprintf("%q", g.Path), Why: "limits need a control group, by its path from the mount point on"}
	case filepath.Clean(g.Path) != g.Path && g.Path != "":
		return &SpecError{Field: "Group.Path", Value: fmt.Sprintf("%q", g.Path), Why: "it is not in its shortest form"}
	}
	return nil
}

// withDefaults fills in what is zero.
func (s Spec) withDefaults() Spec {
	def(&s.MaxMessage, DefaultMaxMessage)
	def(&s.Buffer, DefaultBuffer)
	def(&s.MaxCalls, DefaultMaxCalls)
	def(&s.Active, DefaultActive)
	def(&s.Grace, DefaultGrace)
	def(&s.Drain, DefaultDrain)
	def(&s.Stderr.Line, 4<<10)
	def(&s.Stderr.PerSecond, 20)
	def(&s.Stderr.Burst, 100)
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
		{"MaxMessage", int64(s.MaxMessage)},
		{"Buffer", int64(s.Buffer)},
		{"MaxCalls", int64(s.MaxCalls)},
		{"Active", int64(s.Active)},
		{"Grace", int64(s.Grace)},
		{"Drain", int64(s.Drain)},
		{"Stderr.Line", int64(s.Stderr.Line)},
		{"Stderr.Burst", int64(s.Stderr.Burst)},
		{"Limits.Memory", s.Limits.Memory},
		{"Limits.CPU", int64(s.Limits.CPU)},
		{"Limits.FileSize", s.Limits.FileSize},
		{"Limits.OpenFiles", int64(s.Limits.OpenFiles)},
		{"Limits.Processes", int64(s.Limits.Processes)},
		{"Group.Memory", s.Group.Memory},
		{"Group.Processes", int64(s.Group.Processes)},
	} {
		if f.v < 0 {
			return &SpecError{Field: f.name, Value: fmt.Sprint(f.v), Why: "it is negative"}
		}
	}
	switch {
	case s.Path == "":
		return &SpecError{Field: "Path", Value: `""`, Why: "a port needs a program"}
	case s.Framing >= Framing(frame.Kinds):
		return &SpecError{Field: "Framing", Value: s.Framing.String(), Why: "there is no such framing"}
	case s.MaxMessage > math.MaxInt32:
		return &SpecError{Field: "MaxMessage", Value: fmt.Sprint(s.MaxMessage), Why: "it is over 2 GiB"}
	}
	for i, f := range s.Files {
		if f == nil {
			return &SpecError{Field: fmt.Sprintf("Files[%d]", i), Value: "nil", Why: "it opens nothing"}
		}
	}
	for what, list := range map[string][]string{"Path": {s.Path}, "Dir": {s.Dir}, "Args": s.Args, "Env": s.Env} {
		for _, v := range list {
			if strings.IndexByte(v, 0) >= 0 {
				return &SpecError{Field: what, Value: fmt.Sprintf("%q", v), Why: "it has a NUL byte"}
			}
		}
	}
	for _, v := range s.Env {
		if strings.IndexByte(v, '=') < 1 {
			return &SpecError{Field: "Env", Value: fmt.Sprintf("%q", v), Why: "it is not of the form NAME=value"}
		}
	}
	if err := s.Group.validate(); err != nil {
		return err
	}
	return s.Sandbox.validate()
}

// clone gives the spec slices of its own.
func (s Spec) clone() Spec {
	s.Args, s.Env, s.Files = slices.Clone(s.Args), slices.Clone(s.Env), slices.Clone(s.Files)
	s.Sandbox = s.Sandbox.clone()
	return s
}

// job is the spec as the guardian has it.
func (s Spec) job() (*guardian.Job, error) {
	if s.Limits.Processes > 0 && s.Sandbox == nil && os.Geteuid() == 0 {
		return nil, &UnsupportedError{What: "a limit of processes", Err: errors.New("the program would run as root, who has none; put it in a Sandbox")}
	}
	path, err := exec.LookPath(s.Path)
	if err == nil {
		path, err = filepath.Abs(path) // Dir is the program's alone
	}
	dir := s.Dir
	if err == nil {
		dir, err = filepath.Abs(dir)
	}
	if err != nil {
		return nil, &StartError{Path: s.Path, Err: err}
	}
	j := &guardian.Job{
		Path: []byte(path), Args: [][]byte{[]byte(s.Path)}, Dir: []byte(dir), Files: len(s.Files), Jail: s.Sandbox.jail(),
		Limits: guardian.Limits{
			Data: uint64(s.Limits.Memory), File: uint64(s.Limits.FileSize),
			CPU:  uint64((s.Limits.CPU + time.Second - 1) / time.Second),
			Open: uint64(s.Limits.OpenFiles), Procs: uint64(s.Limits.Processes),
		},
	}
	if g := s.Group; g.limited() {
		j.Group = &guardian.Group{
			Path: []byte(g.Path), Memory: uint64(g.Memory), Procs: uint64(g.Processes), CPU: uint64(g.Processors * 1000),
		}
	}
	for _, a := range s.Args {
		j.Args = append(j.Args, []byte(a))
	}
	for _, e := range s.Env {
		j.Env = append(j.Env, []byte(e))
	}
	return j, nil
}
