package vet_test

import (
	"testing"

	"golang.org/x/tools/go/analysis/analysistest"

	"github.com/kista-go/kista/vet"
)

// TestRules runs the analyzer over programs that say in comments what is to be
// found in them, and where nothing is. They use the library as it is, so they
// are loaded together: its packages are read once.
func TestRules(t *testing.T) {
	analysistest.Run(t, "..", vet.Analyzer,
		"./vet/testdata/goroutine", "./vet/testdata/exit", "./vet/testdata/message", "./vet/testdata/allow",
		"./vet/testdata/global", "./vet/testdata/lock", "./vet/testdata/channel", "./vet/testdata/capture",
		"./vet/testdata/self", "./vet/testdata/thread", "./vet/testdata/linear", "./vet/testdata/helper")
}
