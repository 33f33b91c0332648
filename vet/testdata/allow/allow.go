package allow

import (
	"os"

	"github.com/kista-go/kista"
)

func work() { panic("work") }

func body(s *kista.Self) error {
	//kista:allow goroutine work recovers
	go work()
	go work() //kista:allow goroutine work recovers

	//kista:allow goroutine // want `allow: the suppression of goroutine has no reason`
	go work()

	//kista:allow exit there is nothing // want `allow: this suppresses nothing: there is no finding of rule exit here`
	work()

	//kista:allow nothing at all // want `allow: a suppression names one of the rules`
	go work() // want `goroutine: `

	//kista:allow // want `allow: a suppression names one of the rules`
	work()

	//kista:allow exit the wrong rule // want `allow: this suppresses nothing`
	go work() // want `goroutine: `

	//kista:allowance is another word
	return nil
}

// last is the end of everything.
//
//kista:allow exit it is the last process, and nothing is left to lose
//kista:allow goroutine work recovers
func last(s *kista.Self) error {
	go work()
	if s.Name() == "" {
		os.Exit(1)
	}
	os.Exit(2)
	return nil
}

// outside is no process.
func outside() {
	work() //kista:allow goroutine it starts none // want `allow: this suppresses nothing`
	//kista:allow goroutine whoever calls it in a process need not mind
	go work()
}
