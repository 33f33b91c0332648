package release

import (
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/app"
)

// Exit codes of a release's program.
const (
	// Done: it was stopped in order, or has done its work.
	Done = 0
	// Failed: an application did not start, or the end of one took the node down.
	Failed = 1
	// BadUsage: the command line or the configuration makes no sense.
	BadUsage = 2
	// Late: not everything stopped in time, and was killed.
	Late = 3
)

// Release describes a program. Name and Apps are required.
type Release struct {
	// Name is the program's name, and its node's.
	Name string
	// Version is for people. Empty: "0".
	Version string
	// Description says in a sentence what it is, for help.
	Description string
	// Apps are its applications. They start in the order in which they need each
	// other, and otherwise in this one. Everything that one of them needs must be
	// here.
	Apps []Entry
	// Node is how the node is. Its empty Name becomes the release's; a nil Logger,
	// one that writes to standard error as release.log says.
	Node kista.Config
	// Prefix stands before the names of all variables in the environment; see
	// [app.Sources].
	Prefix string
	// Formats read configuration files that are not JSON, by the end of their
	// names: ".toml". See [app.Sources].
	Formats map[string]func(data []byte) (map[string]any, error)
}

// Entry is an application in a release.
type Entry struct {
	// App is the application.
	App app.App
	// Type says what its end means. Zero: permanent.
	Type app.Type
	// LoadOnly: it is loaded and not started; something else will do that.
	LoadOnly bool
}

// Settings are the release's own configuration: its keys are release.node,
// release.stop_timeout, release.log.level and release.log.format.
type Settings struct {
	// Node is the node's name. Empty: what [Release.Node] says, or the release's
	// name.
	Node string `doc:"the node's name"`
	// StopTimeout is how long an ordered stop may take.
	StopTimeout time.Duration `doc:"how long an ordered stop may take"`
	// Log is how the log is written.
	Log LogSettings
}

// LogSettings say how the log is written, unless the release brings a logger of
// its own. Level may change while the program runs.
type LogSettings struct {
	Level  slog.Level `doc:"the least level that is written: debug, info, warn, error"`
	Format string     `doc:"text or json"`
}

// DefaultStopTimeout is the default of release.stop_timeout. It is a little less
// than the 30 s that Kubernetes waits between SIGTERM and SIGKILL.
const DefaultStopTimeout = 25 * time.Second

// Validate says what is wrong with the settings.
func (s *Settings) Validate() error {
	if s.StopTimeout <= 0 {
		return app.Invalid("stop_timeout", "it must be positive")
	}
	return nil
}

// Validate says what is wrong with the settings.
func (l *LogSettings) Validate() error {
	if l.Format != "text" && l.Format != "json" {
		return app.Invalid("format", "want text or json")
	}
	return nil
}

// own is the release as an application: its configuration, and what to do when
// that changes.
func own(version string, level *slog.LevelVar) app.App {
	return app.New(app.Spec[Settings]{
		Name: ownName, Version: version, Description: "the release itself",
		Config: Settings{StopTimeout: DefaultStopTimeout, Log: LogSettings{Format: "text"}},
		ConfigChange: func(c *app.Ctx[Settings], _ app.Change[Settings]) error {
			level.Set(c.Config.Log.Level)
			return nil
		},
	})
}

const ownName = "release"

// Check says what is wrong with a release: no name, no applications, one that is
// there twice or needs what is not there, a circle. Main does the same.
func (r Release) Check() error {
	_, err := r.order()
	return err
}

// order returns the applications in the order of their start.
func (r Release) order() ([]Entry, error) {
	if r.Name == "" {
		return nil, fmt.Errorf("release: it has no name")
	}
	if len(r.Apps) == 0 {
		return nil, fmt.Errorf("release: %s has no applications", r.Name)
	}
	var apps []app.App
	for _, e := range r.Apps {
		if e.Type > app.Temporary {
			return nil, fmt.Errorf("release: application %s: there is no such type: %v", e.App.Name(), e.Type)
		}
		apps = append(apps, e.App)
	}
	names, err := app.Order(append(apps, own(r.Version, new(slog.LevelVar)))...)
	if err != nil {
		return nil, fmt.Errorf("release: %w", err)
	}
	var out []Entry
	for _, name := range names {
		i := slices.IndexFunc(r.Apps, func(e Entry) bool { return e.App.Name() == name })
		if i >= 0 {
			out = append(out, r.Apps[i])
		}
	}
	return out, nil
}

func (r Release) version() string {
	if r.Version == "" {
		return "0"
	}
	return r.Version
}

// sources are where the configuration comes from, as the command line says.
func (r Release) sources(cl commandLine, env []string) app.Sources {
	s := app.Sources{File: cl.file, From: "--config", Prefix: r.Prefix, Flags: cl.flags}
	variable := r.Prefix + "RELEASE_CONFIG="
	for _, kv := range env {
		file, is := strings.CutPrefix(kv, variable)
		switch {
		case !is:
			s.Env = append(s.Env, kv)
		case cl.file == "" && file != "":
			s.File, s.From = file, strings.TrimSuffix(variable, "=")
		}
	}
	s.Parse = r.Formats[filepath.Ext(s.File)]
	return s
}
