package wasm_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/server"
	"github.com/kista-go/kista/term"
	"github.com/kista-go/kista/wasm"
)

// show drives a puppet from a test.
type show struct {
	t   *testing.T
	n   *kista.Node
	pid kista.PID
}

func newShow(t *testing.T, o wasm.Opts) *show {
	t.Helper()
	n := startNode(t)
	return &show{t, n, spawn(t, n, puppet(t), o)}
}

func (s *show) try(op string, to, arg any) (any, error) {
	return kista.CallFor(context.Background(), bound, s.pid, Do{Op: op, To: to, Arg: arg})
}

func (s *show) do(op string, to, arg any) any {
	s.t.Helper()
	v, err := s.try(op, to, arg)
	if err != nil {
		s.t.Fatalf("%s: %v", op, err)
	}
	return v
}

// seen waits until the puppet has seen n messages.
func (s *show) seen(n int) (all term.List) {
	s.t.Helper()
	waitFor(s.t, fmt.Sprintf("%d messages", n), func() bool {
		l, _ := s.do("seen", nil, nil).(term.List)
		all = append(all, l...)
		return len(all) >= n
	})
	return all
}

// inbox is a native process that hands on what it receives.
func inbox(t *testing.T, n *kista.Node, name string) (kista.PID, chan any) {
	t.Helper()
	got := make(chan any, 100)
	pid, err := n.SpawnWith(kista.SpawnOpts{Name: name}, func(s *kista.Self) error {
		for {
			m, err := s.Receive()
			if err != nil {
				return err
			}
			if q, ok := m.(kista.Request); ok {
				_ = q.From.Reply(term.Tuple{term.Atom("answer"), q.Msg})
				continue
			}
			got <- m
		}
	})
	assert.NoError(t, err)
	return pid, got
}

func TestGuestSends(t *testing.T) {
	s := newShow(t, wasm.Opts{})
	pid, got := inbox(t, s.n, "box")
	assert.Equal(t, s.do("self", nil, nil), any(s.pid))
	s.do("send", "box", term.Tuple{term.Atom("hello"), 1})
	assert.Equal(t, term.String(assert.Within(t, bound, got)), "{hello,1}")
	s.do("send", pid, term.Atom("by_pid"))
	assert.Equal(t, assert.Within(t, bound, got), any(term.Atom("by_pid")))
	s.do("send", pid, s.pid) // a PID in a message is the PID
	assert.Equal(t, assert.Within(t, bound, got), any(s.pid))
	s.do("cast", pid, 7)
	assert.Equal(t, assert.Within(t, bound, got), any(server.Casted{Msg: int64(7)}))
	assert.Equal(t, term.String(s.do("call", "box", term.Atom("q"))), "{answer,q}")
	_, err := s.try("send", "nobody", term.Atom("x"))
	assert.True(t, strings.Contains(err.Error(), "nobody there"), "%v", err)
	_, err = s.try("send", term.PID{Node: "a", ID: 1}, term.Atom("forged"))
	assert.True(t, strings.Contains(err.Error(), "no address"), "%v", err)
}

func TestGuestCalls(t *testing.T) {
	s := newShow(t, wasm.Opts{})
	dead := s.n.Spawn(func(*kista.Self) error { return nil })
	_, _ = kista.Wait(context.Background(), dead)
	_, err := s.try("call", dead, term.Atom("q"))
	assert.True(t, strings.Contains(err.Error(), "nobody there"), "%v", err)
	silent := s.n.Spawn(func(s *kista.Self) error { <-s.Done(); return nil })
	_, err = s.try("call quickly", silent, term.Atom("q"))
	assert.True(t, strings.Contains(err.Error(), "no answer in time"), "%v", err)
	_, err = s.try("call", s.pid, term.Atom("q"))
	assert.True(t, strings.Contains(err.Error(), "cannot call itself"), "%v", err)
	fails := s.n.Spawn(func(s *kista.Self) error {
		_, err := s.Receive()
		if err == nil {
			err = errors.New("on the way out")
		}
		return err
	})
	_, err = s.try("call", fails, term.Atom("q"))
	assert.True(t, strings.Contains(err.Error(), "on the way out"), "%v", err)
	// Killed while it waits for an answer, it is gone at once.
	kista.Begin(context.Background(), s.pid, Do{Op: "call", To: silent, Arg: term.Atom("q")})
	waitFor(t, "the call", func() bool { i, _ := s.n.Info(silent); return i.MailboxLen > 0 })
	assert.NoError(t, kista.Exit(s.pid, kista.Kill))
	waitFor(t, "its end", func() bool { return s.n.Stats().Zombies == 0 && !s.n.Alive(s.pid) })
}

