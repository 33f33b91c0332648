package message

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/url"
	"os"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/event"
	"github.com/kista-go/kista/server"
	"github.com/kista-go/kista/vet/testdata/helper"
)

type order struct {
	Items []item
	At    time.Time
	URL   *url.URL
}

type item struct {
	Name string
	Done chan bool
}

type guarded struct {
	mu sync.Mutex
	n  int
}

type tree struct {
	Left, Right *tree
	Meta        map[string]any
	Err         error
	Buyer       kista.PID
}

type list[T any] struct {
	head T
	tail *list[T]
}

type catalogue struct {
	kista.Immutable
	mu sync.Mutex
}

type failure struct{ conn net.Conn }

func (f *failure) Error() string { return "failed" }

func sends(ctx context.Context, to kista.PID, conn net.Conn, r io.Reader, any1 any) {
	_ = kista.Send(to, order{})             // want `message: order.Items\[\].Done cannot be sent \(chan bool\): a channel is shared`
	_ = kista.Send(to, &order{})            // want `message: order.Items\[\].Done cannot be sent`
	_ = kista.Send(to, func() {})           // want `message: message cannot be sent \(func\(\)\): a function is code`
	_ = kista.Send(to, ctx)                 // want `message: Context cannot be sent .*a context belongs`
	_ = kista.Send(to, guarded{})           // want `message: guarded.mu cannot be sent \(sync.Mutex\): locks`
	_ = kista.Send(to, new(atomic.Int64))   // want `message: Int64 cannot be sent`
	_ = kista.Send(to, conn)                // want `message: Conn cannot be sent .*an open file`
	_ = kista.Send(to, new(os.File))        // want `message: File cannot be sent`
	_ = kista.Send(to, unsafe.Pointer(nil)) // want `message: message cannot be sent \(unsafe.Pointer\)`
	_ = kista.Send(to, uintptr(1))
	_ = kista.Send(to, bufio.NewReader(nil))    // want `message: Reader cannot be sent`
	_ = kista.Send(to, map[item]int{})          // want `message: message\[key\].Done cannot be sent`
	_ = kista.Send(to, list[chan int]{})        // want `message: list.head cannot be sent`
	_ = kista.Send(to, failure{})               // want `message: failure.conn cannot be sent`
	kista.SendAfter(time.Second, to, func() {}) // want `message: message cannot be sent`
	_, _ = kista.Call(ctx, to, make(chan int))  // want `message: message cannot be sent`
	_ = server.Cast(to, guarded{})              // want `message: guarded.mu`
	_ = event.Notify(to, guarded{})             // want `message: guarded.mu`
	helper.Tell(to, guarded{})                  // want `message: guarded.mu`
	_ = kista.Send(to, helper.Closer{})         // want `message: Closer.Done`

	// data
	_ = kista.Send(to, tree{})
	_ = kista.Send(to, nil)
	_ = kista.Send(to, 7)
	_ = kista.Send(to, any1)
	_ = kista.Send(to, r) // what it holds is known only then
	_ = kista.Send(to, &failure{})
	_ = kista.Send(to, errors.New("an error is frozen"))
	_ = kista.Send(to, list[int]{})
	_ = kista.Send(to, &catalogue{})
	_ = kista.Send(to, url.URL{})
	_ = kista.Send(to, [0]chan int{})
	_ = kista.Send(to, struct{ At *time.Location }{})
	_ = kista.Send(to, []any{to, kista.Ref{}})
	helper.Tell(to, tree{})
}

type locked struct {
	server.Replies[*guarded]
}

type fine struct {
	server.Replies[[]string]
	Who string
}

type wait struct {
	server.Replies[int]
	ready chan struct{}
}

type state struct{ requests chan int } // a state is not sent

func servers(ctx context.Context, n *kista.Node, s *kista.Self, to kista.PID) {
	var m server.Mux[state]
	server.OnCall(&m, func(c *server.Ctx, s *state, q locked) (*guarded, error) { return nil, nil }) // want `message: .*message.guarded is no data, guarded.mu cannot be copied|message: \*message.guarded is no data`
	server.OnCall(&m, func(c *server.Ctx, s *state, q fine) ([]string, error) { return nil, nil })
	server.OnCast(&m, func(c *server.Ctx, s *state, f func()) error { return nil })     // want `message: func\(\) is no data`
	server.OnContinue(&m, func(c *server.Ctx, s *state, f func()) error { return nil }) // it stays in the process
	_, _ = server.Call(ctx, to, wait{})                                                 // want `message: wait.ready`
	_, _ = server.Call(ctx, to, fine{})
	f := server.Of(&m, func(c *server.Ctx, conn net.Conn) (*state, error) { return nil, nil })
	_, _ = server.Start(ctx, n, f, nil, server.Opts{})     // want `message: net.Conn is no data`
	_, _ = server.StartLink(ctx, s, f, nil, server.Opts{}) // want `message: net.Conn is no data`
	_, _ = kista.Receive[chan int](s)                      // want `message: chan int is no data`
}

func generic[M any](to kista.PID, m M) { _ = kista.Send(to, m) }

func wrapped(to kista.PID) {
	generic(to, 1)
	generic(to, guarded{}) // want `message: guarded.mu`
}
