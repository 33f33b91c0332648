package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/kista-go/kista/contract"
)

// contractCommands are the commands under "kista contract", one a file.
var contractCommands = []func() *cobra.Command{
	contractCheckCommand,
	contractFmtCommand,
	contractGenCommand,
	contractMatchCommand,
	contractRunCommand,
	contractDiffCommand,
	contractDrawCommand,
	contractProxyCommand,
	contractCallCommand,
}

func contractCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "contract",
		Short: "Check, compare and draw contracts between programs (UBF)",
		Long: `contract is for contracts in the language UBF(B): what a client may ask of a
server, state by state, and what the server may answer.

Contracts are read in the notation of UBF 2.x, in that of 2002 (1.x), and in that of
Armstrong's slides; --dialect says which, where it should not be found out.`,
		Example: `  kista contract check file_server.con
  kista contract gen file_server.con -o fileclient/fileclient.go
  kista contract proxy --contract file_server.con --listen :9000 --to localhost:9001`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	for _, make := range contractCommands {
		cmd.AddCommand(make())
	}
	return cmd
}

// contractFlags are the flags that say how contracts are read.
type contractFlags struct {
	dialect contract.Dialect
	strict  bool
	imports []string
}

func (f *contractFlags) add(cmd *cobra.Command) {
	cmd.Flags().TextVar(&f.dialect, "dialect", contract.Auto, "the notation: auto, 2.x (exactly as UBF 2.x takes it), 1.x or slides")
	cmd.Flags().BoolVar(&f.strict, "strict", false, "the same as --dialect 2.x")
	cmd.Flags().StringArrayVar(&f.imports, "import", nil, "a contract beside the file whose types it needs; may be repeated")
	_ = cmd.RegisterFlagCompletionFunc("dialect", cobra.FixedCompletions([]string{
		"auto\tfind out", "2.x\texactly as UBF 2.x takes it", "1.x\tas of 2002", "slides\tas in the talks",
	}, cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.MarkFlagFilename("import", "con")
	cmd.ValidArgsFunction = contractFiles
}

// contractFiles completes names of contracts.
func contractFiles(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return []string{"con"}, cobra.ShellCompDirectiveFilterFileExt
}

// contractThenFiles completes a contract first, and then any file.
func contractThenFiles(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) == 0 {
		return contractFiles(nil, nil, "")
	}
	return nil, cobra.ShellCompDirectiveDefault
}

func (f *contractFlags) parser(path string) contract.Parser {
	p := contract.Parser{Dialect: f.dialect, FS: os.DirFS(filepath.Dir(path)), Imports: f.imports}
	if f.strict {
		p.Dialect = contract.UBF2
	}
	return p
}

// check reads a contract from a file, or from standard input where path is "-", and all there is to say about it.
func (f *contractFlags) check(cmd *cobra.Command, path string) (*contract.Contract, []contract.Diagnostic, error) {
	src, err := readInput(cmd, path)
	if err != nil {
		return nil, nil, err
	}
	c, ds := f.parser(path).Check(path, src)
	return c, ds, nil
}

// load reads a contract that must be right. What is wrong it prints, and fails with status 1.
func (f *contractFlags) load(cmd *cobra.Command, path string) (*contract.Contract, error) {
	c, ds, err := f.check(cmd, path)
	if err != nil || c != nil {
		return c, err
	}
	printDiagnostics(cmd.ErrOrStderr(), ds, contract.Error)
	return nil, exitCode(2)
}

// checker reads a contract and makes it ready to check.
func (f *contractFlags) checker(cmd *cobra.Command, path string) (*contract.Checker, error) {
	c, err := f.load(cmd, path)
	if err != nil {
		return nil, err
	}
	return contract.Compile(c)
}

// printDiagnostics prints those up to a severity.
func printDiagnostics(w io.Writer, ds []contract.Diagnostic, upTo contract.Severity) (errors int) {
	for _, d := range ds {
		if d.Severity <= upTo {
			fmt.Fprintln(w, d) //nolint:errcheck // what cannot be said cannot be said
		}
		if d.Severity == contract.Error {
			errors++
		}
	}
	return errors
}

// readInput reads a file, or standard input where path is "-".
func readInput(cmd *cobra.Command, path string) ([]byte, error) {
	if path == "-" {
		return io.ReadAll(cmd.InOrStdin())
	}
	return os.ReadFile(path)
}