func TestGuestAnswers(t *testing.T) {
	s := newShow(t, wasm.Opts{Args: term.Tuple{term.Atom("some"), "args"}})
	ctx := context.Background()
	_, err := s.try("refuse", nil, term.Atom("no_way"))
	refused := assert.ErrorAs[*server.Refused](t, err)
	assert.Equal(t, assert.ErrorAs[*wasm.GuestError](t, refused).Term, term.Term(term.Atom("no_way")))
	_, err = s.try("what", nil, nil)
	assert.True(t, strings.Contains(err.Error(), "does not know how to what"), "%v", err)
	_, err = kista.Call(ctx, s.pid, term.Atom("unheard"))
	assert.True(t, strings.Contains(err.Error(), "{unknown,unheard}"), "%v", err)
	_, err = kista.Call(ctx, s.pid, make(map[int]struct{ C complex128 }))
	assert.NoError(t, ignoreRefusal(err)) // an empty map is a term
	_, err = kista.Call(ctx, s.pid, struct{ C complex128 }{1})
	assert.ErrorAs[*term.ConvertError](t, err)
	assert.NoError(t, kista.Send(s.pid, struct{ C complex128 }{1})) // dropped, and logged

	first := kista.Begin(ctx, s.pid, Do{Op: "later"})
	s.do("now answer", nil, "in the end")
	v, err := first.Wait(ctx)
	assert.NoError(t, err)
	assert.Equal(t, v, any(term.Binary("in the end")))

	assert.Equal(t, s.do("caller", nil, nil), any(term.PID{})) // no process
	within := make(chan any, 1)
	caller := s.n.Spawn(func(self *kista.Self) error {
		v, err := kista.Call(self, s.pid, Do{Op: "caller"})
		within <- v
		return err
	})
	assert.Equal(t, assert.Within(t, bound, within), any(caller))
}

func ignoreRefusal(err error) error {
	var r *server.Refused
	if errors.As(err, &r) {
		return nil
	}
	return err
}

// Ask is a request with a typed answer.
type Ask struct {
	server.Replies[int]
	_   struct{} `term:"do"`
	Op  string
	To  any
	Arg any
}

func TestGuestAnswersWithTypes(t *testing.T) {
	s := newShow(t, wasm.Opts{})
	got, err := server.Call(context.Background(), s.pid, Ask{Op: "goroutines"})
	assert.NoError(t, err)
	assert.Equal(t, got, 4950)
	// The guest hears that its answer is not of the type, and so does the caller.
	_, err = server.Call(context.Background(), s.pid, Ask{Op: "wrong reply"})
	assert.ErrorAs[*server.Refused](t, err)
	assert.True(t, strings.Contains(err.Error(), "does not fit int"), "%v", err)
}

func TestGuestTimersAndMonitors(t *testing.T) {
	s := newShow(t, wasm.Opts{})
	self := s.do("self", nil, nil)
	s.do("send after", self, 1)
	assert.Equal(t, term.String(s.seen(1)), "[tick]")
	s.do("send after", self, 3_600_000)
	assert.Equal(t, s.do("cancel", nil, nil), any(term.Atom("true")))
	assert.Equal(t, s.do("cancel", nil, nil), any(term.Atom("false")))
	assert.Equal(t, s.n.Stats().Timers, 0)

	stop := make(chan error, 1)
	victim, err := s.n.SpawnWith(kista.SpawnOpts{Name: "victim"}, func(*kista.Self) error { return <-stop })
	assert.NoError(t, err)
	s.do("monitor", victim, nil)
	stop <- errors.New("enough")
	down := s.seen(1)[0].(term.Tuple)
	assert.Equal(t, down[1], term.Term(term.Atom("true")))
	assert.Equal(t, down[2], term.Term(victim))
	assert.Equal(t, down[3], term.Term(term.Binary("enough")))
	s.do("monitor", "nobody", nil)
	assert.Equal(t, term.String(s.seen(1)), `[{'DOWN',true,<<"nobody">>,noproc}]`)
	other := s.n.Spawn(func(s *kista.Self) error { <-s.Done(); return nil })
	s.do("monitor", other, nil)
	s.do("demonitor", nil, nil)
	assert.NoError(t, kista.Exit(other, kista.Kill))
	_, _ = kista.Wait(context.Background(), other)
	assert.Equal(t, term.String(s.do("seen", nil, nil)), "[]")
}

