package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/kista-go/kista/heart"
)

func runCommand() *cobra.Command {
	var flags []string
	var beats bool
	hearts := heart.Default()
	cmd := &cobra.Command{
		Use:   "run [--build FLAG] [--heart] PACKAGE|PROGRAM [ARGUMENTS]",
		Short: "Build a program and run it, until it ends or is told to stop",
		Long: `run builds the main package of a release with "go build", and runs it with the
arguments that follow. What it says and its exit status are the program's own;
SIGINT, SIGTERM and SIGHUP are handed on to it, once each, and it stops in its own
order. Without arguments a release starts. In place of a package there may be a
program that was built before: an executable file, such as ./shop.

With --heart it stays above the program as its heart: it keeps listeners, connections and state that the program
gives it (package heart), and starts the program again when it dies of what no process contains, after longer and
longer pauses. It is for containers, too: as process 1 it reaps. Linux only.

If the package does not build, the status is 2.`,
		Example: `  kista run ./examples/shop
  kista run ./examples/shop --shop.listen=127.0.0.1:9000
  kista run --build -race ./examples/shop config check
  kista run --heart ./examples/shop
  kista run --heart ./bin/shop run`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			p := program{pkg: args[0], args: args[1:], flags: flags}
			if beats {
				p.heart = &hearts
			}
			return p.run()
		},
	}
	cmd.Flags().SetInterspersed(false) // what follows the package is the program's
	cmd.Flags().BoolVar(&beats, "heart", false, "start the program again when it dies, and keep what it has given to its heart")
	cmd.Flags().IntVar(&hearts.Restarts, "heart-restarts", hearts.Restarts, "with --heart, restarts within the period that are tolerated; -1: any number")
	cmd.Flags().DurationVar(&hearts.Period, "heart-period", hearts.Period, "with --heart, how long a death counts")
	cmd.Flags().DurationVar(&hearts.StopTimeout, "heart-stop-timeout", hearts.StopTimeout, "with --heart, how long the program may take to stop")
	cmd.Flags().DurationVar(&hearts.Silence, "heart-silence", hearts.Silence, "with --heart, how long the program may give no sign of life until it is killed; 0: for ever")
	cmd.Flags().Int64Var(&hearts.Memory, "heart-memory", hearts.Memory, "with --heart, resident bytes that the program may have until it is killed; 0: any number")
	cmd.Flags().IntVar(&hearts.Same, "heart-same", hearts.Same, "with --heart, how often the same death may come until the subtree that dies is left out")
	cmd.Flags().IntVar(&hearts.Bare, "heart-bare", hearts.Bare, "with --heart, how often it may until the program starts without what was kept")
	cmd.Flags().Int64Var(&hearts.State, "heart-state", hearts.State, "with --heart, bytes of state that can be kept")
	cmd.Flags().StringArrayVar(&flags, "build", nil, "a flag for go build, such as -race; may be repeated")
	return cmd
}

// program is a package to be built and run.
type program struct {
	pkg   string
	args  []string
	flags []string
	heart *heart.Config // nil: none
}

// run builds the package in a directory of its own, and runs it.
func (p program) run() error {
	dir, err := os.MkdirTemp("", "kista-run-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	// From here on a signal is the program's; it must not end us before it.
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer signal.Stop(signals)
	binary, built := p.built()
	if !built {
		if binary, err = p.build(dir, signals); err != nil {
			return err
		}
	}
	if p.heart != nil {
		p.heart.Path, p.heart.Args = binary, p.args
		code, err := heart.Run(*p.heart, os.Stderr, signals)
		if err == nil && code != 0 {
			err = exitCode(code)
		}
		return err
	}
	cmd := exec.Command(binary, p.args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	return handOn(cmd, signals)
}

// built returns the program, if that is what was given.
func (p program) built() (path string, is bool) {
	info, err := os.Stat(p.pkg)
	if err != nil {
		return "", false
	}
	path, err = filepath.Abs(p.pkg)
	return path, err == nil && info.Mode().IsRegular() && (info.Mode()&0o111 != 0 || runtime.GOOS == "windows") && filepath.Ext(p.pkg) != ".go"
}

// build makes the binary. A signal ends the build.
func (p program) build(dir string, signals <-chan os.Signal) (binary string, err error) {
	binary = filepath.Join(dir, p.name())
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	args := append(append([]string{"build", "-o", binary}, p.flags...), p.pkg)
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	if err := cmd.Start(); err != nil {
		return "", fmt.Errorf("cannot run the go command: %w", err)
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	select {
	case err := <-done:
		if err != nil {
			return "", fmt.Errorf("%s does not build", p.pkg)
		}
	case sig := <-signals:
		cancel()
		<-done //nolint:errcheck // how a build ends that was broken off says nothing
		return "", signalCode(sig)
	}
	if info, err := os.Stat(binary); err != nil || !info.Mode().IsRegular() || runtime.GOOS != "windows" && info.Mode()&0o111 == 0 {
		return "", fmt.Errorf("%s is no program: its package is not main", p.pkg)
	}
	return binary, nil
}

// name is what the program is called, in its own messages too.
func (p program) name() string {
	name := filepath.Base(filepath.Clean(p.pkg))
	if abs, err := filepath.Abs(p.pkg); err == nil && (name == "." || name == "..") {
		name = filepath.Base(abs)
	}
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	return name
}

// handOn runs a command, and hands on to it the signals that come. It ends with
// the command's status.
func handOn(cmd *exec.Cmd, signals <-chan os.Signal) error {
	apart(cmd)
	if err := cmd.Start(); err != nil {
		return err
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	for {
		select {
		case sig := <-signals:
			_ = cmd.Process.Signal(sig) // it may have ended just now
		case err := <-done:
			var exit *exec.ExitError
			if !errors.As(err, &exit) {
				return err
			}
			if ws, ok := exit.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
				return signalCode(ws.Signal())
			}
			return exitCode(exit.ExitCode())
		}
	}
}

// signalCode is the status of a program that a signal has ended, as shells tell it.
func signalCode(sig os.Signal) exitCode {
	if n, ok := sig.(syscall.Signal); ok {
		return exitCode(128 + int(n))
	}
	return 1
}
