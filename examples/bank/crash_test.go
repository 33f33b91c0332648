package bank_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/etf"
	"github.com/kista-go/kista/examples/bank"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/term"
)

// robust is a client that repeats a request until it has the answer.
type robust struct {
	t    testing.TB
	addr func(ctx context.Context) (string, error) // waits until it is worth dialing
	conn net.Conn
	in   *etf.Reader
	out  *etf.Writer
}

// call returns the final reply to a request.
func (r *robust) call(ctx context.Context, tag, request term.Term) (term.Term, error) {
	for ctx.Err() == nil {
		reply, err := r.attempt(ctx, term.Tuple{term.Atom("call"), tag, request})
		if t, ok := reply.(term.Tuple); err == nil && ok && len(t) == 3 && t[0] == term.Atom("ack") {
			return t[2], nil
		}
		if err != nil {
			r.close()
		}
	}
	return nil, context.Cause(ctx)
}

func (r *robust) attempt(ctx context.Context, frame term.Term) (term.Term, error) {
	if r.conn == nil {
		addr, err := r.addr(ctx)
		if err != nil {
			return nil, err
		}
		if r.conn, err = (&net.Dialer{}).DialContext(ctx, "tcp", addr); err != nil {
			r.conn = nil
			return nil, err
		}
		r.in, r.out = etf.NewReader(r.conn), etf.NewWriter(r.conn)
	}
	if err := r.conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		return nil, err
	}
	if err := r.out.WriteTerm(frame); err != nil {
		return nil, err
	}
	return r.in.ReadTerm()
}

func (r *robust) close() {
	if r.conn != nil {
		_ = r.conn.Close()
		r.conn = nil
	}
}

// load lets clients work until stop is closed, and returns what the accounts must
// have then, by the answers.
type load struct {
	t        testing.TB
	addr     func(ctx context.Context) (string, error)
	accounts int
	mu       sync.Mutex
	balances map[int]int64
	answered int
}

func (l *load) run(ctx context.Context, clients int, stop <-chan struct{}) {
	l.balances = map[int]int64{}
	var all sync.WaitGroup
	for i := range clients {
		all.Go(func() { l.client(ctx, i, stop) })
	}
	all.Wait()
}

func (l *load) client(ctx context.Context, id int, stop <-chan struct{}) {
	r := &robust{t: l.t, addr: l.addr}
	defer r.close()
	rng := rand.New(rand.NewPCG(7, uint64(id)))
	for n := 0; ; n++ {
		select {
		case <-stop:
			return
		default:
		}
		who, amount := rng.IntN(l.accounts), 1+rng.Int64N(50)
		to := (who + 1 + rng.IntN(l.accounts-1)) % l.accounts
		var request term.Tuple
		kind := rng.IntN(3)
		switch kind {
		case 0:
			request = term.Tuple{term.Atom("deposit"), who, amount}
		case 1:
			request = term.Tuple{term.Atom("withdraw"), who, amount}
		default:
			request = term.Tuple{term.Atom("transfer"), who, to, amount}
		}
		tag := term.Tuple{id, n}
		reply, err := r.call(ctx, tag, request)
		if err != nil {
			l.t.Errorf("%s: %v", term.Format(request), err)
			return
		}
		l.book(kind, who, to, amount, reply)
		if rng.IntN(2) == 0 {
			_, _ = r.attempt(ctx, term.Tuple{term.Atom("delete_tag"), tag})
			r.close()
		}
	}
}

func (l *load) book(kind, who, to int, amount int64, reply term.Term) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.answered++
	t, ok := reply.(term.Tuple)
	switch {
	case !ok:
		l.t.Errorf("reply %s", term.Format(reply))
	case t[0] != term.Atom("ok"):
		if !strings.HasPrefix(term.Format(reply), "{error,{not_enough_money,") {
			l.t.Errorf("reply %s", term.Format(reply))
		}
	case kind == 0:
		l.balances[who] += amount
	case kind == 1:
		l.balances[who] -= amount
	default:
		l.balances[who] -= amount
		l.balances[to] += amount
	}
}

// compare holds the bank's balances against the answers.
func (l *load) compare(ctx context.Context) {
	r := &robust{t: l.t, addr: l.addr}
	defer r.close()
	for who := range l.accounts {
		reply, err := r.call(ctx, term.Atom("final"), term.Tuple{term.Atom("balance"), who})
		assert.NoError(l.t, err)
		want := fmt.Sprintf("{ok,%d}", l.balances[who])
		if got := term.Format(reply); got != want {
			l.t.Errorf("account %d: the bank says %s, its answers make %s", who, got, want)
		}
	}
	l.t.Logf("%d answers", l.answered)
}

