package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kista-go/kista/contract"
	"github.com/kista-go/kista/term"
	"github.com/kista-go/kista/ubf"
)

func contractCallCommand() *cobra.Command {
	var flags contractFlags
	var call calling
	cmd := &cobra.Command{
		Use:   "call ADDRESS [REQUEST...]",
		Short: "Talk to a server of checked services",
		Long: `call connects to a server that speaks UBF(C), sends requests one after the other, and prints each reply with the state that
follows. Requests are written as in Erlang; a string of UBF is {'#S',"text"}. Without requests it reads them from standard input, a
line each. A line "EVENT REQUEST" sends an event. Events of the server are printed as they come.

With --service it starts a session with that service first, and with --contract it checks what it sends before it sends it.

The status is 1 if a contract was broken, by whomever.`,
		Example: `  kista contract call localhost:2000 services
  kista contract call localhost:2000 --service file_server "{open,{'#S',\"poem\"},read}" "{read_line,1}"`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if call.o.Transport, err = transport(call.transport); err != nil {
				return err
			}
			if call.file != "" {
				if call.checker, err = flags.checker(cmd, call.file); err != nil {
					return err
				}
			}
			if call.argument, err = term.Parse(call.arg); err != nil {
				return fmt.Errorf("--arg: %w", err)
			}
			return call.run(cmd, args[0], args[1:])
		},
	}
	flags.add(cmd)
	cmd.ValidArgsFunction = cobra.NoFileCompletions
	f := cmd.Flags()
	f.StringVar(&call.file, "contract", "", "the service's contract, to check against")
	f.StringVar(&call.service, "service", "", "the service to start a session with")
	f.StringVar(&call.arg, "arg", "[]", "what the service is given at the start, as in Erlang")
	f.BoolVar(&call.o.Quiet, "no-greeting", false, "the server does not greet")
	f.BoolVar(&call.o.SimpleRPC, "simple", false, "replies come without the state")
	f.DurationVar(&call.timeout, "timeout", 10*time.Second, "how long an answer may take")
	addTransportFlag(cmd, &call.transport)
	_ = cmd.MarkFlagFilename("contract", "con")
	return cmd
}

// calling is one run of the command.
type calling struct {
	o                             ubf.Options
	file, service, arg, transport string
	timeout                       time.Duration
	checker                       *contract.Checker
	argument                      term.Term
	broken                        bool
}

func (k *calling) run(cmd *cobra.Command, addr string, requests []string) error {
	out := cmd.OutOrStdout()
	k.o.Event = func(e term.Term) { fmt.Fprintf(out, "EVENT => %s\n", pretty.String(e)) } //nolint:errcheck // nobody to tell
	if k.service == "" {
		k.o.Contract = k.checker
	}
	within := func() (context.Context, context.CancelFunc) { return context.WithTimeout(cmd.Context(), k.timeout) }
	ctx, cancel := within()
	defer cancel()
	c, err := ubf.Dial(ctx, "tcp", addr, k.o)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	if k.service != "" {
		reply, err := c.StartSession(ctx, k.service, k.argument, k.checker)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "%s  %s\n", pretty.String(reply), c.State()) //nolint:errcheck // as above
	}
	one := func(text string) error {
		ctx, cancel := within()
		defer cancel()
		return k.say(ctx, out, c, text)
	}
	if len(requests) > 0 {
		for _, text := range requests {
			if err := one(text); err != nil {
				return err
			}
		}
	} else {
		in := bufio.NewScanner(cmd.InOrStdin())
		in.Buffer(nil, 16<<20)
		for in.Scan() {
			if strings.TrimSpace(in.Text()) == "" {
				continue
			}
			if err := one(in.Text()); err != nil {
				return err
			}
		}
		if err := in.Err(); err != nil {
			return err
		}
	}
	if k.broken {
		return exitCode(1)
	}
	return nil
}

// pretty prints terms for people.
var pretty = term.Printer{Strings: true}

// say sends one request or event, and prints what comes of it.
func (k *calling) say(ctx context.Context, out io.Writer, c *ubf.Client, text string) error {
	text, isEvent := strings.CutPrefix(strings.TrimSpace(text), "EVENT ")
	t, err := term.Parse(text)
	if err != nil {
		return fmt.Errorf("%s: %w", text, err)
	}
	var reply term.Term
	var state term.Atom
	if isEvent {
		err = c.SendEvent(t)
	} else {
		reply, state, err = c.Call(ctx, t)
	}
	var mine *contract.Violation
	var theirs *ubf.BrokenError
	switch {
	case errors.As(err, &mine), errors.As(err, &theirs):
		k.broken = true
		_, err = fmt.Fprintln(out, "broken:", err)
	case err != nil || isEvent:
	case k.o.SimpleRPC:
		_, err = fmt.Fprintln(out, pretty.String(reply))
	default:
		_, err = fmt.Fprintf(out, "%s  %s\n", pretty.String(reply), state)
	}
	return err
}
