package ubf_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/contract"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/supervisor"
	"github.com/kista-go/kista/term"
	"github.com/kista-go/kista/ubf"
	"github.com/kista-go/kista/ubfa"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// long bounds what must happen, on a machine that has other things to do.
const long = 30 * time.Second

func patient(t testing.TB) context.Context {
	t.Helper()
	c, cancel := context.WithTimeout(context.Background(), long)
	t.Cleanup(cancel)
	return c
}

// records keeps the messages of a log.
type records struct {
	mu  sync.Mutex
	all []string
}

func (l *records) Enabled(context.Context, slog.Level) bool { return true }
func (l *records) WithAttrs([]slog.Attr) slog.Handler       { return l }
func (l *records) WithGroup(string) slog.Handler            { return l }

func (l *records) Handle(_ context.Context, r slog.Record) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	text := r.Level.String() + " " + r.Message
	r.Attrs(func(a slog.Attr) bool { text += " " + a.Key + "=" + a.Value.String(); return true })
	l.all = append(l.all, text)
	return nil
}

// none fails if there is a record of that level.
func (l *records) none(t testing.TB, level string) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, r := range l.all {
		assert.True(t, !strings.HasPrefix(r, level), "%.300s", r)
	}
}

func node(t testing.TB) (*kista.Node, *records) {
	t.Helper()
	l := new(records)
	n, err := kista.Start(kista.Config{Logger: slog.New(l)})
	assert.NoError(t, err)
	t.Cleanup(func() {
		assert.NoError(t, n.Stop(context.Background()))
		if s := n.Stats(); s.Processes != 0 || s.Executions != 0 || s.Zombies != 0 {
			t.Errorf("after stop: %+v", s)
		}
	})
	return n, l
}

func serve(t testing.TB, n *kista.Node, spec ubf.Spec) *ubf.Server {
	t.Helper()
	sv, err := ubf.NewServer(spec)
	assert.NoError(t, err)
	_, err = sv.Start(patient(t), n, supervisor.Opts{})
	assert.NoError(t, err)
	return sv
}

func dial(t testing.TB, sv *ubf.Server, o ubf.Options) *ubf.Client {
	t.Helper()
	c, err := ubf.Dial(patient(t), "tcp", sv.Addr().String(), o)
	assert.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func parse(t testing.TB, text string) *contract.Contract {
	t.Helper()
	c, err := contract.Parse("test", []byte(text))
	assert.NoError(t, err)
	return c
}

func value(t testing.TB, text string) term.Term {
	t.Helper()
	v, err := term.Parse(text)
	assert.NoError(t, err)
	return v
}

// eventually waits until what other processes do has become true.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	over := time.After(long)
	for !holds() {
		select {
		case <-tick.C:
		case <-over:
			t.Fatalf("not within %v: %s", long, what)
		}
	}
}

// probe is a service that does what it is asked to, right and wrong. It is the one with which the sessions of UBF 2.x were
// recorded, as far as they show it.
const probe = `+NAME("probe").
+VSN("1.0").
+TYPES
open() :: {open, ubfstring()};
opened() :: {ok, pos_integer()};
refused() :: refused;
badReply() :: badReply;
badState() :: badState;
push() :: {push, non_neg_integer()};
ok() :: ok;
readLine() :: {read_line, pos_integer()};
line() :: {ok, ubfstring()};
eof() :: eof;
closeReq() :: {close, pos_integer()};
yes() :: true;
tick() :: {tick, integer()};
poke() :: {poke, integer()};
echo() :: {echo, any()};
echoed() :: {echoed, any()};
crash() :: crash;
slow() :: {slow, pos_integer()};
info() :: info.
+STATE start
open() => opened() & ready | refused() & stop;
badReply() => ok() & start;
badState() => ok() & start;
push() => ok() & start;
EVENT => tick();
EVENT <= poke().
+STATE ready
readLine() => line() & ready | eof() & atEof;
closeReq() => yes() & stop.
+STATE atEof
closeReq() => yes() & stop.
+ANYSTATE
echo() => echoed();
slow() => ok();
crash() => ok();
info() => ubfstring().
`

