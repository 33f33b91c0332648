package sys

import (
	"context"

	"github.com/kista-go/kista"
)

// Event is something that a process did: took a message, sent one or an answer, or
// came to a state.
type Event = kista.DebugEvent

// CountOn begins to count what a behaviour does, from zero (statistics, statement
// 222).
func CountOn(ctx context.Context, to kista.Addr) error {
	return ask(ctx, to, kista.SetStatistics{On: true})
}

// CountOff ends the counting.
func CountOff(ctx context.Context, to kista.Addr) error {
	return ask(ctx, to, kista.SetStatistics{})
}

// Statistics returns what has been counted since [CountOn]. The error is
// [kista.ErrNotDebugged] if it was not turned on.
func Statistics(ctx context.Context, to kista.Addr) (kista.DebugStatistics, error) {
	v, err := kista.System(ctx, to, kista.GetStatistics{})
	s, _ := v.(kista.DebugStatistics)
	return s, err
}

// DefaultLog is how many events [LogOn] keeps for the length zero, as in OTP.
const DefaultLog = 10

// LogOn keeps the last n events of a behaviour in memory, in the process itself
// (statement 223). Zero: [DefaultLog]. At most [kista.MaxDebugLog] and 16 MiB of
// them are kept. If there is a log already it gets that length.
func LogOn(ctx context.Context, to kista.Addr, n int) error {
	if n == 0 {
		n = DefaultLog
	}
	return ask(ctx, to, kista.SetLog{Len: n})
}

// LogOff ends the log and drops what is in it.
func LogOff(ctx context.Context, to kista.Addr) error { return ask(ctx, to, kista.SetLog{}) }

// Log returns a copy of the log, oldest event first. The error is
// [kista.ErrNotDebugged] if there is none.
func Log(ctx context.Context, to kista.Addr) ([]Event, error) {
	v, err := kista.System(ctx, to, kista.GetLog{})
	events, _ := v.([]Event)
	return events, err
}

// Install installs a function that is called with each event of a behaviour
// (statement 223). id names it, for [Remove] and [Status]; an id that is taken is
// [kista.ErrDebugInstalled]. f runs beside the process, which waits for it, and
// gets copies. It returns whether it wants more. If it panics, calls Goexit or
// does not return within [kista.DefaultHookTimeout], it is removed and reported,
// and the process goes on.
func Install(ctx context.Context, to kista.Addr, id string, f func(Event) (more bool)) error {
	return ask(ctx, to, kista.InstallDebug{ID: id, F: f})
}

// Remove removes a function. The error is [kista.ErrNotDebugged] if there is none
// with that id: it has finished or failed, perhaps.
func Remove(ctx context.Context, to kista.Addr, id string) error {
	return ask(ctx, to, kista.RemoveDebug{ID: id})
}

// NoDebug turns all debugging of a behaviour off: statistics, log, traces and
// functions.
func NoDebug(ctx context.Context, to kista.Addr) error { return ask(ctx, to, kista.NoDebug{}) }

func ask(ctx context.Context, to kista.Addr, req kista.SystemRequest) error {
	_, err := kista.System(ctx, to, req)
	return err
}
