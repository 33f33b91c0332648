package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/kista-go/kista/contract"
)

func contractRunCommand() *cobra.Command {
	var flags contractFlags
	cmd := &cobra.Command{
		Use:   "run CONTRACT [CONVERSATION]",
		Short: "Replay a written conversation, and say where it breaks the contract",
		Long: `run reads a conversation from a file or from standard input, a request with its reply or an event a line, and checks it:

  start  {open,{'#S',"foo.dat"},read} => {ok,7} & ready
  ready  EVENT => {grown,7,100}
  ready  {close,7} => true & stop

A line has the state, the request, the reply and the next state; "=>" and "&" may be left out. Values are
written as in Erlang. What follows a percent sign is a comment.

The status is 1 if the conversation breaks the contract.`,
		Example: `  kista contract run file_server.con silly.txt
  kista contract diff old.con new.con | kista contract run new.con`,
		Args: cobra.RangeArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			k, err := flags.checker(cmd, args[0])
			if err != nil {
				return err
			}
			path := "-"
			if len(args) == 2 {
				path = args[1]
			}
			text, err := readInput(cmd, path)
			if err != nil {
				return err
			}
			lines, err := contract.ReadTranscript(string(text))
			if err != nil {
				return err
			}
			w := cmd.OutOrStdout()
			state, err := k.Replay(lines)
			var broken *contract.ReplayError
			if errors.As(err, &broken) {
				fmt.Fprintf(w, "%s:%d: %v\n", path, broken.Line.Number, broken.Err) //nolint:errcheck // as above
				return exitCode(1)
			}
			_, err = fmt.Fprintf(w, "ok: %d lines, in state %v at the end\n", len(lines), state)
			return err
		},
	}
	flags.add(cmd)
	cmd.ValidArgsFunction = contractThenFiles
	return cmd
}
