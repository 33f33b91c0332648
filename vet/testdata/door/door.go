// Package door has two mistakes that compile.
package door

import "github.com/kista-go/kista"

type opened struct {
	By   kista.PID
	Done chan bool
}

// Watch is the body of a process.
func Watch(self *kista.Self, keeper kista.PID, ring func()) error {
	go ring()
	return self.Send(keeper, opened{By: self.PID()})
}
