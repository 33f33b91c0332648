package wasm_test

import (
	"os"
	"strconv"
	"strings"
)

// resident is the memory of this program that is in use, where the operating system
// says so. What is shared counts once.
func resident() (bytes int64, ok bool) {
	b, err := os.ReadFile("/proc/self/smaps_rollup")
	if err != nil {
		return 0, false
	}
	_, rest, _ := strings.Cut(string(b), "\nPss:")
	f := strings.Fields(rest)
	if len(f) == 0 {
		return 0, false
	}
	kib, err := strconv.ParseInt(f[0], 10, 64)
	return kib << 10, err == nil
}
