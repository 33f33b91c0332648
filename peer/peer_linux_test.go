package peer_test

import (
	"testing"

	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/peer"
	"github.com/kista-go/kista/server"
)

func TestCallsGoThroughTheFaceAndToNames(t *testing.T) {
	n, _ := node(t)
	pid := start(t, n, peer.Spec{Name: "it"})
	v, err := server.Call(patient(t), pid, add{N: 4})
	assert.NoError(t, err)
	assert.Equal(t, v, 4)
	v, err = server.Call(patient(t), n.Remote("it", "counter"), add{N: 5})
	assert.NoError(t, err)
	assert.Equal(t, v, 9)
	root, err := peer.Root(ctx, pid)
	assert.NoError(t, err)
	assert.Equal(t, root.Node(), "it")
	v, err = server.Call(patient(t), root, add{N: 1})
	assert.NoError(t, err)
	assert.Equal(t, v, 10)
	assert.NoError(t, peer.Shutdown(patient(t), pid, nil))
	assert.NoError(t, ends(t, pid))
}
