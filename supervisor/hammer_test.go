package supervisor_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/supervisor"
)

// life follows the events of all supervisors: between two starts of a child there
// is an end, and no name is ever still taken by the one before.
type life struct {
	mu     sync.Mutex
	up     map[string]kista.PID
	starts int
	wrong  []string
}

func (l *life) see(e supervisor.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	who := e.Supervisor.String() + " " + e.Child
	if e.Child == "" {
		who += e.PID.String()
	}
	switch e.Kind {
	case supervisor.ChildStarted, supervisor.ChildRestarted:
		l.starts++
		if old, ok := l.up[who]; ok {
			l.wrong = append(l.wrong, fmt.Sprintf("%s: %v starts, and %v is up", who, e.PID, old))
		}
		l.up[who] = e.PID
	case supervisor.ChildTerminated, supervisor.ChildStopped, supervisor.ChildStopFailed:
		if old, ok := l.up[who]; ok && old != e.PID {
			l.wrong = append(l.wrong, fmt.Sprintf("%s: %v ends, and %v is up", who, e.PID, old))
		}
		delete(l.up, who)
	case supervisor.ChildStartFailed:
		if errors.As(e.Reason, new(*kista.NameTakenError)) {
			l.wrong = append(l.wrong, fmt.Sprintf("%s: %v", who, e.Reason))
		}
	}
}

// follow starts a process that sees all events. Its mailbox takes them all.
func (l *life) follow(t *testing.T, n *kista.Node) kista.PID {
	pid, err := n.SpawnWith(kista.SpawnOpts{Mailbox: kista.MailboxLimit{Messages: 1 << 30, Bytes: 1 << 40}}, func(s *kista.Self) error {
		for {
			msg, err := s.Receive()
			switch m := msg.(type) {
			case supervisor.Event:
				l.see(m)
			case kista.Request: // all before it is seen
				_ = m.From.Reply(nil)
			}
			if err != nil {
				return err
			}
		}
	})
	assert.NoError(t, err)
	return pid
}

// unruly is a worker that does, by chance, what workers should not.
func unruly(name string, seed uint64) kista.Program {
	return kista.BehaviourProgram(kista.SpawnOpts{Name: name, TrapExits: seed%2 == 0}, "worker", func() (kista.Behaviour, error) {
		switch rand.IntN(40) {
		case 0:
			panic("factory")
		case 1:
			return nil, errors.New("no")
		}
		return &rogue{}, nil
	})
}

type rogue struct{}

func (*rogue) Init(s *kista.Self) error {
	switch rand.IntN(40) {
	case 0:
		panic("init")
	case 1:
		return s.Exit(s.PID(), kista.Kill)
	case 2:
		_ = s.Unlink(s.Parent())
		return errors.New("unlinked, and failed")
	}
	return nil
}

func (*rogue) Handle(s *kista.Self, msg any) error {
	if q, ok := msg.(kista.Request); ok {
		return q.From.Reply(q.Msg)
	}
	panic("message")
}

func (*rogue) Terminate(*kista.Self, error) error {
	if rand.IntN(10) == 0 {
		panic("terminate")
	}
	return nil
}

