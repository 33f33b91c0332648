//go:build race

package kista_test

const raceEnabled = true
