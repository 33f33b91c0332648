// Package helper is called by processes of other packages of its module.
package helper

import (
	"log"
	"os"

	"github.com/kista-go/kista"
)

// Work starts something.
func Work() { // want Work:`goroutine "helper.go:16"`
	work()
}

func work() { go forever() }

func forever() { panic("some day") }

// Must ends the program.
func Must(err error) { // want Must:`exit "helper.go:23"`
	if err != nil {
		log.Fatal(err)
	}
}

// Allowed may be called.
func Allowed() {
	//kista:allow exit it is called by main only
	os.Exit(1)
}

// Guarded starts what recovers.
func Guarded() {
	go func() {
		defer func() { _ = recover() }()
		forever()
	}()
}

// Run runs do in a process.
func Run(n *kista.Node, do func()) kista.PID { // want Run:`runs \[1\]`
	return n.Spawn(func(*kista.Self) error {
		do()
		return nil
	})
}

// Tell sends what.
func Tell(to kista.Addr, what any) { _ = kista.Send(to, what) } // want Tell:`sends \[1\]`

// Closer is not data.
type Closer struct{ Done chan struct{} }

// Answers is what a channel leads to.
var Answers int // want Answers:`written helper.go:59`

// SetAnswers changes it.
func SetAnswers(n int) { Answers = n }