// TestHammer lets everybody do everything at once to a tree, and then looks
// whether it has come to rest, whole, and whether nothing is left in the end.
func TestHammer(t *testing.T) {
	rounds := 200
	if testing.Short() {
		rounds = 20
	}
	n, err := kista.Start(kista.Config{Logger: quiet})
	assert.NoError(t, err)
	l := &life{up: map[string]kista.PID{}}
	notify := l.follow(t, n)
	pool := &supervisor.Pool[int]{
		Child:   func(i int) kista.Program { return unruly("", uint64(i)) },
		Restart: supervisor.Transient, Intensity: 1 << 30, Notify: notify,
	}
	branch := func(name string, strategy supervisor.Strategy) supervisor.Child {
		spec := supervisor.Spec{Strategy: strategy, Intensity: 1 << 30, Notify: notify}
		for i := range 4 {
			id := fmt.Sprint(name, i)
			spec.Children = append(spec.Children, supervisor.Child{ID: id, Start: unruly(id, uint64(i)), OrElse: []kista.Program{unruly(id, uint64(i))}})
		}
		return supervisor.Child{ID: name, Start: supervisor.Program(spec, supervisor.Opts{Name: name})}
	}
	names := []string{"one", "all", "rest"}
	var top kista.PID
	for { // a first start may fail
		top, err = supervisor.Start(ctx, n, supervisor.Spec{
			Intensity: 1 << 30, Notify: notify,
			Children: []supervisor.Child{
				branch("one", supervisor.OneForOne), branch("all", supervisor.OneForAll), branch("rest", supervisor.RestForOne),
				{ID: "pool", Start: pool.Program(supervisor.Opts{Name: "pool"})},
			},
		}, supervisor.Opts{Name: "top"})
		if err == nil {
			break
		}
	}
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(7, uint64(g)))
			for range rounds {
				molest(r, n, names, pool)
			}
		})
	}
	wg.Wait()
	for _, name := range names { // whole again, whatever had been done to it
		for i := range 4 {
			id := fmt.Sprint(name, i)
			for {
				if _, err := supervisor.RestartChild(ctx, n.Name(name), id); errors.Is(err, supervisor.ErrRunning) {
					break
				}
			}
			pid, err := n.AwaitName(ctx, id)
			assert.NoError(t, err)
			assert.True(t, !pid.IsZero(), "%s has no process", id)
		}
	}
	assert.ErrorIs(t, stop(t, n, top), kista.ErrShutdown)
	assert.NoError(t, second(kista.Call(ctx, notify, "done?")))
	assert.NoError(t, n.Stop(ctx))
	s := n.Stats()
	assert.True(t, s.Processes == 0 && s.Zombies == 0 && s.Timers == 0 && s.Names == 0, "after stop: %+v", s)
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, w := range l.wrong {
		t.Error(w)
	}
	assert.True(t, l.starts > 16, "only %d starts", l.starts) // those of the tree itself
	for who, pid := range l.up {                              // a supervisor that was killed told of no ends
		assert.True(t, !n.Alive(pid), "%s: %v lives", who, pid)
	}
}

// molest does one thing to the tree.
func molest(r *rand.Rand, n *kista.Node, names []string, pool *supervisor.Pool[int]) {
	name := names[r.IntN(len(names))]
	id := fmt.Sprint(name, r.IntN(5))
	sup := n.Name(name)
	switch r.IntN(12) {
	case 0:
		_, _ = supervisor.StartChild(ctx, sup, supervisor.Child{ID: id, Start: unruly(id, r.Uint64()), Restart: supervisor.Restart(r.IntN(3))})
	case 1:
		_ = supervisor.TerminateChild(ctx, sup, id)
	case 2:
		_, _ = supervisor.RestartChild(ctx, sup, id)
	case 3:
		if id[len(id)-1] == '4' {
			_ = supervisor.DeleteChild(ctx, sup, id)
		}
	case 4:
		_, _ = supervisor.WhichChildren(ctx, sup)
		_, _ = supervisor.CountChildren(ctx, sup)
	case 5:
		_ = kista.Send(n.Name(id), "crash")
	case 6:
		if pid, ok := n.WhereIs(id); ok {
			_ = kista.Exit(pid, []error{kista.Kill, kista.ErrShutdown, errBoom}[r.IntN(3)])
		}
	case 7, 8:
		_, _ = pool.StartChild(ctx, n.Name("pool"), r.Int())
	case 9:
		if some, _ := supervisor.WhichChildren(ctx, n.Name("pool")); len(some) > 0 {
			_ = supervisor.TerminateProcess(ctx, n.Name("pool"), some[r.IntN(len(some))].PID)
		}
	case 10:
		_ = kista.Send(sup, "what is this?")
	case 11:
		if r.IntN(20) == 0 {
			if pid, ok := n.WhereIs(name); ok {
				_ = kista.Exit(pid, kista.Kill)
			}
		}
	}
}
