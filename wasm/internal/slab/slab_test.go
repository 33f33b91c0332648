package slab_test

import (
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/wasm/internal/slab"
)

const size = 256 << 10

func TestSlotsAreZeroAndBounded(t *testing.T) {
	p := slab.New(size)
	s, err := p.Get(size / 2)
	assert.NoError(t, err)
	b := s.Resize(64 << 10)
	b[0], b[len(b)-1] = 1, 2
	grown := s.Resize(size / 2)
	assert.Equal(t, grown[0], byte(1)) // growing copies nothing
	assert.Equal(t, &grown[0] == &b[0], true)
	assert.Equal(t, s.Resize(size/2+1) == nil, true)
	s.Free()
	s, err = p.Get(size)
	assert.NoError(t, err)
	for _, c := range s.Resize(size) {
		if c != 0 {
			t.Fatal("a freed slot comes back with what was in it")
		}
	}
	p.Close()
	assert.Equal(t, p.InUse(), 1)
	s.Resize(size)[size-1] = 1 // still there
	s.Free()
	_, err = p.Get(size)
	assert.ErrorIs(t, err, slab.ErrClosed)
}

func TestSlotsHammer(t *testing.T) {
	p := slab.New(64 << 10)
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			var held []*slab.Slot
			for range 2000 {
				if len(held) > 20 || len(held) > 0 && rand.IntN(2) == 0 {
					s := held[len(held)-1]
					held = held[:len(held)-1]
					if s.Resize(64 << 10)[100] != byte(g+1) {
						t.Error("somebody else wrote into a slot")
					}
					s.Free()
					continue
				}
				s, err := p.Get(64 << 10)
				if err != nil {
					t.Error(err)
					return
				}
				if b := s.Resize(64 << 10); b[100] != 0 {
					t.Error("a slot is not zero")
				} else {
					b[100] = byte(g + 1)
				}
				held = append(held, s)
			}
			for _, s := range held {
				s.Free()
			}
		}()
	}
	wg.Wait()
	assert.Equal(t, p.InUse(), 0)
	p.Close()
}

func TestSlotsBeginWithTheImage(t *testing.T) {
	p := slab.New(size)
	defer p.Close()
	before, err := p.Get(size) // handed out without it, and used
	assert.NoError(t, err)
	before.Resize(size)[5] = 9
	before.Free()
	image := make([]byte, 128<<10)
	image[5], image[100<<10] = 1, 2
	p.SetImage(image)
	var slots []*slab.Slot
	for round := range 3 {
		for range 20 {
			s, err := p.Get(size)
			assert.NoError(t, err)
			b := s.Resize(size)
			assert.True(t, b[5] == 1 && b[100<<10] == 2 && b[0] == 0 && b[size-1] == 0, "round %d: %d %d %d %d", round, b[5], b[100<<10], b[0], b[size-1])
			b[5], b[size-1] = byte(round+10), 7
			slots = append(slots, s)
		}
		for _, s := range slots {
			assert.Equal(t, s.Resize(size)[5], byte(round+10)) // nobody else's writes
			s.Free()
		}
		slots = nil
	}
}
