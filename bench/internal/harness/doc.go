// Package harness is what every column of the benchmark has in common: the
// command line of a column's program, the sizes of the workloads, stopwatches,
// the checks that turn a wrong result into an ERROR, and the lines in which
// results are printed.
//
// Three words:
//
//   - A *column* is one of the systems compared, a program of its own. It runs
//     one workload in one OS process and prints one line for each figure:
//     workload,column,metric,value,unit.
//   - A *workload* is one row of the benchmark, W1, W2, ...; [Names] lists them.
//     It checks its own result ([Check], [Wait]) and reports [R.Fail] in place of
//     its figures when the result is wrong.
//   - A *size* is a number that a workload is run at, a field of [Params]. The
//     driver gives all of them to each column, so that they are the same for all.
package harness
