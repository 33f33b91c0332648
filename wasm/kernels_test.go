package wasm_test

import (
	"context"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/wasm"
)

var kernels = []string{"fib", "sieve", "matmul", "crc"}

// plainly runs a function of the kernels in the engine as it is, without what this
// package adds.
func plainly(t testing.TB, code []byte, config wazero.RuntimeConfig) func(name string) uint32 {
	ctx := context.Background()
	rt := wazero.NewRuntimeWithConfig(ctx, config)
	t.Cleanup(func() { _ = rt.Close(ctx) })
	host := rt.NewHostModuleBuilder(wasm.HostModule)
	for _, name := range []string{"read", "reply"} {
		host.NewFunctionBuilder().WithGoFunction(api.GoFunc(func(context.Context, []uint64) {}),
			map[string][]api.ValueType{"read": {api.ValueTypeI32, api.ValueTypeI32}, "reply": {api.ValueTypeI64, api.ValueTypeI32, api.ValueTypeI32}}[name],
			[]api.ValueType{api.ValueTypeI32}).Export(name)
	}
	_, err := host.Instantiate(ctx)
	assert.NoError(t, err)
	m, err := rt.Instantiate(ctx, code)
	assert.NoError(t, err)
	ctx, cancel := context.WithCancel(ctx) // something that could interrupt it
	t.Cleanup(cancel)
	return func(name string) uint32 {
		out, err := m.ExportedFunction(name).Call(ctx)
		assert.NoError(t, err)
		return uint32(out[0])
	}
}

// asGuest runs them in a guest.
func asGuest(t testing.TB, code []byte) func(name string) uint32 {
	ctx := context.Background()
	m, err := wasm.Load(ctx, code, wasm.Limits{})
	assert.NoError(t, err)
	t.Cleanup(func() { m.Close() })
	pid := spawn(t, startNode(t), m, wasm.Opts{})
	numbers := map[string]int{}
	for i, name := range kernels {
		numbers[name] = i
	}
	return func(name string) uint32 {
		out, err := kista.CallFor(ctx, bound, pid, numbers[name])
		assert.NoError(t, err)
		return uint32(out.(int64))
	}
}

// What computes gives the same as a guest.
func TestKernels(t *testing.T) {
	code := buildC(t, "kernels")
	plain, ours := plainly(t, code, wazero.NewRuntimeConfig()), asGuest(t, code)
	for _, name := range kernels {
		assert.Equal(t, ours(name), plain(name)&0x7fffffff)
	}
}

// Four loops that only compute, in the engine as it is, as a guest, which can be
// interrupted, and with the engine's own way to be interrupted.
func BenchmarkKernels(b *testing.B) {
	code := buildC(b, "kernels")
	plain, ours := plainly(b, code, wazero.NewRuntimeConfig()), asGuest(b, code)
	itself := plainly(b, code, wazero.NewRuntimeConfig().WithCloseOnContextDone(true))
	for _, name := range kernels {
		for _, how := range []struct {
			name string
			run  func(string) uint32
		}{{"plain", plain}, {"guest", ours}, {"engine", itself}} {
			b.Run(name+"/"+how.name, func(b *testing.B) {
				for b.Loop() {
					how.run(name)
				}
			})
		}
	}
}
