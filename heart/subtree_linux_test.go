package heart_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/heart"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/server"
	"github.com/kista-go/kista/supervisor"
)

// The shop has two parts that the program can do without: the till and the advice. Each dies as it is told.

type tell struct {
	server.Replies[string]
	What string
}

var part server.Mux[int]

func init() {
	server.OnCall(&part, func(c *server.Ctx, n *int, m tell) (string, error) {
		switch m.What {
		case "panic": // where no process contains it
			go func() { panic("nobody owns this") }()
			select {} // it comes in a moment
		case "stack":
			debug.SetMaxStack(16 << 20)
			recurse(make([]byte, 1024))
		case "goroutine":
			go die("unlock")
			select {}
		case "child":
			_ = c.Self.Spawn(func(*kista.Self) error { die("unlock"); return nil })
			select {}
		case "zombie":
			inside := make(chan struct{})
			pid := c.Self.Spawn(func(*kista.Self) error { close(inside); select {} })
			<-inside
			_ = kista.Exit(pid, kista.Kill)
		}
		*n++
		return fmt.Sprint(*n), nil
	})
}

var theShop *kista.Node

func shop() (err error) {
	theShop, err = kista.Start(kista.Config{Logger: slog.New(slog.NewTextHandler(os.Stderr, nil))})
	if err != nil {
		return err
	}
	open := func(*server.Ctx, int) (*int, error) { return new(int), nil }
	child := func(name string) supervisor.Child {
		return supervisor.Child{ID: name, Start: heart.Subtree(name, supervisor.Program(supervisor.Spec{Children: []supervisor.Child{
			{ID: name, Start: server.Child(server.Of(&part, open), 0, server.Opts{Name: name})},
		}}, supervisor.Opts{}))}
	}
	_, err = supervisor.Start(context.Background(), theShop, supervisor.Spec{Children: []supervisor.Child{
		child("till"), child("advice"),
		{ID: "zombies", Start: heart.Watch(heart.Zombies{Most: 2, Every: time.Millisecond, LeaveOut: true})},
	}}, supervisor.Opts{})
	return err
}

func ask(what string) string {
	who, what, _ := strings.Cut(what, " ")
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	answer, err := server.Call(ctx, theShop.Name(who), tell{What: what})
	if errors.Is(err, kista.ErrNoProcess) {
		return "nobody"
	}
	if err != nil {
		return err.Error()
	}
	return answer
}

// After the same death of one of its parts again, the program is there without that part. The other one never misses a question, and whoever
// is connected stays connected.
func TestASubtreeIsLeftOut(t *testing.T) {
	for how, text := range map[string]string{"panic": "panic: nobody owns this", "stack": "fatal error: stack overflow", "goroutine": "fatal error: sync: unlock", "child": "fatal error: sync: unlock"} {
		t.Run(how, func(t *testing.T) {
			l := start(t)
			c := l.dial()
			assert.Equal(t, c.ask("add 5"), "5 <nil>")
			for n := 2; n <= 3; n++ {
				assert.Equal(t, c.ask("shop till buy"), "1")
				assert.Equal(t, c.ask("shop advice"), "1")
				assert.Equal(t, c.ask("left"), "map[]")
				c.say("shop advice " + how)
				l.ready(n)
				got := c.ask("death")
				assert.True(t, strings.HasPrefix(got, "fatal 2 "+text), "the death was %q", got)
			}
			assert.Equal(t, c.ask("shop till buy"), "1")
			assert.Equal(t, c.ask("shop advice"), "nobody")
			assert.Equal(t, c.ask("left"), "map[advice:1]")
			c.say("kill") // it stays away
			l.ready(4)
			assert.Equal(t, c.ask("shop advice"), "nobody")
			assert.Equal(t, c.ask("restore advice"), "<nil>")
			c.say("kill")
			l.ready(5)
			assert.Equal(t, c.ask("shop advice"), "1")
			assert.Equal(t, c.ask("add 1"), "6 <nil>")
		})
	}
}

// Zombies, too many of them, take their part of the program with them.
func TestZombiesAreLeftOut(t *testing.T) {
	l := start(t)
	c := l.dial()
	for range 3 {
		c.say("shop advice zombie")
	}
	l.ready(2)
	c = l.dial() // some answers may have been written
	assert.Equal(t, c.ask("left"), "map[advice:1]")
	assert.Equal(t, c.ask("shop till"), "1")
	assert.Equal(t, c.ask("shop advice"), "nobody")
}

// Another program in the place of the one that died is a new beginning for all its parts.
func TestAnotherProgramIsANewBeginning(t *testing.T) {
	l := start(t, "KISTA_HEART_TEST_COPY="+t.TempDir()+"/program")
	c := l.dial()
	for n := 2; n <= 3; n++ {
		c.say("shop advice panic")
		l.ready(n)
	}
	assert.Equal(t, c.ask("shop advice"), "nobody")
	c.say("kill")
	l.ready(4)
	assert.Equal(t, c.ask("shop advice"), "nobody")
	c.say("copy")
	assert.Equal(t, c.ask("shop till"), "1")
	c.say("kill")
	l.ready(5)
	assert.Equal(t, c.ask("shop advice"), "1")
}

// A program that stands still as a whole gives no signs of life; one that wants too much memory is not given it.
func TestMatrix_Heart_StandsStill(t *testing.T) {
	l := start(t, "KISTA_HEART_TEST_SILENCE=300ms")
	c := l.dial()
	assert.Equal(t, c.ask("add 5"), "5 <nil>")
	c.say("stop")
	l.ready(2)
	assert.Equal(t, c.ask("add 1"), "6 <nil>")
	assert.Equal(t, c.ask("death"), "silent 137 it gave no sign of life for 300ms")
}

func TestMatrix_Heart_EatsMemory(t *testing.T) {
	l := start(t, "KISTA_HEART_TEST_MEMORY=300000000")
	c := l.dial()
	assert.Equal(t, c.ask("add 5"), "5 <nil>")
	c.say("eat")
	l.ready(2)
	assert.Equal(t, c.ask("add 1"), "6 <nil>")
	assert.Equal(t, c.ask("death"), "memory 137 it had more than 300000000 bytes")
}

// A program does not outlive its heart: nobody would keep anything for it.
func TestTheHeartIsKilled(t *testing.T) {
	l := start(t)
	c := l.dial()
	assert.Equal(t, c.ask("add 5"), "5 <nil>")
	assert.NoError(t, l.cmd.Process.Kill())
	assert.True(t, !c.in.Scan(), "it lives: %q", c.in.Text())
	for l.out.Scan() { // until nobody has its output any more
	}
}
