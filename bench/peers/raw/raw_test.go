package main

import (
	"testing"

	"github.com/kista-go/kista/bench/internal/columntest"
)

// W12 takes a second and a half by nature.
func TestWorkloads(t *testing.T) { columntest.Run(t, "raw", workloads(), "W12") }
