// Package workload is the benchmark's workloads, written once against the small
// interface [System] that each Go column implements: processes that handle one
// message at a time. A column may replace any of them by one written against its
// own API ([harness.Workloads] is a map), or add such a one beside it; then the
// metric's name ends in _native, and the distance between the two is what the
// interface costs that column: two dynamic calls and a type switch for each
// message, some 20 ns.
//
// Messages are the types of messages.go. Every workload counts, adds up or
// compares what has arrived, where it has arrived, and reports no figure unless
// that is right.
package workload
