//go:build race

package peer

// raced: what the race detector maps counts as memory of the process, by the terabyte.
const raced = true
