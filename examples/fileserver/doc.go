// Package fileserver is the file server of the talk "Making reliable distributed systems in the presence of software errors":
// a service whose contract has states. A client opens a file, reads it line by line, rewinds it, closes it; what it may ask
// depends on where it is. Reading a file that is not open is no error that the code must look for: the checker in front of it
// refuses the request, and says who is to blame.
//
//	         open                 read_line: a line
//	start ──────────▶ ready ◀──────────────────────┐
//	  │                 │ ▲  └─────────────────────┘
//	  │ no such file    │ └──────── rewind ────┐
//	  ▼                 ▼ read_line: eof       │
//	 stop ◀── close ── atEof ──────────────────┘
//
// The contract is file_server.con. Files are real ones, below one directory and no other. The example shows a server and a
// client that does what silly programs do.
package fileserver