func TestGuestLinks(t *testing.T) {
	s := newShow(t, wasm.Opts{})
	s.do("trap exits", nil, nil)
	quiet := func(s *kista.Self) error { <-s.Done(); return nil }
	a, b := s.n.Spawn(quiet), s.n.Spawn(quiet)
	s.do("link", a, nil)
	s.do("link", b, nil)
	s.do("unlink", b, nil)
	s.do("exit", b, term.Atom("kill"))
	reason, _ := kista.Wait(context.Background(), b)
	assert.ErrorIs(t, reason, kista.ErrKilled)
	s.do("exit", a, term.Tuple{term.Atom("shutdown"), term.Atom("tired")})
	got := s.seen(1)[0].(term.Tuple)
	assert.Equal(t, got[1], term.Term(a))
	assert.Equal(t, term.String(got[2]), "{shutdown,tired}")

	// Linked and not trapping, both end together.
	c := s.n.Spawn(quiet)
	s2 := &show{t, s.n, spawn(t, s.n, puppet(t), wasm.Opts{})}
	s2.do("link", c, nil)
	_, err := s2.try("panic", nil, nil)
	assert.ErrorAs[*wasm.Trap](t, err)
	reason, _ = kista.Wait(context.Background(), c)
	assert.ErrorAs[*wasm.Trap](t, reason)
}

func TestGuestSpawns(t *testing.T) {
	children := map[string]func(term.Term) (kista.Program, error){
		"sleeper": func(args term.Term) (kista.Program, error) {
			if args == term.Term(term.Atom("no")) {
				return kista.Program{}, errors.New("not with these")
			}
			return kista.BodyProgram(kista.SpawnOpts{}, false, func(s *kista.Self) error { <-s.Done(); return nil }), nil
		},
	}
	s := newShow(t, wasm.Opts{Children: children, MaxChildren: 2})
	pid := s.do("spawn", "sleeper", nil).(kista.PID)
	assert.True(t, s.n.Alive(pid), "the child lives")
	info, _ := s.n.Info(pid)
	assert.True(t, slices.Contains(info.Links, s.pid), "it is linked: %v", info.Links)
	_, err := s.try("spawn", "shell", nil)
	assert.True(t, strings.Contains(err.Error(), "not permitted"), "%v", err)
	_, err = s.try("spawn", "sleeper", term.Atom("no"))
	assert.True(t, strings.Contains(err.Error(), "not with these"), "%v", err)
	s.do("spawn", "sleeper", nil)
	_, err = s.try("spawn", "sleeper", nil)
	assert.True(t, strings.Contains(err.Error(), "limit"), "%v", err)
	s.do("unlink", pid, nil)
	assert.NoError(t, kista.Exit(pid, kista.Kill))
	_, _ = kista.Wait(context.Background(), pid)
	s.do("spawn", "sleeper", nil) // there is room again
}

func TestGuestHasNothingElse(t *testing.T) {
	s := newShow(t, wasm.Opts{})
	_, err := s.try("file", nil, nil)
	assert.True(t, err != nil && strings.Contains(err.Error(), "/etc/passwd"), "%v", err)
	assert.Equal(t, s.do("environment", nil, nil), any(int64(0)))
	_, err = s.try("now", nil, nil)
	assert.True(t, err != nil && strings.Contains(err.Error(), "not permitted"), "%v", err)
	before := s.do("time", nil, nil).(int64)
	s.do("sleep", nil, 3_600_000) // its clock moves on by itself
	if after := s.do("time", nil, nil).(int64); after-before < int64(time.Hour) || before > int64(time.Hour) {
		t.Errorf("without a clock the time is %d, and after an hour's sleep %d", before, after)
	}
	s.do("print", nil, nil)
	s.do("log", nil, nil)

	granted := &show{t, s.n, spawn(t, s.n, puppet(t), wasm.Opts{Clock: true})}
	if off := time.Since(time.Unix(0, granted.do("now", nil, nil).(int64))); off.Abs() > bound {
		t.Errorf("the granted clock is %v off", off)
	}
	if off := time.Since(time.Unix(0, granted.do("time", nil, nil).(int64))); off.Abs() > bound {
		t.Errorf("the granted clock of the runtime is %v off", off)
	}
	start := time.Now()
	granted.do("sleep", nil, 20)
	assert.True(t, time.Since(start) >= 20*time.Millisecond, "it slept for %v", time.Since(start))
	kista.Begin(context.Background(), granted.pid, Do{Op: "sleep", Arg: 3_600_000})
	waitFor(t, "the sleep", func() bool {
		i, _ := s.n.Info(granted.pid)
		return i.Status == kista.Running && i.MailboxLen == 0
	})
	assert.NoError(t, kista.Exit(granted.pid, kista.Kill))
	waitFor(t, "its end", func() bool { return s.n.Stats().Zombies == 0 })
}

