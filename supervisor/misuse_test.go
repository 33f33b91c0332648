package supervisor_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/supervisor"
)

// hanging is a child whose Init does not return, whatever it is told.
func hanging(id string, gate chan struct{}) supervisor.Child {
	return supervisor.Child{ID: id, Start: program(worker{id: id, d: &diary{}, init: func(*kista.Self) error { <-gate; return nil }})}
}

// A supervisor that is told to stop while its children start does so: those that
// are up are stopped in order, the one that hangs is killed in its time.
func TestS198_ParentEndsWhileChildrenStart(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node, d *diary) {
		gate := make(chan struct{})
		inner := supervisor.Program(supervisor.Spec{Children: []supervisor.Child{d.child("b"), hanging("h", gate)}}, supervisor.Opts{Name: "inner"})
		failed := make(chan error)
		go func() {
			_, err := supervisor.Start(ctx, n, supervisor.Spec{
				Children: []supervisor.Child{d.child("a"), {ID: "inner", Start: inner}},
			}, supervisor.Opts{Name: "top"})
			failed <- err
		}()
		d.take()
		began := time.Now()
		pid, _ := n.WhereIs("top")
		go kista.Exit(pid, errBoom) // not its parent: ignored
		d.take()
		go func() { assert.NoError(t, n.Stop(ctx)) }()
		assert.ErrorIs(t, <-failed, kista.ErrShutdown)
		assert.Equal(t, time.Since(began), supervisor.DefaultShutdown)
		assert.Equal(t, d.take(), words("-b", "-a"))
		close(gate)
	})
}

// The context of Start bounds the wait: then everything is gone.
func TestStartIsGivenUp(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node, d *diary) {
		gate := make(chan struct{})
		ctx, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		_, err := supervisor.Start(ctx, n, supervisor.Spec{Children: []supervisor.Child{d.child("a"), hanging("h", gate)}}, supervisor.Opts{})
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		close(gate)
		d.take()
		assert.Equal(t, n.Stats().Processes, 0)
	})
}

func TestNameTaken(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node, d *diary) {
		squatter, err := n.SpawnWith(kista.SpawnOpts{Name: "a"}, func(s *kista.Self) error { _, err := s.Receive(); return err })
		assert.NoError(t, err)
		spec := supervisor.Spec{Intensity: 3, Children: d.children("b", "a")}
		_, err = supervisor.Start(ctx, n, spec, supervisor.Opts{})
		assert.Equal(t, assert.ErrorAs[*kista.NameTakenError](t, err).PID, squatter)
		assert.Equal(t, d.take(), words("+b", "-b"))

		sup := start(t, n, supervisor.Spec{})
		_, err = supervisor.StartChild(ctx, sup, d.child("a"))
		assert.ErrorAs[*kista.NameTakenError](t, err)
		assert.Equal(t, len(ids(t, sup)), 0)
		_ = kista.Exit(squatter, kista.Kill)
	})
}

// A child that is killed from outside is one that has ended abnormally.
func TestKilledFromOutside(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node, d *diary) {
		c := d.child("a")
		c.Restart = supervisor.Transient
		start(t, n, supervisor.Spec{Children: []supervisor.Child{c}})
		pid, _ := n.WhereIs("a")
		assert.NoError(t, kista.Exit(pid, kista.Kill))
		d.take()
		answers(t, n, "a")
	})
}

// A function that returns at once has been up nevertheless: its end is one like
// any other, and no failed start.
func TestFuncThatReturnsAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node, d *diary) {
		child := func(id string, r supervisor.Restart, err error) supervisor.Child {
			return supervisor.Child{ID: id, Restart: r, Start: supervisor.Func(func(context.Context) error { return err })}
		}
		sup := start(t, n, supervisor.Spec{Children: []supervisor.Child{
			child("a", supervisor.Temporary, nil), child("b", supervisor.Transient, nil), child("c", supervisor.Temporary, errBoom),
		}})
		d.take()
		assert.Equal(t, ids(t, sup), words("b stopped"))
		assert.Equal(t, d.reported("supervisor: child start failed"), 0)
		assert.Equal(t, d.reported("supervisor: child terminated"), 3)
	})
}

