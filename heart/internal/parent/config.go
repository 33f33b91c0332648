package parent

import (
	"fmt"
	"strings"
	"time"
)

// Config says how a heart works. Make one with Default, and set Path.
type Config struct {
	// Path is the program, as os/exec takes it; Args are its arguments.
	Path string
	Args []string
	// Same is how often the same death may come within Period until the subtree whose fault it is stays away. Default: 2.
	Same int
	// Bare is how often it may until the program starts without the connections and the state that were kept. Default: 4.
	Bare int
	// Restarts is how many restarts within Period are tolerated; after more the heart ends. -1: any number. Default: 10.
	Restarts int
	// Period is how long a death counts. Default: 10 minutes.
	Period time.Duration
	// Pause is the pause before the second restart within Period; it doubles with each, up to MaxPause. Defaults: 100 ms, 10 s.
	Pause, MaxPause time.Duration
	// StopTimeout is how long the program may take to stop until it is killed. Default: 40 s.
	StopTimeout time.Duration
	// Silence is how long the program may give no sign of life until it is killed: a debugger that holds it lets it be silent, too.
	// It counts from the first use of package heart on. Zero: for ever. Default: a minute.
	Silence time.Duration
	// Memory is how many resident bytes the program may have until it is killed. Zero: any number, which is the default.
	Memory int64
	// State is how many bytes of state can be kept. Default: 256 MiB, of which only those exist that are used.
	State int64
	// Conns and Listeners are how many can be kept. Defaults: 10,000, 100.
	Conns, Listeners int
	// Report bounds what is read of a fatal error's report, in bytes. Default: 64 KiB.
	Report int
	// LogFormat is how the heart's own log is written: "text" or "json". Default: text.
	LogFormat string
}

// Default returns the defaults.
func Default() Config {
	return Config{
		Same: 2, Bare: 4, Restarts: 10, Period: 10 * time.Minute, Pause: 100 * time.Millisecond, MaxPause: 10 * time.Second,
		StopTimeout: 40 * time.Second, Silence: time.Minute, State: 256 << 20, Conns: 10_000, Listeners: 100, Report: 64 << 10,
		LogFormat: "text",
	}
}

// Validate says what makes no sense.
func (c Config) Validate() error {
	const most = 1 << 40
	switch {
	case c.Path == "" || strings.ContainsRune(c.Path, 0):
		return fmt.Errorf("heart: no program is given")
	case c.Same < 1 || c.Bare < 1:
		return fmt.Errorf("heart: Same and Bare must be positive: %d, %d", c.Same, c.Bare)
	case c.Restarts < -1:
		return fmt.Errorf("heart: Restarts is negative: %d; -1 is any number", c.Restarts)
	case c.Period <= 0 || c.Pause <= 0 || c.MaxPause < c.Pause || c.StopTimeout <= 0:
		return fmt.Errorf("heart: times must be positive, and MaxPause not less than Pause")
	case c.Silence < 0 || c.Silence > 0 && c.Silence < 10*time.Millisecond || c.Memory < 0:
		return fmt.Errorf("heart: Silence and Memory must not be negative, and Silence not below 10ms: %v, %d", c.Silence, c.Memory)
	case c.State < 2<<20 || c.State > most:
		return fmt.Errorf("heart: State is %d bytes; it may be 2 MiB to 1 TiB", c.State)
	case c.Conns < 0 || c.Listeners < 0 || c.Report < 1<<10 || c.Report > 16<<20:
		return fmt.Errorf("heart: Conns and Listeners must not be negative, Report 1 KiB to 16 MiB")
	case c.LogFormat != "text" && c.LogFormat != "json":
		return fmt.Errorf("heart: the log is written as text or json, not as %q", c.LogFormat)
	}
	return nil
}
