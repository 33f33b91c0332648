package sys_test

import (
	"context"
	"log/slog"
	"testing"
	"testing/synctest"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/kistatest"
	"github.com/kista-go/kista/server"
	"github.com/kista-go/kista/sys"
)

func upgrade(t testing.TB, code any, pids ...kista.PID) error {
	t.Helper()
	_, err := sys.Upgrade(t.Context(), sys.Plan{Steps: []sys.Step{{PIDs: pids, Code: code}}})
	return err
}

func versionOf(t testing.TB, pid kista.PID) string {
	t.Helper()
	st, err := sys.Status(t.Context(), pid)
	assert.NoError(t, err)
	said, err := server.Call(t.Context(), pid, version{})
	assert.NoError(t, err)
	return st.Version + " " + said
}

func TestS220_ChangeCode(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		pid := start(t, n, 5, server.Opts{})
		code := server.Upgrade(counter2(), func(ch kista.CodeChange, s *counter) (*v2, error) {
			assert.Equal(t, ch.From, "counter/1")
			assert.Equal(t, ch.Extra, any("extra"))
			return &v2{Sum: s.N, Calls: 100}, nil
		})
		assert.ErrorIs(t, sys.ChangeCode(t.Context(), pid, code, "extra"), kista.ErrNotSuspended)
		assert.NoError(t, sys.Suspend(t.Context(), pid))
		waits := server.Begin(t.Context(), pid, add{N: 1}) // of the old code, handled by the new one
		assert.NoError(t, sys.ChangeCode(t.Context(), pid, code, "extra"))
		s, err := sys.State[v2](t.Context(), pid)
		assert.NoError(t, err)
		assert.Equal(t, s, v2{Sum: 5, Calls: 100})
		assert.NoError(t, sys.Resume(t.Context(), pid))
		sum, err := waits.Wait(t.Context())
		assert.NoError(t, err)
		assert.Equal(t, sum, 6)
		assert.Equal(t, versionOf(t, pid), "counter/2 two")
	})
}

func TestS220_AMigrationThatFails(t *testing.T) {
	for name := range faults(nil) {
		t.Run(name, func(t *testing.T) {
			kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
				gate := make(chan struct{})
				f := faults(gate)[name]
				pid := start(t, n, 5, server.Opts{})
				bad := server.Upgrade(counter2(), func(_ kista.CodeChange, s *counter) (*v2, error) {
					s.N = 99 // its copy
					return &v2{Sum: 99}, f.do()
				})
				assert.NoError(t, sys.Suspend(t.Context(), pid))
				err := sys.ChangeCode(t.Context(), pid, bad, nil)
				f.want(t, err)
				assert.ErrorAs[*kista.CallbackError](t, err)
				assert.NoError(t, sys.Resume(t.Context(), pid))
				assert.Equal(t, call(t, pid, 1), 6)
				assert.Equal(t, versionOf(t, pid), "counter/1 one")
				close(gate)
				synctest.Wait()
				assert.Equal(t, call(t, pid, 1), 7)
				assert.Equal(t, versionOf(t, pid), "counter/1 one")
				assert.NoError(t, upgrade(t, server.Upgrade(counter2(), up), pid)) // it can still be changed
				assert.Equal(t, call(t, pid, 1), 8)
			})
		})
	}
}