func TestGoGuestFaults(t *testing.T) {
	for _, tt := range []struct {
		op   string
		kind wasm.TrapKind
		text string
		o    wasm.Opts
	}{
		{"panic", wasm.TrapUnreachable, "told to panic", wasm.Opts{}},
		{"allocate", wasm.TrapUnreachable, "out of memory", wasm.Opts{}},
		{"recurse", wasm.TrapStack, "", wasm.Opts{}},
		{"spin", wasm.TrapFuel, "", wasm.Opts{Fuel: 10_000_000}},
	} {
		t.Run(tt.op, func(t *testing.T) {
			s := newShow(t, tt.o)
			_, err := s.try(tt.op, nil, nil)
			trap := assert.ErrorAs[*wasm.Trap](t, err)
			assert.Equal(t, trap.Kind, tt.kind)
			assert.True(t, strings.Contains(trap.Error(), tt.text), "%v", trap)
			assert.True(t, tt.op != "allocate" || trap.Full == wasm.DefaultMemory, "full at %d", trap.Full)
		})
	}
	t.Run("spins and is killed", func(t *testing.T) {
		s := newShow(t, wasm.Opts{})
		call := kista.Begin(context.Background(), s.pid, Do{Op: "spin"})
		assert.NoError(t, kista.Exit(s.pid, kista.Kill))
		_, err := call.Wait(context.Background())
		assert.ErrorIs(t, err, kista.ErrKilled)
		waitFor(t, "its end", func() bool { return s.n.Stats().Zombies == 0 })
	})
}

func TestStartsThatFail(t *testing.T) {
	n := startNode(t)
	ctx := context.Background()
	m := puppet(t)
	_, err := wasm.Spawn(ctx, n, m, wasm.Opts{Args: term.Atom("refuse")})
	assert.Equal(t, assert.ErrorAs[*wasm.GuestError](t, err).Term, term.Term(term.Atom("told_so")))
	_, err = wasm.Spawn(ctx, n, m, wasm.Opts{Args: term.Atom("ignore")})
	assert.ErrorIs(t, err, kista.ErrIgnore)
	_, err = wasm.Spawn(ctx, n, m, wasm.Opts{Args: term.Atom("panic")})
	trap := assert.ErrorAs[*wasm.Trap](t, err)
	assert.True(t, strings.Contains(trap.Text, "at the start") && trap.Callback == "init", "%v", trap)
	_, err = wasm.Spawn(ctx, n, m, wasm.Opts{Memory: 1 << 16})
	assert.Equal(t, assert.ErrorAs[*wasm.Trap](t, err).Full, int64(1<<16))
	_, err = wasm.Spawn(ctx, n, m, wasm.Opts{Fuel: 10})
	assert.Equal(t, assert.ErrorAs[*wasm.Trap](t, err).Kind, wasm.TrapFuel)
	_, err = wasm.Spawn(ctx, n, m, wasm.Opts{Args: make(chan int)})
	assert.ErrorAs[*kista.DataError](t, err)
	_, err = wasm.Spawn(ctx, n, m, wasm.Opts{Args: struct{ C complex128 }{}})
	assert.ErrorAs[*term.ConvertError](t, err)
	_, err = wasm.Spawn(ctx, n, m, wasm.Opts{Fuel: -1})
	assert.True(t, err != nil, "a negative option")
	assert.Equal(t, m.Processes(), 0)
}

func TestGuestEnds(t *testing.T) {
	s := newShow(t, wasm.Opts{})
	_, got := inbox(t, s.n, "watcher")
	ctx := context.Background()
	assert.NoError(t, server.Cast(s.pid, term.Tuple{term.Atom("add"), 5}))
	s.do("stop", nil, nil)
	reason, err := kista.Wait(ctx, s.pid)
	assert.NoError(t, err)
	assert.Equal(t, reason, nil)
	assert.Equal(t, term.String(assert.Within(t, bound, got)), "{bye,5}") // terminate ran
	s = &show{t, s.n, spawn(t, s.n, puppet(t), wasm.Opts{})}
	_, _ = s.try("fail", nil, nil)
	reason, _ = kista.Wait(ctx, s.pid)
	assert.Equal(t, assert.ErrorAs[*wasm.GuestError](t, reason).Term, term.Term(term.Atom("told_to")))
}
