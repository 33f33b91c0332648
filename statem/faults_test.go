package statem_test

import (
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/kistatest"
	"github.com/kista-go/kista/server"
	"github.com/kista-go/kista/statem"
	"github.com/kista-go/kista/supervisor"
)

// fault is what can be wrong with a callback.
type fault struct {
	name string
	do   func(gate <-chan struct{}) error
}

var faults = []fault{
	{"panic", func(<-chan struct{}) error { panic(errBoom) }},
	{"panic with nil", func(<-chan struct{}) error { panic(nil) }},
	{"goexit", func(<-chan struct{}) error { runtime.Goexit(); return nil }},
	{"block", func(gate <-chan struct{}) error { <-gate; return nil }},
	{"error", func(<-chan struct{}) error { return errBoom }},
	{"wrong", nil},
}

// faulty is a Handler with a fault in one callback.
type faulty struct {
	where string
	fault fault
	gate  <-chan struct{}
	wrong func(c *ctx) error // what a wrong return is there
}

func (f *faulty) at(where string, c *ctx) error {
	switch {
	case where != f.where:
		return nil
	case f.fault.do != nil:
		return f.fault.do(f.gate)
	}
	return f.wrong(c)
}

func (f *faulty) Handle(c *ctx, ev statem.Event) error {
	if ev.Msg == "crash" {
		return errOther
	}
	if ev.Msg == "change" {
		c.NextState("two")
		return nil
	}
	if ev.Type == statem.CallEvent {
		c.Reply(c.From(), c.State())
		return nil
	}
	return f.at("handle", c)
}

func (f *faulty) Enter(c *ctx, old string) error {
	if old == c.State() {
		return f.at("first enter", c)
	}
	return f.at("enter", c)
}

func (f *faulty) Terminate(c *ctx, _ error) error { return f.at("terminate", c) }

func (f *faulty) Report() string {
	if err := f.at("report", nil); err != nil {
		return err.Error()
	}
	return ""
}

func (f *faulty) Knows(s string) bool {
	return s == "one" || s == "two" && f.at("knows", nil) == nil
}

// State and SetState are asked for by system requests.
func (f *faulty) State() any {
	if err := f.at("state", nil); err != nil {
		return err
	}
	return 1
}

func (f *faulty) SetState(any) error { return f.at("set state", nil) }

// misbehaviours are the callbacks of a machine, how each is made to run, and what
// becomes of the machine then.
var misbehaviours = []struct {
	where   string
	trigger func(t *testing.T, sup, bad kista.Addr)
	lives   bool // whatever happens there, the machine does not notice
	wrong   func(c *ctx) error
	says    string // the reason of a wrong return
}{
	{"handle", send("go"), false, func(c *ctx) error { c.NextState("none"); return nil }, "asked for NextState in state one: the state none is unknown"},
	{"handle", send("go"), false, func(c *ctx) error {
		c.NextEvent(statem.Event{})
		return nil
	}, "asked for NextEvent in state one: there is no event of type 0"},
	{"handle", send("go"), false, func(c *ctx) error { c.SetTimeout(statem.Timeout{}, 1, nil); return nil }, "asked for SetTimeout in state one: the zero Timeout is none"},
	{"handle", send("go"), false, func(c *ctx) error { c.CancelTimeout(statem.Named([]int{})); return nil }, "asked for CancelTimeout in state one: a []int cannot name a timeout"},
	{"handle", send("go"), false, func(c *ctx) error { c.PopHandler(); return nil }, "asked for PopHandler in state one: no handler was pushed"},
	{"handle", send("go"), false, func(c *ctx) error { c.ChangeHandler(nil); return nil }, "asked for ChangeHandler in state one: the handler is nil"},
	{"handle", send("go"), false, func(*ctx) error { return server.Later }, "the reply comes later"},
	{"enter", send("change"), false, func(c *ctx) error { c.NextState("one"); return nil }, "asked for NextState in state two: an entry call cannot change the state"},
	{"enter", send("change"), false, func(c *ctx) error { c.NextInternal(1); return nil }, "asked for NextEvent in state two: an entry call cannot insert events"},
	{"enter", send("change"), false, func(c *ctx) error { c.PushHandler(statem.HandlerFunc[string](nil)); return nil }, "asked for PushHandler in state two: an entry call cannot change handlers"},
	{"enter", send("change"), false, func(*ctx) error { return statem.Postpone }, "asked for Postpone in state two: an entry call is no event"},
	{"knows", send("change"), false, func(*ctx) error { return errBoom }, "the state two is unknown"},
	{"terminate", stopChild, false, func(*ctx) error { return statem.Postpone }, "postponed"},
	{"report", send("crash"), false, func(*ctx) error { return nil }, "other"},
	{"state", ask1(kista.GetState{}), true, func(*ctx) error { return errBoom }, ""},
	{"state", ask1(kista.GetStatus{}), true, func(*ctx) error { return errBoom }, ""},
	{"set state", ask1(kista.ReplaceState{F: func(s any) (any, error) { return s, nil }}), true, func(*ctx) error { return errBoom }, ""},
	{"replace state", ask1(nil), true, nil, ""},
	{"migrate", ask1(nil), true, nil, ""},
}

