// Package assert holds the few assertions that Kista's own tests share. It is
// no framework: each function compares one thing, prints what it got, what it
// wanted and where, and stops the test.
//
// Two words:
//
//   - A check is a call here. It ends the test on failure with
//     [testing.TB.Fatal], so it may be called only on the goroutine that runs
//     the test; a process that must report to its test sends it a value, which
//     the test receives with [Within].
//   - A bound is a limit in real time, after which a test that waits has
//     failed. It is not a delay: a passing test never waits for it. Choose it
//     large (seconds); a slow machine then costs nothing and a hang is found.
//
// There is no Eventually and no Sleep here on purpose. A test that polls is
// slow when it passes and flaky when it fails. Wait on a channel, on a message,
// or run in a [testing/synctest] bubble, where time moves by itself.
//
// Only tests import this package: it links go-cmp, which no program that uses
// Kista shall carry. The architecture tests enforce this.
package assert
