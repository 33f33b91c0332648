// Package release makes a program of applications (package app): OTP's release, as
// far as there is one where the compiler already puts everything into one file.
//
// A release is a set of applications with versions and a boot order. The program's
// main hands it over and ends with what it returns:
//
//	func main() {
//		os.Exit(release.Main(release.Release{
//			Name:    "shop",
//			Version: "1.0.0",
//			Apps:    []release.Entry{{App: stock.App}, {App: shop.App}},
//		}))
//	}
//
// A library does not end its host program: Main returns the exit code, and main is
// the only place that calls os.Exit. Deferred calls of main belong into a function
// around it, as always with os.Exit.
//
// # Commands
//
// The binary then has these:
//
//	shop [run]         start everything, and run until told to stop
//	shop version       the versions of the release and of its applications
//	shop config check  read the configuration and say what is wrong with it
//	shop config show   every key, its value, and where it comes from
//	shop help          the commands and all keys
//
// Each of them takes --config FILE (or RELEASE_CONFIG) and any key of any
// application: --shop.db.timeout=5s. What a key may be, and which source wins, is
// package app's: defaults, then file, then environment, then flags. The release
// has keys of its own, see [Settings].
//
// # Start and stop
//
// Applications are started one after the other, each after those that it needs,
// otherwise in their order in [Release.Apps]. If a permanent or a transient one does
// not start, those that run are stopped in reverse order, and the program ends with
// 1. A temporary one that does not start is reported, and that is all.
//
// SIGTERM and SIGINT stop all in the reverse order, also in the middle of the
// start, within release.stop_timeout. When that is over, the log says what held it
// up (which application, which child, its name and PID, what it was doing, since
// when), everything is killed, and the program ends with 3. A second signal ends
// the program at once. SIGHUP reads the configuration anew ([app.Reconfigure]); if
// there is a mistake in it, the log says so and nothing changes.
//
// # Exit codes
//
//	0    stopped in order; or a permanent application has ended normally
//	1    an application did not start, or the end of one took the node down
//	2    the command line or the configuration makes no sense
//	3    stopped, but not everything in time
//	130  a second SIGINT   (128 + its number)
//	143  a second SIGTERM
package release
