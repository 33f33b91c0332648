package port_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/port"
)

// A call of a program and back.
func BenchmarkCall(b *testing.B) {
	n, _ := node(b)
	for _, size := range []int{64, 1 << 10, 64 << 10} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			pid := start(b, n, port.Spec{Path: "cat", Framing: port.Frames4})
			msg := make([]byte, size)
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := port.Call(ctx, pid, msg); err != nil {
					b.Fatal(err)
				}
			}
			shutdown(b, pid)
		})
	}
}

// The start and the stop of a program.
func BenchmarkStart(b *testing.B) {
	n, _ := node(b)
	for name, spec := range map[string]port.Spec{
		"plain": {}, "limited": {Limits: port.Limits{OpenFiles: 50}}, "sandboxed": {Sandbox: &port.Sandbox{}},
	} {
		b.Run(name, func(b *testing.B) {
			spec.Path = "cat"
			for b.Loop() {
				shutdown(b, start(b, n, spec))
			}
		})
	}
}

// What a guardian takes of the machine's memory.
func BenchmarkGuardianMemory(b *testing.B) {
	n, _ := node(b)
	pid := start(b, n, port.Spec{Path: "cat"})
	i, err := port.Inspect(ctx, pid)
	assert.NoError(b, err)
	for b.Loop() {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", i.Guardian))
		assert.NoError(b, err)
		for _, key := range []string{"Rss", "Pss"} {
			_, rest, _ := strings.Cut(string(text), "\n"+key+":")
			var kb float64
			_, err := fmt.Sscan(rest, &kb)
			assert.NoError(b, err)
			b.ReportMetric(kb, key+"-KiB")
		}
	}
	shutdown(b, pid)
}
