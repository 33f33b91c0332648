package bank

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/store"
	"github.com/kista-go/kista/store/memory"
	"github.com/kista-go/kista/store/sqlite"
)

// The ports of the talk. [Config] has them nowhere as a default, since two
// banks on one machine would then meet: give them as Config.Port and
// Config.RobustPort.
const (
	Port       = 3010
	RobustPort = 3020
)

// Config says how a bank is set up. The zero Config works: free ports on
// loopback, and journals in memory that live as long as the [Bank].
type Config struct {
	// Name is what the names and labels of the bank's processes begin with, so
	// that one node can have several banks. Empty: "bank".
	Name string
	// Data is the directory of the bank's file, bank.db, and is created if need
	// be. Empty: the journals are kept in memory.
	Data string
	// Open, if not nil, opens the journals in place of Data. It is called in the
	// store process, once per incarnation.
	Open func() (Store, error)

	// Listen is the host that both ports listen on. Empty: 127.0.0.1.
	Listen string
	// Port is the port of the plain protocol, RobustPort that of the robust one.
	// Zero: a free port, which then stays the same for the life of the Bank.
	Port, RobustPort int

	// MaxConnections is how many connections each port serves at a time; one more
	// is told so and closed. Zero: 1000.
	MaxConnections int
	// MaxFrame is the size of a request in bytes. Zero: 64 KiB.
	MaxFrame int
	// ReadTimeout is how long a client may take from one reply to the end of its
	// next request, WriteTimeout how long to take a reply in. Zero: 30 s and 10 s.
	ReadTimeout, WriteTimeout time.Duration
	// RequestTimeout is how long the bank tries to answer a request, over crashes
	// and restarts of whatever it concerns. Zero: 5 s.
	RequestTimeout time.Duration
	// Shutdown is how long requests under way may take to end when the bank stops.
	// Zero: 5 s.
	Shutdown time.Duration

	// MaxLive is how many accounts have a process at a time, besides those that
	// transfers under way need. Zero: 10,000.
	MaxLive int
	// IdleTime is how long an account keeps its process without a request. Zero:
	// one minute.
	IdleTime time.Duration
	// StartTimeout is how long an account may take to replay its journal; one that
	// takes longer is killed, and counts as dead at the event it was at. Zero: 10 s.
	StartTimeout time.Duration
	// SnapshotEvery is the number of events after which an account saves a snapshot
	// and deletes the events before it. Zero: 100.
	SnapshotEvery int
	// Limits bound what one account keeps.
	Limits Limits

	// Notify, if not nil, is sent every supervisor.Event of the bank's
	// supervisors, and every [AccountEvent].
	Notify kista.Addr
	// Fault, if not nil, is called by the bank's processes, in their own execution,
	// at the points that [Point] lists: a demo or a test panics, blocks, calls
	// runtime.Goexit or is killed there. who is what the process's label says
	// behind the bank's name. It must be safe for concurrent use.
	Fault func(point Point, who string)
}

// Store is what keeps the journals: [store.Journal] and the end of it. Both
// drivers of package store are one.
type Store interface {
	store.Journal
	// Close ends the store. It may be called again.
	Close() error
}

// Bank is a bank on one node: its configuration, and what its processes must
// find again in their next incarnation. Make it with [New] or [Start]. Its
// methods may be used by any goroutine.
type Bank struct {
	cfg  Config
	node atomic.Pointer[kista.Node] // where the tree runs: set by its first process

	journal slot[Store] // the store process's, open while it lives
	counter *counter    // the plain port
	robust  *counter    // the robust port

	mu  sync.Mutex
	pid kista.PID // of the root supervisor, when started by Start
}

// New returns a bank that does not run yet: put its [Bank.Program] under a
// supervisor, or use [Start]. A Bank runs at most once at a time. The error
// names the field of cfg that makes no sense.
func New(cfg Config) (*Bank, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	b := &Bank{cfg: cfg}
	b.counter = &counter{name: "counter", port: cfg.Port, serve: b.answer}
	b.robust = &counter{name: "robust", port: cfg.RobustPort, serve: b.answerRobust}
	b.counter.pool, b.robust.pool = b.connections(b.counter), b.connections(b.robust)
	if cfg.Open == nil {
		open, err := opener(cfg.Data)
		if err != nil {
			return nil, err
		}
		b.cfg.Open = open
	}
	return b, nil
}

// Start starts a bank on a node and waits until it serves. ctx bounds only the
// wait. The error is New's, or why a process could not start, such as a port in
// use or a file that another program holds.
func Start(ctx context.Context, node *kista.Node, cfg Config) (*Bank, error) {
	b, err := New(cfg)
	if err != nil {
		return nil, err
	}
	pid, err := node.Start(ctx, b.Program())
	if err != nil {
		return nil, fmt.Errorf("bank: start: %w", err)
	}
	b.mu.Lock()
	b.pid = pid
	b.mu.Unlock()
	return b, nil
}

// Stop stops a bank that Start has started, in order: first the listeners, then
// the connections, each after the request it is at (Config.Shutdown), then the
// accounts, last the store. It returns when all have ended; at once if the bank
// has ended before, or is under a supervisor of yours. The error is why the root
// did not end as it was told, or ctx's, which without a deadline has five seconds:
// the bank goes on stopping then.
func (b *Bank) Stop(ctx context.Context) error {
	pid := b.PID()
	if pid.IsZero() {
		return nil
	}
	_, err := kista.System(ctx, pid, kista.Terminate{Reason: kista.ErrShutdown})
	if errors.Is(err, kista.ErrNoProcess) {
		return nil
	}
	return err
}

// PID returns the root supervisor of a bank that Start has started; otherwise
// the zero PID.
func (b *Bank) PID() kista.PID {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.pid
}

// Addr returns the address of the plain port; nil until it has listened.
func (b *Bank) Addr() net.Addr { return b.counter.addr() }

// RobustAddr returns the address of the robust port; nil until it has listened.
func (b *Bank) RobustAddr() net.Addr { return b.robust.addr() }

// opener returns the function that opens the journals in a directory, or those
// in memory, which stay when the store process ends.
func opener(dir string) (func() (Store, error), error) {
	if dir != "" {
		path := filepath.Join(dir, "bank.db")
		return func() (Store, error) { return sqlite.Open(path, sqlite.Config{}) }, nil
	}
	j, err := memory.New(memory.Config{})
	if err != nil {
		return nil, err
	}
	return func() (Store, error) { return kept{j}, nil }, nil
}

// kept is a journal in memory that outlives its owner, as a disk would.
type kept struct{ *memory.Journal }

func (kept) Close() error { return nil }
