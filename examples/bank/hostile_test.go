package bank_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/examples/bank"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/supervisor"
	"github.com/kista-go/kista/term"
)

func (c *client) raw(b ...byte) {
	c.t.Helper()
	_, err := c.conn.Write(b)
	assert.NoError(c.t, err)
}

// closed waits until the bank has closed the connection.
func (c *client) closed() {
	c.t.Helper()
	assert.NoError(c.t, c.conn.SetDeadline(time.Now().Add(patience)))
	rest, err := io.ReadAll(c.conn)
	if len(rest) > 0 || err != nil && isTimeout(err) {
		c.t.Errorf("the connection is not closed: %d bytes, %v", len(rest), err)
	}
}

func isTimeout(err error) bool {
	e, ok := err.(net.Error) //nolint:errorlint // as net returns it
	return ok && e.Timeout()
}

func frame(payload ...byte) []byte {
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(payload))), payload...)
}

// TestBadFrames: what is no request is answered, and the connection goes on
// wherever the stream is still in order.
func TestBadFrames(t *testing.T) {
	_, b := start(t, bank.Config{MaxFrame: 1000})
	c := dial(t, b.Addr())
	for _, bad := range [][]byte{
		frame(1, 2, 3),         // no term
		frame(),                // nothing
		frame(131, 104, 3, 97), // cut short
		frame(131, 108, 255, 255, 255, 255, 97, 97), // a list of 4 G elements
		frame(131, 80, 255, 255, 255, 255, 120),     // compressed, 4 GB when inflated
		frame(131, 97, 1, 97, 1),                    // something behind the term
	} {
		c.raw(bad...)
		assert.NoError(t, c.conn.SetDeadline(time.Now().Add(patience)))
		assert.Equal(t, c.receive(), `{error,bad_request}`)
	}
	c.steps([2]string{`{deposit,joe,5}`, `{ok,5}`})
	for _, size := range [][]byte{{255, 255, 255, 255}, {0, 0, 3, 233}} { // 4 GB; 1001
		c := dial(t, b.Addr())
		c.raw(append(size, 131, 97)...)
		assert.NoError(t, c.conn.SetDeadline(time.Now().Add(patience)))
		assert.Equal(t, c.receive(), `{error,frame_too_large}`)
		c.closed()
	}
	dial(t, b.Addr()).steps([2]string{`{balance,joe}`, `{ok,5}`})
}

// honest is a client that works until it is told to stop and has been answered a
// hundred times; served is how often it has.
func honest(t *testing.T, addr net.Addr) (stop func() (served int)) {
	t.Helper()
	c := dial(t, addr)
	c.steps([2]string{`{balance,honest}`, `{ok,0}`})
	over, ended := make(chan struct{}), make(chan int, 1)
	go func() {
		n := 0
		defer func() { ended <- n }()
		for {
			select {
			case <-over:
				if n >= 100 {
					return
				}
			default:
			}
			if err := c.out.WriteTerm(parse(t, `{deposit,honest,1}`)); err != nil {
				t.Errorf("the honest client: %v", err)
				return
			}
			reply, err := c.in.ReadTerm()
			if err != nil {
				t.Errorf("the honest client: %v", err)
				return
			}
			n++
			if got, want := term.Format(reply), fmt.Sprintf("{ok,%d}", n); got != want {
				t.Errorf("the honest client: got %s, want %s", got, want)
				return
			}
		}
	}()
	return func() int {
		close(over)
		return assert.Within(t, patience, ended)
	}
}

// TestHostileClients: whatever others do, an honest client is served.
func TestHostileClients(t *testing.T) {
	node, b := start(t, bank.Config{ReadTimeout: 300 * time.Millisecond, WriteTimeout: 300 * time.Millisecond})
	stop := honest(t, b.Addr())
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() { attack(t, b.Addr(), uint64(i)) })
	}
	all.Wait()
	served := stop()
	t.Logf("served %d requests meanwhile", served)
	empty(t, node) // the silent ones are put out
}

// empty waits until no client has a connection any more.
func empty(t *testing.T, node *kista.Node) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for {
		n, err := supervisor.CountChildren(ctx, node.Name("bank.counter.connections"))
		assert.NoError(t, err)
		if n.Active == 0 {
			return
		}
		runtime.Gosched()
	}
}

// TestConnectionsAreBounded: a thousand connections too many are told so, and
// those that are there do not notice.
func TestConnectionsAreBounded(t *testing.T) {
	const room = 10
	_, b := start(t, bank.Config{MaxConnections: room})
	stop := honest(t, b.Addr())
	var silent []*client
	for range room - 1 {
		c := dial(t, b.Addr())
		c.steps([2]string{`{balance,mike}`, `{ok,0}`}) // it has its process now
		silent = append(silent, c)
	}
	told := 0
	for range 1000 {
		c := dial(t, b.Addr())
		assert.NoError(t, c.conn.SetDeadline(time.Now().Add(patience)))
		switch reply, err := c.in.ReadTerm(); {
		case err != nil:
			assert.True(t, !isTimeout(err), "a connection too many is still open")
		default:
			assert.Equal(t, term.Format(reply), `{error,too_many_connections}`)
			told++
		}
		assert.NoError(t, c.conn.Close())
	}
	served := stop()
	t.Logf("served %d requests meanwhile, told %d of 1000 why they were refused", served, told)
	assert.True(t, told > 900, "only %d were told", told)
	assert.NoError(t, silent[0].conn.Close())
	for _, c := range silent[1:] {
		c.steps([2]string{`{balance,mike}`, `{ok,0}`})
		assert.NoError(t, c.conn.Close())
	}
}

// attack does what a hostile client may do.
func attack(t *testing.T, addr net.Addr, seed uint64) {
	rng := rand.New(rand.NewPCG(seed, 1))
	for range 50 {
		c, err := net.Dial("tcp", addr.String())
		if err != nil {
			t.Errorf("dial: %v", err)
			return
		}
		switch rng.IntN(5) {
		case 0: // noise
			b := make([]byte, 1+rng.IntN(2000))
			for i := range b {
				b[i] = byte(rng.Uint32())
			}
			_, _ = c.Write(b)
		case 1: // a length of 4 GB, and on
			_, _ = c.Write([]byte{255, 255, 255, 255, 131, 97})
		case 2: // half a frame
			_, _ = c.Write([]byte{0, 0, 0, 99, 131})
		case 3: // a request, gone before the reply
			_, _ = c.Write(frame(131, 104, 2, 119, 7, 'b', 'a', 'l', 'a', 'n', 'c', 'e', 97, 1))
		case 4: // requests without end, replies never read
			for range 100 {
				if _, err := c.Write(frame(131, 97, 1)); err != nil {
					break
				}
			}
		}
		if rng.IntN(2) == 0 {
			_ = c.Close()
			continue
		}
		t.Cleanup(func() { _ = c.Close() }) // silent from here on
	}
}

// TestSlowClients are put out after the time that they have, and not before.
func TestSlowClients(t *testing.T) {
	_, b := start(t, bank.Config{ReadTimeout: 300 * time.Millisecond})
	silent, half, drip := dial(t, b.Addr()), dial(t, b.RobustAddr()), dial(t, b.Addr())
	half.raw(0, 0, 0, 99, 131)
	gone := make(chan error, 1)
	go func() { // a byte from time to time does not prolong it
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for _, err := drip.conn.Write([]byte{0, 0, 3, 0}); err == nil; _, err = drip.conn.Write([]byte{0}) {
			<-tick.C
		}
		gone <- nil
	}()
	silent.closed()
	half.closed()
	assert.Within(t, patience, gone)
}
