package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"
)

func contractDrawCommand() *cobra.Command {
	var flags contractFlags
	var as, out string
	cmd := &cobra.Command{
		Use:   "draw FILE",
		Short: "Draw the states of a contract, as Mermaid or SVG",
		Long: `draw prints the states of a contract and what leads from one to another: as a diagram in the language of Mermaid, which many
readers of Markdown draw, or as a picture, SVG.`,
		Example: `  kista contract draw bank.con >> README.md
  kista contract draw -o bank.svg bank.con`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := flags.load(cmd, args[0])
			if err != nil {
				return err
			}
			if as == "" && strings.HasSuffix(out, ".svg") {
				as = "svg"
			}
			var text []byte
			switch as {
			case "", "mermaid":
				text = []byte(c.Mermaid())
			case "svg":
				text = c.SVG()
			default:
				return fmt.Errorf("cannot draw as %q: there are mermaid and svg", as)
			}
			if out != "" {
				return os.WriteFile(out, text, 0o666)
			}
			_, err = cmd.OutOrStdout().Write(text)
			return err
		},
	}
	flags.add(cmd)
	cmd.Flags().StringVar(&as, "as", "", "mermaid or svg (default: as the output's name says, else mermaid)")
	cmd.Flags().StringVarP(&out, "output", "o", "", "the file to write, instead of standard output")
	_ = cmd.RegisterFlagCompletionFunc("as", cobra.FixedCompletions([]string{"mermaid", "svg"}, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}
