package main

import (
	"bytes"
	"fmt"
	"os"

	"github.com/spf13/cobra"
)

func contractFmtCommand() *cobra.Command {
	var flags contractFlags
	var write, list bool
	cmd := &cobra.Command{
		Use:   "fmt FILE...",
		Short: "Print contracts in the form of UBF 2.x, whatever they are written in",
		Long: `fmt prints contracts in their canonical form: that of UBF 2.x, with one type or rule a line. Comments stay where
they are. Types that are written out in rules, as on slides, get names.`,
		Example: `  kista contract fmt slides.con
  kista contract fmt -w *.con
  kista contract fmt -l *.con    # which are not in that form? status 1 if any`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			differ := false
			for _, path := range args {
				src, err := readInput(cmd, path)
				if err != nil {
					return err
				}
				c, ds := flags.parser(path).Check(path, src)
				if c == nil {
					printDiagnostics(cmd.ErrOrStderr(), ds, 0)
					return exitCode(2)
				}
				text := c.Format()
				same := bytes.Equal(src, text)
				switch {
				case list && !same:
					differ = true
					fmt.Fprintln(cmd.OutOrStdout(), path) //nolint:errcheck // as above
				case list:
				case write && same:
				case write && path != "-":
					if err := os.WriteFile(path, text, 0o666); err != nil {
						return err
					}
				default:
					if _, err := cmd.OutOrStdout().Write(text); err != nil {
						return err
					}
				}
			}
			if differ {
				return exitCode(1)
			}
			return nil
		},
	}
	flags.add(cmd)
	cmd.Flags().BoolVarP(&write, "write", "w", false, "write the files instead of printing")
	cmd.Flags().BoolVarP(&list, "list", "l", false, "only list the files that are not in that form")
	cmd.MarkFlagsMutuallyExclusive("write", "list")
	return cmd
}
