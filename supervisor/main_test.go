package supervisor_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/supervisor"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	ctx     = context.Background()
	errBoom = errors.New("boom")
)

// diary keeps what children did, in order, and the log's records.
type diary struct {
	mu      sync.Mutex
	lines   []string
	records []slog.Record
}

func (d *diary) add(line string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lines = append(d.lines, line)
}

// take returns the lines since the last take, once all is at rest.
func (d *diary) take() []string {
	synctest.Wait()
	d.mu.Lock()
	defer d.mu.Unlock()
	out := d.lines
	d.lines = nil
	return out
}

func (d *diary) Enabled(context.Context, slog.Level) bool { return true }
func (d *diary) WithAttrs([]slog.Attr) slog.Handler       { return d }
func (d *diary) WithGroup(string) slog.Handler            { return d }
func (d *diary) Handle(_ context.Context, r slog.Record) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.records = append(d.records, r)
	return nil
}

// reported counts the records with a message.
func (d *diary) reported(msg string) (n int) {
	synctest.Wait()
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, r := range d.records {
		if r.Message == msg {
			n++
		}
	}
	return n
}

// worker is a behaviour that keeps a diary. Its fields change what it does.
type worker struct {
	id     string
	d      *diary
	init   func(s *kista.Self) error
	handle func(s *kista.Self, msg any) error
	end    func(s *kista.Self, reason error) error
}

func (w *worker) Init(s *kista.Self) error {
	if w.init != nil {
		if err := w.init(s); err != nil {
			return err
		}
	}
	w.d.add("+" + w.id)
	return nil
}

func (w *worker) Handle(s *kista.Self, msg any) error {
	if w.handle != nil {
		return w.handle(s, msg)
	}
	switch m := msg.(type) {
	case kista.Request:
		return m.From.Reply(m.Msg)
	case ends:
		return kista.Stop{Reason: m.Reason}
	}
	return nil
}

func (w *worker) Terminate(s *kista.Self, reason error) error {
	w.d.add("-" + w.id)
	if w.end != nil {
		return w.end(s, reason)
	}
	return nil
}

// ends makes a worker end by itself.
type ends struct{ Reason error }

// program makes a worker startable, under its id as a name, trapping exits.
func program(w worker) kista.Program {
	return kista.BehaviourProgram(kista.SpawnOpts{Name: w.id, TrapExits: true}, "worker", func() (kista.Behaviour, error) {
		made := w
		return &made, nil
	})
}

func (d *diary) child(id string) supervisor.Child {
	return supervisor.Child{ID: id, Start: program(worker{id: id, d: d})}
}

func (d *diary) children(ids ...string) (out []supervisor.Child) {
	for _, id := range ids {
		out = append(out, d.child(id))
	}
	return out
}

// bubble runs a test with a node of its own in virtual time. Nothing may be left
// once the node is stopped.
func bubble(t *testing.T, f func(t *testing.T, n *kista.Node, d *diary)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		d := &diary{}
		n, err := kista.Start(kista.Config{Name: "a", Logger: slog.New(d)})
		assert.NoError(t, err)
		t.Cleanup(func() {
			assert.NoError(t, n.Stop(ctx))
			if s := n.Stats(); s.Processes != 0 || s.Executions != 0 || s.Zombies != 0 || s.Timers != 0 || s.Names != 0 {
				t.Errorf("after stop: %+v", s)
			}
		})
		f(t, n, d)
	})
}

func start(t testing.TB, n *kista.Node, spec supervisor.Spec) kista.PID {
	t.Helper()
	pid, err := supervisor.Start(ctx, n, spec, supervisor.Opts{})
	assert.NoError(t, err)
	return pid
}

// crash makes the process of that name end with a reason.
func crash(t testing.TB, n *kista.Node, name string, reason error) {
	t.Helper()
	assert.NoError(t, kista.Send(n.Name(name), ends{reason}))
	synctest.Wait()
}

// stop stops a supervisor, as its parent would, and returns its exit reason.
func stop(t testing.TB, n *kista.Node, pid kista.PID) error {
	t.Helper()
	end := endOf(pid)
	long, cancel := context.WithTimeout(ctx, 24*time.Hour)
	defer cancel()
	assert.NoError(t, second(kista.System(long, pid, kista.Terminate{Reason: kista.ErrShutdown})))
	return <-end
}

// endOf tells how a process ends. It adds no process to the node.
func endOf(pid kista.PID) <-chan error {
	ch := make(chan error, 1)
	go func() {
		if reason, err := kista.Wait(ctx, pid); err == nil {
			ch <- reason
		}
	}()
	return ch
}

func pass(d time.Duration) {
	time.Sleep(d) // sleep: time is virtual
	synctest.Wait()
}

func second[A, B any](_ A, b B) B { return b }

func words(s ...string) []string { return slices.Clone(s) }

// ids names the children in the order of WhichChildren.
func ids(t testing.TB, sup kista.PID) (out []string) {
	t.Helper()
	infos, err := supervisor.WhichChildren(ctx, sup)
	assert.NoError(t, err)
	for _, c := range infos {
		out = append(out, c.ID+" "+c.Status.String())
	}
	return out
}

var quiet = slog.New(slog.DiscardHandler)

// silent is a worker without a diary.
type silent struct{}

func (*silent) Init(*kista.Self) error { return nil }

func (*silent) Handle(_ *kista.Self, msg any) error {
	if m, ok := msg.(ends); ok {
		return kista.Stop{Reason: m.Reason}
	}
	return nil
}

func (*silent) Terminate(*kista.Self, error) error { return nil }