// prober is the probe's plugin.
type prober struct {
	reads   int
	stopped chan<- error
}

func (p *prober) Start(_ *ubf.Ctx, arg term.Term) (term.Term, term.Atom, error) {
	switch arg {
	case term.Atom("reject"):
		return nil, "", ubf.Reject(term.Atom("not_today"))
	case term.Atom("crash"):
		panic("start")
	}
	return term.Tuple{term.Atom("welcome"), arg}, "", nil
}

func (p *prober) Call(c *ubf.Ctx, state term.Atom, q term.Term) (term.Term, term.Atom, error) {
	switch q {
	case term.Atom("crash"):
		panic("crash")
	case term.Atom("fail"):
		return nil, "", errors.New("fail")
	case term.Atom("info"):
		return ubfa.String("probe").Term(), state, nil
	case term.Atom("badReply"):
		return term.Atom("this_is_not_ok"), state, nil
	case term.Atom("badState"):
		return term.Atom("ok"), "ready", nil
	}
	tu := q.(term.Tuple)
	switch tu[0] {
	case term.Atom("open"):
		if s, _ := ubfa.StringOf(tu[1]); s == "" {
			return term.Atom("refused"), "stop", nil
		}
		return term.Tuple{term.Atom("ok"), 1}, "ready", nil
	case term.Atom("read_line"):
		if p.reads++; p.reads > 2 {
			return term.Atom("eof"), "atEof", nil
		}
		return term.Tuple{term.Atom("ok"), ubfa.String("line").Term()}, "ready", nil
	case term.Atom("close"):
		return true, "stop", nil
	case term.Atom("push"):
		n := tu[1].(int64)
		for i := range n {
			_ = c.Emit(term.Tuple{term.Atom("tick"), i + 1})
		}
		return term.Atom("ok"), state, nil
	case term.Atom("echo"):
		return term.Tuple{term.Atom("echoed"), tu[1]}, state, nil
	case term.Atom("slow"):
		timer := time.NewTimer(time.Duration(tu[1].(int64)) * time.Millisecond)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-c.Done():
		}
		return term.Atom("ok"), state, nil
	}
	return nil, "", errors.New("what?")
}

func (p *prober) Event(c *ubf.Ctx, _ term.Atom, e term.Term) error {
	if tu, ok := e.(term.Tuple); ok && len(tu) == 2 {
		return c.Emit(term.Tuple{term.Atom("tick"), -tu[1].(int64)})
	}
	return nil
}

func (p *prober) Stop(_ *ubf.Ctx, reason error) {
	if p.stopped != nil {
		p.stopped <- reason
	}
}

func probes(t testing.TB, stopped chan<- error) ubf.Service {
	t.Helper()
	return ubf.Service{Contract: parse(t, probe), Plugin: func() ubf.Plugin { return &prober{stopped: stopped} }}
}

// raw is a client that sees bytes.
type raw struct {
	net.Conn
	t testing.TB
}

func rawDial(t testing.TB, sv *ubf.Server) *raw {
	t.Helper()
	conn, err := net.Dial("tcp", sv.Addr().String())
	assert.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return &raw{conn, t}
}

// get reads so many bytes.
func (r *raw) get(n int) string {
	r.t.Helper()
	assert.NoError(r.t, r.SetReadDeadline(time.Now().Add(long)))
	b := make([]byte, n)
	for at := 0; at < n; {
		k, err := r.Read(b[at:])
		if at += k; err != nil {
			r.t.Fatalf("got %q, want %d bytes: %v", b[:at], n, err)
		}
	}
	return string(b)
}

func (r *raw) put(s string) {
	r.t.Helper()
	_, err := r.Write([]byte(s))
	assert.NoError(r.t, err)
}

// closed waits for the end of the connection, and fails if anything comes before.
func (r *raw) closed() {
	r.t.Helper()
	assert.NoError(r.t, r.SetReadDeadline(time.Now().Add(long)))
	b := make([]byte, 100)
	n, err := r.Read(b)
	var timeout net.Error
	assert.True(r.t, n == 0 && err != nil && !(errors.As(err, &timeout) && timeout.Timeout()), "got %q, %v; want the end", b[:n], err)
}
