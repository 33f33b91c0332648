//go:build race

package wasm_test

const raceOn = true
