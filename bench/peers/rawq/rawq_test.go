package main

import (
	"testing"

	"github.com/kista-go/kista/bench/internal/columntest"
)

// W8 waits for timeouts, W12 takes a second and a half by nature.
func TestWorkloads(t *testing.T) { columntest.Run(t, "rawq", workloads(), "W8", "W12") }
