package heart_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/heart"
	"github.com/kista-go/kista/internal/assert"
)

const roleEnv = "KISTA_HEART_TEST"

// TestMain lets the test binary be a heart, and the program that it runs: each a process of its own.
func TestMain(m *testing.M) {
	switch os.Getenv(roleEnv) {
	case "":
		os.Exit(m.Run())
	case "heart":
		_ = os.Setenv(roleEnv, "node")
		signals := make(chan os.Signal, 8)
		signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
		cfg := heart.Default()
		cfg.Path, cfg.Args = os.Args[0], os.Args[1:]
		cfg.Pause, cfg.MaxPause, cfg.Restarts, cfg.Bare, cfg.StopTimeout = time.Millisecond, 5*time.Millisecond, 20, 100, 500*time.Millisecond
		if n, err := strconv.Atoi(os.Getenv("KISTA_HEART_TEST_BARE")); err == nil {
			cfg.Bare = n
		}
		if d, err := time.ParseDuration(os.Getenv("KISTA_HEART_TEST_SILENCE")); err == nil {
			cfg.Silence = d
		}
		if n, err := strconv.ParseInt(os.Getenv("KISTA_HEART_TEST_MEMORY"), 10, 64); err == nil {
			cfg.Memory = n
		}
		if path := os.Getenv("KISTA_HEART_TEST_COPY"); path != "" {
			if err := duplicate(path); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
			cfg.Path = path
		}
		code, err := heart.Run(cfg, os.Stderr, signals)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
		os.Exit(code)
	case "node":
		if err := program(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
}

// program is a server that adds, and dies as it is told. Its sum outlives it, and so do its connections.
func program() error {
	ln, err := heart.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	sum, err := heart.Open("sum")
	if err != nil {
		return err
	}
	if err := shop(); err != nil {
		return err
	}
	if err := theAccounts.open(); err != nil {
		return err
	}
	fmt.Println("ready", ln.Addr(), heart.Life())
	var mu sync.Mutex
	kept, err := heart.Kept()
	if err != nil {
		return err
	}
	sessions := os.Getenv("KISTA_HEART_TEST_SESSIONS") != ""
	keep := func(key string, conn net.Conn) (net.Conn, error) {
		if sessions {
			return heart.KeepSession(key, conn, "a note")
		}
		return conn, heart.Keep(key, conn, "a note")
	}
	for _, c := range kept {
		if c.Owed {
			_ = heart.Drop(c.Key)
			_ = c.Close()
			continue
		}
		conn, err := keep(c.Key, c.Conn)
		if err != nil {
			return err
		}
		go serve(conn, c.Key, sum, &mu)
	}
	for n := 0; ; n++ {
		conn, err := ln.Accept()
		if err != nil {
			return err
		}
		key := fmt.Sprintf("%d.%d", heart.Life(), n)
		if conn, err = keep(key, conn); err != nil {
			return err
		}
		go serve(conn, key, sum, &mu)
	}
}

func serve(conn net.Conn, key string, sum *heart.State, mu *sync.Mutex) {
	// Not in a deferred function: a panic, of which the program dies, would drop the connection on its way.
	done := func() { _ = heart.Drop(key); _ = conn.Close() }
	in := bufio.NewScanner(conn)
	for in.Scan() {
		busy.Add(1)
		word, rest, _ := strings.Cut(in.Text(), " ")
		switch word {
		case "add":
			n, _ := strconv.Atoi(rest)
			mu.Lock()
			var now uint64
			if b, err := sum.Load(); err == nil {
				now = binary.LittleEndian.Uint64(b)
			}
			now += uint64(n)
			err := sum.Commit(binary.LittleEndian.AppendUint64(nil, now))
			mu.Unlock()
			fmt.Fprintln(conn, now, err)
		case "death":
			if d := heart.LastDeath(); d != nil {
				fmt.Fprintf(conn, "%s %d %s\n", d.Kind, d.Status, d.Text)
			} else {
				fmt.Fprintln(conn, "none")
			}
		case "shop":
			fmt.Fprintln(conn, ask(rest))
		case "account":
			n, _ := strconv.Atoi(rest)
			fmt.Fprintln(conn, theAccounts.ask(n))
		case "copy":
			if err := duplicate(os.Getenv("KISTA_HEART_TEST_COPY")); err != nil {
				fmt.Fprintln(os.Stderr, err)
			}
		case "left":
			fmt.Fprintln(conn, heart.Quarantined())
		case "restore":
			fmt.Fprintln(conn, heart.Restore(rest))
		case "settled":
			for busy.Load() > 1 {
				runtime.Gosched()
			}
			fmt.Fprintln(conn, "yes")
		case "deadline": // a kept connection keeps its deadlines
			_ = conn.SetReadDeadline(time.Now().Add(10 * time.Millisecond))
			_, err := conn.Read(make([]byte, 1))
			_ = conn.SetReadDeadline(time.Time{})
			fmt.Fprintln(conn, errors.Is(err, os.ErrDeadlineExceeded))
		case "bye":
			done()
			return
		default:
			die(word)
		}
		if s, ok := conn.(*heart.Session); ok {
			if err := s.Answered(); err != nil {
				return
			}
		}
		busy.Add(-1)
	}
	done()
}

// busy is how many connections have not noted that they have answered.
var busy atomic.Int64

// duplicate puts a copy of this program at path, in place of what is there.
func duplicate(path string) error {
	text, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		return err
	}
	if err := os.WriteFile(path+".new", text, 0o755); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

func die(how string) {
	switch how {
	case "map":
		m := map[int]int{}
		for range 8 {
			go func() {
				for i := 0; ; i++ {
					m[i%8] = i
				}
			}()
		}
	case "stack":
		debug.SetMaxStack(16 << 20)
		recurse(make([]byte, 1024))
	case "panic":
		panic("nobody owns this")
	case "unlock":
		new(sync.Mutex).Unlock()
	case "segfault":
		var p *int
		*(*uintptr)(unsafe.Pointer(&p)) = 1 << 40 // as C code might
		*p = 1
	case "exit":
		os.Exit(3)
	case "stop":
		_ = syscall.Kill(os.Getpid(), syscall.SIGSTOP)
	case "eat":
		for all := [][]byte{}; ; {
			all = append(all, bytes.Repeat([]byte{1}, 1<<20))
		}
	case "kill":
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	case "renew":
		_ = heart.Renew("to be rid of zombies")
	case "done":
		os.Exit(0)
	case "zombies":
		n, err := kista.Start(kista.Config{})
		if err != nil {
			return
		}
		_, _ = n.Start(context.Background(), heart.Watch(heart.Zombies{Most: 2, Every: time.Millisecond, Before: func() { fmt.Println("before") }}))
		for range 3 {
			inside := make(chan struct{})
			pid := n.Spawn(func(*kista.Self) error { close(inside); select {} })
			<-inside
			_ = kista.Exit(pid, kista.Kill)
		}
	case "hang":
		signal.Ignore(syscall.SIGTERM)
	}
}

func recurse(b []byte) int {
	return recurse(append([]byte(nil), b...)) + 1 //nolint:staticcheck // this is the fault
}

// life is a heart with its program, as seen from outside.
type life struct {
	t    testing.TB
	cmd  *exec.Cmd
	out  *bufio.Scanner
	addr string
}

func start(t testing.TB, env ...string) *life {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(append(os.Environ(), roleEnv+"=heart"), env...)
	out, err := cmd.StdoutPipe()
	assert.NoError(t, err)
	assert.NoError(t, cmd.Start())
	l := &life{t: t, cmd: cmd, out: bufio.NewScanner(out)}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	l.ready(1)
	return l
}

// ready waits until the program says that it is there.
func (l *life) ready(number int) {
	l.t.Helper()
	for l.out.Scan() {
		words := strings.Fields(l.out.Text())
		if len(words) == 3 && words[0] == "ready" && words[2] == strconv.Itoa(number) {
			if l.addr == "" {
				l.addr = words[1]
			}
			assert.Equal(l.t, words[1], l.addr) // the same listener
			return
		}
	}
	l.t.Fatalf("life %d does not come", number)
}

// conn is a client's connection.
type conn struct {
	net.Conn
	t  testing.TB
	in *bufio.Scanner
}

func (l *life) dial() *conn {
	l.t.Helper()
	c, err := net.Dial("tcp", l.addr)
	assert.NoError(l.t, err)
	l.t.Cleanup(func() { _ = c.Close() })
	return &conn{c, l.t, bufio.NewScanner(c)}
}

func (c *conn) say(text string) {
	c.t.Helper()
	_, err := fmt.Fprintln(c, text)
	assert.NoError(c.t, err)
}

func (c *conn) ask(text string) string {
	c.t.Helper()
	c.say(text)
	assert.NoError(c.t, c.SetReadDeadline(time.Now().Add(30*time.Second)))
	if !c.in.Scan() {
		c.t.Fatalf("%q: the connection is closed: %v", text, c.in.Err())
	}
	return c.in.Text()
}
