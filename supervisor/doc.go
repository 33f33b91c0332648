// Package supervisor starts processes, watches them, and starts them again when
// they end: OTP's supervisor, with its words and defaults.
//
// A supervisor is a process whose only work is its children: workers, which do
// the program's work, and other supervisors. Together they are the supervision
// tree. A fault in a worker ends the worker and nothing else; the supervisor
// starts a new one, in a known good state. If that does not help, the supervisor
// itself ends, and the one above it does the same for the whole branch. So code
// in workers need not foresee every fault: it may simply crash.
//
// # Words
//
//   - A [Spec] describes a supervisor, a [Child] one child in it. Children start
//     in their order, each when the one before is up, and stop in the reverse one.
//   - The restart type ([Restart]) says whether a child that has ended is started
//     again: a permanent one always, a transient one if it ended abnormally, a
//     temporary one never.
//   - The [Strategy] says who else is: nobody ([OneForOne]: children that do not
//     need each other), all ([OneForAll]), or those started after it
//     ([RestForOne]: each child needs the earlier ones).
//   - The intensity: how many restarts within a period are tolerated. With one
//     more the supervisor stops its children and ends, with an [*IntensityError]
//     in its exit reason. A restart that fails counts and is tried again.
//   - A simpler way ([Child.OrElse]) is what a child runs once its better way has
//     been restarted in vain, before the supervisor gives up; a [*SameFault] as
//     the reason takes it at once. While there is a simpler way left, a child's
//     restarts count for itself only.
//   - A significant child ends its supervisor when it has done its work: see
//     [AutoShutdown].
//   - A [Pool] has many children of one kind, started on demand with arguments.
//
// # Which intensity
//
// The default, one restart in five seconds, is OTP's, and careful. For a
// supervisor of workers, ten in one second ends a child that can never come up,
// and survives a burst of bad requests. For the top of a tree, five in ten
// seconds: what reaches it has already failed to heal further down. Intensities
// multiply on the way up: with ten at each of three levels, the fault is tried a
// thousand times before the program hears of it.
//
// # What runs where
//
// A child's factory, Init and handlers run in the child, never in the
// supervisor, which goes on answering while a child starts or stops. Start
// returns when the last child is up. A child that is not up in
// [Child.StartTimeout] is killed, and has failed to start. To stop a child, the
// supervisor sends it [kista.ErrShutdown], waits for [Child.Shutdown], and then
// kills it; it watches it meanwhile, so that one that has unlinked itself is
// awaited too.
//
// # Caveats
//
// Go cannot stop a goroutine: the code of a killed child that never returns stays
// behind, counted and reported as a zombie, while its successor runs. A child
// that unlinks itself from its supervisor and ends is missed until it is to be
// stopped, as in OTP. A child that hands its work to a goroutine of its own
// making has left the tree: a panic there ends the program.
package supervisor
