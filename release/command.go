package release

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/kista-go/kista/app"
)

// Main carries out the program's command line, and returns its exit code; see the
// package comment for both. It takes what it needs from the process: arguments,
// environment, standard output and error, and the signals SIGINT, SIGTERM and
// SIGHUP. Call it once, from main.
func Main(r Release) int {
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer signal.Stop(signals)
	return Run(context.Background(), r, Invocation{
		Args: os.Args[1:], Env: os.Environ(), Stdout: os.Stdout, Stderr: os.Stderr, Signals: signals,
	})
}

// Invocation is what [Main] takes from its process, for tests and for programs that
// embed a release.
type Invocation struct {
	// Args are the arguments, without the program's name.
	Args []string
	// Env are the variables, as os.Environ gives them. nil: none.
	Env []string
	// Stdout and Stderr are written to: answers to the one, errors and the log to
	// the other. nil: nowhere.
	Stdout, Stderr io.Writer
	// Signals are what comes from outside. nil: none.
	Signals <-chan os.Signal
}

// Run is [Main] with everything given. When ctx ends, the release is stopped in
// order as by a signal, and the code is 0.
func Run(ctx context.Context, r Release, in Invocation) int {
	if in.Stdout == nil {
		in.Stdout = io.Discard
	}
	if in.Stderr == nil {
		in.Stderr = io.Discard
	}
	x := &execution{Release: r, in: in}
	code, err := x.command(ctx)
	if err != nil {
		for line := range strings.Lines(err.Error()) {
			say(in.Stderr, "%s: %s\n", r.Name, strings.TrimRight(line, "\n"))
		}
	}
	return code
}

// execution is one run of a release's program.
type execution struct {
	Release
	in    Invocation
	order []Entry
	from  app.Sources
}

// commandLine is what the arguments say.
type commandLine struct {
	words []string
	file  string
	flags []string // --app.key=value
	help  bool
}

func parse(args []string) (cl commandLine, err error) {
	for i := 0; i < len(args); i++ {
		arg := args[i]
		name, long := strings.CutPrefix(arg, "--")
		key, value, has := strings.Cut(name, "=")
		switch {
		case arg == "-h" || arg == "--help":
			cl.help = true
		case !long && strings.HasPrefix(arg, "-"):
			return cl, fmt.Errorf("unknown flag %s; keys are given as --application.key=value", arg)
		case !long:
			cl.words = append(cl.words, arg)
		case key == "config":
			if !has {
				i++
				if i == len(args) {
					return cl, fmt.Errorf("--config needs a file")
				}
				value = args[i]
			}
			if value == "" {
				return cl, fmt.Errorf("--config needs a file")
			}
			cl.file = value
		case !strings.Contains(key, "."):
			return cl, fmt.Errorf("unknown flag --%s; keys are given as --application.key=value", key)
		default:
			cl.flags = append(cl.flags, arg)
		}
	}
	return cl, nil
}

// command does what the command line says.
func (x *execution) command(ctx context.Context) (int, error) {
	cl, err := parse(x.in.Args)
	if err != nil {
		return BadUsage, fmt.Errorf("%w\ntry: %s help", err, x.Name)
	}
	if x.order, err = x.Release.order(); err != nil {
		return Failed, err
	}
	x.from = x.sources(cl, x.in.Env)
	words := strings.Join(cl.words, " ")
	switch {
	case cl.help || words == "help":
		return Done, x.help()
	case words == "" || words == "run":
		return x.run(ctx)
	case words == "version":
		x.printVersion()
		return Done, nil
	case words == "config check":
		return x.configCheck(ctx)
	case words == "config show":
		return x.configShow(ctx)
	}
	return BadUsage, fmt.Errorf("there is no command %q\ntry: %s help", words, x.Name)
}
