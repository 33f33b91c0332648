// Package app makes units of a program that start, stop and are configured as one:
// OTP's applications, with their words and order.
//
// # Words
//
// An application is a supervision tree with configuration and dependencies: a
// database pool with its workers, a web front with its listeners. It is described
// by a [Spec] and made an [App] by [New]. An application without a tree is a
// library: it is there, it has configuration, and it runs nothing.
//
// A node's application controller ([StartController]) knows the applications that
// are loaded ([Load]) and starts and stops them. For each that runs there is a
// master, the parent of its top process. A release (package release) is a program
// made of applications; most programs let it do all of this.
//
// The start type ([StartType]) tells an application why it starts here; today it
// is always [Normal]. The type ([Type]) says what its end means for the node.
//
//	shop := app.New(app.Spec[Config]{
//		Name:         "shop",
//		Applications: []string{"stock"},
//		Config:       Config{Listen: ":8080"}, // the defaults
//		Start: func(c *app.Ctx[Config]) (kista.Program, error) {
//			return supervisor.Program(tree(c.Config), supervisor.Opts{}), nil
//		},
//	})
//
// # The order of things
//
// A start is: Start, which says what to run; the tree, up to its last child; each
// phase, the application's own part of it and then that of those included in it.
// A stop is: PrepStop; the tree, last child first; Stop; and then whatever still
// runs that descends from the application, and has left its tree, is killed. When
// the tree ends by itself, PrepStop and Stop run as well, and then the application
// has ended with the tree's reason.
//
// A start that fails at any point undoes what it has done: a tree that is up is
// stopped in order, and Stop runs if Start has returned a program. [EnsureAllStarted]
// undoes the other applications too that it has started. All applications stop in
// the reverse order of their start, one after the other.
//
// # Callbacks
//
// Each callback runs in a process of its own, linked to the master, under recover,
// and with a limit: [Spec.StartTimeout] for the whole start, [Spec.StopTimeout] for
// each of the others, [DefaultStopTimeout] for Validate. One that takes longer is told to end by its context, and a
// second later it is given up. What goes wrong in it is a [*CallbackError]:
//
//	callback        error, panic, Goexit, too slow
//	Start           the application does not start
//	StartPhase      the same; the tree is stopped, Stop runs
//	PrepStop, Stop  reported; the stop goes on
//	ConfigChange    reported, and the error of Reconfigure; the application goes on
//	Validate        Load or Reconfigure fails, and nothing has changed
//
// The controller and the masters run none of the user's code, so they always
// answer. A callback may call this package's functions for other applications, but
// not wait for the start or the stop of its own.
//
// # Configuration
//
// It is a struct, C of a [Spec]. A field's key is its name in lower case, with an
// underscore between its words (MaxConns: max_conns), or what its tag says:
// `config:"conns"`. Structs nest: shop.db.timeout is field Timeout of field DB of
// shop's. Numbers, text, booleans, durations ("1m30s"), types that read themselves
// from text (netip.AddrPort, slog.Level, time.Time), [Secret], lists of such, maps
// from strings to such. Tags: `config:",required"`, `config:",secret"`,
// `doc:"for people"`.
//
// Precedence, a later one wins: the defaults (Spec.Config), the file, the
// environment, flags. See [Sources] for how each is written. A list is replaced as a
// whole; a map is put together, element by element. Everything is checked when the
// application is loaded: types, unknown keys, required ones, then the method
// Validate() error of the struct and of those in it. Every mistake is reported, with
// its key, the value, and the source:
//
//	shop.db.timeout: "5x" from SHOP_DB_TIMEOUT: not a duration, such as 1m30s or 250ms
//
// Secrets are shown nowhere. [Reconfigure] reads it anew while the node runs.
//
// # For those who know OTP
//
//	.app, the callback module      Spec
//	application:load, start, stop  Load, Start, Stop
//	ensure_all_started             EnsureAllStarted
//	which_, loaded_applications    WhichApplications, LoadedApplications
//	get_env                        c.Config; Settings for people
//	get_application                Of
//	config_change                  ConfigChange, brought about by Reconfigure
//	included_applications          Spec.Included, and Ctx.Include in Start
//	permanent, transient           the same; here permanent is the zero value, as in releases
//	permit, takeover, distributed  not yet: they come with distribution
//
// Differs from OTP: Start describes its tree and the master starts it; a failed
// phase stops the tree in order and runs Stop; callbacks have limits; configuration
// is typed, and complete before the start.
package app
