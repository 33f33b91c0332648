//go:build race

package sys_test

const raceEnabled = true
