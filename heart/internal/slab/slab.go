package slab

import (
	"fmt"
	"iter"
	"maps"
	"sync"
	"unsafe"
)

// Slab is a memory in use. Its methods may be used by any goroutine.
type Slab struct {
	mem    []byte
	chunks int

	mu     sync.Mutex
	index  map[string]*entry
	free   [classes][]place // slots to give out again
	open   [classes]int     // the chunk with room, 0 if there is none
	next   int              // where to look for a chunk that nobody has
	kept   int
	broken int
}

// place is where a slot is.
type place struct {
	chunk, slot int32
}

// entry is what is known of a key. Its lock is taken before the slab's.
type entry struct {
	mu     sync.Mutex
	at     place // chunk 0: nowhere
	class  int
	seq    uint64
	broken bool
	gone   bool // another entry has the key, or none
	owner  *Handle
}

// Stats says how full a slab is.
type Stats struct {
	Keys   int
	Bytes  int // of the chunks in use
	Limit  int
	Broken int // slots and chunks that were found broken
}

// New takes a memory into use: with what is in it, as far as that is good. An
// error says that the memory has no usable size.
func New(mem []byte) (*Slab, error) {
	chunks := len(mem) / ChunkSize
	if chunks < 2 || len(mem)%ChunkSize != 0 || chunks <= headChunks(chunks) || uintptr(unsafe.Pointer(&mem[0]))%8 != 0 {
		return nil, fmt.Errorf("heart: a slab of %d bytes; it needs at least 2 chunks of %d", len(mem), ChunkSize)
	}
	s := &Slab{mem: mem, chunks: chunks, next: headChunks(chunks)}
	s.adopt()
	return s, nil
}

func (s *Slab) dir(chunk int) int { return headFixed + 8*chunk }

// adopt makes the index of what is there.
func (s *Slab) adopt() {
	if [8]byte(s.mem[:8]) != magic || word(s.mem, 8).Load() != uint64(s.chunks) {
		for c := range s.chunks {
			word(s.mem, s.dir(c)).Store(0)
		}
		if [8]byte(s.mem[:8]) != [8]byte{} {
			s.broken++
		}
		copy(s.mem, magic[:])
		word(s.mem, 8).Store(uint64(s.chunks))
	}
	total := 0
	for c := s.next; c < s.chunks; c++ {
		e := word(s.mem, s.dir(c))
		_, used, ok := readEntry(e.Load())
		if !ok && e.Swap(0) != 0 {
			s.broken++
		}
		total += used
	}
	s.index = make(map[string]*entry, total)
	all := make([]entry, total)
	for c := s.next; c < s.chunks; c++ {
		class, used, ok := readEntry(word(s.mem, s.dir(c)).Load())
		if !ok {
			continue
		}
		for i := range used {
			all[0] = entry{at: place{int32(c), int32(i)}, class: class}
			if s.adoptSlot(&all[0]) {
				all = all[1:]
			}
		}
		if used < perChunk(class) {
			s.open[class] = c
		}
	}
	s.kept = len(s.index)
}

// adoptSlot puts a slot into the index, or frees it; used tells whether e is kept.
func (s *Slab) adoptSlot(e *entry) (used bool) {
	sel := word(s.mem, s.offset(e.at, e.class))
	var key []byte
	ok := false
	switch n := sel.Load(); n {
	case free:
	case first, second:
		v := s.version(e.at, e.class, n)
		key, ok = v.key()
		e.seq = v.seq()
		if !ok { // the other version tells whose it was
			key, ok = s.version(e.at, e.class, first+second-n).key()
			e.broken, e.seq = true, 0
			s.broken++
		}
	default:
		s.broken++
	}
	if !ok {
		s.freeSlot(e.at, e.class)
		return false
	}
	if old := s.index[string(key)]; old != nil {
		// It was about to move from one slot to the other. If one of them is broken,
		// nobody knows which was the last.
		if old.seq < e.seq {
			old.at, e.at = e.at, old.at
			old.class, e.class = e.class, old.class
			old.seq = e.seq
		}
		old.broken = old.broken || e.broken
		s.freeSlot(e.at, e.class)
		return false
	}
	s.index[string(key)] = e
	return true
}

