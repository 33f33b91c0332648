package app

import (
	"context"

	"github.com/kista-go/kista"
)

// ControllerName is the registered name of a node's application controller.
const ControllerName = "application_controller"

// Opts say how a node's application controller is. The zero value has no
// configuration but the applications' defaults.
type Opts struct {
	// Config says where the configuration comes from.
	Config Sources
	// KeepNode leaves the node alone when an application ends whose end means that
	// it goes down: the controller stops the others and ends, and whoever watches it
	// does the rest.
	KeepNode bool
}

// StartController starts a node's application controller, under the name
// [ControllerName], and returns its PID; the other functions of this package take
// it, or node.Name(ControllerName). It ends with its node, and stops the
// applications in order when it is told to. When an application ends whose end
// means that (see [Type]), it ends with a [*TerminatedError] and takes the node
// down. The error is a [*kista.NameTakenError] if the node has one, or what
// [kista.Node.Start] fails with. ctx bounds the wait.
func StartController(ctx context.Context, n *kista.Node, o Opts) (kista.PID, error) {
	return n.Start(ctx, kista.BehaviourProgram(
		kista.SpawnOpts{Name: ControllerName, TrapExits: true, Shutdown: kista.NoTimeout}, "application controller",
		func() (kista.Behaviour, error) { return &controller{from: o.Config, keep: o.KeepNode}, nil }))
}

// call asks a controller. Only ctx bounds the wait, for an application may take
// its time to start and to stop.
func call[R any](ctx context.Context, ctl kista.Addr, req any) (R, error) {
	v, err := kista.CallFor(ctx, kista.NoTimeout, ctl, req)
	r, ok := v.(R)
	if err == nil && !ok {
		err = ErrNoController
	}
	return r, err
}

// Load makes applications known to a node, with those included in them, and reads
// their configuration. They are all loaded, or none. The error is a [*SpecError];
// [ConfigErrors], all mistakes at once; a [*CycleError]; an [*Error] with
// [ErrAlreadyLoaded], or with a [*CallbackError] for a Validate that went wrong;
// or a [*kista.CallError].
func Load(ctx context.Context, ctl kista.Addr, apps ...App) error {
	_, err := call[done](ctx, ctl, loadReq{apps: append([]App(nil), apps...)})
	return err
}

// Unload makes a node forget an application and those included in it. The error
// is an [*Error] with [ErrNotLoaded], [ErrRunning] (statement 210), or
// [ErrIncluded], or a [*kista.CallError].
func Unload(ctx context.Context, ctl kista.Addr, name string) error {
	_, err := call[done](ctx, ctl, unloadReq{name})
	return err
}

// Start starts a loaded application and waits until it is up: its Start has
// returned, its tree is there, its phases are done (statements 203, 205, 209). What
// it needs must run. If another start of it is under way, Start waits for that. If
// it fails at any point, what has been started is stopped in order. The error is
// an [*Error] with [ErrNotLoaded], [ErrAlreadyStarted], [ErrIncluded],
// [ErrBadType], a [*NeedsError], a [*CallbackError], [ErrStopped], or
// [ErrStopping]; or a [*kista.CallError]. Only ctx bounds the wait; the application starts also if the
// caller has given up.
func Start(ctx context.Context, ctl kista.Addr, name string, t Type) error {
	if err := t.check(name); err != nil {
		return err
	}
	_, err := call[[]string](ctx, ctl, startReq{Names: []string{name}, Type: t})
	return err
}

// EnsureAllStarted starts applications and all that they need, and the optional
// ones that are loaded, each after those that it needs, and returns those that it
// has started, in order (statement 203). What runs already stays as it is. If one
// fails, those that it has started are stopped in reverse order, but for what
// others have started since that needs them. Errors as for [Start].
func EnsureAllStarted(ctx context.Context, ctl kista.Addr, t Type, names ...string) ([]string, error) {
	if len(names) == 0 {
		return nil, nil
	}
	if err := t.check(names[0]); err != nil {
		return nil, err
	}
	return call[[]string](ctx, ctl, startReq{Names: names, Type: t, All: true})
}

// Stop stops an application and waits until it has ended: PrepStop, the tree, Stop
// (statement 206). Whatever its type, the node goes on, and so do those that need
// it (210). One that is starting is broken off; one that is stopping is awaited.
// The error is an [*Error] with [ErrNotLoaded], [ErrNotStarted], or [ErrIncluded],
// or a [*kista.CallError]. Only ctx bounds the wait.
func Stop(ctx context.Context, ctl kista.Addr, name string) error {
	_, err := call[done](ctx, ctl, stopReq{name})
	return err
}

// WhichApplications lists the applications that run or are stopping, in the order in which
// they came up (which_applications). The error is a [*kista.CallError].
func WhichApplications(ctx context.Context, ctl kista.Addr) ([]Info, error) {
	return call[[]Info](ctx, ctl, whichReq{Running: true})
}

// LoadedApplications lists all applications, in the order in which they were loaded
// (loaded_applications). The error is a [*kista.CallError].
func LoadedApplications(ctx context.Context, ctl kista.Addr) ([]Info, error) {
	return call[[]Info](ctx, ctl, whichReq{})
}

// Get tells what is known of one application. The error is an [*Error] with
// [ErrNotLoaded], or a [*kista.CallError].
func Get(ctx context.Context, ctl kista.Addr, name string) (Info, error) {
	return call[Info](ctx, ctl, infoReq{name})
}

// Of names the application that a process belongs to, because it descends from it
// (get_application, statement 211); empty: none. A process that is more than 16
// generations away from its application is not recognised. The error is a
// [*kista.CallError].
func Of(ctx context.Context, ctl kista.Addr, pid kista.PID) (string, error) {
	return call[string](ctx, ctl, belongsReq{pid})
}

// Settings lists an application's configuration as it is now, secrets hidden. The
// error is an [*Error] with [ErrNotLoaded], or a [*kista.CallError].
func Settings(ctx context.Context, ctl kista.Addr, name string) ([]Setting, error) {
	return call[[]Setting](ctx, ctl, settingsReq{name})
}

// Reconfigure reads the configuration of all loaded applications anew. If there is
// a mistake in it, nothing changes, and the error is as for [Load]. Otherwise each
// application that runs, and whose configuration says something else than before,
// is told ([Spec.ConfigChange], statement 215), and Reconfigure waits for them.
// What a ConfigChange does wrong is in the error, an [*Error] with a
// [*CallbackError] for each; the application goes on, with the new configuration
// for its later callbacks.
func Reconfigure(ctx context.Context, ctl kista.Addr, from Sources) error {
	from.Env, from.Flags = append([]string(nil), from.Env...), append([]string(nil), from.Flags...)
	_, err := call[done](ctx, ctl, reconfigureReq{from: from})
	return err
}
