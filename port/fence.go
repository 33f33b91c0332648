package port

import (
	"sync"

	"github.com/kista-go/kista"
)

// fence keeps the incarnations of one program apart: a port that is killed is
// dead at once for everybody, and what it had in the operating system a moment
// later.
type fence struct {
	mu   sync.Mutex
	runs map[*run]struct{}
}

// add takes in a run until all of it is gone. It fails if the run's process has
// ended meanwhile: the next one may have passed.
func (f *fence) add(r *run) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if s := r.mux.self; !s.Node().Alive(s.PID()) {
		return kista.ErrKilled
	}
	if f.runs == nil {
		f.runs = map[*run]struct{}{}
	}
	f.runs[r] = struct{}{}
	r.left = func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.runs, r)
	}
	return nil
}

// pass waits for the runs whose processes have ended.
func (f *fence) pass(s *kista.Self) error {
	f.mu.Lock()
	var before []*run
	for r := range f.runs {
		before = append(before, r)
	}
	f.mu.Unlock()
	for _, r := range before {
		pid := r.mux.self.PID()
		if r.mux.self.Node().Alive(pid) {
			continue
		}
		select {
		case <-r.gone:
		case <-s.Done():
			return kista.ErrKilled
		case <-s.Stopping():
			return kista.ErrShutdown
		}
	}
	return nil
}