func send(msg string) func(*testing.T, kista.Addr, kista.Addr) {
	return func(t *testing.T, _, bad kista.Addr) { assert.NoError(t, kista.Send(bad, msg)) }
}

func stopChild(t *testing.T, sup, _ kista.Addr) {
	assert.NoError(t, supervisor.TerminateChild(t.Context(), sup, "bad"))
	_, err := supervisor.RestartChild(t.Context(), sup, "bad")
	assert.NoError(t, err)
}

// ask1 makes a system request, whose answer does not matter; nil is one that has
// the fault in it, which the test makes.
func ask1(req kista.SystemRequest) func(*testing.T, kista.Addr, kista.Addr) {
	if req == nil {
		return nil
	}
	return func(t *testing.T, _, bad kista.Addr) { _, _ = kista.System(t.Context(), bad, req) }
}

// Whatever a callback does, the supervisor, the siblings and the node live on, and
// the machine too or its next incarnation.
func TestFaultsHarmOnlyTheirMachine(t *testing.T) {
	for _, m := range misbehaviours {
		for _, f := range faults {
			name := m.where + "/" + f.name
			if f.do == nil {
				name += " " + m.says
			}
			if f.do == nil && m.wrong == nil {
				continue // nothing can be wrong there but what the types exclude
			}
			t.Run(name, func(t *testing.T) {
				kistatest.Bubble(t, func(t *testing.T, n *kista.Node, log *kistatest.Log) {
					gate := make(chan struct{})
					sup := family(t, n, func(c *ctx, _ none) (string, statem.Handler[string], error) {
						return "one", &faulty{where: m.where, fault: f, gate: gate, wrong: m.wrong}, nil
					})
					defer close(gate)
					bad := n.Name("bad")
					before, _ := n.WhereIs("bad")
					trigger := m.trigger
					switch {
					case m.where == "replace state":
						trigger = ask1(kista.ReplaceState{F: func(any) (any, error) { return nil, f.do(gate) }})
					case m.where == "migrate":
						trigger = func(t *testing.T, _, bad kista.Addr) { changeCode(t, bad, func() error { return f.do(gate) }) }
					}
					trigger(t, n.Name("sup"), bad)
					kistatest.Pass(10 * time.Second)
					alive(t, n)
					after, _ := n.WhereIs("bad")
					blocks := f.name == "block"
					switch {
					case m.lives, blocks && m.where != "terminate" && m.where != "report":
						assert.Equal(t, after, before)
					case !blocks:
						assert.True(t, after != before, "it has not been started again")
					}
					if f.do == nil && !m.lives && m.where != "terminate" {
						says(t, log, m.says)
					}
					// What blocks is stopped by its supervisor within its time.
					began := time.Now()
					assert.NoError(t, statem.Shutdown(t.Context(), sup, kista.ErrShutdown))
					assert.True(t, time.Since(began) <= supervisor.DefaultShutdown, "the supervisor took %v to stop", time.Since(began))
				})
			})
		}
	}
}

