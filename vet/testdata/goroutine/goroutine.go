package goroutine

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/event"
	"github.com/kista-go/kista/server"
	"github.com/kista-go/kista/statem"
	"github.com/kista-go/kista/supervisor"
	"github.com/kista-go/kista/task"
	"github.com/kista-go/kista/vet/testdata/helper"
)

func work() { panic("work") }

func body(s *kista.Self) error {
	go work()   // want `goroutine: go statement in process code`
	go func() { // want `goroutine: go statement`
		work()
	}()
	return nil
}

func reached() {
	go work() // want `goroutine: go statement`
}

type counter struct{ n int }

func (c *counter) grow() {
	go work() // want `goroutine: go statement`
}

// notReached is called by nobody in a process.
func notReached() { go work() }

func starts(n *kista.Node) {
	n.Spawn(body)
	n.Spawn(func(s *kista.Self) error {
		reached()
		new(counter).grow()
		time.AfterFunc(time.Second, work) // want `goroutine: time.AfterFunc in process code`
		return nil
	})
	go work() // not in a process
	supervisor.Func(func(ctx context.Context) error {
		go work() // want `goroutine: go statement`
		return nil
	})
	task.AsyncOn(context.Background(), n, func(s *kista.Self) (int, error) {
		go work() // want `goroutine: go statement`
		return 0, nil
	})
	helper.Run(n, func() {
		go work() // want `goroutine: go statement`
	})
	helper.Run(n, viaWrapper)
	notReached()
}

func viaWrapper() {
	go work() // want `goroutine: go statement`
}

type ask struct{ server.Replies[int] }

var mux server.Mux[counter]

func init() {
	server.OnCall(&mux, func(c *server.Ctx, s *counter, q ask) (int, error) {
		go work() // want `goroutine: go statement`
		return s.n, nil
	})
	server.OnReport(&mux, func(s *counter) string {
		go work() // want `goroutine: go statement`
		return ""
	})
}

var lights statem.Mux[string, counter]

func init() {
	statem.OnCast(lights.In("red"), func(c *statem.Ctx[string], d *counter, m string) error {
		go work() // want `goroutine: go statement`
		return nil
	})
}

type alarm struct{}

func (alarm) Handle(c *event.Ctx, ev any) error {
	go work() // want `goroutine: go statement`
	return nil
}

type plain struct{}

func (*plain) Init(s *kista.Self) error                 { return nil }
func (*plain) Terminate(s *kista.Self, why error) error { return nil }
func (*plain) Handle(s *kista.Self, msg any) error {
	runtime.SetFinalizer(new(counter), func(*counter) { work() }) // want `goroutine: runtime.SetFinalizer`
	var wg sync.WaitGroup
	wg.Go(work) // want `goroutine: Go of a sync.WaitGroup`
	wg.Wait()
	var g errgroup.Group
	g.Go(func() error { work(); return nil }) // want `goroutine: Go of a errgroup.Group`
	return g.Wait()
}

// other packages

func calls(s *kista.Self) error {
	helper.Work() // want `goroutine: Work starts a goroutine \(helper.go:16\)`
	helper.Guarded()
	return nil
}

// What cannot panic by code of this program.

func tame(s *kista.Self) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	srv := new(http.Server)
	ctx, stop := context.WithCancel(s)
	defer context.AfterFunc(s, func() { _ = l.Close() })()
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(l) }()
	go srv.Serve(l)
	r, w := io.Pipe()
	go func() {
		_, _ = io.Copy(io.Discard, r)
		stop()
	}()
	go io.Copy(w, r)
	go func() {
		select {
		case <-s.Stopping():
			_ = l.Close()
		case <-ctx.Done():
		}
	}()
	go func() {
		defer func() {
			if v := recover(); v != nil {
				failed <- errors.New("it panicked")
			}
		}()
		work()
	}()
	go safely()
	return <-failed
}

func safely() {
	defer caught()
	work()
}

func caught() { _ = recover() }

// What can.

type box struct{ at map[string][]int }

func wild(s *kista.Self, b *box, f func()) error {
	go f()      // want `goroutine: go statement`
	go func() { // want `goroutine: go statement`
		_ = b.at["x"][3]
	}()
	go func() { // want `goroutine: go statement`
		f()
	}()
	go func() { // want `goroutine: go statement`
		panic("no")
	}()
	go func(n int) { // want `goroutine: go statement`
		_ = 1 / n
	}(0)
	go http.HandleFunc("/", func(http.ResponseWriter, *http.Request) {}) // want `goroutine: go statement`
	go func() {                                                          // want `goroutine: go statement`
		work()
		defer caught() // too late
	}()
	return nil
}
