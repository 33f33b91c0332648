package guardian

// Name, LauncherName and WardenName are the names (argv[0]) that make the
// executable a guardian, a launcher or a warden.
const (
	Name         = "kista-port-guardian"
	LauncherName = "kista-port-launcher"
	WardenName   = "kista-port-warden"
)

// MaxFiles is how many descriptors fit into one message to the warden. The first
// is a pipe, on which it tells one [Event], Started or Refused, and which it
// closes when the guardian has ended and nothing that it has left behind is
// there any more; the others are the guardian's.
const MaxFiles = 200

// Hire is the message that asks the warden for a guardian.
type Hire struct {
	Namespaces uint64 // flags of clone
}

// The guardian's descriptors. The program's further ones follow.
const (
	ControlFD = 3 + iota
	StdinFD
	StdoutFD
	StderrFD
	FilesFD
)

// Job is what a guardian is asked to run. Text of the operating system's is
// bytes here, since it need not be UTF-8.
type Job struct {
	Path   []byte
	Args   [][]byte // with the name of the program first
	Env    [][]byte
	Dir    []byte
	Files  int // descriptors of the program beyond its first three
	Limits Limits
	Jail   *Jail    // nil: none
	Group  *Group   // nil: none
	Joins  [][]byte // the directories of the group once it is made, for the launcher
}

// Group is what a program and all that it starts may use together, as a control
// group made beneath Path. 0 is no limit.
type Group struct {
	Path   []byte
	Memory uint64 // bytes
	Procs  uint64
	CPU    uint64 // thousandths of a processor
}

// Jail is what a program that is not trusted may do. The process namespaces, and
// the user namespace where there is one, are the guardian's own: whoever starts it
// makes them.
type Jail struct {
	Read    [][]byte // may be read and executed, with all beneath
	Write   [][]byte // may be changed too
	Default [][]byte // as Read, where there is such a file
	Network bool
	User    int // the user and group to become; 0: stay
}

// Limits are those of one program and what it starts; 0 is none. They hold for
// each process by itself.
type Limits struct {
	Data  uint64 // bytes of private writable memory
	CPU   uint64 // seconds
	File  uint64 // bytes of one file
	Open  uint64 // descriptors
	Procs uint64 // processes of the same user
}

// Needed reports whether a launcher is.
func (j *Job) Needed() bool { return j.Limits != Limits{} || j.Jail != nil || j.Group != nil }

// EventKind says what an [Event] is.
type EventKind uint8

// The events. After Refused or Ended the guardian kills what is left, closes the
// socket and ends.
const (
	Started EventKind = iota + 1 // the program runs, as PID
	Refused                      // it does not: Text and, from the operating system, Errno
	Ended                        // it has ended: Code or Signal
	Alive                        // the answer to Probe: it is not about to end
)

// Event is what a guardian tells.
type Event struct {
	Kind   EventKind
	PID    int    `json:",omitempty"`
	Code   int    `json:",omitempty"`
	Signal int    `json:",omitempty"`
	Errno  int    `json:",omitempty"`
	Text   string `json:",omitempty"`
	Memory bool   `json:",omitempty"` // Ended: the memory of its group was used up
	What   string `json:",omitempty"` // Refused: what cannot be had here, if that is why
}

// Missing says that something that a job asks for cannot be had here.
type Missing struct {
	What string
	Err  error
}

func (e *Missing) Error() string { return e.What + ": " + e.Err.Error() }

// Unwrap returns Err.
func (e *Missing) Unwrap() error { return e.Err }

// The commands. A command is two bytes, the second of which counts for [Signal]
// only. The end of the socket's stream is Kill.
const (
	Term   = 'T' // SIGTERM to the program's process group
	Kill   = 'K' // kill everything
	Signal = 'S' // a signal to the program
	Probe  = '?' // answered by Alive, or by Ended soon, if the program has begun to end
)
