// Command kista is the tool beside the library.
//
//	kista demo       a supervised bank whose parts are killed all the time, and a
//	                 ledger in another process that must agree with it in the end
//	kista ledger     that other process, against a bank of your own
//	kista contract   check, compare and draw contracts between programs
//	kista run        build a release's main package, and run it
//	kista term       convert terms between encodings
//	kista vet        find in the text of a program what the kernel cannot hold back
//	kista version    what build this is
//
// Its status is 0 if all is well, 1 if the books do not agree, 2 if it could not
// do what it was asked to; that of run is the program's, that of vet is go vet's.
// It is also a tool for go vet: go vet -vettool=$(which kista) ./...
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

func main() {
	if isVetTool(os.Args[1:]) {
		vetTool()
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends what does not listen
	err := newCommand().ExecuteContext(ctx)
	stop()
	if err == nil {
		return
	}
	var code exitCode
	if errors.As(err, &code) {
		os.Exit(int(code))
	}
	fmt.Fprintln(os.Stderr, "kista:", err)
	os.Exit(2)
}

// exitCode ends the program with a status after everything has been said.
type exitCode int

func (c exitCode) Error() string { return fmt.Sprintf("exit status %d", int(c)) }

func newCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "kista",
		Short: "Reliable systems in the presence of software errors, for Go",
		Long: `kista is the command of the Kista library: Erlang's isolated processes, links,
monitors and supervisors for Go.

Start with:  kista demo`,
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.AddCommand(contractCommand(), demoCommand(), ledgerCommand(), runCommand(), termCommand(), vetCommand(), versionCommand())
	return root
}