func TestS220_CodeThatIsNotForIt(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		pid := start(t, n, 5, server.Opts{})
		assert.NoError(t, sys.Suspend(t.Context(), pid))
		for name, tc := range map[string]struct {
			code any
			want func(err error)
		}{
			"nothing":      {nil, func(err error) { assert.ErrorIs(t, err, kista.ErrUnsupported) }},
			"zero":         {server.Code{}, func(err error) { assert.ErrorIs(t, err, kista.ErrUnsupported) }},
			"anything":     {42, func(err error) { assert.ErrorIs(t, err, kista.ErrUnsupported) }},
			"no handle":    {kista.CodeHandle[server.Code]{}, func(err error) { assert.ErrorIs(t, err, kista.ErrUnsupported) }},
			"wrong state":  {server.Upgrade(counter1(), down), func(err error) { assert.ErrorAs[*server.StateError](t, err) }},
			"no new state": {server.Upgrade(counter2(), func(kista.CodeChange, *counter) (*v2, error) { return nil, nil }), func(err error) { assert.ErrorAs[*kista.CallbackError](t, err) }},
			"no handler":   {server.UpgradeHandler("x", func(kista.CodeChange, server.Handler) (server.Handler, error) { return nil, nil }), func(err error) { assert.ErrorAs[*kista.CallbackError](t, err) }},
		} {
			err := sys.ChangeCode(t.Context(), pid, tc.code, nil)
			assert.True(t, err != nil, "%s: no error", name)
			tc.want(err)
		}
		assert.ErrorAs[*kista.DataError](t, sys.ChangeCode(t.Context(), pid, server.Upgrade(counter2(), up), make(chan int)))
		assert.NoError(t, sys.Resume(t.Context(), pid))
		assert.Equal(t, versionOf(t, pid), "counter/1 one")
	})
}

// There may be any number of versions at a time; nothing has to be purged (229,
// 231, 232), for nothing is loaded.
func TestS229_VersionsLiveSideBySide(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		m1, m2 := counter1(), counter2()
		first := server.Of(m1, newCounter)
		var all [3]kista.PID
		for i := range all {
			var err error
			all[i], err = server.Start(t.Context(), n, first, i, server.Opts{})
			assert.NoError(t, err)
		}
		m3 := &server.Mux[v2]{Version: "counter/3"}
		server.OnCall(m3, func(*server.Ctx, *v2, version) (string, error) { return "three", nil })
		assert.NoError(t, upgrade(t, server.Upgrade(m2, up), all[1], all[2]))
		assert.NoError(t, upgrade(t, server.Upgrade(m3, server.Keep[v2]), all[2]))
		assert.Equal(t, versionOf(t, all[0]), "counter/1 one")
		assert.Equal(t, versionOf(t, all[1]), "counter/2 two")
		assert.Equal(t, versionOf(t, all[2]), "counter/3 three")
	})
}

var registered = kista.Code("sys_test.counter/2", server.Upgrade(&server.Mux[v2]{}, up))

// What a process runs is told by its version, which a registered handle's name may
// be (230).
func TestS230_TheVersionThatAProcessRuns(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		pid := start(t, n, 5, server.Opts{})
		byName, ok := kista.CodeNamed[server.Code]("sys_test.counter/2")
		assert.True(t, ok && byName == registered, "not found")
		assert.NoError(t, upgrade(t, byName, pid))
		st, err := sys.Status(t.Context(), pid)
		assert.NoError(t, err)
		assert.Equal(t, st.Version, "sys_test.counter/2")
	})
}

func TestS236_AllOrNone(t *testing.T) {
	for name := range faults(nil) {
		t.Run(name, func(t *testing.T) {
			kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
				gate := make(chan struct{})
				f := faults(gate)[name]
				all := make([]kista.PID, 10)
				for i := range all {
					all[i] = start(t, n, i, server.Opts{})
				}
				err := upgrade(t, server.Upgrade(counter2(), func(ch kista.CodeChange, s *counter) (*v2, error) {
					if s.N == 7 {
						if err := f.do(); err != nil {
							return nil, err
						}
					}
					return up(ch, s)
				}), all...)
				close(gate)
				f.want(t, err)
				failed := assert.ErrorAs[*sys.UpgradeError](t, err)
				assert.Equal(t, failed.PID, all[7])
				assert.Equal(t, failed.Phase, "prepare")
				for i, pid := range all {
					assert.Equal(t, call(t, pid, 0), i)
					assert.Equal(t, versionOf(t, pid), "counter/1 one")
				}
			})
		})
	}
}

