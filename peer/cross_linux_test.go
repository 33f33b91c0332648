package peer_test

import (
	"errors"
	"math"
	"math/big"
	"net/netip"
	"os"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/peer"
	"github.com/kista-go/kista/server"
	"github.com/kista-go/kista/supervisor"
	"github.com/kista-go/kista/term"
)

type (
	tree2 struct {
		Name   string
		Left   *tree2
		Any    any
		Parts  map[string][]int
		Fixed  [3]uint8
		When   time.Time
		hidden int
	}
	strange struct{ C chan int }
	// unknown is registered nowhere.
	unknown struct{ A int }
)

func init() { peer.RegisterType(tree2{}, strange{}) }

// Values come back as they went, types and all.
func TestValuesGoAcross(t *testing.T) {
	n, _ := node(t)
	pid := start(t, n, peer.Spec{})
	when := time.Date(2026, 3, 4, 5, 6, 7, 8, time.UTC)
	for _, v := range []any{
		nil, true, "text", "\xff\xfe", 1, int8(-3), uint64(math.MaxUint64), 2.5, math.Inf(-1), complex(1, -2),
		[]byte{1, 2, 0},
		[]string{},
		[]string{"a", ""},
		map[string]int{"a": 1},
		[2]bool{true, false},
		when, time.Second, new(big.Int).Lsh(big.NewInt(1), 100),
		netip.MustParseAddr("::1"), term.Atom("a"),
		term.Tuple{term.Atom("a"), 1, term.List{term.Binary("b")}},
		tree2{Name: "x", Left: &tree2{Any: []any{1, "two", tree2{}}}, Parts: map[string][]int{"p": {1}}, Fixed: [3]uint8{1, 2, 3}, When: when, hidden: 7},
		&tree2{Name: "pointer"},
		[]tree2{{Name: "a"}},
		[]any{[]any{[]any{}}},
		errBoom,
		struct{}{},
	} {
		got, err := server.Call(patient(t), pid, echo{V: v})
		assert.NoError(t, err)
		assert.True(t, reflect.DeepEqual(got, v), "%#v became %#v", v, got)
	}
}

// What cannot travel is refused to its sender, which says what and where; the
// connection stands.
func TestWhatCannotTravel(t *testing.T) {
	n, _ := node(t)
	pid := start(t, n, peer.Spec{MaxMessage: 100_000})
	root, err := peer.Root(ctx, pid)
	assert.NoError(t, err)
	cyclic := &tree2{}
	cyclic.Left = cyclic
	other := start(t, n, peer.Spec{})
	stranger, err := peer.Root(ctx, other)
	assert.NoError(t, err)
	for says, v := range map[string]any{
		"does not know the type peer_test.unknown": unknown{1},
		"Any":            tree2{Any: unknown{1}},
		"contains itsel": cyclic,
		"bytes":          strings.Repeat("x", 200_000),
		"third node":     stranger,
	} {
		for name, err := range map[string]error{
			"send": kista.Send(root, echo{V: v}),
			"call": second(server.Call(patient(t), root, echo{V: v})),
		} {
			e := assert.ErrorAs[*kista.DataError](t, err)
			assert.True(t, strings.Contains(e.Error(), says), "%s: %v does not say %q", name, e, says)
		}
	}
	assert.ErrorAs[*kista.DataError](t, kista.Send(root, strange{make(chan int)}))
	v, err := server.Call(patient(t), root, add{N: 1})
	assert.NoError(t, err)
	assert.Equal(t, v, 1)
}

func second[A any](_ A, err error) error { return err }

// Messages, links, monitors and PIDs cross: a PID that comes back is the same one.
func TestProcessesGoAcross(t *testing.T) {
	n, _ := node(t)
	pid := start(t, n, peer.Spec{Name: "it"})
	root, err := peer.Root(ctx, pid)
	assert.NoError(t, err)
	type result struct {
		same, answered bool
		down           kista.Down
	}
	out := make(chan result, 1)
	n.Spawn(func(s *kista.Self) error {
		var r result
		v, err := server.Call(s, root, echo{V: []kista.PID{s.PID(), root}})
		pids, _ := v.([]kista.PID)
		r.same = err == nil && len(pids) == 2 && pids[0] == s.PID() && pids[1] == root
		_ = s.Send(root, note{Text: "hello", From: s.PID()})
		m, err := kista.Receive[note](s)
		r.answered = err == nil && m.Text == "got hello" && m.From == root
		ref := s.Monitor(root)
		_ = s.Exit(root, errBoom)
		r.down, _ = kista.Receive[kista.Down](s)
		r.same = r.same && r.down.Ref == ref
		out <- r
		return nil
	})
	r := assert.Within(t, long, out)
	assert.True(t, r.same && r.answered, "%+v", r)
	assert.ErrorIs(t, r.down.Reason, errBoom) // the sentinel itself
	assert.ErrorIs(t, ends(t, pid), errBoom)  // the root's reason is the peer's
}

