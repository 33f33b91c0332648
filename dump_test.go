package kista_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"regexp"
	"runtime/pprof"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
)

func TestDump(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := start(t, kista.Config{Name: "a"})
		gate := make(chan struct{})
		block := counter{handle: func(*kista.Self, any) error { <-gate; return nil }}
		serve(t, n, counter{}) // idle: not worth a line
		stuck, err := n.Start(context.Background(), program(kista.SpawnOpts{Name: "stuck"}, block))
		assert.NoError(t, err)
		dead, err := n.Start(context.Background(), program(kista.SpawnOpts{Name: "dead"}, block))
		assert.NoError(t, err)
		_, err = n.SpawnWith(kista.SpawnOpts{Label: "reader"}, idle)
		assert.NoError(t, err)
		for range 3 {
			_, _ = kista.Send(stuck, "x"), kista.Send(dead, "x")
		}
		calling := kista.Begin(context.Background(), stuck, "y")
		settle()
		_ = kista.Exit(dead, errBoom)
		time.Sleep(2 * time.Second)
		var b bytes.Buffer
		assert.NoError(t, n.Dump(&b))
		for _, want := range []string{
			`^node a, up \d+s: 3 processes \(4 spawned\), 3 in their code, 1 zombies\n`,
			`\n\d+ workers, \d+ of them blocked; 0 behaviours queued; 0 timers, 1 names; dropped: 0 messages, 0 reports\n`,
			`\n<a.\d+> counter "stuck": running in Handle for \S+, last string, mailbox 3 \(\d+ bytes\), handled \d, owes 1 answers, at 0x[0-9a-f]+\n`,
			`\n<a.\d+> body "reader": waiting for receive in body for \S+, mailbox 0 \(0 bytes\), handled 0, at 0x`,
			`\n<a.\d+> counter "dead": zombie, in Handle, ended with: boom, at 0x[0-9a-f]+\n$`,
		} {
			if !regexp.MustCompile(want).Match(b.Bytes()) {
				t.Errorf("no %s in\n%s", want, &b)
			}
		}
		assert.Equal(t, strings.Count(b.String(), "\n"), 5)
		close(gate)
		settle()
		_, err = calling.Wait(context.Background())
		assert.True(t, err != nil, "the block answers no calls")
	})
}

// What is written behind "at" is what a stack shows.
func TestDumpLeadsToTheStack(t *testing.T) {
	n := node(t)
	gate := make(chan struct{})
	stuck := serve(t, n, counter{handle: func(*kista.Self, any) error { <-gate; return nil }})
	assert.NoError(t, kista.Send(stuck, 1))
	var stacks bytes.Buffer
	eventually(t, "the process is in its code", func() bool {
		var b bytes.Buffer
		assert.NoError(t, n.Dump(&b))
		at := regexp.MustCompile(`, at (0x[0-9a-f]+)\n`).FindStringSubmatch(b.String())
		stacks.Reset()
		assert.NoError(t, pprof.Lookup("goroutine").WriteTo(&stacks, 2))
		return at != nil && strings.Contains(stacks.String(), "kista.(*proc).run("+at[1])
	})
	close(gate)
}

// Processes that have blocked for long are labelled in profiles from then on, and the worker is not when it goes on with others.
func TestProfileLabels(t *testing.T) {
	n := node(t)
	gate := make(chan struct{})
	labels := func() string {
		var b bytes.Buffer
		assert.NoError(t, pprof.Lookup("goroutine").WriteTo(&b, 1))
		return b.String()
	}
	pid, err := n.SpawnWith(kista.SpawnOpts{Name: "reader"}, func(*kista.Self) error { <-gate; return nil })
	assert.NoError(t, err)
	eventually(t, "a named body is labelled", func() bool {
		return strings.Contains(labels(), fmt.Sprintf(`"kista_kind":"body", "kista_name":"reader", "kista_pid":%q`, pid))
	})
	if !raceEnabled {
		gate := make(chan struct{})
		slow := serve(t, n, counter{handle: func(*kista.Self, any) error { <-gate; return nil }})
		assert.NoError(t, kista.Send(slow, 1))
		eventually(t, "it is seen to block", func() bool {
			answers(t, serve(t, n, counter{})) // something is queued behind it
			return n.Stats().Blocked == 1
		})
		began := time.Now()
		eventually(t, "it has blocked for long", func() bool { return time.Since(began) > 20*time.Millisecond })
		gate <- struct{}{}
		assert.NoError(t, kista.Send(slow, 1))
		eventually(t, "it is labelled", func() bool { return strings.Contains(labels(), fmt.Sprintf(`"kista_pid":%q`, slow)) })
		close(gate)
	}
	close(gate)
	eventually(t, "no label is left", func() bool { return !strings.Contains(labels(), "kista_pid") })
}

func TestStopErrorNamesWhoIsLeft(t *testing.T) {
	n, err := kista.Start(kista.Config{Name: "a"})
	assert.NoError(t, err)
	gate := make(chan struct{})
	in := make(chan struct{})
	_, err = n.SpawnWith(kista.SpawnOpts{Name: "stubborn"}, func(*kista.Self) error { close(in); <-gate; return nil })
	assert.NoError(t, err)
	<-in
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var stop *kista.StopError
	err = n.Stop(ctx)
	assert.True(t, errors.As(err, &stop) && strings.Contains(err.Error(), `body "stubborn"`), "%v", err)
	close(gate)
	eventually(t, "it has returned", func() bool { return n.Stop(context.Background()) == nil })
}
