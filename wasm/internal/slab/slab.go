// Package slab hands out memory for WebAssembly instances, outside the Go heap.
//
// A Pool cuts a few large reservations of address space into slots, each as large
// as one instance's memory may become. Only the pages that an instance touches
// cost anything; growing never copies, and never reaches beyond the slot; what is
// freed goes back to the operating system at once. Since the garbage collector
// does not see it, the memory of guests neither slows it down nor misleads it.
//
// A Pool may have an image: what the memory of an instance begins with, instead of
// zeros. Where the operating system can, all slots share its pages until they are
// written to.
//
// Where the operating system offers no such reservations the slots are ordinary
// Go memory, with the same behaviour towards the instance.
package slab

import (
	"errors"
	"fmt"
	"sync"
)

// chunkBytes is how much address space is reserved at once, if it can be had.
const chunkBytes = 16 << 30

// mostSlots bounds the slots of one reservation.
const mostSlots = 4096

// ErrClosed says that the pool has been closed.
var ErrClosed = errors.New("slab: the pool is closed")

// Pool hands out slots of one size. Its methods may be used by any goroutine.
type Pool struct {
	slot int

	mu     sync.Mutex
	free   []*Slot
	chunks [][]byte
	used   int
	closed bool
	image  *image
}

// image is the common content of slots. file is -1 where it has to be copied.
type image struct {
	content []byte
	file    int
}

// New makes a pool of slots of so many bytes, a multiple of 64 KiB. Nothing is
// reserved yet.
func New(slot int) *Pool { return &Pool{slot: slot} }

// Slot is one piece of memory, zero at first. It belongs to one instance.
type Slot struct {
	pool *Pool
	b    []byte // the whole slot
	high int    // bytes that may have been touched
	most int    // bytes that it may grow to

	mapped bool // its first pages are those of the pool's image
}

// SetImage gives all slots that are handed out from now on a first content, at
// most as large as a slot. It is called once, by who has used a slot at most.
func (p *Pool) SetImage(content []byte) {
	im := &image{content: content, file: -1}
	if f, err := share(content); err == nil {
		im.file = f
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.image = im
}

// Get returns a slot that may grow up to most bytes, at most the pool's size. The
// error says that there is no address space left, or is [ErrClosed].
func (p *Pool) Get(most int) (*Slot, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, ErrClosed
	}
	if len(p.free) == 0 {
		if err := p.reserve(); err != nil {
			return nil, err
		}
	}
	s := p.free[len(p.free)-1]
	p.free = p.free[:len(p.free)-1]
	p.used++
	s.most = min(most, p.slot)
	if p.image != nil {
		s.fill(p.image)
	}
	return s, nil
}

// fill puts the image into the slot, unless it is there already.
func (s *Slot) fill(im *image) {
	if s.mapped {
		return
	}
	if im.file >= 0 && lay(s.b[:len(im.content)], im.file) == nil {
		s.mapped = true
		return
	}
	s.high = max(s.high, copy(s.b, im.content)) // too many mappings, say
}

// reserve gets address space for more slots: fewer where there is not enough.
func (p *Pool) reserve() error {
	n := min(max(chunkBytes/p.slot, 1), mostSlots)
	for {
		b, err := reserve(p.slot, n)
		if err == nil {
			p.chunks = append(p.chunks, b)
			for i := n - 1; i >= 0; i-- {
				p.free = append(p.free, &Slot{pool: p, b: b[i*p.slot : (i+1)*p.slot : (i+1)*p.slot]})
			}
			return nil
		}
		if n == 1 {
			return fmt.Errorf("slab: no address space for %d bytes: %w", p.slot, err)
		}
		n /= 8
		n = max(n, 1)
	}
}

// Close gives everything back once the last slot has been freed.
func (p *Pool) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	p.releaseLocked()
}

func (p *Pool) releaseLocked() {
	if !p.closed || p.used > 0 {
		return
	}
	for _, b := range p.chunks {
		release(b)
	}
	p.chunks, p.free = nil, nil
	if p.image != nil && p.image.file >= 0 {
		drop(p.image.file)
	}
	p.image = nil
}

// InUse returns the number of slots that have not been freed.
func (p *Pool) InUse() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.used
}

// Resize returns the first size bytes of the slot, or nil if it may not become so
// large.
func (s *Slot) Resize(size int) []byte {
	if size > s.most {
		return nil
	}
	s.high = max(s.high, size)
	return s.b[:size:size]
}

// Free gives the slot back. Nobody may use its memory any more.
func (s *Slot) Free() {
	if !wipe(s.b[:s.high]) { // else, where the image is mapped, that is there again
		s.mapped = false
	}
	s.high = 0
	p := s.pool
	p.mu.Lock()
	defer p.mu.Unlock()
	p.used--
	p.free = append(p.free, s)
	p.releaseLocked()
}
