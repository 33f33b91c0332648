package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/kista-go/kista/cmd/kista/internal/ledger"
)

// ledgerLine is what the clients' process says, one JSON value a line.
type ledgerLine struct {
	Progress *ledger.Progress `json:"progress,omitempty"`
	Result   *ledger.Result   `json:"result,omitempty"`
	Exact    bool             `json:"exact,omitempty"`
}

// ledgerCommand is the clients' process of the demo. It ends when its time is
// over or its standard input is closed, whichever comes first.
func ledgerCommand() *cobra.Command {
	var cfg ledger.Config
	var lasts time.Duration
	var file string
	cmd := &cobra.Command{
		Use:   "ledger",
		Short: "Use a bank from outside, and compare its balances with a ledger",
		Long: `ledger runs clients against the robust port of a bank (kista demo --serve-only),
repeats every request with its tag until its outcome is known, and at the end
compares the balances with its ledger of outcomes. It prints progress and the
result as lines of JSON, and ends with status 1 if they differ. Without --for,
closing its standard input ends the run.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runLedger(cmd.Context(), cmd.InOrStdin(), cmd.OutOrStdout(), cfg, lasts, file)
		},
	}
	f := cmd.Flags()
	f.StringVar(&cfg.Addr, "addr", "127.0.0.1:3020", "address of the bank's robust port")
	f.DurationVar(&lasts, "for", 0, "how long to work (0: until standard input is closed)")
	f.IntVar(&cfg.Clients, "clients", 8, "clients at the same time")
	f.IntVar(&cfg.Accounts, "accounts", 16, "accounts they use")
	f.Uint64Var(&cfg.Seed, "seed", 0, "seed of the operations (0: by the time)")
	f.StringVar(&file, "log", "", "file that gets every known outcome as a line of JSON")
	return cmd
}

func runLedger(ctx context.Context, in io.Reader, out io.Writer, cfg ledger.Config, lasts time.Duration, file string) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	if lasts > 0 {
		ctx, stop = context.WithTimeout(ctx, lasts)
		defer stop()
	} else {
		go func() { // ends with the process
			_, _ = io.Copy(io.Discard, in)
			stop()
		}()
	}
	if file != "" {
		f, err := os.OpenFile(file, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
		if err != nil {
			return err
		}
		defer f.Close()
		w := bufio.NewWriter(f)
		defer func() { _ = w.Flush() }()
		cfg.Log = w
	}
	say := json.NewEncoder(out)
	cfg.Progress = func(p ledger.Progress) { _ = say.Encode(ledgerLine{Progress: &p}) }
	res, err := ledger.Run(ctx, cfg)
	if err != nil {
		return err
	}
	if err := say.Encode(ledgerLine{Result: &res, Exact: res.Exact()}); err != nil {
		return err
	}
	if !res.Exact() {
		return exitCode(1)
	}
	return nil
}
