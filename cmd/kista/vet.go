package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/tools/go/analysis/unitchecker"

	"github.com/kista-go/kista/vet"
)

func vetCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "vet [FLAGS] [PACKAGES]",
		Short: "Find in process code what would end the program or be shared with others",
		Long: `vet looks at the code that runs in processes: bodies, callbacks of behaviours,
tasks, and what they call. It reports what the kernel cannot contain while it runs:
go statements, os.Exit, shared variables, locks and channels, messages that are no
data, and a Self or Ctx in foreign hands. docs/vet.md explains every rule.

It is "go vet" with another tool, and takes its flags: -json, -tags and so on;
-tests looks at test files too. A finding that is right in general and wrong here is
suppressed, with its reason, on its line or the one before:

  //kista:allow channel the owner of the listener reads it until it is closed

The status is 0 if nothing was found.`,
		Example: `  kista vet ./...
  kista vet -json ./accounts
  go vet -vettool=$(which kista) ./...      # the same`,
		DisableFlagParsing: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			for i, a := range args {
				switch a {
				case "-h", "-help", "--help":
					return cmd.Help()
				case "-tests", "--tests": // as go vet calls it
					args[i] = "-" + vet.Analyzer.Name + ".tests"
				}
			}
			self, err := os.Executable()
			if err != nil {
				return fmt.Errorf("vet: cannot find the program that runs: %w", err)
			}
			goVet := exec.CommandContext(cmd.Context(), "go", append([]string{"vet", "-vettool=" + self}, args...)...)
			goVet.Stdout, goVet.Stderr = cmd.OutOrStdout(), cmd.ErrOrStderr()
			err = goVet.Run()
			var exit *exec.ExitError
			if errors.As(err, &exit) && exit.ExitCode() > 0 {
				return exitCode(exit.ExitCode())
			}
			if err != nil {
				return fmt.Errorf("vet: go vet: %w", err)
			}
			return nil
		},
	}
}

// isVetTool reports whether it is go vet that has started this program: it asks
// for the version, for the flags, or about one package.
func isVetTool(args []string) bool {
	return len(args) == 1 && (args[0] == "-V=full" || args[0] == "-flags") ||
		len(args) > 0 && strings.HasSuffix(args[len(args)-1], ".cfg") && args[0] != "vet"
}

// vetTool answers go vet, and ends the program.
func vetTool() { unitchecker.Main(vet.Analyzer) }
