//go:build !race

package wasm_test

// raceOn says whether the race detector is on, under which memory is not measured.
const raceOn = false
