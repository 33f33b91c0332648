package memory_test

import (
	"testing"

	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/store"
	"github.com/kista-go/kista/store/memory"
	"github.com/kista-go/kista/store/storetest"
)

func open(t testing.TB, l store.Limits) store.Journal {
	j, err := memory.New(memory.Config{Limits: l})
	assert.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, j.Close()) })
	return j
}

func TestConformance(t *testing.T) {
	storetest.Run(t, storetest.Driver{Open: open})
}

func TestNegativeLimit(t *testing.T) {
	_, err := memory.New(memory.Config{Limits: store.Limits{MaxEvents: -1}})
	assert.ErrorIs(t, err, store.ErrInvalid)
}

func TestStats(t *testing.T) {
	j, err := memory.New(memory.Config{})
	assert.NoError(t, err)
	ctx := t.Context()
	token, last, err := j.Acquire(ctx, "a", store.NextToken)
	assert.NoError(t, err)
	_, err = j.Append(ctx, "a", token, last, store.Event{Payload: []byte("12")}, store.Event{Payload: []byte("3")})
	assert.NoError(t, err)
	_, err = j.Append(ctx, "a", token, last, store.Event{})
	assert.ErrorIs(t, err, store.ErrConflict)
	_, err = j.Append(ctx, "a", token+1, last, store.Event{})
	assert.ErrorIs(t, err, store.ErrFenced)
	assert.Equal(t, j.Stats(), store.Stats{Appends: 1, Events: 2, Bytes: 3, Commits: 2, Conflicts: 1, Fenced: 1})
}
