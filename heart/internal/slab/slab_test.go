package slab_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/kista-go/kista/heart/internal/slab"
	"github.com/kista-go/kista/internal/assert"
)

// memory is aligned, as mapped memory is.
func memory(chunks int) []byte { return make([]byte, chunks*slab.ChunkSize) }

func open(t testing.TB, mem []byte) *slab.Slab {
	t.Helper()
	s, err := slab.New(mem)
	assert.NoError(t, err)
	return s
}

func own(t testing.TB, s *slab.Slab, key string) *slab.Handle {
	t.Helper()
	h, err := s.Open(key)
	assert.NoError(t, err)
	return h
}

// What one life commits, the next one loads: against a map.
func TestStateOutlivesItsLife(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		mem := memory(7) // one for each class that comes below
		want := map[string][]byte{}
		keys := rapid.SampledFrom([]string{"a", "b", "c", "a/1", strings.Repeat("k", slab.MaxKey)})
		for range rapid.IntRange(1, 4).Draw(t, "lives") {
			s, err := slab.New(mem)
			if err != nil {
				t.Fatal(err)
			}
			if got := slices.Sorted(s.Keys()); !slices.Equal(got, slices.Sorted(maps.Keys(want))) {
				t.Fatalf("keys %q, want %v", got, want)
			}
			for range rapid.IntRange(1, 30).Draw(t, "steps") {
				key := keys.Draw(t, "key")
				h, err := s.Open(key)
				if err != nil {
					t.Fatal(err)
				}
				got, err := h.Load()
				switch data, there := want[key]; {
				case there && (err != nil || !bytes.Equal(got, data)):
					t.Fatalf("%q: %d bytes, %v; want %d", key, len(got), err, len(data))
				case !there && !errors.Is(err, slab.ErrNone):
					t.Fatalf("%q: %v", key, err)
				}
				switch rapid.IntRange(0, 4).Draw(t, "step") {
				case 0:
					if err := h.Delete(); err != nil {
						t.Fatal(err)
					}
					delete(want, key)
				default:
					size := rapid.SampledFrom([]int{0, 1, 100, 128, 5000, 60_000}).Draw(t, "size")
					data := bytes.Repeat([]byte{byte(size + len(key))}, size)
					if err := h.Commit(data); err != nil {
						t.Fatal(err)
					}
					want[key] = data
				}
			}
			if s.Stats().Broken != 0 || s.Stats().Keys != len(want) {
				t.Fatalf("%+v, want %d keys", s.Stats(), len(want))
			}
		}
	})
}

func TestLimits(t *testing.T) {
	for _, n := range []int{0, 1, slab.ChunkSize, 2*slab.ChunkSize + 8} {
		_, err := slab.New(make([]byte, n))
		assert.True(t, err != nil, "a slab of %d bytes", n)
	}
	s := open(t, memory(3))
	for _, key := range []string{"", strings.Repeat("k", slab.MaxKey+1)} {
		_, err := s.Open(key)
		assert.ErrorIs(t, err, slab.ErrTooLarge)
	}
	h := own(t, s, "k")
	assert.NoError(t, h.Commit(make([]byte, slab.MaxSize-1)))
	assert.ErrorIs(t, h.Commit(make([]byte, slab.MaxSize)), slab.ErrTooLarge)
	got, err := h.Load()
	assert.NoError(t, err)
	assert.Equal(t, len(got), slab.MaxSize-1)
}

// A full slab refuses, keeps what it has, and has room again for what is freed.
func TestFull(t *testing.T) {
	s := open(t, memory(2))
	var all []*slab.Handle
	for i := 0; ; i++ {
		h := own(t, s, fmt.Sprint(i))
		if err := h.Commit(make([]byte, 30_000)); err != nil {
			assert.ErrorIs(t, err, slab.ErrFull)
			_, err = h.Load()
			assert.ErrorIs(t, err, slab.ErrNone)
			break
		}
		all = append(all, h)
	}
	assert.True(t, len(all) >= 15, "only %d of 30 KB in 1 MiB", len(all))
	assert.NoError(t, all[3].Commit([]byte("less")))
	assert.ErrorIs(t, all[3].Commit(make([]byte, 40_000)), slab.ErrFull)
	got, err := all[3].Load()
	assert.NoError(t, err)
	assert.Equal(t, string(got), "less")
	assert.NoError(t, all[5].Delete())
	assert.NoError(t, own(t, s, "new").Commit(make([]byte, 30_000)))
	assert.Equal(t, s.Stats().Bytes, slab.ChunkSize)
	assert.Equal(t, s.Stats().Limit, slab.ChunkSize)
}

// Only the last owner may read and write: a zombie cannot.
func TestFencing(t *testing.T) {
	s := open(t, memory(2))
	old := own(t, s, "k")
	assert.NoError(t, old.Commit([]byte("1")))
	now := own(t, s, "k")
	assert.ErrorIs(t, old.Commit([]byte("2")), slab.ErrFenced)
	_, err := old.Load()
	assert.ErrorIs(t, err, slab.ErrFenced)
	assert.ErrorIs(t, old.Delete(), slab.ErrFenced)
	got, err := now.Load()
	assert.NoError(t, err)
	assert.Equal(t, string(got), "1")
	assert.NoError(t, now.Delete())
	assert.ErrorIs(t, now.Commit([]byte("3")), slab.ErrFenced)
	again := own(t, s, "k")
	_, err = again.Load()
	assert.ErrorIs(t, err, slab.ErrNone)
	assert.NoError(t, again.Commit([]byte("4")))
}