func TestS236_RollingKeepsWhatIsDone(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		all := []kista.PID{start(t, n, 0, server.Opts{}), start(t, n, 1, server.Opts{}), start(t, n, 2, server.Opts{})}
		code := server.Upgrade(counter2(), func(ch kista.CodeChange, s *counter) (*v2, error) {
			if s.N == 1 {
				return nil, errBoom
			}
			return up(ch, s)
		})
		done, err := sys.Upgrade(t.Context(), sys.Plan{Rolling: true, Steps: []sys.Step{{PIDs: all, Code: code}}})
		assert.ErrorIs(t, err, errBoom)
		assert.Equal(t, []bool{done[0].Done, done[1].Done, done[2].Done}, []bool{true, false, false})
		assert.Equal(t, versionOf(t, all[0]), "counter/2 two")
		assert.Equal(t, versionOf(t, all[1]), "counter/1 one")
		assert.Equal(t, versionOf(t, all[2]), "counter/1 one")
	})
}

// Those that are to be changed can be found by what they run (237).
func TestS237_WhoRunsAVersion(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		var all []kista.PID
		for i := range 5 {
			all = append(all, start(t, n, i, server.Opts{}))
		}
		n.Spawn(func(s *kista.Self) error { _, err := s.Receive(); return err })
		assert.Equal(t, sys.Running(n, "counter/1"), all, pids)
		assert.NoError(t, upgrade(t, server.Upgrade(counter2(), up), all[1], all[3]))
		assert.Equal(t, sys.Running(n, "counter/1"), []kista.PID{all[0], all[2], all[4]}, pids)
		assert.Equal(t, sys.Running(n, "counter/2"), []kista.PID{all[1], all[3]}, pids)
		assert.NoError(t, sys.Terminate(t.Context(), all[1], nil))
		assert.Equal(t, sys.Running(n, "counter/2"), []kista.PID{all[3]}, pids)
		assert.Equal(t, sys.Running(n, "counter/3"), nil)
	})
}

// One that does not come to its suspension in time makes the upgrade fail before
// anything is changed (237).
func TestS237_OneThatIsBusy(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		pid, busy := start(t, n, 0, server.Opts{}), start(t, n, 0, server.Opts{})
		gate := make(chan struct{})
		c := server.Begin(t.Context(), busy, block{gate: gate})
		err := upgrade(t, server.Upgrade(counter2(), up), pid, busy)
		failed := assert.ErrorAs[*sys.UpgradeError](t, err)
		assert.Equal(t, failed.Phase+" "+failed.PID.String(), "suspend "+busy.String())
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		close(gate)
		_, err = c.Wait(t.Context())
		assert.NoError(t, err)
		assert.Equal(t, versionOf(t, pid), "counter/1 one")
		assert.Equal(t, versionOf(t, busy), "counter/1 one")
	})
}

func TestAPlanThatCannotBe(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		pid, other := start(t, n, 0, server.Opts{}), start(t, n, 0, server.Opts{})
		code := server.Upgrade(counter2(), up)
		assert.ErrorIs(t, upgrade(t, code, pid, other, pid), sys.ErrTwice)
		assert.ErrorIs(t, upgrade(t, code, pid, kista.PID{}), kista.ErrNoProcess)
		assert.NoError(t, upgrade(t, code))
		kistatest.Within(t, n, func(s *kista.Self) {
			_, err := sys.Upgrade(s, sys.Plan{Steps: []sys.Step{{PIDs: []kista.PID{pid, s.PID()}, Code: code}}})
			assert.ErrorIs(t, err, kista.ErrCallingSelf)
		})
		assert.Equal(t, versionOf(t, pid), "counter/1 one")
	})
}

