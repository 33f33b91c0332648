package slab

// Handle is an owner's access to what is kept under one key. Its methods may be
// used by any goroutine.
type Handle struct {
	s   *Slab
	key string
	e   *entry
}

// Key returns the key.
func (h *Handle) Key() string { return h.key }

// Load returns a copy of what was committed last: [ErrNone], [ErrBroken],
// [ErrFenced].
func (h *Handle) Load() ([]byte, error) {
	e := h.e
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.owner != h {
		return nil, ErrFenced
	}
	return h.loadLocked()
}

// loadLocked needs the entry's lock.
func (h *Handle) loadLocked() ([]byte, error) {
	e := h.e
	switch {
	case e.broken:
		return nil, ErrBroken
	case e.at == place{}:
		return nil, ErrNone
	}
	n := word(h.s.mem, h.s.offset(e.at, e.class)).Load()
	if n == first || n == second {
		if data, ok := h.s.version(e.at, e.class, n).read(h.key); ok {
			return data, nil
		}
	}
	h.s.mu.Lock()
	h.s.broken++
	h.s.mu.Unlock()
	e.broken = true
	return nil, ErrBroken
}

// Commit keeps data in place of what was kept before. It holds from the moment
// when Commit returns, also for a process that ends in that moment. Errors, after
// which the old value holds: [ErrTooLarge], [ErrFull], [ErrFenced].
func (h *Handle) Commit(data []byte) error {
	if len(h.key)+len(data) > MaxSize {
		return ErrTooLarge
	}
	e, s := h.e, h.s
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.owner != h {
		return ErrFenced
	}
	class := classFor(len(h.key) + len(data))
	if e.at != (place{}) && class <= e.class && !e.broken {
		sel := word(s.mem, s.offset(e.at, e.class))
		other := uint64(first)
		if sel.Load() == first {
			other = second
		}
		s.version(e.at, e.class, other).write(e.seq+1, h.key, data)
		sel.Store(other)
		e.seq++
		return nil
	}
	return h.move(class, data)
}

// move commits to another slot.
func (h *Handle) move(class int, data []byte) error {
	e, s := h.e, h.s
	s.mu.Lock()
	at, err := s.takeLocked(class)
	s.mu.Unlock()
	if err != nil {
		return err
	}
	s.version(at, class, first).write(e.seq+1, h.key, data)
	word(s.mem, s.offset(at, class)).Store(first)
	e.seq++
	s.mu.Lock()
	if e.at != (place{}) {
		s.freeSlot(e.at, e.class)
	} else {
		s.kept++
	}
	s.mu.Unlock()
	e.at, e.class, e.broken = at, class, false
	return nil
}

// Delete forgets what is kept: [ErrFenced].
func (h *Handle) Delete() error {
	e, s := h.e, h.s
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.owner != h {
		return ErrFenced
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if e.at != (place{}) {
		s.freeSlot(e.at, e.class)
		s.kept--
	}
	delete(s.index, h.key)
	e.at, e.owner, e.gone = place{}, nil, true
	return nil
}