// A life may end at every byte of a commit: then the old value holds or the new
// one. A copy of the memory after each change of the writer stands for that.
func TestEndInTheMiddleOfACommit(t *testing.T) {
	mem := memory(5)
	s := open(t, mem)
	h := own(t, s, "k")
	assert.NoError(t, h.Commit([]byte("old")))
	before := bytes.Clone(mem)
	for _, next := range [][]byte{[]byte("new"), bytes.Repeat([]byte("n"), 1000)} {
		copy(mem, before)
		h := own(t, open(t, mem), "k")
		assert.NoError(t, h.Commit(next))
		after := bytes.Clone(mem)
		// All that was written, word by word, in the order of the addresses; the
		// selectors last, as the writer has it.
		var words, selectors []int
		for at := 0; at < len(mem); at += 8 {
			if !bytes.Equal(before[at:at+8], after[at:at+8]) {
				if at > 0 && at%slab.ChunkSize == 0 { // of the first slot in a chunk, the only one here
					selectors = append([]int{at}, selectors...)
				} else {
					words = append(words, at)
				}
			}
		}
		torn := bytes.Clone(before)
		for _, at := range append(words, selectors...) {
			copy(torn[at:at+8], after[at:at+8])
			copy(mem, torn)
			got, err := own(t, open(t, mem), "k").Load()
			assert.NoError(t, err)
			assert.True(t, string(got) == "old" || bytes.Equal(got, next), "%d bytes: %.20q", len(got), got)
		}
	}
}

// A flipped bit is broken state or, in what nobody reads, nothing; never another
// value, and the other keys are as they were.
func TestBrokenStateIsNotGivenOut(t *testing.T) {
	mem := memory(2)
	s := open(t, mem)
	for i := range 50 {
		h := own(t, s, fmt.Sprint("key", i))
		assert.NoError(t, h.Commit(fmt.Append(nil, "value", i)))
	}
	broken := 0
	for range 1000 {
		copied := bytes.Clone(mem[:slab.ChunkSize+50*400])
		at := slab.ChunkSize + rand.IntN(50*400)
		mem[at] ^= 1 << rand.IntN(8)
		s := open(t, mem)
		for i := range 50 {
			got, err := own(t, s, fmt.Sprint("key", i)).Load()
			if err != nil {
				assert.True(t, errors.Is(err, slab.ErrBroken) || errors.Is(err, slab.ErrNone), "%v", err)
				broken++
				continue
			}
			if string(got) != fmt.Sprint("value", i) {
				t.Fatalf("byte %d: key%d has %q", at, i, got)
			}
		}
		copy(mem, copied)
	}
	assert.True(t, broken > 0 && broken <= 1000, "%d of 1000 were broken", broken)
}

// What is broken can be written again.
func TestBrokenStateIsReplaced(t *testing.T) {
	mem := memory(2)
	assert.NoError(t, own(t, open(t, mem), "k").Commit([]byte("hello hello")))
	at := bytes.Index(mem, []byte("hello"))
	mem[at]++
	s := open(t, mem)
	h := own(t, s, "k")
	_, err := h.Load()
	assert.ErrorIs(t, err, slab.ErrBroken)
	assert.Equal(t, s.Stats().Broken, 1)
	assert.NoError(t, h.Commit([]byte("anew")))
	got, err := own(t, open(t, mem), "k").Load()
	assert.NoError(t, err)
	assert.Equal(t, string(got), "anew")
}

func TestHammer(t *testing.T) {
	s := open(t, memory(8))
	var wg sync.WaitGroup
	for p := range 4 {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(uint64(p), 1))
			for i := range 3000 {
				h, err := s.Open(fmt.Sprint(r.IntN(8)))
				if err != nil {
					t.Error(err)
					return
				}
				switch r.IntN(4) {
				case 0:
					_ = h.Delete()
				case 1:
					_ = s.Stats()
					for range s.Keys() {
					}
				default:
					if err := h.Commit(make([]byte, r.IntN(2000))); err != nil && !errors.Is(err, slab.ErrFenced) {
						t.Error(i, err)
					}
				}
				if _, err := h.Load(); errors.Is(err, slab.ErrBroken) {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

// Whatever is in the memory, the next life begins, and can work.
func FuzzCorrupt(f *testing.F) {
	f.Add([]byte{}, uint32(0), uint32(0))
	f.Add([]byte("\xff\xff\xff\xff\xff\xff\xff\xff"), uint32(16), uint32(8))
	f.Add([]byte{0, 0, 0, 0, 1, 0, 0, 0, 0xff, 0xff}, uint32(24), uint32(slab.ChunkSize))
	f.Fuzz(func(t *testing.T, scribble []byte, at, step uint32) {
		mem := memory(3)
		h := own(t, open(t, mem), "k")
		assert.NoError(t, h.Commit([]byte("value")))
		assert.NoError(t, own(t, open(t, mem), "large").Commit(make([]byte, 5000)))
		for i, b := range scribble {
			mem[(uint64(at)+uint64(i)*(uint64(step)+1))%uint64(len(mem))] = b
		}
		s := open(t, mem)
		for key := range s.Keys() {
			h := own(t, s, key)
			_, err := h.Load()
			assert.True(t, err == nil || errors.Is(err, slab.ErrBroken), "%v", err)
		}
		h = own(t, s, "k")
		if got, err := h.Load(); err == nil {
			assert.Equal(t, string(got), "value")
		}
		if err := h.Commit([]byte("next")); err == nil {
			got, err := own(t, open(t, mem), "k").Load()
			assert.NoError(t, err)
			assert.Equal(t, string(got), "next")
		}
	})
}

func BenchmarkCommit(b *testing.B) {
	for _, size := range []int{100, 1000} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			h := own(b, open(b, memory(2)), "account/17")
			data := make([]byte, size)
			for b.Loop() {
				_ = h.Commit(data)
			}
		})
	}
}
