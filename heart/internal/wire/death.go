package wire

import "time"

// Death is how a life of a node has ended.
type Death struct {
	Kind    string        // "fatal", "exit", "signal", "silent", "memory", "renewed", "ended", "stopped"
	Status  int           // with which it exited; 128 and the number of a signal
	Signal  string        // that has killed it
	Text    string        // the first line of the fatal error, or why it was renewed
	Report  string        // the first lines of the report on it
	Subtree string        // whose process did it
	Process string        // which one: its kind, name and PID
	Without []string      // the subtrees to stay away after it
	Life    int           // which life that was
	Lasted  time.Duration // and how long
	At      time.Time
}

// Welcome is what a node hears first.
type Welcome struct {
	Life        int            // 1 is the first one
	Death       *Death         // how the last one has ended; nil in the first one
	Quarantined map[string]int // how often each subtree was sent away
	Bare        bool           // what was kept was thrown away before this life
	Beat        time.Duration  // how often it is to give a sign of life; 0: never
}
