package thread

import (
	"runtime"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/server"
)

type state struct{}

func register(m *server.Mux[state]) {
	server.OnTimeout(m, func(c *server.Ctx, s *state) error {
		runtime.LockOSThread() // want `thread: LockOSThread in process code, without`
		return draw()
	})
	server.OnTimeout(m, func(c *server.Ctx, s *state) error {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		return nil
	})
}

func draw() error {
	runtime.LockOSThread() // want `thread: `
	return nil
}

func body(s *kista.Self) error {
	runtime.LockOSThread() // its own goroutine, whose thread ends with it
	return nil
}
