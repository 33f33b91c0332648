package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/kista-go/kista/contract"
)

func contractDiffCommand() *cobra.Command {
	var flags contractFlags
	cmd := &cobra.Command{
		Use:   "diff OLD NEW",
		Short: "Say whether a contract can safely replace another, and what breaks if not",
		Long: `diff says whether a server that keeps the contract NEW can take the place of one that keeps OLD, while its
clients still keep OLD: it must take all that they may send, and send nothing that they do not know.

If not, it prints conversations that break, as "kista contract run" reads them: up to its last message each keeps both
contracts, and that message one of the two. The status is then 1, and 2 if the contracts are too large to compare.`,
		Example: `  kista contract diff bank-1.con bank-2.con`,
		Args:    cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			old, err := flags.load(cmd, args[0])
			if err != nil {
				return err
			}
			changed, err := flags.load(cmd, args[1])
			if err != nil {
				return err
			}
			w := cmd.OutOrStdout()
			res := contract.Compare(old, changed)
			for _, b := range res.Breaks {
				fmt.Fprintln(w, b) //nolint:errcheck // as above
			}
			for _, u := range res.Undecided {
				fmt.Fprintln(w, "% undecided:", u) //nolint:errcheck // as above
			}
			switch {
			case len(res.Breaks) > 0:
				return exitCode(1)
			case !res.Safe:
				return exitCode(2)
			}
			_, err = fmt.Fprintf(w, "safe: %s can replace %s\n", args[1], args[0])
			return err
		},
	}
	flags.add(cmd)
	return cmd
}
