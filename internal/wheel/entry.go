package wheel

// Firer is who hears that an entry's time has come.
type Firer interface {
	// Fire is called once for each time an entry was set and not stopped. It must
	// be short and must not wait, since all other callbacks of the wheel are behind
	// it. If it ends its goroutine, the others go on.
	Fire()
}

// Entry is a timer, to be embedded by value in the thing that waits. Its zero
// value is not set and may be used. It must not be copied or given to another
// wheel while it is set; a wheel keeps alive what is set on it.
type Entry struct {
	// Owner hears when the time has come; nil means nobody does. It must not be
	// changed while the entry is set.
	Owner Firer

	next, prev *Entry // the ring of the slot
	when       int64  // since the wheel's epoch
	at         uint32 // 1 + the index of the slot; 0: not set
}

// slot is a list of entries, oldest first.
type slot struct {
	head *Entry // its prev is the tail
	min  int64  // no entry is due before; may be too early once one was stopped
}

// put adds e, whose time is known, as the newest, or the oldest.
func (s *slot) put(e *Entry, oldest bool) {
	if s.head == nil {
		e.next, e.prev = e, e
		s.head, s.min = e, e.when
		return
	}
	s.min = min(s.min, e.when)
	e.next, e.prev = s.head, s.head.prev
	e.prev.next, e.next.prev = e, e
	if oldest {
		s.head = e
	}
}

// remove takes e out. It reports whether the slot is empty now.
func (s *slot) remove(e *Entry) (empty bool) {
	switch {
	case e.next == e:
		s.head = nil
	default:
		e.prev.next, e.next.prev = e.next, e.prev
		if s.head == e {
			s.head = e.next
		}
	}
	e.next, e.prev = nil, nil
	return s.head == nil
}
