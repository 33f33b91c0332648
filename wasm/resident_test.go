package wasm_test

import (
	"os"
	"strconv"
	"strings"
)

// resident is the memory of this program that is in use, where the operating system
// says so.
func resident() (bytes int64, ok bool) {
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0, false
	}
	f := strings.Fields(string(b))
	pages, err := strconv.ParseInt(f[1], 10, 64)
	return pages * int64(os.Getpagesize()), err == nil
}
