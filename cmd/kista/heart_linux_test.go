package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/etf"
	"github.com/kista-go/kista/examples/bank"
	"github.com/kista-go/kista/heart"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/term"
)

// doomed tells the test's binary to be a bank that dies again and again: how often, its data and its ports.
const doomed = "KISTA_DOOMED_BANK"

func init() {
	if os.Getenv("KISTA_HEART") != "" && os.Getenv(doomed) != "" {
		role = func() {
			if err := doomedBank(); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
			os.Exit(0)
		}
	}
}

// doomedBank is that bank. In each life but the last one it dies of another fatal error, in the middle of a request.
func doomedBank() error {
	words := strings.Fields(os.Getenv(doomed))
	deaths, _ := strconv.Atoi(words[0])
	plain, _ := strconv.Atoi(words[2])
	robust, _ := strconv.Atoi(words[3])
	stop, done := signal.NotifyContext(context.Background(), os.Interrupt)
	defer done()
	node, err := kista.Start(kista.Config{})
	if err != nil {
		return err
	}
	var left atomic.Int64
	left.Store(int64(100 + 37*heart.Life()%200))
	_, err = bank.Start(stop, node, bank.Config{Data: words[1], Port: plain, RobustPort: robust, Fault: func(at bank.Point, _ string) {
		if at == bank.InRequest && heart.Life() <= deaths && left.Add(-1) == 0 {
			dieOf(heart.Life())
		}
	}})
	if err != nil {
		return err
	}
	fmt.Println("life", heart.Life())
	<-stop.Done()
	return node.Stop(context.Background())
}

func dieOf(life int) {
	switch life % 5 {
	case 0:
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	case 1:
		m := map[int]int{}
		for range 4 {
			go func() {
				for i := 0; ; i++ {
					m[i%8] = i
				}
			}()
		}
	case 2:
		debug.SetMaxStack(16 << 20)
		deeper(make([]byte, 1024))
	case 3:
		os.Exit(3)
	case 4:
		go panic("nobody owns this")
	}
	select {}
}

func deeper(b []byte) int { return deeper(append([]byte(nil), b...)) + 1 } //nolint:staticcheck // this is the fault

// A bank under a heart dies of what no process contains, again and again, and is back each time before its clients lose patience: no request
// that was acknowledged is missing, and none was done twice.
func TestBankUnderAHeart(t *testing.T) {
	deaths := 20
	if testing.Short() {
		deaths = 5
	}
	data, plain, robust := t.TempDir(), freePort(t), freePort(t)
	server := command(t, "run", "--heart", "--heart-restarts=-1", "--heart-period=1ms", os.Args[0])
	server.Env = append(server.Env, fmt.Sprint(doomed, "=", deaths, " ", data, " ", plain, " ", robust))
	errs, _ := os.Create("/tmp/bankerr")
	server.Stderr = errs
	out, err := server.StdoutPipe()
	assert.NoError(t, err)
	assert.NoError(t, server.Start())
	lives := make(chan int)
	go func() {
		defer close(lives)
		for {
			var life int
			if _, err := fmt.Fscanf(out, "life %d\n", &life); err != nil {
				return
			}
			lives <- life
		}
	}()
	assert.Equal(t, <-lives, 1)

	books := command(t, "ledger", "--addr", "127.0.0.1:"+robust, "--log", filepath.Join(data, "ledger.json"))
	stdin, err := books.StdinPipe()
	assert.NoError(t, err)
	stdout, err := books.StdoutPipe()
	assert.NoError(t, err)
	assert.NoError(t, books.Start())
	result := make(chan ledgerLine, 1)
	go func() {
		lines := json.NewDecoder(stdout)
		var last ledgerLine
		for {
			var line ledgerLine
			if lines.Decode(&line) != nil {
				result <- last
				return
			}
			if line.Result != nil {
				last = line
			}
		}
	}()
	over := make(chan struct{})
	gaps := make(chan probes, 1)
	go func() { gaps <- probe("127.0.0.1:"+plain, over) }()

	for want := 2; want <= deaths+1; want++ {
		assert.Equal(t, <-lives, want)
	}
	close(over)
	p := <-gaps
	if p.err != nil {
		o, _ := exec.Command("bash", "-c", "ss -tnpa | grep "+plain+"; ps aux | grep kista.test").CombinedOutput()
		t.Logf("%s", o)
		exec.Command("bash", "-c", "pkill -QUIT -n kista.test; sleep 1").Run()
	}
	assert.NoError(t, p.err)
	_ = stdin.Close()
	last := <-result
	assert.NoError(t, books.Wait())
	assert.True(t, last.Result != nil && last.Exact, "the books do not agree: %+v", last.Result)
	slices.Sort(p.longest)
	t.Logf("%d deaths, %d requests acknowledged, %d attempts repeated, %d accounts exact; a client that asked all the time was %d times closed, and waited longest: %v",
		deaths, last.Result.Acked, last.Result.Retries, len(last.Result.Rows), p.closed, p.longest[max(0, len(p.longest)-deaths):])
	assert.NoError(t, server.Process.Signal(os.Interrupt))
	for range lives {
	}
	assert.NoError(t, server.Wait())
}

type probes struct {
	longest []time.Duration // of all answers, those that took over 2 ms
	closed  int
	err     error
}

// probe asks for a balance all the time, and connects again when its connection was closed.
func probe(addr string, over <-chan struct{}) (p probes) {
	dial := func() (net.Conn, *etf.Reader, *etf.Writer) {
		conn, err := net.Dial("tcp", addr)
		if err != nil { // the heart's listener is always there
			p.err = err
			return nil, nil, nil
		}
		return conn, etf.NewReader(conn), etf.NewWriter(conn)
	}
	conn, in, out := dial()
	for {
		select {
		case <-over:
			return p
		default:
		}
		began := time.Now()
		for p.err == nil {
			_ = conn.SetDeadline(time.Now().Add(6 * time.Second))
			err := out.WriteTerm(term.Tuple{term.Atom("balance"), term.Binary("probe")})
			if err == nil {
				_, err = in.ReadTerm()
			}
			if err == nil {
				break
			}
			if !errors.Is(err, io.EOF) && !errors.Is(err, syscall.ECONNRESET) && !errors.Is(err, syscall.EPIPE) && !errors.Is(err, io.ErrUnexpectedEOF) {
				p.err = err
				break
			}
			p.closed++
			_ = conn.Close()
			conn, in, out = dial()
		}
		if p.err != nil {
			return p
		}
		if d := time.Since(began); d > 2*time.Millisecond {
			p.longest = append(p.longest, d)
		}
	}
}
