package peer_test

import (
	"log"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"syscall"
	"time"
	"unsafe"

	"github.com/kista-go/kista/server"
)

// commit does what no process may do.
func commit(c *server.Ctx, q fault) error {
	switch q.Kind {
	case "exit":
		os.Exit(3)
	case "log":
		log.Fatal("the disk is full")
	case "map":
		m := map[int]int{}
		for range 8 {
			go func() {
				for i := 0; ; i++ {
					m[i%8] = i
				}
			}()
		}
		select {}
	case "stack":
		debug.SetMaxStack(32 << 20) // the runtime's limit takes it ten seconds to reach
		recurse(make([]byte, 1024))
	case "goroutine":
		go func() { panic("nobody owns this") }()
		select {}
	case "segfault":
		var p *int
		*(*uintptr)(unsafe.Pointer(&p)) = 1 << 40 // as C code might
		*p = 1
	case "memory":
		var all [][]byte
		for {
			b := make([]byte, 4<<20)
			for i := range b {
				b[i] = 1
			}
			all = append(all, b)
			runtime.KeepAlive(all)
		}
	case "panic":
		panic(errBoom)
	case "goexit":
		runtime.Goexit()
	case "call":
		host, name, _ := strings.Cut(q.Arg, " ")
		_, err := server.CallFor(c, 300*time.Millisecond, c.Node().Remote(host, name), add{N: 1})
		return err
	case "unlock":
		new(sync.Mutex).Unlock()
	case "timer":
		time.AfterFunc(0, func() { panic("in a timer") })
		select {}
	case "finalizer":
		runtime.SetFinalizer(&struct{ big [64]byte }{}, func(any) { panic("in a finalizer") })
		for {
			runtime.GC()
		}
	case "block":
		select {}
	case "spin":
		for { //nolint:staticcheck // this is the fault
		}
	case "flood":
		return flood(c)
	case "close":
		_ = syscall.Close(3)
		select {}
	case "script":
		return exec.Command("sh", "-c", q.Arg, q.Mark).Run()
	case "parent":
		return syscall.Kill(os.Getppid(), syscall.SIGKILL)
	case "disk":
		f, err := os.CreateTemp(q.Arg, "big")
		if err != nil {
			return err
		}
		for err == nil {
			_, err = f.Write(make([]byte, 1<<16))
		}
		return err
	case "garbage":
		_, _ = syscall.Write(3, []byte("\x00\x00\x00\x03abc"))
		select {}
	}
	return nil
}

// flood sends to whoever is called sink at home for ever.
func flood(c *server.Ctx) error {
	for {
		_ = c.Send(c.Node().Remote("parent", "sink"), note{Text: strings.Repeat("x", 1000)})
		if err := c.Err(); err != nil {
			return err
		}
	}
}

func recurse(b []byte) int {
	return recurse(append([]byte(nil), b...)) + 1 //nolint:staticcheck // this is the fault
}
