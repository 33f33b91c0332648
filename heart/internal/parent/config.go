package parent

import (
	"flag"
	"fmt"
	"io"
	"strings"
	"time"
)

// Name is the name under which an executable is started to be a heart.
const Name = "kista-heart"

// Config is how a heart works; see the public package.
type Config struct {
	Path        string
	Args        []string
	Same        int
	Bare        int
	Restarts    int
	Period      time.Duration
	Pause       time.Duration
	MaxPause    time.Duration
	StopTimeout time.Duration
	Unclaimed   time.Duration
	State       int64
	Conns       int
	Listeners   int
	Report      int
	LogFormat   string
}

func flags(c *Config) *flag.FlagSet {
	f := flag.NewFlagSet(Name, flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.IntVar(&c.Same, "same", 2, "same deaths until the subtree that dies stays away")
	f.IntVar(&c.Bare, "bare", 4, "same deaths until the node starts without what was kept")
	f.IntVar(&c.Restarts, "restarts", 10, "restarts within the period that are tolerated; -1: any number")
	f.DurationVar(&c.Period, "period", 10*time.Minute, "how long a death counts")
	f.DurationVar(&c.Pause, "pause", 100*time.Millisecond, "the pause before the second restart within the period; then twice as long each time")
	f.DurationVar(&c.MaxPause, "max-pause", 10*time.Second, "the longest pause")
	f.DurationVar(&c.StopTimeout, "stop-timeout", 40*time.Second, "how long the node may take to stop until it is killed")
	f.DurationVar(&c.Unclaimed, "unclaimed", 30*time.Second, "how long what the last life has kept waits for the new one to ask for it")
	f.Int64Var(&c.State, "state", 256<<20, "bytes of state that can be kept")
	f.IntVar(&c.Conns, "conns", 10_000, "connections that can be kept")
	f.IntVar(&c.Listeners, "listeners", 100, "listeners that can be kept")
	f.IntVar(&c.Report, "report", 64<<10, "bytes of a fatal error's report after which the node is not waited for")
	f.StringVar(&c.LogFormat, "log", "text", "how the heart's log is written: text or json")
	return f
}

// Default returns the defaults.
func Default() Config {
	var c Config
	flags(&c)
	return c
}

// Parse reads a heart's command line: flags, the program, its arguments.
func Parse(args []string) (c Config, err error) {
	f := flags(&c)
	if err := f.Parse(args); err != nil {
		return c, fmt.Errorf("heart: %w", err)
	}
	rest := f.Args()
	if len(rest) == 0 {
		return c, fmt.Errorf("heart: no program is given")
	}
	c.Path, c.Args = rest[0], rest[1:]
	return c, c.Validate()
}

// Usage describes the flags.
func Usage(w io.Writer) {
	f := flags(new(Config))
	f.SetOutput(w)
	f.PrintDefaults()
}

// Line is the command line that [Parse] reads as c.
func (c Config) Line() []string {
	var out []string
	def := flags(new(Config))
	for _, o := range []struct {
		name  string
		value any
	}{
		{"same", c.Same},
		{"bare", c.Bare},
		{"restarts", c.Restarts},
		{"period", c.Period},
		{"pause", c.Pause},
		{"max-pause", c.MaxPause},
		{"stop-timeout", c.StopTimeout},
		{"unclaimed", c.Unclaimed},
		{"state", c.State},
		{"conns", c.Conns},
		{"listeners", c.Listeners},
		{"report", c.Report},
		{"log", c.LogFormat},
	} {
		if text := fmt.Sprint(o.value); text != def.Lookup(o.name).DefValue {
			out = append(out, "--"+o.name+"="+text)
		}
	}
	out = append(out, "--", c.Path)
	return append(out, c.Args...)
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
	case c.Period <= 0 || c.Pause <= 0 || c.MaxPause < c.Pause || c.StopTimeout <= 0 || c.Unclaimed <= 0:
		return fmt.Errorf("heart: times must be positive, and MaxPause not less than Pause")
	case c.State < 2<<20 || c.State > most:
		return fmt.Errorf("heart: State is %d bytes; it may be 2 MiB to 1 TiB", c.State)
	case c.Conns < 0 || c.Listeners < 0 || c.Report < 1<<10 || c.Report > 16<<20:
		return fmt.Errorf("heart: Conns and Listeners must not be negative, Report 1 KiB to 16 MiB")
	case c.LogFormat != "text" && c.LogFormat != "json":
		return fmt.Errorf("heart: the log is written as text or json, not as %q", c.LogFormat)
	}
	return nil
}
