package wheel

// ring fires what is due and sets the alarm for what comes next. The clock calls
// it; without need, if the alarm was set anew after it had fired.
func (w *Wheel) ring() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.alarm.coming--
	if w.running {
		return
	}
	w.alarm.stop()
	w.running = true
	now := w.now()
	for w.n > 0 {
		s, level := w.first()
		if s.min > now {
			if now = w.now(); s.min > now { // or it came due meanwhile: no need to sleep
				break
			}
		}
		w.cur = s.min
		if level == 0 {
			w.fire(s.head)
		} else {
			w.spread(s)
		}
	}
	w.rest(now)
}

// rest ends the run.
func (w *Wheel) rest(now int64) {
	w.running = false
	if w.n > 0 {
		s, _ := w.first()
		w.alarm.set(s.min, now)
	}
	w.endLocked()
}

// fire runs the callback of e, without the lock.
func (w *Wheel) fire(e *Entry) {
	w.remove(e)
	if e.Owner == nil {
		return
	}
	owner, returned := e.Owner, false
	w.mu.Unlock()
	defer func() {
		w.mu.Lock()
		if !returned { // Goexit, or a panic that will end the program
			w.rest(w.now())
		}
	}()
	owner.Fire()
	returned = true
}

// gulp is how many entries are moved before others get the lock.
const gulp = 256

// spread moves the entries of the slot that the cursor has come into to lower
// levels. These are empty, save for what others set meanwhile, which is newer:
// so it goes from the newest to the oldest and makes each the oldest there.
func (w *Wheel) spread(s *slot) {
	for n := 1; s.head != nil; n++ {
		e := s.head.prev
		w.remove(e)
		w.place(e, true)
		if n%gulp == 0 {
			w.mu.Unlock()
			w.mu.Lock()
		}
	}
}
