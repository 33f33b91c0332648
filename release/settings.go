package release

import (
	"io"
	"log/slog"

	"github.com/kista-go/kista/app"
)

// settings reads the release's own part of the configuration, before there is a
// node. strange is what is wrong with it, or speaks of applications that the
// release does not have.
func (x *execution) settings() (s Settings, level *slog.LevelVar, strange error) {
	level = new(slog.LevelVar)
	var names []string
	var include func(a app.App)
	include = func(a app.App) {
		names = append(names, a.Name())
		for _, in := range a.Included() {
			include(in)
		}
	}
	for _, a := range x.apps(level) {
		include(a)
	}
	s, err := app.Read[Settings](x.from, own(x.version(), level), names)
	level.Set(s.Log.Level)
	return s, level, err
}

// logger writes to w as the settings say.
func (x *execution) logger(w io.Writer, s Settings, level *slog.LevelVar) *slog.Logger {
	o := &slog.HandlerOptions{Level: level}
	var h slog.Handler = slog.NewTextHandler(w, o)
	if s.Log.Format == "json" {
		h = slog.NewJSONHandler(w, o)
	}
	return slog.New(h).With("release", x.Name, "release_version", x.version())
}