// System requests carry code, so they do not leave the program.
func TestOtherNodes(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, a *kista.Node, _ *kistatest.Log) {
		b, err := kista.Start(kista.Config{Name: "b", Logger: slog.New(slog.DiscardHandler)})
		assert.NoError(t, err)
		defer func() { assert.NoError(t, b.Stop(context.Background())) }()
		defer kista.Pipe(a, b)()
		far := start(t, b, 0, server.Opts{})
		kistatest.Within(t, a, func(s *kista.Self) {
			assert.NoError(t, s.Register("here"))
			sent := b.Spawn(func(s *kista.Self) error { return s.Send(b.Remote(a.NodeName(), "here"), far) })
			seen, err := kista.Receive[kista.PID](s) // as it looks from here
			assert.NoError(t, err)
			assert.Equal(t, a.Alive(sent), false)
			assert.ErrorIs(t, sys.Suspend(s, seen), kista.ErrRemote)
			assert.ErrorIs(t, sys.Suspend(t.Context(), seen), kista.ErrRemote)
			assert.ErrorIs(t, upgrade(t, server.Upgrade(counter2(), up), seen), kista.ErrRemote)
			_, err = sys.Trace(t.Context(), seen, nil)
			assert.ErrorIs(t, err, kista.ErrRemote)
		})
		assert.Equal(t, call(t, far, 1), 1)
	})
}

func TestUpgradeLeavesOutWhatHasEnded(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		pid, ended := start(t, n, 0, server.Opts{}), start(t, n, 0, server.Opts{})
		assert.NoError(t, sys.Terminate(t.Context(), ended, nil))
		done, err := sys.Upgrade(t.Context(), sys.Plan{Steps: []sys.Step{{
			PIDs: []kista.PID{ended, pid}, Code: server.Upgrade(counter2(), up),
		}}})
		assert.NoError(t, err)
		assert.Equal(t, done, []sys.Upgraded{{PID: ended, Gone: true}, {PID: pid, Done: true}}, pids)
	})
}

// An upgrade whose caller gives up, or whose process is killed, changes nothing and
// leaves nobody suspended.
func TestUpgradeThatIsCalledOff(t *testing.T) {
	for _, how := range []string{"caller", "process"} {
		t.Run(how, func(t *testing.T) {
			kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
				all := []kista.PID{start(t, n, 0, server.Opts{}), start(t, n, 1, server.Opts{})}
				gate := make(chan struct{})
				defer close(gate)
				entered := make(chan struct{})
				code := server.Upgrade(counter2(), func(ch kista.CodeChange, s *counter) (*v2, error) {
					if s.N == 1 {
						close(entered)
						<-gate
					}
					return up(ch, s)
				})
				ctx, cancel := context.WithCancelCause(t.Context())
				result := make(chan error, 1)
				go func() {
					_, err := sys.Upgrade(ctx, sys.Plan{Steps: []sys.Step{{PIDs: all, Code: code}}})
					result <- err
				}()
				<-entered
				want := errBoom
				if how == "caller" {
					cancel(errBoom)
				} else {
					want = kista.ErrKilled
					for pid := range n.Processes() {
						if info, _ := n.Info(pid); info.Label == "upgrade" {
							assert.NoError(t, kista.Exit(pid, kista.Kill))
						}
					}
				}
				assert.ErrorIs(t, <-result, want)
				cancel(nil)
				synctest.Wait()
				kistatest.Pass(kista.DefaultHookTimeout)
				for i, pid := range all {
					assert.Equal(t, call(t, pid, 0), i)
					assert.Equal(t, versionOf(t, pid), "counter/1 one")
				}
			})
		})
	}
}

func TestS241_ADowngradeIsAnUpgradeTheOtherWay(t *testing.T) {
	kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
		pid := start(t, n, 5, server.Opts{})
		assert.NoError(t, upgrade(t, server.Upgrade(counter2(), up), pid))
		assert.Equal(t, call(t, pid, 1), 6)
		var from string
		assert.NoError(t, upgrade(t, server.Upgrade(counter1(), func(ch kista.CodeChange, s *v2) (*counter, error) {
			from = ch.From
			return down(ch, s)
		}), pid))
		assert.Equal(t, from, "counter/2")
		assert.Equal(t, call(t, pid, 1), 7)
		assert.Equal(t, versionOf(t, pid), "counter/1 one")
	})
}
