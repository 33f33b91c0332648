package sys_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/kistatest"
	"github.com/kista-go/kista/server"
	"github.com/kista-go/kista/sys"
)

// get asks for the sum and says which code has answered.
type get struct{ server.Replies[answer] }

type answer struct{ Sum, Version int }

// even and odd are two kinds of state, for versions that come in turn.
type (
	even struct{ Sum int }
	odd  struct {
		Sum   int
		Trail []int // the versions before
	}
)

func evenCode(v int) server.Code {
	m := &server.Mux[even]{Version: fmt.Sprintf("sum/%d", v)}
	server.OnCall(m, func(_ *server.Ctx, s *even, q add) (int, error) { s.Sum += q.N; return s.Sum, nil })
	server.OnCall(m, func(_ *server.Ctx, s *even, _ get) (answer, error) { return answer{s.Sum, v}, nil })
	return server.Upgrade(m, func(_ kista.CodeChange, s *odd) (*even, error) { return &even{s.Sum}, nil })
}

func oddCode(v int) server.Code {
	m := &server.Mux[odd]{Version: fmt.Sprintf("sum/%d", v)}
	server.OnCall(m, func(_ *server.Ctx, s *odd, q add) (int, error) { s.Sum += q.N; return s.Sum, nil })
	server.OnCall(m, func(_ *server.Ctx, s *odd, _ get) (answer, error) { return answer{s.Sum, v}, nil })
	return server.Upgrade(m, func(ch kista.CodeChange, s *even) (*odd, error) {
		if !strings.HasPrefix(ch.From, "sum/") {
			return nil, errBoom
		}
		return &odd{s.Sum, []int{v}}, nil
	})
}

// A thousand servers are upgraded twenty times while a hundred callers call them:
// no call is lost, none gets a wrong answer, and nobody sees an older version after
// a newer one.
func TestUpgradesUnderLoad(t *testing.T) {
	servers, callers, rounds := 1000, 100, 20
	if raceEnabled {
		servers, callers = 250, 50 // the whole takes minutes there
	}
	if testing.Short() {
		servers, callers, rounds = 100, 20, 6
	}
	for _, rolling := range []bool{false, true} {
		t.Run(fmt.Sprintf("rolling=%v", rolling), func(t *testing.T) {
			rounds := rounds
			if rolling {
				rounds = 1 // each process in turn, among a hundred who call: it takes longer
			}
			n, _ := kistatest.Node(t, kista.Config{})
			m := &server.Mux[even]{Version: "sum/0"}
			server.OnCall(m, func(_ *server.Ctx, s *even, q add) (int, error) { s.Sum += q.N; return s.Sum, nil })
			server.OnCall(m, func(_ *server.Ctx, s *even, _ get) (answer, error) { return answer{s.Sum, 0}, nil })
			all := make([]kista.PID, servers)
			for i := range all {
				pid, err := server.Start(t.Context(), n, server.Of(m, func(*server.Ctx, int) (*even, error) { return new(even), nil }), 0, server.Opts{})
				assert.NoError(t, err)
				all[i] = pid
			}
			sent := make([]atomic.Int64, servers)
			var calls, wrong atomic.Int64
			var wg sync.WaitGroup
			stop := make(chan struct{})
			for c := range callers {
				wg.Go(func() {
					rng := rand.New(rand.NewPCG(1, uint64(c)))
					seen := make([]answer, servers)
					for {
						select {
						case <-stop:
							return
						default:
						}
						i := rng.IntN(servers)
						if rng.IntN(2) == 0 {
							sum, err := server.CallFor(context.Background(), time.Minute, all[i], add{N: 1})
							if err != nil || sum <= seen[i].Sum {
								wrong.Add(1)
							}
							seen[i].Sum = sum
							sent[i].Add(1)
						} else {
							a, err := server.CallFor(context.Background(), time.Minute, all[i], get{})
							if err != nil || a.Version < seen[i].Version || a.Sum < seen[i].Sum {
								wrong.Add(1)
							}
							seen[i] = a
						}
						calls.Add(1)
					}
				})
			}
			var pauses []time.Duration
			for v := 1; v <= rounds; v++ {
				code := evenCode(v)
				if v%2 == 1 {
					code = oddCode(v)
				}
				done, err := sys.Upgrade(t.Context(), sys.Plan{Rolling: rolling, SuspendTimeout: time.Minute, Steps: []sys.Step{{PIDs: all, Code: code}}})
				assert.NoError(t, err)
				for _, u := range done {
					assert.True(t, u.Done, "%v was not upgraded", u.PID)
					pauses = append(pauses, u.Pause)
				}
			}
			close(stop)
			wg.Wait()
			assert.Equal(t, wrong.Load(), 0)
			for i, pid := range all {
				a, err := server.Call(t.Context(), pid, get{})
				assert.NoError(t, err)
				assert.Equal(t, a, answer{Sum: int(sent[i].Load()), Version: rounds})
			}
			slices.Sort(pauses)
			at := func(q float64) time.Duration { return pauses[int(q*float64(len(pauses)-1))] }
			t.Logf("%d servers, %d callers, %d upgrades, %d calls; pause p50 %v, p99 %v, longest %v",
				servers, callers, rounds, calls.Load(), at(0.5), at(0.99), at(1))
		})
	}
}
