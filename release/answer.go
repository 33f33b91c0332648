package release

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime"
	"runtime/debug"
	"slices"
	"text/tabwriter"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/app"
)

// say writes to the user. If that cannot be done, there is nobody to tell.
func say(w io.Writer, format string, args ...any) { _, _ = fmt.Fprintf(w, format, args...) }

// printVersion tells the versions.
func (x *execution) printVersion() {
	commit := ""
	if bi, ok := debug.ReadBuildInfo(); ok {
		for _, s := range bi.Settings {
			switch {
			case s.Key == "vcs.revision":
				commit = ", " + s.Value[:min(12, len(s.Value))]
			case s.Key == "vcs.modified" && s.Value == "true":
				commit += " modified"
			}
		}
	}
	say(x.in.Stdout, "%s %s (%s %s/%s%s)\n", x.Name, x.version(), runtime.Version(), runtime.GOOS, runtime.GOARCH, commit)
	w := tabwriter.NewWriter(x.in.Stdout, 0, 0, 2, ' ', 0)
	for _, e := range x.order {
		typ := e.Type.String()
		if e.LoadOnly {
			typ = "loaded only"
		}
		say(w, "  %s\t%s\t%s\t%s\n", e.App.Name(), e.App.Version(), typ, e.App.Description())
		for _, in := range e.App.Included() {
			say(w, "  %s\t%s\tincluded in %s\t%s\n", in.Name(), in.Version(), e.App.Name(), in.Description())
		}
	}
	_ = w.Flush()
}

// loaded calls do on a node of its own with all applications loaded and none
// started.
func (x *execution) loaded(ctx context.Context, from app.Sources, do func(n *kista.Node, ctl kista.PID) error) error {
	cfg := x.Node
	cfg.Name, cfg.Logger = x.Name, slog.New(slog.NewTextHandler(x.in.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	n, err := kista.Start(cfg)
	if err != nil {
		return err
	}
	ctl, err := app.StartController(ctx, n, app.Opts{Config: from})
	if err == nil {
		if err = app.Load(ctx, ctl, x.apps(new(slog.LevelVar))...); err == nil {
			err = do(n, ctl)
		}
	}
	return errors.Join(err, n.Stop(ctx))
}

// apps are the release's applications in their order, and the release itself.
func (x *execution) apps(level *slog.LevelVar) []app.App {
	all := []app.App{own(x.version(), level)}
	for _, e := range x.order {
		all = append(all, e.App)
	}
	return all
}

func (x *execution) configCheck(ctx context.Context) (int, error) {
	if err := x.check(ctx); err != nil {
		return BadUsage, err
	}
	say(x.in.Stdout, "the configuration is good\n")
	return Done, nil
}

// check says what is wrong with the configuration.
func (x *execution) check(ctx context.Context) error {
	_, _, first := x.settings()
	return merge(first, x.loaded(ctx, x.from, func(*kista.Node, kista.PID) error { return nil }))
}

// merge joins two findings of mistakes, each mistake once.
func merge(a, b error) error {
	first, ok := errors.AsType[app.ConfigErrors](a)
	second, both := errors.AsType[app.ConfigErrors](b)
	if !ok || !both {
		return errors.Join(a, b)
	}
	for _, e := range second {
		if !slices.ContainsFunc(first, func(f *app.ConfigError) bool { return *e == *f }) {
			first = append(first, e)
		}
	}
	return first
}

func (x *execution) configShow(ctx context.Context) (int, error) {
	if err := x.check(ctx); err != nil {
		return BadUsage, err
	}
	settings, err := x.keys(ctx)
	if err != nil {
		return BadUsage, err
	}
	w := tabwriter.NewWriter(x.in.Stdout, 0, 0, 2, ' ', 0)
	for _, s := range settings {
		say(w, "%s\t= %s\t# %s\n", s.Key, s.Value, s.Source)
	}
	return Done, w.Flush()
}

// keys lists the keys of all applications.
func (x *execution) keys(ctx context.Context) (out []app.Setting, err error) {
	err = x.loaded(ctx, x.from, func(_ *kista.Node, ctl kista.PID) error {
		all, err := app.LoadedApplications(ctx, ctl)
		for _, a := range all {
			if err == nil {
				var some []app.Setting
				some, err = app.Settings(ctx, ctl, a.Name)
				out = append(out, some...)
			}
		}
		return err
	})
	return out, err
}

// help tells the commands, and the keys with their defaults.
func (x *execution) help() error {
	w := x.in.Stdout
	say(w, "%s %s", x.Name, x.version())
	if x.Description != "" {
		say(w, ": %s", x.Description)
	}
	n := x.Name
	say(w, `

Commands:
  %s [run]         start everything, and run until told to stop
  %s version       the versions of the release and of its applications
  %s config check  read the configuration and say what is wrong with it
  %s config show   every key, its value, and where it comes from
  %s help          this text

Configuration, a later one wins: defaults, the file that --config or
%sRELEASE_CONFIG names, the environment (%sRELEASE_STOP_TIMEOUT), flags
(--release.stop_timeout=10s). SIGHUP reads it anew.

SIGTERM and SIGINT stop in order; a second one ends at once. Exit codes: 0 stopped
in order, 1 an application failed, 2 bad usage, 3 not stopped in time.

Keys:
`, n, n, n, n, n, x.Prefix, x.Prefix)
	tab := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	var list func(a app.App)
	list = func(a app.App) {
		for _, k := range a.Keys(x.Prefix) {
			say(tab, "  %s\t%s\t%s\t%s\n", k.Key, k.Type, k.Value, k.Doc)
		}
		for _, in := range a.Included() {
			list(in)
		}
	}
	for _, a := range x.apps(new(slog.LevelVar)) {
		list(a)
	}
	return tab.Flush()
}
