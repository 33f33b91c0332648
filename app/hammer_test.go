package app_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/app"
	"github.com/kista-go/kista/internal/assert"
)

// TestHammer lets many goroutines start, stop, reconfigure, load, unload and kill
// at the same time. No application ever has two incarnations, each that was begun is
// ended, the controller always answers, and at rest it knows what runs.
func TestHammer(t *testing.T) {
	const apps, clients, each = 8, 8, 60
	n, err := kista.Start(kista.Config{Logger: quiet})
	assert.NoError(t, err)
	ctl, err := app.StartController(ctx, n, app.Opts{})
	assert.NoError(t, err)

	type config struct{ N int }
	var live, begun, killed [apps]atomic.Int64
	name := func(i int) string { return fmt.Sprintf("app%d", i) }
	make := func(i int) app.App {
		var needs []string
		for j := range i {
			if (i*7+j)%3 == 0 {
				needs = append(needs, name(j))
			}
		}
		return app.New(app.Spec[config]{
			Name: name(i), Applications: needs, Phases: []app.Phase{{Name: "p"}},
			Start: func(c *app.Ctx[config]) (kista.Program, error) {
				if rand.IntN(10) == 0 {
					return kista.Program{}, errBoom
				}
				if live[i].Add(1) != 1 && killed[i].Load() == 0 {
					t.Errorf("%s has two incarnations", name(i))
				}
				begun[i].Add(1)
				return kista.BehaviourProgram(kista.SpawnOpts{Name: name(i), TrapExits: true}, "top", func() (kista.Behaviour, error) {
					return quietTop{}, nil
				}), nil
			},
			StartPhase: func(*app.Ctx[config], string, any) error {
				if rand.IntN(10) == 0 {
					panic("boom")
				}
				return nil
			},
			Stop: func(*app.Ctx[config]) error {
				live[i].Add(-1)
				begun[i].Add(-1)
				return nil
			},
			ConfigChange: func(*app.Ctx[config], app.Change[config]) error {
				if rand.IntN(4) == 0 {
					return errBoom
				}
				return nil
			},
		})
	}
	for i := range apps {
		assert.NoError(t, app.Load(ctx, ctl, make(i)))
	}

	bounded, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	check := func(err error) {
		if err != nil && bounded.Err() != nil {
			t.Errorf("no answer: %v", err)
		}
		if e, ok := errors.AsType[*kista.CallError](err); ok {
			t.Errorf("the controller: %v", e)
		}
	}
	var all sync.WaitGroup
	for range clients {
		all.Go(func() {
			for range each {
				i := rand.IntN(apps)
				switch rand.IntN(12) {
				case 0, 1:
					check(app.Start(bounded, ctl, name(i), app.Temporary))
				case 2, 3, 4, 5:
					_, err := app.EnsureAllStarted(bounded, ctl, app.Temporary, name(i), name(rand.IntN(apps)))
					check(err)
				case 6, 7:
					check(app.Stop(bounded, ctl, name(i)))
				case 8: // its tree ends by itself
					_ = kista.Send(n.Name(name(i)), dies{"boom"})
				case 9:
					check(app.Reconfigure(bounded, ctl, app.Sources{Flags: []string{fmt.Sprintf("--%s.n=%d", name(i), rand.IntN(3))}}))
				case 10:
					_, err := app.Holdups(bounded, n, ctl)
					check(err)
				case 11:
					info, err := app.Get(bounded, ctl, name(i))
					check(err)
					if rand.IntN(8) == 0 && !info.Master.IsZero() { // its Stop does not run then
						killed[i].Add(1)
						_ = kista.Exit(info.Master, kista.Kill)
					}
				}
			}
		})
	}
	all.Wait()

	// At rest, what is said to run does.
	loaded, err := app.LoadedApplications(ctx, ctl)
	assert.NoError(t, err)
	for _, a := range loaded {
		_ = app.Stop(ctx, ctl, a.Name)
		_, there := n.WhereIs(a.Name)
		if there && killed[index(a.Name)].Load() == 0 {
			t.Errorf("%s is stopped, and its tree is there", a.Name)
		}
	}
	if _, err := app.EnsureAllStarted(ctx, ctl, app.Temporary, name(0)); err != nil {
		_, ok := errors.AsType[*app.Error](err)
		assert.True(t, ok, "got %v", err)
	}
	assert.NoError(t, n.Stop(ctx))
	for i := range apps {
		if b := begun[i].Load(); b != 0 && killed[i].Load() == 0 {
			t.Errorf("%s: %d starts without a stop", name(i), b)
		}
	}
	if s := n.Stats(); s.Processes != 0 || s.Names != 0 {
		t.Errorf("after stop: %+v", s)
	}
}

func index(name string) (i int) {
	_, _ = fmt.Sscanf(name, "app%d", &i)
	return i
}

// quietTop is a top process without a diary.
type quietTop struct{}

func (quietTop) Init(*kista.Self) error { return nil }

func (quietTop) Handle(_ *kista.Self, msg any) error {
	if _, ok := msg.(dies); ok {
		return errBoom
	}
	return nil
}

func (quietTop) Terminate(*kista.Self, error) error { return nil }
