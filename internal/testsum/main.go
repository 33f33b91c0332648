// Testsum reads the output of go test -json and prints what a person wants to
// see: the result line of each package as it comes, the whole output of what
// failed, and at the end every skipped test with its reason, so that nothing
// is left out silently. It exits with 1 if anything failed, or if no test ran.
//
//	go test -json ./... | go run ./internal/testsum
package main

import (
	"fmt"
	"os"
)

func main() {
	s := newSummary(os.Stdout)
	if err := s.read(os.Stdin); err != nil {
		fmt.Fprintln(os.Stderr, "testsum:", err)
		os.Exit(1)
	}
	if !s.close() {
		os.Exit(1)
	}
}
