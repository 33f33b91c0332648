package event

import (
	"runtime"

	"github.com/kista-go/kista"
)

// shield runs code of a handler so that nothing that it does, be it a
// runtime.Goexit, ends more than itself, and returns what it died of. Only the end
// of a goroutine stops a Goexit, so the code has one of its own, for which the
// manager waits: it is still the only code of the process that runs, and a manager
// that is killed meanwhile stays a zombie until it returns.
func shield(code func()) error {
	over := make(chan error, 1)
	go func() {
		err := kista.ErrGoexit
		defer func() { over <- err }()
		defer func() {
			if v := recover(); v != nil {
				err = panicked(v) // showing v may run its methods, which may call Goexit
			}
		}()
		code()
		err = nil
	}()
	return <-over
}

// panicked makes a reason of a recovered value, on the panicking goroutine.
func panicked(v any) error {
	pcs := make([]uintptr, 64)
	return kista.Freeze(&kista.PanicError{Value: v, Stack: pcs[:runtime.Callers(3, pcs)]})
}
