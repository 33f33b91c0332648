//go:build race

package kista

// raced: the race detector is on. Each execution gets a goroutine of its own
// then, since what one worker does for two processes one after the other would
// look ordered, and their sharing would go unseen.
const raced = true
