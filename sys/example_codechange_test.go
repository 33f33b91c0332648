package sys_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/server"
	"github.com/kista-go/kista/sys"
)

// of asks a function server for the value of its function at X.
type of struct {
	server.Replies[int]
	X int
}

// function is the code of a server that has no state but a function.
func function(version string, f func(int) int) *server.Mux[struct{}] {
	m := &server.Mux[struct{}]{Version: version}
	server.OnCall(m, func(_ *server.Ctx, _ *struct{}, q of) (int, error) { return f(q.X), nil })
	return m
}

// New code is registered under the name of its version.
var triple = kista.Code("triple/1", server.Upgrade(
	function("triple/1", func(x int) int { return 3 * x }), server.Keep[struct{}]))

// The code_change of the talk, on a server under load: double becomes triple, and
// none of a hundred callers notices more than that.
func Example_codeChange() {
	ctx := context.Background()
	node, _ := kista.Start(kista.Config{})
	defer node.Stop(ctx)

	double := function("double/1", func(x int) int { return 2 * x })
	none := func(*server.Ctx, any) (*struct{}, error) { return new(struct{}), nil }
	pid, _ := server.Start(ctx, node, server.Of(double, none), nil, server.Opts{})
	fmt.Println(server.Call(ctx, pid, of{X: 21}))

	var doubled, tripled, lost atomic.Int64
	var callers, warm sync.WaitGroup
	changed := make(chan struct{})
	for range 100 {
		warm.Add(1)
		callers.Go(func() {
			for i, done := 0, false; !done; i++ {
				select {
				case <-changed:
					done = true // one more, for the new code
				default:
				}
				switch v, err := server.Call(ctx, pid, of{X: 21}); {
				case err == nil && v == 42:
					doubled.Add(1)
				case err == nil && v == 63:
					tripled.Add(1)
				default:
					lost.Add(1)
				}
				if i == 0 {
					warm.Done()
				}
			}
		})
	}
	warm.Wait()
	_, err := sys.Upgrade(ctx, sys.Plan{Steps: []sys.Step{{PIDs: []kista.PID{pid}, Code: triple}}})
	close(changed)
	callers.Wait()

	fmt.Println(err, doubled.Load() >= 100, tripled.Load() >= 100, lost.Load())
	fmt.Println(server.Call(ctx, pid, of{X: 21}))
	status, _ := sys.Status(ctx, pid)
	fmt.Println(status.Version)
	// Output:
	// 42 <nil>
	// <nil> true true 0
	// 63 <nil>
	// triple/1
}
