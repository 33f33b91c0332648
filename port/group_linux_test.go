package port_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/port"
)

// testGroup makes a control group in which the test may make others, with the
// given controllers, or skips the test. It must be empty at the end.
func testGroup(t testing.TB, controllers ...string) (path string) {
	t.Helper()
	path = "/" + filepath.Base(open(t))
	var dirs []string
	for _, c := range controllers {
		dir := filepath.Join("/sys/fs/cgroup", c, path) // version 1
		if _, err := os.Stat("/sys/fs/cgroup/cgroup.controllers"); err == nil {
			dir = filepath.Join("/sys/fs/cgroup", path)
		}
		if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, os.ErrExist) {
			t.Skipf("SKIPPED (needs a control group for %s that may be written): %v", c, err)
		}
		dirs = append(dirs, dir)
		t.Cleanup(func() { _ = syscall.Rmdir(dir) })
	}
	t.Cleanup(func() {
		for _, dir := range dirs {
			left, _ := filepath.Glob(filepath.Join(dir, "kista-*"))
			assert.Equal(t, left, nil)
		}
	})
	return path
}

func TestGroup_Memory(t *testing.T) {
	path := testGroup(t, "memory")
	n, _, word := setup(t)
	// Each of its processes is small; together they are not.
	spec := shell(word, `
		grow() { x=0123456789abcdef; while [ ${#x} -lt 8000000 ]; do x=$x$x; done; sleep 1; }
		for i in 1 2 3 4 5 6 7 8; do grow & all="$all $!"; done
		for p in $all; do wait $p || exit 5; done`)
	assert.NoError(t, assert.Within(t, long, endOf(n, start(t, n, spec))))
	spec.Group = port.Group{Path: path, Memory: 48 << 20}
	reason := assert.Within(t, long, endOf(n, start(t, n, spec)))
	assert.Equal(t, *assert.ErrorAs[*port.ExitError](t, reason), port.ExitError{Program: "sh", Code: 5, OutOfMemory: true})
}

func TestGroup_OneEatsItAll(t *testing.T) {
	path := testGroup(t, "memory")
	n, _, word := setup(t)
	for name, box := range map[string]*port.Sandbox{"plain": nil, "sandboxed": {}} {
		t.Run(name, func(t *testing.T) {
			spec := shell(word, `x=0123456789abcdef; while :; do x=$x$x; done`)
			spec.Group, spec.Sandbox = port.Group{Path: path, Memory: 32 << 20}, box
			reason := assert.Within(t, long, endOf(n, start(t, n, spec)))
			e := assert.ErrorAs[*port.ExitError](t, reason)
			assert.Equal(t, *e, port.ExitError{Program: "sh", Signal: syscall.SIGKILL, OutOfMemory: true})
		})
	}
}

func TestGroup_Processes(t *testing.T) {
	path := testGroup(t, "pids")
	n, _, word := setup(t)
	spec := shell(word, `f() { f | f & }; while :; do f; done 2>/dev/null`) // as root, and without end
	spec.Group = port.Group{Path: path, Processes: 30}
	pid := start(t, n, spec)
	end := endOf(n, pid)
	eventually(t, "the bomb has gone off, or ended", func() bool { return len(running(word)) > 10 || len(end) > 0 })
	assert.True(t, len(running(word)) <= 30, "%d processes", len(running(word)))
	shutdownIfThere(pid)
	assert.Within(t, long, end)
	assert.Equal(t, len(running(word)), 0)
}

func TestGroup_Processors(t *testing.T) {
	path := testGroup(t, "cpu")
	n, _, word := setup(t)
	b := newInbox(t, n)
	spec := shell(word, `i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done; times; read x`)
	spec.Subscriber = b.pid
	spec.Group = port.Group{Path: path, Processors: 0.1}
	began := time.Now()
	start(t, n, spec)
	text := b.text(t) // "0m0.3s 0m0.0s"
	var used time.Duration
	for _, word := range strings.Fields(text) {
		d, err := time.ParseDuration(word)
		assert.NoError(t, err)
		used += d
	}
	took := time.Since(began)
	assert.True(t, used > 50*time.Millisecond && took > 4*used, "it used %v in %v", used, took)
}

func TestGroup_WhatCannotBeHadIsRefused(t *testing.T) {
	n, _, word := setup(t)
	spec := shell(word, `exit 0`)
	spec.Group = port.Group{Path: "/no/such/group", Memory: 1 << 20}
	_, err := port.Start(ctx, n, spec, port.Opts{})
	assert.ErrorAs[*port.UnsupportedError](t, err)
	for field, g := range map[string]port.Group{
		"Group.Path": {Memory: 1}, "Group.Memory": {Memory: -1}, "Group.Processes": {Processes: -1}, "Group.Processors": {Processors: -1},
	} {
		spec.Group = g
		_, err := port.Start(ctx, n, spec, port.Opts{})
		assert.Equal(t, assert.ErrorAs[*port.SpecError](t, err).Field, field)
	}
}
