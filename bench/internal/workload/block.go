package workload

import (
	"net"
	"sync"
	"syscall"
	"time"
)

// methods are the ways in which handlers of W21 block. prepare returns, for one
// process, a function that blocks for d, and one that frees what it uses.
var methods = []struct {
	name    string
	prepare func(d time.Duration) (block, free func(), err error)
}{
	{"sleep", func(d time.Duration) (block, free func(), err error) {
		return func() { time.Sleep(d) }, func() {}, nil
	}},
	{"channel", func(d time.Duration) (block, free func(), err error) {
		return func() {
			ch := make(chan struct{})
			time.AfterFunc(d, func() { close(ch) })
			<-ch
		}, func() {}, nil
	}},
	{"mutex", func(d time.Duration) (block, free func(), err error) {
		return func() {
			var mu sync.Mutex
			mu.Lock()
			time.AfterFunc(d, mu.Unlock)
			mu.Lock() // held by somebody else, so to speak
			defer mu.Unlock()
		}, func() {}, nil
	}},
	{"socket", socket},
	{"file", file},
}

// socket reads from a TCP connection on which nothing comes, until a deadline.
func socket(d time.Duration) (block, free func(), err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = l.Close() }()
	near, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		return nil, nil, err
	}
	far, err := l.Accept()
	if err != nil {
		near.Close()
		return nil, nil, err
	}
	var b [1]byte
	return func() {
		_ = near.SetReadDeadline(time.Now().Add(d))
		_, _ = near.Read(b[:])
	}, func() { near.Close(); far.Close() }, nil
}

// file is a read(2) that keeps its thread, as one from a disk does: from a pipe
// into which a byte is written after d.
func file(d time.Duration) (block, free func(), err error) {
	var fd [2]int
	if err := syscall.Pipe(fd[:]); err != nil {
		return nil, nil, err
	}
	var b [1]byte
	return func() {
		time.AfterFunc(d, func() { _, _ = syscall.Write(fd[1], []byte{1}) })
		_, _ = syscall.Read(fd[0], b[:])
	}, func() { _ = syscall.Close(fd[0]); _ = syscall.Close(fd[1]) }, nil
}