func (s *Slab) offset(at place, class int) int {
	return int(at.chunk)*ChunkSize + int(at.slot)*stride(class)
}

// version returns the n-th version of a slot.
func (s *Slab) version(at place, class int, n uint64) version {
	size := versionHead + room(class)
	off := s.offset(at, class) + slotHead + int(n-first)*size
	return version{s.mem[off : off+size : off+size], uint32(off / 8)}
}

func (s *Slab) freeSlot(at place, class int) {
	word(s.mem, s.offset(at, class)).Store(free)
	s.free[class] = append(s.free[class], at)
}

// takeLocked returns a free slot.
func (s *Slab) takeLocked(class int) (place, error) {
	if list := s.free[class]; len(list) > 0 {
		at := list[len(list)-1]
		s.free[class] = list[:len(list)-1]
		return at, nil
	}
	c := s.open[class]
	if c == 0 {
		for c = s.next; c < s.chunks && word(s.mem, s.dir(c)).Load() != 0; c++ {
		}
		if c == s.chunks {
			s.next = c
			return place{}, ErrFull
		}
		s.next = c + 1
		s.open[class] = c
		word(s.mem, s.dir(c)).Store(entryOf(class, 0))
	}
	e := word(s.mem, s.dir(c))
	used := int(e.Load() & 0xffff_ffff)
	if got, _, ok := readEntry(e.Load()); !ok || got != class || used == perChunk(class) {
		// Somebody of this life has scribbled on it: nothing of it is given out any more.
		s.open[class] = 0
		return place{}, ErrFull
	}
	at := place{int32(c), int32(used)}
	word(s.mem, s.offset(at, class)).Store(free)
	e.Store(entryOf(class, used+1))
	if used+1 == perChunk(class) {
		s.open[class] = 0
	}
	return at, nil
}

// Open makes the caller the owner of what is kept under key: handles that others
// have got before are fenced from now on.
func (s *Slab) Open(key string) (*Handle, error) {
	if key == "" || len(key) > MaxKey {
		return nil, fmt.Errorf("%w: a key of %d bytes; it may have 1 to %d", ErrTooLarge, len(key), MaxKey)
	}
	for {
		s.mu.Lock()
		e := s.index[key]
		if e == nil {
			e = new(entry)
			s.index[key] = e
		}
		s.mu.Unlock()
		h := &Handle{s: s, key: key, e: e}
		if e.ownedBy(h) {
			return h, nil
		}
	}
}

// Peek returns a copy of what was committed last under key, whoever owns it: [ErrNone], [ErrBroken].
func (s *Slab) Peek(key string) ([]byte, error) {
	s.mu.Lock()
	e := s.index[key]
	s.mu.Unlock()
	if e == nil {
		return nil, ErrNone
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	return (&Handle{s: s, key: key, e: e}).loadLocked()
}

// ownedBy gives an entry to h, unless it was deleted just now.
func (e *entry) ownedBy(h *Handle) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.owner = h
	return !e.gone
}

// Keys yields the keys under which something is kept, in no order.
func (s *Slab) Keys() iter.Seq[string] {
	s.mu.Lock()
	all := maps.Clone(s.index)
	s.mu.Unlock()
	return func(yield func(string) bool) {
		for key, e := range all {
			e.mu.Lock()
			kept := e.at != place{}
			e.mu.Unlock()
			if kept && !yield(key) {
				return
			}
		}
	}
}

// Stats tells how full the slab is.
func (s *Slab) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := Stats{Keys: s.kept, Limit: (s.chunks - headChunks(s.chunks)) * ChunkSize, Broken: s.broken}
	for c := headChunks(s.chunks); c < s.chunks; c++ {
		if word(s.mem, s.dir(c)).Load() != 0 {
			st.Bytes += ChunkSize
		}
	}
	return st
}
