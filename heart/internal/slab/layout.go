package slab

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"math/bits"
	"sync/atomic"
	"unsafe"
)

// ChunkSize is the size of a chunk, and so the unit of a memory's size.
const ChunkSize = 1 << 20

const (
	smallest = 7  // the log of the room in the smallest class: 128 bytes
	largest  = 18 // and in the largest: 256 KiB
	classes  = largest - smallest + 1

	slotHead    = 16 // the selector, and room
	versionHead = 24
)

// MaxSize bounds a value and its key together.
const MaxSize = 1 << largest

// MaxKey bounds a key.
const MaxKey = 255

// Values of a selector.
const (
	free = iota
	first
	second
)

// Errors of this package.
var (
	// ErrBroken: what is kept under the key is not what was committed.
	ErrBroken = errors.New("heart: the state kept under this key is broken")
	// ErrNone: nothing is kept under the key.
	ErrNone = errors.New("heart: no state is kept under this key")
	// ErrFull: there is no room left.
	ErrFull = errors.New("heart: there is no room for more state")
	// ErrTooLarge: the value, or its key, is too large.
	ErrTooLarge = errors.New("heart: the state is too large")
	// ErrFenced: the key has been opened again since.
	ErrFenced = errors.New("heart: the state has another owner by now")
)

var magic = [8]byte{'k', 'i', 's', 't', 'a', 's', 1, 0}

// The head of a memory: magic, number of chunks, and an entry of 8 bytes for each
// chunk. Chunks that the head takes are not given out.
const headFixed = 16

func headChunks(chunks int) int { return (headFixed + 8*chunks + ChunkSize - 1) / ChunkSize }

// room is how many bytes a version of a class holds.
func room(class int) int { return 1 << (smallest + class) }

func stride(class int) int { return slotHead + 2*(versionHead+room(class)) }

func perChunk(class int) int { return ChunkSize / stride(class) }

// classFor returns the class for a key and value of n bytes.
func classFor(n int) int { return max(0, bits.Len(uint(max(n, 1)-1))-smallest) }

// word is an aligned word of the memory.
func word(mem []byte, off int) *atomic.Uint64 {
	return (*atomic.Uint64)(unsafe.Pointer(&mem[off : off+8][0]))
}

// A chunk's entry: its class and one more, and how many of its slots were ever
// given out. 0: nobody has it.
func entryOf(class, used int) uint64 { return uint64(class+1)<<32 | uint64(used) }

func readEntry(e uint64) (class, used int, ok bool) {
	c, u := e>>32, e&0xffff_ffff
	if c == 0 || c > classes || u > uint64(perChunk(int(c)-1)) {
		return 0, 0, false
	}
	return int(c) - 1, int(u), true
}

// version is one of the two of a slot.
type version struct {
	b  []byte // head and room
	at uint32 // where it is: part of the checksum, so that a copy of another one is none
}

func (v version) seq() uint64 { return binary.LittleEndian.Uint64(v.b) }

// lengths returns those of key and value.
func (v version) lengths() (key, data int, ok bool) {
	k, d := binary.LittleEndian.Uint16(v.b[8:]), binary.LittleEndian.Uint32(v.b[12:])
	if k == 0 || k > MaxKey || uint64(k)+uint64(d) > uint64(len(v.b)-versionHead) {
		return 0, 0, false
	}
	return int(k), int(d), true
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func (v version) sum(n int) uint32 {
	sum := crc32.Update(v.at, castagnoli, v.b[:16])
	return crc32.Update(sum, castagnoli, v.b[versionHead:versionHead+n])
}

func (v version) write(seq uint64, key string, data []byte) {
	binary.LittleEndian.PutUint64(v.b, seq)
	binary.LittleEndian.PutUint16(v.b[8:], uint16(len(key)))
	binary.LittleEndian.PutUint16(v.b[10:], 0)
	binary.LittleEndian.PutUint32(v.b[12:], uint32(len(data)))
	n := copy(v.b[versionHead:], key)
	n += copy(v.b[versionHead+n:], data)
	binary.LittleEndian.PutUint32(v.b[16:], v.sum(n))
}

// key returns the key, which may be anybody's bytes.
func (v version) key() (key []byte, ok bool) {
	n, _, ok := v.lengths()
	if !ok {
		return nil, false
	}
	return v.b[versionHead : versionHead+n], true
}

// read returns a copy of the value if it is what was written under key.
func (v version) read(key string) (data []byte, ok bool) {
	k, d, ok := v.lengths()
	if !ok || string(v.b[versionHead:versionHead+k]) != key || binary.LittleEndian.Uint32(v.b[16:]) != v.sum(k+d) {
		return nil, false
	}
	return append([]byte{}, v.b[versionHead+k:versionHead+k+d]...), true
}
