package kista_test

import (
	"context"
	"errors"
	"log"
	"log/slog"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
)

// contained are faults that end the process in whose code they happen, with a
// reason, and nobody else. docs/isolation.md names them.
var contained = map[string]func(s *kista.Self){
	"panic":                      func(*kista.Self) { panic("a bug") },
	"nil pointer":                func(*kista.Self) { var c *counter; c.calls++ },
	"index out of range":         func(*kista.Self) { var a []int; a[len(a)] = 1 },
	"division by zero":           func(*kista.Self) { n := 0; n = 1 / n; _ = n },
	"write to a nil map":         func(*kista.Self) { noMap()["a"] = 1 },
	"close of a closed channel":  func(*kista.Self) { c := make(chan int); close(c); close(c) },
	"send on a closed channel":   func(*kista.Self) { c := make(chan int); close(c); c <- 1 },
	"failed assertion":           func(*kista.Self) { var v any = 1; _ = v.(string) },
	"panic in a deferred call":   func(*kista.Self) { defer func() { panic("again") }(); panic("first") },
	"panic with nil":             func(*kista.Self) { panic(nil) },
	"length of a slice negative": func(*kista.Self) { n := -1; _ = make([]int, n) },
	"runtime.Goexit":             func(*kista.Self) { runtime.Goexit() },
}

// fatal are faults that end the program: what Go then says. No library can hold
// them back in one address space; this shows that we know which they are.
var fatal = map[string]struct {
	do    func(s *kista.Self)
	says  string
	quiet bool // the status says it, not the text
}{
	"panic in a goroutine": {do: func(*kista.Self) { go panic("foreign"); select {} }, says: "panic: foreign"},
	"panic in a timer's function": {do: func(*kista.Self) {
		time.AfterFunc(1, func() { panic("late") })
		select {}
	}, says: "panic: late"},
	"panic in a finalizer": {do: func(*kista.Self) {
		runtime.AddCleanup(new([64]int), func(int) { panic("cleaning") }, 0)
		for {
			runtime.GC()
		}
	}, says: "panic: cleaning"},
	"two writers of a map": {do: func(s *kista.Self) {
		m := map[int]int{}
		for range 4 {
			s.Spawn(func(*kista.Self) error {
				for i := 0; ; i++ {
					m[i%8]++
				}
			})
		}
		select {}
	}, says: "concurrent map"},
	"unlock of an unlocked mutex": {do: func(*kista.Self) { new(sync.Mutex).Unlock() }, says: "unlock of unlocked mutex"},
	"endless recursion":           {do: func(*kista.Self) { deeper(0) }, says: "stack overflow"},
	"more memory than there is":   {do: func(*kista.Self) { kept = make([]byte, 1<<46) }, says: "fatal error: "},
	"wild pointer": {do: func(*kista.Self) {
		at := uintptr(0xdead0000)
		*(*int)(*(*unsafe.Pointer)(unsafe.Pointer(&at))) = 1
	}, says: "unexpected fault address"},
	"os.Exit":   {do: func(*kista.Self) { os.Exit(3) }, quiet: true},
	"log.Fatal": {do: func(*kista.Self) { log.Fatal("the end") }, says: "the end"},
}

var kept []byte

func noMap() map[string]int { return nil }

func deeper(n int) int {
	var frame [1024]byte
	frame[n%len(frame)] = 1
	if n < 0 { // never
		return 0
	}
	return deeper(n+1) + int(frame[n%7])
}

func TestIsolationL1_Contained(t *testing.T) {
	for name, do := range contained {
		t.Run(name, func(t *testing.T) {
			n := node(t)
			b := serve(t, n, counter{})
			a := serve(t, n, counter{handle: func(s *kista.Self, _ any) error { do(s); return nil }})
			_, err := kista.Call(context.Background(), a, 1)
			call := assert.ErrorAs[*kista.CallError](t, err)
			var crash *kista.PanicError
			assert.True(t, errors.As(call.Reason, &crash) || errors.Is(call.Reason, kista.ErrGoexit), "the reason is %v", call.Reason)
			assert.True(t, !n.Alive(a), "it lives")
			answers(t, b)
		})
	}
}

func TestIsolationL1_EndsTheProgram(t *testing.T) {
	const inChild = "KISTA_FATAL"
	if name := os.Getenv(inChild); name != "" {
		runtime.GOMAXPROCS(max(2, runtime.GOMAXPROCS(0))) // two writers at once
		debug.SetMaxStack(64 << 20)                       // it takes less of the machine to overflow
		n, err := kista.Start(kista.Config{Logger: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		n.Spawn(func(s *kista.Self) error { fatal[name].do(s); return nil })
		select {}
	}
	for name, f := range fatal {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestIsolationL1_EndsTheProgram$")
			cmd.Env = append(os.Environ(), inChild+"="+name, "GOTRACEBACK=none")
			out, err := cmd.CombinedOutput()
			exit := assert.ErrorAs[*exec.ExitError](t, err)
			assert.True(t, strings.Contains(string(out), f.says), "no %q in\n%.2000s", f.says, out)
			assert.True(t, !f.quiet || exit.ExitCode() == 3, "%v", exit)
		})
	}
}

// Where the disk is full, those who write hear of it; it ends whoever returns that, and nobody else.
func TestMatrix_x3_TheDiskIsFull(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("there is no device that is always full:", err)
	}
	defer full.Close()
	n := node(t)
	b := serve(t, n, counter{})
	a := serve(t, n, counter{handle: func(*kista.Self, any) error { _, err := full.WriteString("a record"); return err }})
	_, err = kista.Call(context.Background(), a, 1)
	assert.ErrorIs(t, assert.ErrorAs[*kista.CallError](t, err).Reason, syscall.ENOSPC)
	assert.True(t, !n.Alive(a), "it lives")
	answers(t, b)
}