// An entry can be started in a peer that runs; it ends with the peer.
func TestSpawnInAPeer(t *testing.T) {
	n, _ := node(t)
	pid := start(t, n, peer.Spec{})
	more, err := nameless.Spawn(patient(t), pid, 40)
	assert.NoError(t, err)
	v, err := server.Call(patient(t), more, add{N: 2})
	assert.NoError(t, err)
	assert.Equal(t, v, 42)
	_, err = single.Spawn(patient(t), pid, 0)
	assert.True(t, err != nil && strings.Contains(err.Error(), "counter"), "the name is taken, and yet: %v", err)
	assert.NoError(t, peer.Shutdown(patient(t), pid, nil))
	assert.True(t, !n.Alive(more), "it outlives its peer")
}

// A peer that dies is taken over by the one that stands by, and a new one stands by.
func TestStandby(t *testing.T) {
	n, _ := node(t)
	_, err := supervisor.Start(patient(t), n, supervisor.Spec{Intensity: 10, Children: []supervisor.Child{
		{ID: "it", Start: single.Program(5, peer.Spec{Name: "it", Standby: true}, peer.Opts{Name: "it"})},
	}}, supervisor.Opts{})
	assert.NoError(t, err)
	seen := map[int]bool{}
	for range 3 {
		var i peer.Info
		eventually(t, "one stands by", func() bool {
			var err error
			i, err = peer.Inspect(ctx, n.Name("it"))
			return err == nil && i.Standby
		})
		assert.True(t, !seen[i.PID], "OS process %d again", i.PID)
		seen[i.PID] = true
		began := time.Now()
		assert.NoError(t, syscall.Kill(i.PID, syscall.SIGKILL))
		eventually(t, "it is back", func() bool {
			v, err := server.Call(patient(t), n.Remote("it", "counter"), add{N: 1})
			return err == nil && v == 6
		})
		t.Logf("killed, and answers again after %v", time.Since(began))
	}
}

// What a peer logs, and what it prints, are records here, with its name.
func TestRecordsComeHere(t *testing.T) {
	n, log := node(t)
	pid := start(t, n, peer.Spec{Name: "it"})
	_, _ = server.Call(patient(t), pid, fault{Kind: "script", Arg: "echo to standard error >&2"})
	_, err := server.Call(patient(t), pid, fault{Kind: "panic"})
	assert.ErrorAs[*kista.PanicError](t, err)
	t.Log(log.await(t, "ERROR", "peer=it", "boom"))
}

func TestMistakes(t *testing.T) {
	n, _ := node(t)
	for field, spec := range map[string]peer.Spec{
		"Memory": {Memory: 1}, "Heartbeat": {Heartbeat: -1}, "StartTimeout": {StartTimeout: -1}, "Grace": {Grace: -1},
		"MaxMessage": {MaxMessage: 1 << 31}, "Buffer": {Buffer: -1}, "Name": {Name: "a\x00"}, "Patience": {Patience: time.Millisecond},
	} {
		_, err := single.Start(patient(t), n, 0, spec, peer.Opts{})
		assert.Equal(t, assert.ErrorAs[*peer.SpecError](t, err).Field, field)
	}
	_, err := single.Start(patient(t), n, 0, peer.Spec{Name: "parent"}, peer.Opts{})
	assert.Equal(t, assert.ErrorAs[*peer.SpecError](t, err).Field, "Name")
	start(t, n, peer.Spec{Name: "twice"})
	_, err = single.Start(patient(t), n, 0, peer.Spec{Name: "twice"}, peer.Opts{})
	assert.Equal(t, assert.ErrorAs[*peer.SpecError](t, err).Field, "Name")
	late := peer.Register("late "+t.Name(), func(int) kista.Program { return kista.Program{} })
	_, err = late.Start(patient(t), n, 0, peer.Spec{}, peer.Opts{})
	assert.Equal(t, assert.ErrorAs[*peer.EntryError](t, err).Entry, late.Name())
	_, err = single.Start(patient(t), n, 0, peer.Spec{Dir: "/nowhere"}, peer.Opts{})
	assert.True(t, errors.Is(err, os.ErrNotExist), "%v", err)
	for _, f := range []func(){
		func() { peer.Register("single", func(int) kista.Program { return kista.Program{} }) },
		func() { peer.Register[int]("", nil) },
		func() { peer.RegisterType(nil) },
	} {
		func() {
			defer func() { assert.True(t, recover() != nil, "no panic") }()
			f()
		}()
	}
}
