package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/kista-go/kista/contract/gen"
)

func contractGenCommand() *cobra.Command {
	var flags contractFlags
	var o gen.Options
	var to string
	var check bool
	cmd := &cobra.Command{
		Use:   "gen CONTRACT",
		Short: "Write Go code of a contract: a client with a type for each state, and the other side",
		Long: `gen writes Go code: types of the messages, a client with a type for each state of the contract, so that what a state does
not allow does not compile, and interfaces for the server. The output depends on the contract alone.

A state is good for one step. A second use fails when it runs, before a byte is sent, and "kista vet" finds it in the text.`,
		Example: `  kista contract gen file_server.con -o fileclient/fileclient.go
  //go:generate go run github.com/kista-go/kista/cmd/kista contract gen file_server.con -o contract.go`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := flags.load(cmd, args[0])
			if err != nil {
				return err
			}
			o.Source = filepath.Base(args[0])
			if o.Package == "" && to != "" {
				if dir, err := filepath.Abs(filepath.Dir(to)); err == nil {
					o.Package = filepath.Base(dir)
				}
			}
			code, err := gen.Generate(c, o)
			if err != nil {
				return err
			}
			if check {
				old, err := os.ReadFile(to)
				if err == nil && !bytes.Equal(old, code) {
					err = fmt.Errorf("%s is not what %s gives: run it again without --check", to, args[0])
				}
				return err
			}
			if to == "" {
				_, err = cmd.OutOrStdout().Write(code)
				return err
			}
			return os.WriteFile(to, code, 0o644) //nolint:gosec // source code
		},
	}
	flags.add(cmd)
	f := cmd.Flags()
	f.StringVarP(&to, "output", "o", "", "the file to write; standard output if there is none")
	f.StringVar(&o.Package, "package", "", "the package's name; that of the output's folder, or the contract's")
	f.BoolVar(&check, "check", false, "write nothing; fail if the output is not up to date")
	cmd.PreRunE = func(*cobra.Command, []string) error {
		if check && to == "" {
			return fmt.Errorf("--check needs --output")
		}
		return nil
	}
	_ = cmd.MarkFlagFilename("output", "go")
	return cmd
}