// total is what the accounts must have together.
func (l *load) total() (sum int64) {
	for _, n := range l.balances {
		sum += n
	}
	return sum
}

// saboteur makes the processes of a bank fail at a point, a few times.
type saboteur struct {
	point bank.Point
	do    func(who string)
	every int64 // only each time so many calls have passed
	left  atomic.Int64
	calls atomic.Int64
	done  chan struct{}
}

func (s *saboteur) fault(p bank.Point, who string) {
	if p != s.point || s.calls.Add(1)%s.every != 0 {
		return
	}
	switch n := s.left.Add(-1); {
	case n < 0:
		return
	case n == 0:
		defer close(s.done)
	}
	s.do(who)
}

// TestCrashes lets every kind of process fail at every point in every way while
// clients work, and then compares to the last coin.
func TestCrashes(t *testing.T) {
	points := map[bank.Point]int64{ // how rarely it fails there
		bank.BeforeAppend: 20, bank.AfterAppend: 20, bank.BeforeCredit: 5, bank.AfterCredit: 5,
		bank.InRequest: 20, bank.InStore: 1, bank.InAccept: 3,
	}
	for point, every := range points {
		for _, way := range []string{"panic", "goexit", "kill"} {
			t.Run(fmt.Sprintf("%s/%s", point, way), func(t *testing.T) {
				t.Parallel()
				crash(t, &saboteur{point: point, every: every, done: make(chan struct{})}, way)
			})
		}
	}
}

func crash(t *testing.T, s *saboteur, way string) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	node := startNode(t)
	s.left.Store(2)
	switch way {
	case "panic":
		s.do = func(string) { panic("a fault for the test") }
	case "goexit":
		s.do = func(string) { runtime.Goexit() }
	case "kill":
		s.do = func(who string) { killHere(t, node, s.point, who) }
	}
	dir := t.TempDir()
	b, err := bank.Start(ctx, node, bank.Config{Data: dir, SnapshotEvery: 7, Fault: s.fault})
	assert.NoError(t, err)
	l := &load{t: t, accounts: 4, addr: func(ctx context.Context) (string, error) {
		_, err := node.AwaitName(ctx, "bank.robust.listener")
		return b.RobustAddr().String(), err
	}}
	l.run(ctx, 4, s.done)
	l.compare(ctx)
	assert.NoError(t, b.Stop(ctx))

	// A bank started anew on the journals says the same.
	b, err = bank.Start(ctx, node, bank.Config{Data: dir})
	assert.NoError(t, err)
	l.compare(ctx)
}

// killHere kills the process that calls it, while it is stuck in its own code:
// what it does when it comes back must be of no consequence.
func killHere(t testing.TB, node *kista.Node, p bank.Point, who string) {
	label := map[bank.Point]string{
		bank.BeforeAppend: "bank account " + who, bank.AfterAppend: "bank account " + who,
		bank.BeforeCredit: "bank courier " + who, bank.AfterCredit: "bank courier " + who,
		bank.InRequest: "bank robust.connection " + who,
		bank.InStore:   "bank store", bank.InAccept: "bank robust.listener",
	}[p]
	for pid := range node.Processes() {
		if info, ok := node.Info(pid); ok && strings.HasPrefix(info.Label, label) {
			assert.NoError(t, kista.Exit(pid, kista.Kill))
			return
		}
	}
	t.Errorf("no process is called %q", label)
}

// TestKillEveryProcess kills each process of the tree by its name, from outside,
// while clients work.
func TestKillEveryProcess(t *testing.T) {
	for _, name := range []string{
		"bank.store", "bank.accounts", "bank.front", "bank.counter", "bank.robust",
		"bank.robust.connections", "bank.robust.listener", "bank.account/1",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			node := startNode(t)
			dir := t.TempDir()
			b, err := bank.Start(ctx, node, bank.Config{Data: dir})
			assert.NoError(t, err)
			l := &load{t: t, accounts: 4, addr: func(ctx context.Context) (string, error) {
				_, err := node.AwaitName(ctx, "bank.robust.listener")
				return b.RobustAddr().String(), err
			}}
			stop, ended := make(chan struct{}), make(chan struct{})
			go func() {
				defer close(ended)
				l.run(ctx, 4, stop)
			}()
			for round := range 3 {
				l.answers(ctx, 10*(round+1))
				pid, err := node.AwaitName(ctx, name)
				assert.NoError(t, err)
				assert.NoError(t, kista.Exit(pid, kista.Kill))
			}
			l.answers(ctx, 60)
			close(stop)
			<-ended
			l.compare(ctx)
			root, ok := node.WhereIs("bank")
			assert.True(t, ok && root == b.PID(), "the root has not survived")
		})
	}
}