// A start that fails, or does not come to its end, is an error to whoever starts.
func TestFaultsOfFactories(t *testing.T) {
	wrong := map[string]func(c *ctx) (string, statem.Handler[string], error){
		"an unknown state":    func(*ctx) (string, statem.Handler[string], error) { return "none", &faulty{}, nil },
		"no handler":          func(*ctx) (string, statem.Handler[string], error) { return "one", nil, nil },
		"a state of its own":  func(c *ctx) (string, statem.Handler[string], error) { c.NextState("two"); return "one", &faulty{}, nil },
		"a repetition":        func(c *ctx) (string, statem.Handler[string], error) { c.RepeatState(); return "one", &faulty{}, nil },
		"another handler too": func(c *ctx) (string, statem.Handler[string], error) { c.PopHandler(); return "one", &faulty{}, nil },
		"to postpone":         func(*ctx) (string, statem.Handler[string], error) { return "one", &faulty{}, statem.Postpone },
	}
	for name, w := range wrong {
		t.Run(name, func(t *testing.T) {
			failsToStart(t, func(c *ctx, _ chan struct{}) (string, statem.Handler[string], error) { return w(c) })
		})
	}
	for _, f := range faults {
		if f.do == nil {
			continue
		}
		t.Run(f.name, func(t *testing.T) {
			failsToStart(t, func(_ *ctx, gate chan struct{}) (string, statem.Handler[string], error) {
				return "one", &faulty{}, f.do(gate)
			})
		})
		t.Run("first enter/"+f.name, func(t *testing.T) {
			kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
				family(t, n, good)
				gate := make(chan struct{})
				defer close(gate)
				pid, err := supervisor.StartChild(t.Context(), n.Name("sup"), supervisor.Child{
					ID: "worse", Restart: supervisor.Temporary,
					Start: statem.Child(func(*ctx, none) (string, statem.Handler[string], error) {
						return "one", &faulty{where: "first enter", fault: f, gate: gate}, nil
					}, none{}, statem.Opts{}),
				})
				assert.NoError(t, err)
				kistatest.Pass(time.Second)
				assert.Equal(t, n.Alive(pid), f.name == "block")
				alive(t, n)
			})
		})
	}
}

func failsToStart(t *testing.T, f func(c *ctx, gate chan struct{}) (string, statem.Handler[string], error)) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		family(t, n, good)
		gate := make(chan struct{})
		defer close(gate)
		_, err := supervisor.StartChild(t.Context(), n.Name("sup"), supervisor.Child{
			ID: "worse", StartTimeout: time.Second,
			Start: statem.Child(func(c *ctx, _ none) (string, statem.Handler[string], error) { return f(c, gate) }, none{}, statem.Opts{Name: "worse"}),
		})
		if err == nil {
			t.Error("the start has not failed")
		}
		_, there := n.WhereIs("worse")
		assert.True(t, !there, "the name is still taken")
		alive(t, n)
	})
}

func good(*ctx, none) (string, statem.Handler[string], error) { return "one", &faulty{}, nil }

// family starts a supervisor with a machine called bad and a good sibling.
func family(t *testing.T, n *kista.Node, bad statem.Factory[string, none]) kista.PID {
	t.Helper()
	sup, err := supervisor.Start(t.Context(), n, supervisor.Spec{Children: []supervisor.Child{
		{ID: "good", Start: statem.Child(good, none{}, statem.Opts{Name: "good"})},
		{ID: "bad", Start: statem.Child(bad, none{}, statem.Opts{Name: "bad"})},
	}}, supervisor.Opts{Name: "sup"})
	assert.NoError(t, err)
	kistatest.Pass(0)
	return sup
}

// alive fails the test if the supervisor or the good sibling does not answer.
func alive(t *testing.T, n *kista.Node) {
	t.Helper()
	state, err := server.Call(t.Context(), n.Name("good"), ask{})
	assert.NoError(t, err)
	assert.Equal(t, state, "one")
	counts, err := supervisor.CountChildren(t.Context(), n.Name("sup"))
	assert.NoError(t, err)
	assert.True(t, counts.Active >= 1, "%+v", counts)
	status, err := kista.System(t.Context(), n.Name("good"), kista.GetState{})
	assert.NoError(t, err)
	assert.Equal(t, status, any(statem.Snapshot[string]{State: "one", Data: 1}))
}

// says fails the test if the machine's report does not give that reason.
func says(t *testing.T, log *kistatest.Log, reason string) {
	t.Helper()
	if got := log.Attrs("statem terminates")["reason"]; !strings.Contains(got, reason) {
		t.Errorf("the reason is %q, want %q in it", got, reason)
	}
}

// changeCode changes the code of a machine to one whose migration does that.
func changeCode(t *testing.T, to kista.Addr, migrate func() error) {
	t.Helper()
	_, err := kista.System(t.Context(), to, kista.Suspend{})
	assert.NoError(t, err)
	code := statem.UpgradeHandler("2", func(_ kista.CodeChange, state string, old statem.Handler[string]) (string, statem.Handler[string], error) {
		return state, old, migrate()
	})
	_, err = kista.System(t.Context(), to, kista.ChangeCode{Code: code})
	assert.ErrorAs[*kista.CallbackError](t, err)
	_, err = kista.System(t.Context(), to, kista.Resume{})
	assert.NoError(t, err)
}
