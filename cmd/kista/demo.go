package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/cmd/kista/internal/show"
	"github.com/kista-go/kista/examples/bank"
)

// demo is the configuration of one run.
type demo struct {
	data       string
	listen     string
	port       int
	robustPort int
	lasts      time.Duration
	quiet      bool
	serveOnly  bool
	limited    bool // --for was given
	out        io.Writer
}

func demoCommand() *cobra.Command {
	var d demo
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Run a supervised bank, kill its parts all the time, and check the books",
		Long: `demo starts the bank of Joe Armstrong's talk: accounts under supervision, each
with its journal on disk, served to Erlang clients on one port and robustly on
another. It then

  - runs clients in a process of their own, which note every request whose
    outcome they know, and repeat a request with its tag until they know it;
  - keeps ending processes of the bank in the middle of what they do: accounts,
    connections, transfers, the journal's writer, listeners, supervisors; by
    panic, kill, runtime.Goexit, and by blocking past the time they have to stop;
  - shows who died, of what, who started it again and how long that took;
  - in the end holds the clients' ledger against the balances.

It ends with status 0 if they agree to the last coin. Ctrl-C stops in order.`,
		Example: `  kista demo
  kista demo --for 10s --quiet
  kista demo --serve-only --data ./books        # the bank alone, for your own clients`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			d.out, d.limited = cmd.OutOrStdout(), cmd.Flags().Changed("for")
			return d.run(cmd.Context())
		},
	}
	f := cmd.Flags()
	f.StringVar(&d.data, "data", "", "directory of the bank's journals (default: a temporary one)")
	f.StringVar(&d.listen, "listen", "127.0.0.1", "address to listen on; anything but loopback is reachable by others")
	f.IntVar(&d.port, "port", bank.Port, "port of the plain protocol (0: any free one)")
	f.IntVar(&d.robustPort, "robust-port", bank.RobustPort, "port of the robust protocol (0: any free one)")
	f.DurationVar(&d.lasts, "for", 30*time.Second, "how long to go on (0: until Ctrl-C)")
	f.BoolVar(&d.quiet, "quiet", false, "print the summary only")
	f.BoolVar(&d.serveOnly, "serve-only", false, "the bank alone: no clients, nobody killed")
	return cmd
}

// run starts the node and the bank, and stops them whatever happens between.
func (d *demo) run(ctx context.Context) (err error) {
	if d.lasts < 0 {
		return fmt.Errorf("--for %v is negative", d.lasts)
	}
	temporary := d.data == ""
	if temporary {
		if d.data, err = os.MkdirTemp("", "kista-demo-"); err != nil {
			return err
		}
	} else if err := os.MkdirAll(d.data, 0o700); err != nil {
		return err
	}
	log, err := os.OpenFile(filepath.Join(d.data, "demo.log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	node, err := kista.Start(kista.Config{Name: "demo", Logger: slog.New(slog.NewTextHandler(log, nil))})
	if err != nil {
		return err
	}
	t := &trial{demo: d, node: node, screen: show.New(d.out, d.quiet)}
	err = t.run(ctx)
	stopping, done := context.WithTimeout(context.Background(), 20*time.Second)
	defer done()
	err = errors.Join(err, t.stop(stopping), node.Stop(stopping))
	switch {
	case err != nil && t.bank != nil:
		t.screen.Say("data and log stay in %s", d.data)
	case temporary && err != nil:
		_ = os.RemoveAll(d.data) // nothing has happened in it
	case temporary:
		return os.RemoveAll(d.data)
	}
	return err
}

// serve runs the bank alone.
func (t *trial) serve(ctx context.Context) error {
	t.screen.Say("ready plain=%v robust=%v data=%s", t.bank.Addr(), t.bank.RobustAddr(), t.demo.data)
	select {
	case <-ctx.Done():
	case <-t.over():
	}
	return nil
}

// over is closed when the time that was given explicitly has passed.
func (t *trial) over() <-chan time.Time {
	if !t.demo.limited || t.demo.lasts == 0 {
		return nil
	}
	return time.After(t.demo.lasts)
}

// portError says what to do about a port that is taken.
func portError(err error) error {
	if !strings.Contains(err.Error(), syscall.EADDRINUSE.Error()) {
		return fmt.Errorf("the bank cannot start: %w", err)
	}
	return fmt.Errorf("the bank cannot start: %w\n(if a port is in use, choose others: --port 0 --robust-port 0)", err)
}
