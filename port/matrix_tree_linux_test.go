package port_test

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/port"
	"github.com/kista-go/kista/supervisor"
)

// The rows of the crash matrix at level 3 that are about several programs, and
// about their supervisors.

// echo is the spec of a port with a name, that echoes.
func echo(word string) port.Spec {
	return shell(word, `while read x; do case "$x" in die) exit 7;; *) echo "$x";; esac; done`)
}

func named(id string, spec port.Spec) supervisor.Child {
	return supervisor.Child{ID: id, Start: port.Program(spec, port.Opts{Name: id})}
}

func tree(t *testing.T, n *kista.Node, spec supervisor.Spec) kista.PID {
	t.Helper()
	pid, err := supervisor.Start(ctx, n, spec, supervisor.Opts{})
	assert.NoError(t, err)
	return pid
}

// says calls the port of that name until it has an answer: it may be on its way back.
func says(t *testing.T, n *kista.Node, name string) {
	t.Helper()
	eventually(t, name+" answers", func() bool {
		got, err := port.Call(ctx, n.Name(name), []byte("hello"))
		return err == nil && string(got) == "hello"
	})
}

func TestMatrix_L3_ManyCrashes(t *testing.T) {
	n, _, word := setup(t)
	pid := tree(t, n, supervisor.Spec{Intensity: 10, Period: time.Hour, Children: []supervisor.Child{named("a", echo(word))}})
	other := tree(t, n, supervisor.Spec{Children: []supervisor.Child{named("b", echo(word))}})
	end := endOf(n, pid)
	for range 10 {
		says(t, n, "a")
		_, err := port.Call(ctx, n.Name("a"), []byte("die"))
		assert.ErrorAs[*port.ExitError](t, err)
		says(t, n, "b")
	}
	says(t, n, "a")
	_, _ = port.Call(ctx, n.Name("a"), []byte("die"))
	reason := assert.Within(t, long, end)
	assert.Equal(t, assert.ErrorAs[*supervisor.IntensityError](t, reason).ID, "a")
	assert.Equal(t, assert.ErrorAs[*port.ExitError](t, reason).Code, 7)
	assert.True(t, n.Alive(other), "the other tree is down")
	says(t, n, "b")
}

// The program is not there when it is to be started again, and then it is.
func TestMatrix_L3_CannotBeRestarted(t *testing.T) {
	n, _, word := setup(t)
	bin := filepath.Join(t.TempDir(), "program")
	there := []byte("#!/bin/sh\nwhile read x; do case \"$x\" in die) exit 7;; *) echo \"$x\";; esac; done\n")
	assert.NoError(t, os.WriteFile(bin, there, 0o700))
	spec := echo(word)
	spec.Path, spec.Args = bin, []string{word}
	tree(t, n, supervisor.Spec{Intensity: 1_000_000, Period: time.Hour, Children: []supervisor.Child{named("a", spec), named("b", echo(word))}})
	says(t, n, "a")
	assert.NoError(t, os.Rename(bin, bin+" away"))
	_, _ = port.Call(ctx, n.Name("a"), []byte("die"))
	for range 3 {
		says(t, n, "b")
	}
	_, err := port.Call(ctx, n.Name("a"), []byte("hello"))
	assert.True(t, err != nil, "it answers though its program is away")
	assert.NoError(t, os.Rename(bin+" away", bin))
	says(t, n, "a")
}

func TestMatrix_L3_SpinsOnAllProcessors(t *testing.T) {
	n, _, word := setup(t)
	for range 2 * runtime.GOMAXPROCS(0) {
		start(t, n, shell(word, `while :; do :; done`))
	}
	b := start(t, n, echo(word))
	for range 20 {
		got, err := port.Call(ctx, b, []byte("hello"))
		assert.NoError(t, err)
		assert.Equal(t, string(got), "hello")
	}
}

func TestMatrix_L3_ManyNeverAnswer(t *testing.T) {
	n, _, word := setup(t)
	answered := make(chan error, 64)
	var all []kista.PID
	for range 16 {
		pid := start(t, n, shell(word, `cat >/dev/null`))
		all = append(all, pid)
		for range 4 {
			go func() {
				_, err := port.Call(ctx, pid, []byte("hello"))
				answered <- err
			}()
		}
	}
	for _, pid := range all {
		eventually(t, "its calls wait", func() bool {
			i, err := port.Inspect(ctx, pid)
			assert.NoError(t, err)
			return i.Calls == 4
		})
	}
	b := start(t, n, echo(word)) // one that was started later
	got, err := port.Call(ctx, b, []byte("hello"))
	assert.NoError(t, err)
	assert.Equal(t, string(got), "hello")
	for _, pid := range all {
		assert.NoError(t, kista.Exit(pid, kista.Kill))
	}
	for range cap(answered) {
		assert.ErrorIs(t, assert.Within(t, long, answered), kista.ErrKilled)
	}
}

func TestMatrix_L3_TheDead(t *testing.T) {
	n, _, word := setup(t)
	pid := start(t, n, echo(word))
	shutdown(t, pid)
	_, err := port.Call(context.Background(), pid, []byte("hello"))
	assert.ErrorIs(t, err, kista.ErrNoProcess)
	_, err = port.Call(context.Background(), n.Name("nobody"), []byte("hello"))
	assert.ErrorIs(t, err, kista.ErrNoProcess)
	assert.ErrorIs(t, port.Send(context.Background(), pid, []byte("hello")), kista.ErrNoProcess)
}

func TestMatrix_L3_TheSupervisorCrashes(t *testing.T) {
	n, _, word := setup(t)
	inner := supervisor.Program(supervisor.Spec{Children: []supervisor.Child{named("b", echo(word))}}, supervisor.Opts{Name: "inner"})
	tree(t, n, supervisor.Spec{Children: []supervisor.Child{{ID: "inner", Start: inner}, named("c", echo(word))}})
	says(t, n, "b")
	c, _ := n.WhereIs("c")
	b, _ := n.WhereIs("b")
	pid, _ := n.WhereIs("inner")
	end := endOf(n, b)
	assert.NoError(t, kista.Exit(pid, kista.Kill))
	_ = assert.Within(t, long, end)
	says(t, n, "b")
	assert.True(t, n.Alive(c), "the sibling has died")
	eventually(t, "one of each", func() bool { return len(running(word)) == 2 })
}
