package peer_test

import (
	"context"
	"syscall"
	"testing"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/peer"
	"github.com/kista-go/kista/server"
	"github.com/kista-go/kista/supervisor"
)

// A call of a server in a peer and back.
func BenchmarkCall(b *testing.B) {
	n, _ := node(b)
	root, err := peer.Root(ctx, start(b, n, peer.Spec{}))
	assert.NoError(b, err)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := server.Call(ctx, root, add{N: 1}); err != nil {
			b.Fatal(err)
		}
	}
}

// A crowd that calls at once: frames share writes.
func BenchmarkCallParallel(b *testing.B) {
	n, _ := node(b)
	root, err := peer.Root(ctx, start(b, n, peer.Spec{}))
	assert.NoError(b, err)
	b.SetParallelism(32)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := server.Call(ctx, root, add{N: 1}); err != nil {
				b.Error(err)
				return
			}
		}
	})
}

// The start and the stop of a peer.
func BenchmarkStart(b *testing.B) {
	n, _ := node(b)
	for b.Loop() {
		assert.NoError(b, peer.Shutdown(patient(b), start(b, n, peer.Spec{}), nil))
	}
}

// From the death of a peer's OS process to the next answer, with and without one
// that stands by.
func BenchmarkRestart(b *testing.B) {
	for name, standby := range map[string]bool{"cold": false, "standby": true} {
		b.Run(name, func(b *testing.B) {
			n, _ := node(b)
			_, err := supervisor.Start(patient(b), n, supervisor.Spec{Intensity: 1 << 30, Children: []supervisor.Child{
				{ID: "it", Start: single.Program(0, peer.Spec{Name: "it", Standby: standby}, peer.Opts{Name: "it"})},
			}}, supervisor.Opts{})
			assert.NoError(b, err)
			for b.Loop() {
				b.StopTimer()
				var i peer.Info
				for ready := false; !ready; {
					i, err = peer.Inspect(ctx, n.Name("it"))
					ready = err == nil && i.Standby == standby && i.PID != 0
				}
				b.StartTimer()
				assert.NoError(b, syscall.Kill(i.PID, syscall.SIGKILL))
				answered := false
				for !answered {
					_, err := kista.CallFor(context.Background(), long, n.Remote("it", "counter"), add{N: 1})
					answered = err == nil
				}
			}
		})
	}
}
