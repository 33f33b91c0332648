package wasm

import (
	"strconv"
	"syscall"
)

// limitSelf bounds the data and the time of this process.
func limitSelf(memory, seconds string) {
	set := func(what int, text string) {
		if n, err := strconv.ParseUint(text, 10, 64); err == nil && n > 0 {
			_ = syscall.Setrlimit(what, &syscall.Rlimit{Cur: n, Max: n})
		}
	}
	set(syscall.RLIMIT_DATA, memory)
	set(syscall.RLIMIT_CPU, seconds)
}
