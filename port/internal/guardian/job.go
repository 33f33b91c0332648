package guardian

// Name and LauncherName are the names (argv[0]) that make the executable a
// guardian or a launcher.
const (
	Name         = "kista-port-guardian"
	LauncherName = "kista-port-launcher"
)

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
func (j *Job) Needed() bool { return j.Limits != Limits{} }

// EventKind says what an [Event] is.
type EventKind uint8

// The events. After Refused or Ended the guardian kills what is left, closes the
// socket and ends.
const (
	Started EventKind = iota + 1 // the program runs, as PID
	Refused                      // it does not: Text and, from the operating system, Errno
	Ended                        // it has ended: Code or Signal
)

// Event is what a guardian tells.
type Event struct {
	Kind   EventKind
	PID    int    `json:",omitempty"`
	Code   int    `json:",omitempty"`
	Signal int    `json:",omitempty"`
	Errno  int    `json:",omitempty"`
	Text   string `json:",omitempty"`
}

// The commands. A command is two bytes, the second of which counts for [Signal]
// only. The end of the socket's stream is Kill.
const (
	Term   = 'T' // SIGTERM to the program's process group
	Kill   = 'K' // kill everything
	Signal = 'S' // a signal to the program
)
