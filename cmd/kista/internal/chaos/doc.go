// Package chaos ends processes of a bank: in the middle of what they do, by
// panic, kill, Goexit, and by blocking past the time they have to stop. It learns
// of each death through a monitor and of each new incarnation through its name,
// as any other process would.
package chaos
