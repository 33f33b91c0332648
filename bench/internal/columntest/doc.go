// Package columntest runs a column's workloads at tiny sizes, for the tests of the
// columns: each must hold its own checks and print figures.
//
// [Run] takes the same map that the column gives to harness.Main. It returns what
// was printed, so that a test can ask for more. A workload that takes long by
// nature, because it waits for timeouts or times out itself, can be left out.
package columntest
