package port

import (
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/term"
)

// Data is a message from the program, to the subscriber of its port.
type Data struct {
	Port  kista.PID
	Bytes term.Binary
}

// Paused tells the subscriber that it has been sent as many [Data] as it was
// ready for, and gets no more until it calls [Activate] (OTP's {active, N} of
// sockets).
type Paused struct{ Port kista.PID }

// Closed tells the subscriber that the program has closed its standard output:
// no Data follows. The port lives as long as its program does.
type Closed struct{ Port kista.PID }

// Info is what a port knows of its program: the answer to [kista.GetState].
type Info struct {
	Program       string
	PID           int // of the operating system
	Guardian      int // the PID of its guardian, 0 where there is none
	Age           time.Duration
	Sent          uint64 // messages that the program was handed
	Received      uint64 // messages that it wrote
	Dropped       uint64 // messages of those that nobody wanted
	StderrLines   uint64 // lines that it wrote to its standard error
	StderrDropped uint64 // lines of those that were not logged
	InputWaiting  int    // bytes that it has not read, in the node
	OutputWaiting int    // bytes that the subscriber is not ready for, in the node
	Calls         int    // calls that it has not answered
	InputClosed   bool
	OutputClosed  bool
}

// The requests of a port. They are made by this package's functions.
type (
	input struct {
		data term.Binary
		call bool
	}
	closeInput struct{}
	sendSignal struct{ n int }
	subscribe  struct {
		who kista.Addr
		n   int
	}
	activate struct{ n int }
)
