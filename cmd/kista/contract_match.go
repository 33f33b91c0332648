package main

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kista-go/kista/contract"
)

func contractMatchCommand() *cobra.Command {
	var flags contractFlags
	var m matching
	cmd := &cobra.Command{
		Use:   "match CONTRACT --type TYPE [VALUES]",
		Short: "Check values against a type of a contract",
		Long: `match reads values, one a line, from a file or from standard input, and prints a line for each: "ok", or "no" with the part
that is wrong, what was expected there and what was seen. {2} is the second field of a tuple, [3] the third
element of a list.

The status is 1 if a value does not match, and 2 if one cannot be read.`,
		Example: `  echo '{open,{'\''#S'\'',"foo.dat"},read}' | kista contract match file_server.con --type open
  kista contract match --type fileName file_server.con names.txt`,
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
			return m.run(cmd, k, path)
		},
	}
	flags.add(cmd)
	cmd.ValidArgsFunction = contractThenFiles
	cmd.Flags().StringVar(&m.typ, "type", "", "the name of the type")
	addEncodingFlag(cmd, &m.from, "from", "what values are written in")
	cmd.Flags().BoolVar(&m.hex, "hex", false, "each line holds the bytes of a value as hexadecimal digits")
	_ = cmd.MarkFlagRequired("type")
	_ = cmd.RegisterFlagCompletionFunc("type", func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		return typeNames(&flags, cmd, args), cobra.ShellCompDirectiveNoFileComp
	})
	return cmd
}

// typeNames completes names of types.
func typeNames(flags *contractFlags, cmd *cobra.Command, args []string) []string {
	if len(args) == 0 {
		return nil
	}
	c, _, err := flags.check(cmd, args[0])
	if err != nil || c == nil {
		return nil
	}
	var names []string
	for _, d := range slices.Concat(c.Types, c.Imported, contract.Builtin()) {
		names = append(names, d.Name+"\t"+contract.TypeString(d.Type))
	}
	return names
}

// matching is what values are checked against, and how they are read.
type matching struct {
	typ, from string
	hex       bool
	read      reading
}

func (m *matching) run(cmd *cobra.Command, k *contract.Checker, path string) error {
	if encodings[m.from] == "" {
		return fmt.Errorf("there is no encoding %q: take one of %s", m.from, strings.Join(encodingNames(), ", "))
	}
	text, err := readInput(cmd, path)
	if err != nil {
		return err
	}
	name := strings.TrimSuffix(strings.TrimSpace(m.typ), "()")
	status := 0
	for line := range bytes.Lines(text) {
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		said, code, err := m.line(k, name, line)
		if err != nil {
			return err
		}
		if _, err = fmt.Fprintln(cmd.OutOrStdout(), said); err != nil {
			return err
		}
		status = max(status, code)
	}
	if status > 0 {
		return exitCode(status)
	}
	return nil
}

// line checks the value in a line, and returns what is to be said about it and the status that it means.
func (m *matching) line(k *contract.Checker, name string, line []byte) (string, int, error) {
	if m.hex {
		b, err := hex.DecodeString(string(line))
		if err != nil {
			return "unreadable: " + err.Error(), 2, nil
		}
		line = b
	}
	v, err := m.read.decodeAll(m.from, line)
	if err != nil {
		return "unreadable: " + err.Error(), 2, nil
	}
	err = k.Match(name, v)
	var wrong *contract.Mismatch
	switch {
	case err == nil:
		return "ok", 0, nil
	case !errors.As(err, &wrong):
		return "", 0, err
	case wrong.Path == "":
		return "no: " + wrong.Said(), 1, nil
	}
	return "no: " + wrong.Path + ": " + wrong.Said(), 1, nil
}
