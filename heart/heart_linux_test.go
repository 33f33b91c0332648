package heart_test

import (
	"encoding/binary"
	"errors"
	"net"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/kista-go/kista/heart"
	"github.com/kista-go/kista/internal/assert"
)

// Whatever the program dies of, it answers again on its old connection, with what it had committed, and knows what it was.
func TestMatrix_Heart_AnswersAgain(t *testing.T) {
	for how, death := range map[string]string{
		"map":   "fatal 2 ", // what the writers meet first is not always each other
		"stack": "fatal 2 fatal error: stack overflow", "panic": "fatal 2 panic: nobody owns this", "exit": "exit 3 ",
		"unlock": "fatal 2 fatal error: sync: unlock of unlocked mutex", "segfault": "fatal 2 ",
		"kill": "signal 137 killed", "renew": "renewed 137 to be rid of zombies", "zombies": "renewed 137 3 zombies, more than 2",
	} {
		t.Run(how, func(t *testing.T) {
			l := start(t)
			old := l.dial()
			assert.Equal(t, old.ask("add 5"), "5 <nil>")
			assert.Equal(t, old.ask("death"), "none")
			assert.Equal(t, old.ask("deadline"), "true")
			began := time.Now()
			old.say(how)
			l.ready(2)
			assert.Equal(t, old.ask("add 1"), "6 <nil>")
			t.Logf("answers again after %v", time.Since(began))
			got := old.ask("death")
			assert.True(t, strings.HasPrefix(got, death), "the death was %q, want %q", got, death)
			assert.Equal(t, old.ask("deadline"), "true")
			fresh := l.dial() // the same listener
			assert.Equal(t, fresh.ask("add 1"), "7 <nil>")
			old.say("bye")
			assert.True(t, !old.in.Scan(), "a connection that was dropped is open: %q", old.in.Text())
			fresh.say("kill") // and again
			l.ready(3)
			assert.Equal(t, fresh.ask("add 1"), "8 <nil>")
		})
	}
}

// Of the sessions, those to which an answer is owed are told at once that it does not come; the others go on.
func TestSessions(t *testing.T) {
	l := start(t, "KISTA_HEART_TEST_SESSIONS=1")
	idle, asks := l.dial(), l.dial()
	assert.Equal(t, idle.ask("add 5"), "5 <nil>")
	assert.Equal(t, idle.ask("deadline"), "true")
	for n := 2; n <= 4; n++ {
		assert.Equal(t, asks.ask("add 1"), strconv.Itoa(2+2*n)+" <nil>")
		assert.Equal(t, asks.ask("settled"), "yes")
		asks.say("kill")
		l.ready(n)
		assert.Equal(t, idle.ask("add 1"), strconv.Itoa(3+2*n)+" <nil>")
		assert.True(t, !asks.in.Scan(), "an answer that nobody has: %q", asks.in.Text())
		asks = l.dial()
	}
	assert.Equal(t, idle.ask("deadline"), "true")
	idle.say("bye")
	assert.True(t, !idle.in.Scan(), "it is open")
}

// It ends when the program does, or when it is told to; then in order, and if not, by force.
func TestEnds(t *testing.T) {
	for name, tt := range map[string]struct {
		do   func(l *life, c *conn)
		code int
	}{
		"done": {func(_ *life, c *conn) { c.say("done") }, 0},
		"told": {func(l *life, _ *conn) { _ = l.cmd.Process.Signal(syscall.SIGTERM) }, 128 + 15},
		"forced": {func(l *life, c *conn) {
			c.say("hang")
			assert.Equal(l.t, c.ask("add 1"), "1 <nil>")
			_ = l.cmd.Process.Signal(syscall.SIGTERM)
		}, 128 + 9},
	} {
		t.Run(name, func(t *testing.T) {
			l := start(t)
			c := l.dial()
			tt.do(l, c)
			err := l.cmd.Wait()
			code := 0
			var exit *exec.ExitError
			if errors.As(err, &exit) {
				code = exit.ExitCode()
			}
			assert.Equal(t, code, tt.code)
		})
	}
}

