package release

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/app"
)

// running is a release that runs.
type running struct {
	*execution
	settings Settings
	log      *slog.Logger
	node     *kista.Node
	ctl      kista.PID
	booted   chan error     // the outcome of the start
	ended    chan error     // the controller's exit reason
	atOnce   bool           // a second signal: nothing is waited for
	work     sync.WaitGroup // what waits for the controller: it ends with it
}

// run starts everything, and stops it when it is told to.
func (x *execution) run(ctx context.Context) (int, error) {
	r, why, err := x.prepared(ctx)
	switch {
	case why != "":
		say(x.in.Stderr, "%s: told to end while the configuration was read: %s\n", x.Name, why)
		if err != nil {
			return Late, err
		}
		return Done, nil
	case err != nil:
		code := Failed
		if _, bad := errors.AsType[app.ConfigErrors](err); bad {
			code = BadUsage
		}
		return code, err
	}
	r.work.Go(func() {
		reason, err := kista.Wait(context.WithoutCancel(ctx), r.ctl)
		r.ended <- errors.Join(reason, err)
	})
	r.work.Go(func() { r.booted <- r.boot(context.WithoutCancel(ctx)) })
	code, err := r.wait(ctx)
	if !r.atOnce {
		r.work.Wait()
	}
	return code, err
}

// prepared reads the configuration, and hears meanwhile what comes from outside: reading may take long, and runs code of the
// user's. why says what has ended it; the error then, that it does not return.
func (x *execution) prepared(ctx context.Context) (r *running, why string, err error) {
	type outcome struct {
		r   *running
		err error
	}
	under, cancel := context.WithCancel(ctx)
	defer cancel()
	done := make(chan outcome, 1)
	go func() {
		r, err := x.prepare(under)
		done <- outcome{r, err}
	}()
	for why == "" {
		select {
		case o := <-done:
			return o.r, "", o.err
		case sig := <-x.in.Signals:
			if sig != syscall.SIGHUP { // it is being read anyhow
				why = sig.String()
			}
		case <-ctx.Done():
			why = context.Cause(ctx).Error()
		}
	}
	cancel()
	late := time.NewTimer(blameTime)
	defer late.Stop()
	select {
	case o := <-done:
		if o.r != nil {
			_ = o.r.quit() // nothing runs on it
		}
		return nil, why, nil
	case <-late.C:
		return nil, why, fmt.Errorf("the code that reads it does not return")
	}
}

// prepare reads the configuration and makes a node with all applications loaded and none started.
func (x *execution) prepare(ctx context.Context) (*running, error) {
	settings, level, err := x.settings()
	if err != nil {
		return nil, merge(err, x.loaded(ctx, x.from, func(*kista.Node, kista.PID) error { return nil }))
	}
	cfg := x.Node
	if settings.Node != "" {
		cfg.Name = settings.Node
	}
	if cfg.Name == "" {
		cfg.Name = x.Name
	}
	if cfg.Logger == nil {
		cfg.Logger = x.logger(x.in.Stderr, settings, level)
	}
	r := &running{
		execution: x, settings: settings, log: cfg.Logger,
		booted: make(chan error, 1), ended: make(chan error, 1),
	}
	if r.node, err = kista.Start(cfg); err != nil {
		return nil, err
	}
	if r.ctl, err = app.StartController(ctx, r.node, app.Opts{Config: x.from, KeepNode: true}); err == nil {
		err = app.Load(ctx, r.ctl, x.apps(level)...)
	}
	if err != nil {
		return nil, errors.Join(err, r.quit())
	}
	return r, nil
}

// quit stops a node on which nothing has been started.
func (r *running) quit() error {
	ctx, cancel := context.WithTimeout(context.Background(), blameTime/2)
	defer cancel()
	return r.node.Stop(ctx)
}

// boot starts the applications in their order.
func (r *running) boot(ctx context.Context) error {
	r.log.Info("release: starting", "pid", os.Getpid(), "node", r.node.NodeName())
	if err := app.Start(ctx, r.ctl, ownName, app.Temporary); err != nil {
		return err
	}
	for _, e := range r.order {
		if e.LoadOnly {
			continue
		}
		err := app.Start(ctx, r.ctl, e.App.Name(), e.Type)
		switch {
		case err == nil || errors.Is(err, app.ErrAlreadyStarted):
		case e.Type == app.Temporary && !errors.Is(err, app.ErrStopping):
			r.log.Error("release: a temporary application did not start", "application", e.App.Name(), "reason", err)
		default:
			return err
		}
	}
	r.log.Info("release: running")
	return nil
}

