package peer

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"log"
	"log/slog"
	"os"
	"sync/atomic"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/peer/internal/wire"
	"github.com/kista-go/kista/term"
)

// The descriptors of a peer besides its standard ones, which go to its parent.
const (
	connFD = 3 // the connection
	errsFD = 4 // the parent reads its standard error there
)

// child says whether this OS process is a peer's; entered, that main has called [Main].
var (
	child   bool
	entered atomic.Bool
)

func init() {
	if len(os.Args) < 2 || os.Args[1] != childArg {
		return
	}
	if _, is := os.LookupEnv(childEnv); !is {
		return
	}
	child = true
	_ = os.Unsetenv(childEnv)
	redirect()
}

// Main makes this OS process a peer, if it was started as one, and does not return then: the process runs what its parent
// asks for, and ends with it. In any other it returns at once. It is to be the first statement of main, and of TestMain in
// tests that have peers:
//
//	func main() {
//		peer.Main()
//		...
//	}
func Main() {
	entered.Store(true)
	if !child {
		return
	}
	if err := serve(); err != nil {
		fmt.Fprintf(os.Stderr, "peer: %v\n", err)
		exit(1)
	}
	exit(0)
}

// serve is the life of a peer, in its OS process.
func serve() error {
	conn, err := inherited()
	if err != nil {
		return err
	}
	l := newLink(conn, DefaultMaxMessage, DefaultBuffer)
	if err := l.greet(os.Getpid(), incarnation()); err != nil {
		return nil // the parent has gone
	}
	terms, err := l.greeted()
	if err != nil {
		return nil // not wanted
	}
	var w welcome
	if err := w.read(terms); err != nil {
		return err
	}
	l.limit, l.buffer = w.limit, w.buffer
	flags := log.Flags()
	logger := slog.New(&records{link: l})
	slog.SetDefault(logger)
	log.SetOutput(os.Stderr) // what log.Fatal says must be out before it ends the process
	log.SetFlags(flags)
	node, err := kista.Start(kista.Config{Name: w.name, Logger: logger})
	if err != nil {
		return err
	}
	stop := make(chan time.Duration, 1)
	if _, err := node.Start(context.Background(), agentProgram(stop)); err != nil {
		return err
	}
	l.attach(node, w.parent, w.incarnation)
	select {
	case <-l.ended:
		return nil
	case within := <-stop:
		ctx, cancel := context.WithTimeout(context.Background(), within)
		defer cancel()
		_ = node.Stop(ctx)
		l.control(wire.Bye)
		l.finish(time.Second)
	}
	return nil
}

// incarnation tells one life of a node from all others.
func incarnation() uint64 {
	var b [8]byte
	_, _ = rand.Read(b[:])
	return binary.BigEndian.Uint64(b[:]) | 1
}

// welcome is what a parent tells a peer that is to begin.
type welcome struct {
	name, parent  string
	incarnation   uint64 // of the parent
	limit, buffer int
}

func (w welcome) terms() []term.Term {
	return []term.Term{term.Binary(w.name), term.Binary(w.parent), term.Binary(binary.BigEndian.AppendUint64(nil, w.incarnation)), w.limit, w.buffer}
}

func (w *welcome) read(t term.Tuple) error {
	if len(t) == 5 {
		name, ok1 := t[0].(term.Binary)
		parent, ok2 := t[1].(term.Binary)
		inc, ok3 := t[2].(term.Binary)
		limit, ok4 := t[3].(int64)
		buffer, ok5 := t[4].(int64)
		if ok1 && ok2 && ok3 && ok4 && ok5 && len(inc) == 8 {
			*w = welcome{string(name), string(parent), binary.BigEndian.Uint64([]byte(inc)), int(limit), int(buffer)}
			return nil
		}
	}
	return wire.ErrFrame
}