// After the same death several times, the program comes back without what was kept; after too many, the heart gives up.
func TestTheSameDeathAgain(t *testing.T) {
	l := start(t, "KISTA_HEART_TEST_BARE=3")
	c := l.dial()
	assert.Equal(t, c.ask("add 5"), "5 <nil>")
	for n := 2; n <= 3; n++ {
		c.say("exit")
		l.ready(n)
		assert.Equal(t, c.ask("add 1"), []string{"", "", "6 <nil>", "7 <nil>"}[n])
	}
	c.say("exit")
	l.ready(4)
	assert.True(t, !c.in.Scan(), "the connection was kept: %q", c.in.Text())
	c = l.dial()
	assert.Equal(t, c.ask("add 1"), "1 <nil>")
}

func TestGivesUp(t *testing.T) {
	l := start(t)
	for n := 2; n <= 21; n++ {
		c := l.dial()
		c.say("kill")
		l.ready(n)
		_ = c.Close()
	}
	c := l.dial()
	c.say("kill")
	var exit *exec.ExitError
	assert.True(t, errors.As(l.cmd.Wait(), &exit) && exit.ExitCode() == 137, "%v", exit)
}

// Killed at any moment while it commits, the program finds the last value that it has told of, or the one that it was writing.
func TestKilledWhileItCommits(t *testing.T) {
	l := start(t)
	sum := uint64(0)
	rounds := 15
	if testing.Short() {
		rounds = 5
	}
	for n := 2; n < 2+rounds; n++ {
		c := l.dial()
		told := make(chan uint64)
		go func() {
			last := uint64(0)
			defer func() { told <- last }()
			for {
				if _, err := c.Write([]byte("add 1\n")); err != nil {
					return
				}
				if !c.in.Scan() {
					return
				}
				word, _, _ := strings.Cut(c.in.Text(), " ")
				last = 0
				for _, d := range word {
					last = 10*last + uint64(d-'0')
				}
			}
		}()
		killer := l.dial()
		killer.say("kill")
		l.ready(n)
		_ = c.Close()
		last := max(<-told, sum)
		c = l.dial()
		word, _, _ := strings.Cut(c.ask("add 0"), " ")
		now := uint64(0)
		for _, d := range word {
			now = 10*now + uint64(d-'0')
		}
		assert.True(t, now >= last && now <= last+100_000, "told of %d, now %d", last, now)
		sum = now
	}
	t.Logf("%d deaths, %d commits", rounds, sum)
}

// Without a heart everything works, and nothing outlives the program.
func TestWithoutAHeart(t *testing.T) {
	assert.True(t, !heart.Present() && heart.Life() == 1 && heart.LastDeath() == nil, "there is a heart")
	ln, err := heart.Listen("tcp", "127.0.0.1:0")
	assert.NoError(t, err)
	defer ln.Close()
	a, b := net.Pipe()
	defer a.Close()
	defer b.Close()
	assert.NoError(t, heart.Keep("x", a, ""))
	kept, err := heart.Kept()
	assert.NoError(t, err)
	assert.Equal(t, len(kept), 0)
	s, err := heart.Open("k")
	assert.NoError(t, err)
	_, err = s.Load()
	assert.ErrorIs(t, err, heart.ErrNone)
	assert.NoError(t, s.Commit([]byte("v")))
	v, err := s.Load()
	assert.NoError(t, err)
	assert.Equal(t, string(v), "v")
	second, err := heart.Open("k")
	assert.NoError(t, err)
	defer func() { assert.NoError(t, second.Delete()) }()
	assert.ErrorIs(t, s.Commit([]byte("w")), heart.ErrFenced)
	assert.ErrorIs(t, heart.Renew("x"), heart.ErrNoHeart)
	assert.NoError(t, heart.Drop("x"))
	assert.NoError(t, heart.Unlisten("tcp", "x"))
}

func BenchmarkCommit(b *testing.B) {
	s, err := heart.Open("bench")
	assert.NoError(b, err)
	data := binary.LittleEndian.AppendUint64(make([]byte, 200), 1)
	for b.Loop() {
		_ = s.Commit(data)
	}
}
