package ubf_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/contract"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/server"
	"github.com/kista-go/kista/term"
	"github.com/kista-go/kista/ubf"
	"github.com/kista-go/kista/ubfa"
)

// The requests of a file server as Go values.
type (
	openFile struct {
		server.Replies[term.Term]
		_    struct{} `term:"open"`
		Name ubfa.String
	}
	readLine struct {
		server.Replies[term.Term]
		_      struct{} `term:"read_line"`
		Handle int
	}
	poke struct {
		_ struct{} `term:"poke"`
		N int
	}
)

var errBoom = errors.New("boom")

func init() { kista.RegisterError(errBoom) }

// box is a server that keeps the probe's contract, or not.
var box = func() *server.Mux[int] {
	m := new(server.Mux[int])
	server.OnCall(m, func(_ *server.Ctx, _ *int, q openFile) (term.Term, error) {
		switch q.Name {
		case "bad":
			return term.Atom("perhaps"), nil
		case "refuse":
			return nil, errBoom
		}
		return term.Tuple{term.Atom("ok"), 1}, nil
	})
	server.OnCall(m, func(*server.Ctx, *int, readLine) (term.Term, error) {
		return term.Tuple{term.Atom("ok"), ubfa.String("line").Term()}, nil
	})
	server.OnInfo(m, func(c *server.Ctx, _ *int, p poke) error {
		if p.N < 0 {
			_ = c.Send(c.Parent(), ubf.Event(term.Tuple{term.Atom("tick"), 0})) // its last words
			return errBoom
		}
		_ = c.Send(c.Parent(), ubf.Event(term.Tuple{term.Atom("tock"), p.N})) // not in the contract
		return c.Send(c.Parent(), ubf.Event(term.Tuple{term.Atom("tick"), p.N}))
	})
	return m
}()

func behind(t testing.TB, n *kista.Node, client kista.Addr, told func(*contract.Violation)) kista.PID {
	t.Helper()
	pid, err := n.Start(patient(t), ubf.Checked(ubf.CheckedSpec{
		Contract: parse(t, probe), Client: client, Types: ubfa.Registry(nil), Violation: told,
		Box: server.Child(server.Of(box, func(*server.Ctx, int) (*int, error) { return new(int), nil }), 0, server.Opts{}),
	}, kista.SpawnOpts{}))
	assert.NoError(t, err)
	return pid
}

// inbox is a process that keeps what it gets.
func inbox(n *kista.Node) (kista.PID, <-chan any) {
	ch := make(chan any, 100)
	return n.Spawn(func(s *kista.Self) error {
		for {
			m, err := s.Receive()
			if err != nil {
				return err
			}
			ch <- m
		}
	}), ch
}

func TestCheckedAddress(t *testing.T) {
	n, _ := node(t)
	client, got := inbox(n)
	var told []string
	pid := behind(t, n, client, func(v *contract.Violation) { told = append(told, v.Blame.String()+" "+term.String(v.Message)) })
	ctx := patient(t)

	_, err := server.Call(ctx, pid, readLine{Handle: 1}) // nothing is open
	v := assert.ErrorAs[*contract.Violation](t, err)
	assert.True(t, v.Blame == contract.Client && v.State == "start", "%v", v)
	_, err = server.Call(ctx, pid, openFile{Name: "refuse"}) // an error is no reply: the state stays
	assert.ErrorIs(t, err, errBoom)
	assert.NoError(t, kista.Send(pid, poke{N: 3}))
	assert.NoError(t, kista.Send(pid, "nonsense"))
	assert.Equal(t, assert.Within(t, long, got), any(term.Tuple{term.Atom("tick"), 3}))
	reply, err := server.Call(ctx, pid, openFile{Name: "f"})
	assert.NoError(t, err)
	assert.Equal(t, term.String(reply), "{ok,1}")
	_, err = server.Call(ctx, pid, readLine{Handle: 1})
	assert.NoError(t, err)
	_, err = server.Call(ctx, pid, openFile{Name: "f"}) // it is open
	assert.ErrorAs[*contract.Violation](t, err)
	assert.NoError(t, kista.Exit(pid, kista.ErrShutdown))
	reason, err := kista.Wait(ctx, pid)
	assert.NoError(t, err)
	assert.ErrorIs(t, reason, kista.ErrShutdown)
	assert.Equal(t, strings.Join(told, "; "), `client {read_line,1}; client <<"nonsense">>; server {tock,3}; client {open,{'#S',"f"}}`)
}

// The box ends: what it has said comes first, and then its reason, to everybody who is linked with the address or monitors it.
func TestCheckedAddressEndsWithItsBox(t *testing.T) {
	n, _ := node(t)
	all := make(chan any, 10)
	n.Spawn(func(s *kista.Self) error {
		s.TrapExits(true)
		pid := behind(t, n, s.PID(), nil)
		_ = s.Link(pid)
		s.Monitor(pid)
		_ = s.Send(pid, poke{N: -1})
		for range 3 {
			m, err := s.Receive()
			if err != nil {
				return err
			}
			all <- m
		}
		return nil
	})
	assert.Equal(t, assert.Within(t, long, all), any(term.Tuple{term.Atom("tick"), 0}))
	for range 2 {
		switch m := assert.Within(t, long, all).(type) {
		case kista.Exited:
			assert.ErrorIs(t, m.Reason, errBoom)
		case kista.Down:
			assert.ErrorIs(t, m.Reason, errBoom)
		default:
			t.Errorf("got %v", m)
		}
	}
}

// A box that breaks the contract ends, and with it its address; signals go through to it.
func TestCheckedAddressFails(t *testing.T) {
	n, _ := node(t)
	client, _ := inbox(n)
	ctx := patient(t)
	pid := behind(t, n, client, nil)
	_, err := server.Call(ctx, pid, openFile{Name: "bad"})
	assert.Equal(t, assert.ErrorAs[*contract.Violation](t, err).Blame, contract.Server)
	reason, err := kista.Wait(ctx, pid)
	assert.NoError(t, err)
	assert.Equal(t, assert.ErrorAs[*contract.Violation](t, reason).Blame, contract.Server)

	pid = behind(t, n, client, nil)
	assert.NoError(t, kista.Exit(pid, errBoom)) // as to the box
	reason, err = kista.Wait(ctx, pid)
	assert.NoError(t, err)
	assert.ErrorIs(t, reason, errBoom)
	_, err = n.Start(ctx, ubf.Checked(ubf.CheckedSpec{}, kista.SpawnOpts{}))
	assert.ErrorAs[*ubf.SpecError](t, err)
	eventually(t, "no box is left", func() bool { return n.Stats().Processes == 1 })
}