// wait waits for the end, whoever brings it about.
func (r *running) wait(ctx context.Context) (int, error) {
	for {
		select {
		case err := <-r.booted:
			if err == nil {
				r.booted = nil
				continue
			}
			if _, ended := errors.AsType[*kista.CallError](err); ended || errors.Is(err, app.ErrStopping) {
				return r.gone(<-r.ended) // the end of an application takes the node down
			}
			code := r.stop("an application did not start")
			return max(code, Failed), err
		case reason := <-r.ended:
			return r.gone(reason)
		case sig := <-r.in.Signals:
			if sig == syscall.SIGHUP {
				r.reload(context.WithoutCancel(ctx))
				continue
			}
			return r.stop(sig.String()), nil
		case <-ctx.Done():
			return r.stop(context.Cause(ctx).Error()), nil
		}
	}
}

// signalCode is the exit code of a program that was ended by a signal, as shells
// have it.
func signalCode(sig os.Signal) int {
	if n, ok := sig.(syscall.Signal); ok {
		return 128 + int(n)
	}
	return Failed
}

// gone is for a controller that has ended by itself and takes its node along.
func (r *running) gone(reason error) (int, error) {
	ctx, cancel := context.WithTimeout(context.Background(), r.settings.StopTimeout)
	defer cancel()
	err := r.node.Stop(ctx)
	t, ok := errors.AsType[*app.TerminatedError](reason)
	if ok && t.Reason == nil {
		r.log.Info("release: done", "application", t.App)
		return Done, err
	}
	r.log.Error("release: down", "reason", reason)
	return Failed, errors.Join(reason, err)
}

// reload reads the configuration anew.
func (r *running) reload(ctx context.Context) {
	r.work.Go(func() { // an application may take its time with it
		if err := app.Reconfigure(ctx, r.ctl, r.from); err != nil {
			r.log.Error("release: configuration not changed as it should be", "reason", err)
			return
		}
		r.log.Info("release: configuration read")
	})
}

// stop stops everything in order, as long as that may take, and returns the exit
// code.
func (r *running) stop(why string) int {
	r.log.Info("release: stopping", "why", why, "at_most", r.settings.StopTimeout)
	begun := time.Now()
	done := make(chan error, 1)
	const slack = time.Minute // the deadline below comes first
	ctx, cancel := context.WithTimeout(context.Background(), r.settings.StopTimeout+slack)
	defer cancel()
	go func() {
		// First the applications, while the node still has new processes for them.
		_, _ = kista.System(ctx, r.ctl, kista.Terminate{Reason: kista.ErrShutdown})
		done <- r.node.Stop(ctx)
	}()
	half := time.NewTimer(r.settings.StopTimeout / 2)
	late := time.NewTimer(r.settings.StopTimeout)
	defer half.Stop()
	defer late.Stop()
	for {
		select {
		case err := <-done:
			if err != nil {
				r.log.Error("release: stopped, with code that does not return", "reason", err)
				return Late
			}
			r.log.Info("release: stopped", "took", time.Since(begun).Round(time.Millisecond))
			return Done
		case <-half.C:
			r.blame(slog.LevelWarn, "release: the stop waits", blameTime)
		case <-late.C:
			r.blame(slog.LevelError, "release: not stopped in time", blameTime)
			cancel()
			r.log.Error("release: killed what was left", "after", r.settings.StopTimeout)
			if err := <-done; err != nil {
				r.log.Error("release: there is code that does not return", "reason", err)
			}
			return Late
		case sig := <-r.in.Signals:
			if sig == syscall.SIGHUP {
				continue
			}
			r.blame(slog.LevelError, "release: told to end at once", blameTime/10)
			r.atOnce = true
			return signalCode(sig)
		}
	}
}

// blameTime is how long it may take to find out.
const blameTime = 2 * time.Second

// blame says what the stop waits for.
func (r *running) blame(level slog.Level, msg string, limit time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	all, err := app.Holdups(ctx, r.node, r.ctl)
	for _, h := range all {
		r.log.Log(ctx, level, msg, "application", h.App, "step", h.Step, "child", h.Child, "pid", h.PID.String(),
			"name", h.Name, "kind", h.Kind, "doing", h.Doing, "since", h.Since.Round(time.Millisecond))
	}
	const enough = 20
	left := r.node.ZombieStacks(enough)
	for _, z := range left {
		r.log.Log(ctx, level, msg+": code that does not return", "pid", z.PID.String(), "kind", z.Kind, "name", z.Name,
			"callback", z.Callback, "ended_with", z.Reason, "ended_for", z.Since.Round(time.Millisecond), "stack", z.Stack)
	}
	if len(all)+len(left) == 0 {
		r.log.Log(ctx, level, msg, "reason", fmt.Sprint(err))
	}
}
