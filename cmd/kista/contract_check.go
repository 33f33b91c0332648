package main

import (
	"github.com/spf13/cobra"

	"github.com/kista-go/kista/contract"
)

func contractCheckCommand() *cobra.Command {
	var flags contractFlags
	var quiet bool
	cmd := &cobra.Command{
		Use:   "check FILE...",
		Short: "Say what is wrong with contracts, and what is doubtful",
		Long: `check prints a line "file:line:column: message" for every mistake in the contracts, and one
that begins with "warning:" for what is legal and hardly meant: states that no conversation reaches or
leaves, requests that cannot be told apart, rules that never apply, types without values.

The status is 1 if there is a mistake; warnings alone leave it 0.`,
		Example: `  kista contract check bank.con
  kista contract check --strict bank.con    # as the compiler of UBF 2.x does
  kista contract check --import types.con bank.con
  kista contract check - < bank.con`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			upTo := contract.Warning
			if quiet {
				upTo = contract.Error
			}
			wrong := 0
			for _, path := range args {
				_, ds, err := flags.check(cmd, path)
				if err != nil {
					return err
				}
				wrong += printDiagnostics(cmd.OutOrStdout(), ds, upTo)
			}
			if wrong > 0 {
				return exitCode(1)
			}
			return nil
		},
	}
	flags.add(cmd)
	cmd.Flags().BoolVarP(&quiet, "quiet", "q", false, "print no warnings")
	return cmd
}
