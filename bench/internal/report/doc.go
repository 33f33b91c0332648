// Package report makes tables of results: it reads what the columns have printed,
// condenses the rounds, compares the columns, judges the goals and writes the
// page.
//
// Words:
//
//   - A *figure* is one number: of a workload, a metric and a column, in one
//     round. Its rounds are condensed to the median and to the best (the minimum,
//     for rates the maximum).
//   - A *set* is all figures that were measured at the same sizes: the main one, a
//     second one at other sizes, and one for each point of a growth plot.
//   - A *ratio* says how many times as fast Kista is: above 1 Kista is ahead, for
//     times and for rates alike. A *floor* (raw, rawq) is no candidate for the
//     best, since it gives nothing of what the columns compared give.
package report
