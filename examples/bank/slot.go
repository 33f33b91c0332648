package bank

import (
	"io"
	"sync"
)

// slot is the place of one live thing that a process owns, such as an open file
// or a listening socket, across the incarnations of that process. Live things are
// not data and cannot be sent; others find them here. An incarnation claims the
// slot first, which closes what the one before has left open, because a process
// that was killed while it was stuck closes nothing. One that comes back from
// the dead finds its claim void.
type slot[T io.Closer] struct {
	//kista:allow lock it is held for a few instructions, all of them in this file: nobody dies in between
	mu    sync.Mutex
	claim uint64
	full  bool
	value T
}

// take claims the slot and closes what is in it.
func (s *slot[T]) take() (claim uint64) {
	s.mu.Lock()
	old, had := s.value, s.full
	s.claim++
	claim = s.claim
	s.emptyLocked()
	s.mu.Unlock()
	if had {
		_ = old.Close()
	}
	return claim
}

// put fills the slot, and reports whether the claim is still good.
func (s *slot[T]) put(claim uint64, v T) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.claim != claim {
		return false
	}
	s.value, s.full = v, true
	return true
}

// empty takes what a claim has put in out again.
func (s *slot[T]) empty(claim uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.claim == claim {
		s.emptyLocked()
	}
}

func (s *slot[T]) emptyLocked() {
	var zero T
	s.value, s.full = zero, false
}

func (s *slot[T]) get() (v T, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.value, s.full
}
