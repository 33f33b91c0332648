package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/contract"
	"github.com/kista-go/kista/supervisor"
	"github.com/kista-go/kista/ubf"
)

// transports are those of package ubf, by the names of their encodings.
var transports = map[string]ubf.Transport{"ubfa": ubf.UBFA, "jsf": ubf.JSF, "etf": ubf.EBF, "ebf": ubf.EBF}

func transport(name string) (ubf.Transport, error) {
	t, ok := transports[name]
	if !ok {
		return t, fmt.Errorf("there is no transport %q: take ubfa, jsf or etf", name)
	}
	return t, nil
}

// addTransportFlag adds a flag that takes the name of a transport.
func addTransportFlag(cmd *cobra.Command, p *string) {
	cmd.Flags().StringVar(p, "transport", "ubfa", "how messages stand on the wire: ubfa, jsf (JSON lines) or etf (frames of Erlang's format)")
	_ = cmd.RegisterFlagCompletionFunc("transport", cobra.FixedCompletions([]string{
		"ubfa\tUBF(A)", "jsf\tJSON lines", "etf\tframes of Erlang's external format",
	}, cobra.ShellCompDirectiveNoFileComp))
}

func contractProxyCommand() *cobra.Command {
	var flags contractFlags
	var files []string
	var transportName, mode string
	var spec ubf.ProxySpec
	cmd := &cobra.Command{
		Use:   "proxy --contract FILE --listen ADDRESS --to ADDRESS",
		Short: "Stand between two programs, and check what they say to each other",
		Long: `proxy accepts clients, connects each to the server, and checks everything that the two say against a contract. It
prints "ready" with the address once it listens, and a line for each violation: who broke the contract, in which state, with what, and
what was due. When it is interrupted it prints how often each transition has been seen.

In the mode enforce, what breaks the contract is not passed on. A client that broke it is told, and may go on; for a server that broke
it, the client is told, and the conversation ends. In the mode observe everything passes unchanged, byte for byte.

With several contracts, or if the server's greeting has another name than the first, conversations begin with the
meta service of UBF(C), and startSession chooses among them.`,
		Example: `  kista contract proxy --contract file_server.con --listen :2000 --to localhost:3000
  kista contract proxy --contract a.con --contract b.con --transport jsf --mode observe --listen :2000 --to localhost:3000`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			switch mode {
			case "enforce":
			case "observe":
				spec.Observe = true
			default:
				return fmt.Errorf("there is no mode %q: take enforce or observe", mode)
			}
			if spec.Transport, err = transport(transportName); err != nil {
				return err
			}
			for _, file := range files {
				c, err := flags.load(cmd, file)
				if err != nil {
					return err
				}
				spec.Contracts = append(spec.Contracts, c)
			}
			return runProxy(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr(), spec)
		},
	}
	flags.add(cmd)
	cmd.ValidArgsFunction = cobra.NoFileCompletions
	f := cmd.Flags()
	f.StringArrayVar(&files, "contract", nil, "the contract; may be repeated")
	f.StringVar(&spec.Listen, "listen", "127.0.0.1:0", "where clients connect")
	f.StringVar(&spec.To, "to", "", "where the server is")
	f.StringVar(&mode, "mode", "enforce", "enforce or observe")
	f.BoolVar(&spec.SimpleRPC, "simple", false, "replies come without the state")
	f.IntVar(&spec.MaxSessions, "max-sessions", 0, "how many conversations there may be at once (0: 10000)")
	f.DurationVar(&spec.Idle, "idle", 0, "how long a conversation may be silent (0: for ever)")
	f.IntVar(&spec.Limits.Message, "max-bytes", 0, "the largest message in bytes (0: 16 MiB)")
	addTransportFlag(cmd, &transportName)
	_ = cmd.MarkFlagRequired("contract")
	_ = cmd.MarkFlagRequired("to")
	_ = cmd.MarkFlagFilename("contract", "con")
	_ = cmd.RegisterFlagCompletionFunc("mode", cobra.FixedCompletions([]string{
		"enforce\tstop what breaks the contract", "observe\tlet it pass, and say so",
	}, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// runProxy runs a proxy until ctx ends.
func runProxy(ctx context.Context, out, errs io.Writer, spec ubf.ProxySpec) (err error) {
	var mu sync.Mutex
	say := func(format string, args ...any) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Fprintf(out, format+"\n", args...) //nolint:errcheck // what cannot be said cannot be said
	}
	spec.Violation = func(client net.Addr, v *contract.Violation) { say("%v: %v", client, v) }
	proxy, err := ubf.NewProxy(spec)
	if err != nil {
		return err
	}
	level := new(slog.LevelVar)
	level.Set(slog.LevelError) // violations are said above
	node, err := kista.Start(kista.Config{Name: "proxy", Logger: slog.New(slog.NewTextHandler(errs, &slog.HandlerOptions{Level: level}))})
	if err != nil {
		return err
	}
	defer func() {
		slow, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		if e := node.Stop(slow); err == nil {
			err = e
		}
	}()
	pid, err := proxy.Start(ctx, node, supervisor.Opts{})
	if err != nil {
		return err
	}
	say("ready %v", proxy.Addr())
	reason, err := kista.Wait(ctx, pid)
	if ctx.Err() != nil { // told to end
		reason, err = nil, nil
	}
	s := proxy.Stats()
	say("%d conversations; %d violations of clients, %d of servers; %d messages that were none", s.Total, s.ClientViolations, s.ServerViolations, s.Malformed)
	for _, t := range s.Transitions {
		switch t.Kind {
		case contract.Request:
			say("%8d  %s %s  %s => %s & %s", t.Count, t.Contract, t.State, t.What, t.Reply, t.Next)
		case contract.EventOut:
			say("%8d  %s %s  EVENT => %s", t.Count, t.Contract, t.State, t.What)
		case contract.EventIn:
			say("%8d  %s %s  EVENT <= %s", t.Count, t.Contract, t.State, t.What)
		}
	}
	if err == nil {
		err = reason
	}
	return err
}
