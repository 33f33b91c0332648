package kista_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
)

// Reasons that tests end processes with. They are not registered: what matches
// them matches by the identity that a frozen error keeps.
var (
	errBoom  = errors.New("boom")
	errOther = errors.New("other")
)

// start starts a node that is stopped, and must stop clean, at the test's end.
func start(t testing.TB, cfg kista.Config) *kista.Node {
	t.Helper()
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	n, err := kista.Start(cfg)
	assert.NoError(t, err)
	t.Cleanup(func() {
		if err := n.Stop(context.Background()); err != nil {
			t.Error(err)
		}
		if s := n.Stats(); s.Processes != 0 || s.Executions != 0 || s.Zombies != 0 || s.Timers != 0 || s.Names != 0 {
			t.Errorf("after stop: %+v", s)
		}
	})
	return n
}

// bubble runs a test with a node of its own in virtual time.
func bubble(t *testing.T, f func(t *testing.T, n *kista.Node)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { f(t, start(t, kista.Config{Name: "a"})) })
}

// within runs body as a process of n and waits until it has returned nil. Its
// failures fail the test.
func within(t *testing.T, n *kista.Node, body func(s *kista.Self)) {
	t.Helper()
	ran := make(chan struct{})
	pid, err := n.SpawnWith(kista.SpawnOpts{}, func(s *kista.Self) error {
		body(s)
		close(ran)
		return nil
	})
	assert.NoError(t, err)
	reason := wait(t, pid)
	select {
	case <-ran:
	default:
		t.Fatalf("the process did not get to its end: %v", reason)
	}
}

// wait returns the exit reason of a process that ends, or has ended.
func wait(t testing.TB, pid kista.PID) error {
	t.Helper()
	reason, err := kista.Wait(context.Background(), pid)
	assert.NoError(t, err)
	return reason
}

// idle is a body that takes messages until it is ended.
func idle(s *kista.Self) error {
	for {
		if _, err := s.Receive(); err != nil {
			return err
		}
	}
}

// ends is a body that ends with reason.
func ends(reason error) kista.Body { return func(*kista.Self) error { return reason } }

// receive takes the first message of type M.
func receive[M any](t testing.TB, s *kista.Self) M {
	t.Helper()
	m, err := kista.Receive[M](s)
	assert.NoError(t, err)
	return m
}

// empty fails the test if there is a message in the mailbox.
func empty(t testing.TB, s *kista.Self) {
	t.Helper()
	_ = s.Select(
		kista.On(func(m any) error { t.Errorf("unexpected message %T %v", m, m); return nil }),
		kista.After(0, nil),
	)
}

// settle lets everything in the bubble that can run come to rest.
func settle() { synctest.Wait() }

// counter is a behaviour: it answers calls with their number.
type counter struct {
	calls  int
	init   func(s *kista.Self) error
	handle func(s *kista.Self, msg any) error
	end    func(s *kista.Self, reason error) error
}

func (c *counter) Init(s *kista.Self) error {
	if c.init != nil {
		return c.init(s)
	}
	return nil
}

func (c *counter) Handle(s *kista.Self, msg any) error {
	if c.handle != nil {
		return c.handle(s, msg)
	}
	if q, ok := msg.(kista.Request); ok {
		c.calls++
		return q.From.Reply(c.calls)
	}
	return nil
}

func (c *counter) Terminate(s *kista.Self, reason error) error {
	if c.end != nil {
		return c.end(s, reason)
	}
	return nil
}

func (c *counter) State() any { return c.calls }

// program makes a counter startable; each start gets a copy.
func program(o kista.SpawnOpts, c counter) kista.Program {
	return kista.BehaviourProgram(o, "counter", func() (kista.Behaviour, error) {
		made := c
		return &made, nil
	})
}

// serve starts a counter.
func serve(t testing.TB, n *kista.Node, c counter) kista.PID {
	t.Helper()
	pid, err := n.Start(context.Background(), program(kista.SpawnOpts{}, c))
	assert.NoError(t, err)
	return pid
}

// answers checks that a counter still answers.
func answers(t testing.TB, to kista.Addr) {
	t.Helper()
	v, err := kista.Call(context.Background(), to, "ping")
	assert.NoError(t, err)
	assert.True(t, v.(int) > 0, "answer %v", v)
}

// node is start with the node's usual name.
func node(t testing.TB) *kista.Node {
	t.Helper()
	return start(t, kista.Config{Name: "a"})
}

func newLogger(h slog.Handler) *slog.Logger { return slog.New(h) }
