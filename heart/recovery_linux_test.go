package heart_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/heart"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/server"
)

// accounts are many processes, each with a state that outlives the program. In the second life and later each one is there
// again: either all of them before anybody is answered, or each when somebody asks for it.
type accounts struct {
	mu   sync.Mutex
	pids []kista.PID
}

type deposit struct {
	server.Replies[uint64]
	Amount uint64
}

type account struct {
	state   *heart.State
	balance uint64
}

var (
	theAccounts accounts
	accountCode server.Mux[account]
)

func init() {
	server.OnCall(&accountCode, func(_ *server.Ctx, a *account, d deposit) (uint64, error) {
		a.balance += d.Amount
		return a.balance, a.state.Commit(binary.LittleEndian.AppendUint64(make([]byte, 0, 64), a.balance))
	})
}

func openAccount(_ *server.Ctx, number int) (*account, error) {
	state, err := heart.Open("account " + strconv.Itoa(number))
	if err != nil {
		return nil, err
	}
	a := &account{state: state}
	b, err := state.Load()
	if err == nil {
		a.balance = binary.LittleEndian.Uint64(b)
	} else if !errors.Is(err, heart.ErrNone) {
		return nil, err
	}
	return a, nil
}

// open begins a life: the first one commits something for each account.
func (a *accounts) open() error {
	n, _ := strconv.Atoi(os.Getenv("KISTA_HEART_TEST_ACCOUNTS"))
	a.pids = make([]kista.PID, n)
	if heart.Life() > 1 && os.Getenv("KISTA_HEART_TEST_LAZY") != "" {
		return nil
	}
	for i := range n {
		if err := a.start(i); err != nil {
			return err
		}
		if heart.Life() == 1 {
			if _, err := server.Call(context.Background(), a.pids[i], deposit{Amount: uint64(i)}); err != nil {
				return err
			}
		}
	}
	return nil
}

func (a *accounts) start(i int) (err error) {
	a.pids[i], err = theShop.Start(context.Background(), server.Child(server.Of(&accountCode, openAccount), i, server.Opts{}))
	return err
}

func (a *accounts) ask(i int) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	if i >= len(a.pids) {
		return "no such account"
	}
	if a.pids[i].IsZero() {
		if err := a.start(i); err != nil {
			return err.Error()
		}
	}
	balance, err := server.Call(context.Background(), a.pids[i], deposit{Amount: 1})
	return fmt.Sprint(balance, " ", err)
}

// From the death of a program to the answer on a connection from before, by a process that has its state again.
func BenchmarkRecovery(b *testing.B) {
	for _, how := range []string{"all", "lazy"} {
		for _, n := range []int{10_000, 100_000} {
			b.Run(fmt.Sprintf("%s/%d", how, n), func(b *testing.B) {
				env := []string{"KISTA_HEART_TEST_ACCOUNTS=" + strconv.Itoa(n)}
				if how == "lazy" {
					env = append(env, "KISTA_HEART_TEST_LAZY=1")
				}
				l := start(b, env...)
				c := l.dial()
				last := strconv.Itoa(n - 1)
				life, longest := 1, time.Duration(0)
				want := uint64(n - 1)
				for b.Loop() {
					if life == 15 { // the heart would give up
						b.StopTimer()
						_ = c.Close()
						_ = l.cmd.Process.Kill()
						l = start(b, env...)
						c, life, want = l.dial(), 1, uint64(n-1)
						b.StartTimer()
					}
					life++
					began := time.Now()
					c.say("kill")
					l.ready(life)
					want++
					assert.Equal(b, c.ask("account "+last), fmt.Sprint(want, " <nil>"))
					longest = max(longest, time.Since(began))
				}
				b.ReportMetric(float64(longest.Microseconds())/1000, "worst-ms")
			})
		}
	}
}

// Many processes with states are there again, each with its own.
func TestManyStatesComeBack(t *testing.T) {
	const n = 2000
	for _, lazy := range []string{"", "1"} {
		l := start(t, "KISTA_HEART_TEST_ACCOUNTS="+strconv.Itoa(n), "KISTA_HEART_TEST_LAZY="+lazy)
		c := l.dial()
		assert.Equal(t, c.ask("account 7"), "8 <nil>")
		c.say("map")
		l.ready(2)
		for i := range n {
			want := i + 1
			if i == 7 {
				want++
			}
			assert.Equal(t, c.ask("account "+strconv.Itoa(i)), fmt.Sprint(want, " <nil>"))
		}
	}
}