func TestTheWrongAddress(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node, d *diary) {
		pid, err := n.Start(ctx, program(worker{id: "w", d: d})) // answers a request with the request
		assert.NoError(t, err)
		assert.ErrorIs(t, second(supervisor.CountChildren(ctx, pid)), supervisor.ErrNotSupervisor)
		assert.ErrorIs(t, supervisor.TerminateChild(ctx, n.Name("nobody"), "a"), kista.ErrNoProcess)
		assert.NoError(t, kista.Exit(pid, kista.Kill))
		assert.ErrorIs(t, supervisor.DeleteChild(ctx, pid, "a"), kista.ErrNoProcess)
	})
}

// Who waits for a supervisor that ends hears why.
func TestCallersHearOfTheEnd(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node, d *diary) {
		gate := make(chan struct{})
		sup := start(t, n, supervisor.Spec{})
		failed := make(chan error)
		go func() { failed <- second(supervisor.StartChild(ctx, sup, hanging("h", gate))) }()
		d.take()
		stopped := make(chan error)
		go func() { stopped <- stop(t, n, sup) }()
		d.take()
		late := make(chan error)
		go func() { late <- second(supervisor.StartChild(ctx, sup, d.child("a"))) }() // while it stops
		assert.ErrorIs(t, <-failed, supervisor.ErrTerminated)
		assert.ErrorIs(t, <-late, kista.ErrShutdown)
		assert.ErrorIs(t, <-stopped, kista.ErrShutdown)
		close(gate)
	})
}

func TestS199_ReportsNameTheOffender(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node, d *diary) {
		c := d.child("a")
		c.Shutdown, c.Restart = supervisor.BrutalKill, supervisor.Transient
		_, err := supervisor.Start(ctx, n, supervisor.Spec{Children: []supervisor.Child{c}}, supervisor.Opts{Name: "sup"})
		assert.NoError(t, err)
		pid, _ := n.WhereIs("a")
		crash(t, n, "a", errBoom)
		d.take()
		d.mu.Lock()
		defer d.mu.Unlock()
		for _, r := range d.records {
			if r.Message != "supervisor: child terminated" {
				continue
			}
			got := map[string]string{}
			r.Attrs(func(a slog.Attr) bool { got[a.Key] = a.Value.String(); return true })
			assert.Equal(t, got, map[string]string{
				"report": "supervisor", "node": "a", "supervisor": "sup", "child": "a", "pid": pid.String(), "type": "worker",
				"restart": "transient", "shutdown": "brutal_kill", "reason": "boom",
			})
			assert.Equal(t, r.Level, slog.LevelWarn)
			return
		}
		t.Fatal("no report")
	})
}

// A full log, a deaf watcher and one that is gone cost a supervisor nothing.
func TestNotifyNeverHurts(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node, d *diary) {
		deaf, err := n.SpawnWith(kista.SpawnOpts{Mailbox: kista.MailboxLimit{Messages: 1}}, func(s *kista.Self) error { <-s.Done(); return nil })
		assert.NoError(t, err)
		gone := n.Spawn(func(*kista.Self) error { return nil })
		d.take()
		for _, to := range []kista.Addr{deaf, gone, n.Name("nobody"), n.Remote("elsewhere", "x")} {
			sup := start(t, n, supervisor.Spec{Children: d.children("a"), Notify: to})
			crash(t, n, "a", errBoom)
			answers(t, n, "a")
			assert.ErrorIs(t, stop(t, n, sup), kista.ErrShutdown)
		}
		assert.NoError(t, kista.Exit(deaf, errors.New("enough")))
	})
}

// Terminate knows how much time it has.
func TestShutdownIsTerminatesDeadline(t *testing.T) {
	bubble(t, func(t *testing.T, n *kista.Node, d *diary) {
		left := map[string]time.Duration{}
		child := func(id string, shutdown time.Duration) supervisor.Child {
			return supervisor.Child{ID: id, Shutdown: shutdown, Start: program(worker{id: id, d: d, end: func(s *kista.Self, _ error) error {
				if until, limited := s.Deadline(); limited {
					left[id] = time.Until(until)
				}
				return nil
			}})}
		}
		sup := start(t, n, supervisor.Spec{Children: []supervisor.Child{
			child("default", 0), child("minute", time.Minute), child("for ever", kista.NoTimeout),
		}})
		assert.ErrorIs(t, stop(t, n, sup), kista.ErrShutdown)
		assert.Equal(t, left, map[string]time.Duration{"default": supervisor.DefaultShutdown, "minute": time.Minute})
	})
}
