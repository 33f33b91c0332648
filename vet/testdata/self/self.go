package self

import (
	"context"
	"os/exec"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/server"
)

var kept *kista.Self

func work(s *kista.Self)        { panic(s) }
func under(ctx context.Context) { panic(ctx) }

func body(s *kista.Self) error {
	to := s.PID()
	go func() {
		defer func() { _ = recover() }()
		_ = s.Send(to, 1)           // want `self: s, which belongs to its own process, is used by a goroutine`
		_, _ = kista.Call(s, to, 1) // want `self: s, which belongs`
		work(s)                     // want `self: s, which belongs`
		<-s.Done()                  // as a context
		_ = s.Err()
		under(s)
		_ = exec.CommandContext(s, "true").Run() // want `self: s, which belongs`
		_ = kista.Send(s.PID(), 1)
		ctx, stop := context.WithTimeout(s, time.Second)
		defer stop()
		_, _ = kista.Call(ctx, to, 1)
	}()
	go work(s)    // want `self: s, which belongs to its own process, is handed to a goroutine` `goroutine: `
	go under(s)   // want `goroutine: `
	go s.Link(to) // want `self: s, which belongs`
	s.Spawn(func(child *kista.Self) error {
		_ = s.PID()
		return s.Send(to, 1) // want `self: s, which belongs to its own process, is used by another process`
	})
	s.Spawn(func(s *kista.Self) error { return s.Send(to, 1) })
	kept = s                 // want `self: s is kept beyond the callback, in kept`
	mine := &worker{self: s} // this process's own
	mine.self = s
	help := func() { _ = s.Send(to, 1) }
	help()
	out := make(chan *kista.Self, 1)
	out <- s // want `self: s is sent over a channel`
	return mine.run()
}

type worker struct{ self *kista.Self }

func (w *worker) run() error {
	_, err := w.self.Receive()
	return err
}

type handler struct {
	self *kista.Self
	ctx  *server.Ctx
	all  map[string]*server.Ctx
}

func (h *handler) Init(s *kista.Self) error {
	h.self = s // want `self: s is kept beyond the callback, in h.self`
	return nil
}

type state struct {
	c  *server.Ctx
	cs []*server.Ctx
}

func register(m *server.Mux[state]) server.Factory[int] {
	server.OnTimeout(m, func(c *server.Ctx, s *state) error {
		s.c = c                // want `self: c is kept beyond the callback, in s.c`
		s.cs = append(s.cs, c) // want `self: c is kept`
		*s = state{c: c}       // want `self: c is kept`
		use := state{c: c}
		_ = use
		time.AfterFunc(time.Second, func() { // want `goroutine: `
			c.Timeout(1) // want `self: c, which belongs`
			panic("no")
		})
		return helper(c)
	})
	return server.Of(m, func(c *server.Ctx, n int) (*state, error) {
		return &state{c: c}, nil // want `self: c is kept in what the callback returns`
	})
}

func helper(c *server.Ctx) error { return c.Err() }
