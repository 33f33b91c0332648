package peer

import (
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/kista-go/kista"
)

// shared is what the incarnations of one Program have in common: what stands by for the next one, and a fence that keeps them
// apart.
type shared struct {
	entry string
	args  any
	spec  Spec
	err   error

	mu    sync.Mutex
	lives map[*life]struct{} // that are not gone, those that stand by excepted
	spare *life
}

// numbers make names of peers that have none.
var numbers atomic.Uint64

// face makes the behaviour of one incarnation.
func (sh *shared) face() (kista.Behaviour, error) {
	if sh.err != nil {
		return nil, sh.err
	}
	spec := sh.spec.withDefaults()
	if err := spec.validate(); err != nil {
		return nil, err
	}
	return &face{sh: sh, spec: spec}, nil
}

// name is that of the next node.
func (sh *shared) name() string {
	if sh.spec.Name != "" {
		return sh.spec.Name
	}
	return fmt.Sprintf("%s-%d", sh.entry, numbers.Add(1))
}

// pass waits for the lives before: a face that was killed is dead at once, its OS process a moment later.
func (sh *shared) pass(s *kista.Self) error {
	sh.mu.Lock()
	var before []*life
	for l := range sh.lives {
		if !s.Node().Alive(l.mine) {
			before = append(before, l)
		}
	}
	sh.mu.Unlock()
	for _, l := range before {
		select {
		case <-l.gone:
		case <-s.Done():
			return kista.ErrKilled
		case <-s.Stopping():
			return kista.ErrShutdown
		}
	}
	return nil
}

// take returns the life that stands by, or a new one.
func (sh *shared) take(s *kista.Self) (*life, error) {
	sh.mu.Lock()
	l := sh.spare
	sh.spare = nil
	sh.mu.Unlock()
	if l != nil && !l.over() {
		if err := names.claim(l); err != nil {
			l.kill()
			return nil, err
		}
		if _, err := kista.Call(s, l.keeper, adopt{s.PID()}); err == nil {
			return l, sh.add(s, l)
		}
		names.free(l)
	}
	l = newLife(s.Node(), sh.spec.withDefaults(), sh.name())
	if err := names.claim(l); err != nil {
		return nil, err
	}
	if err := sh.add(s, l); err != nil {
		names.free(l)
		return nil, err
	}
	return l, l.launch(s, kista.PID{})
}

// add takes a life behind the fence. It fails if its process has ended meanwhile: the next one may have passed.
func (sh *shared) add(s *kista.Self, l *life) error {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if !s.Node().Alive(s.PID()) {
		return kista.ErrKilled
	}
	if sh.lives == nil {
		sh.lives = map[*life]struct{}{}
	}
	l.mine = s.PID()
	sh.lives[l] = struct{}{}
	l.setLeft(func() {
		sh.mu.Lock()
		delete(sh.lives, l)
		sh.mu.Unlock()
		names.free(l)
	})
	return nil
}

// prepare has a new life stand by, if one is to.
func (sh *shared) prepare(s *kista.Self) {
	heir := s.Parent()
	if !sh.spec.Standby || heir.IsZero() {
		return
	}
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if sh.spare != nil && !sh.spare.over() {
		return
	}
	l := newLife(s.Node(), sh.spec.withDefaults(), sh.name())
	if l.launch(s, heir) == nil {
		sh.spare = l
	}
}

// standsBy reports whether there is one that could begin at once.
func (sh *shared) standsBy() bool {
	sh.mu.Lock()
	l := sh.spare
	sh.mu.Unlock()
	if l == nil || l.over() {
		return false
	}
	select {
	case <-l.up:
		return l.notUp == nil
	default:
		return false
	}
}

// retire ends what stands by.
func (sh *shared) retire() {
	sh.mu.Lock()
	l := sh.spare
	sh.spare = nil
	sh.mu.Unlock()
	if l != nil {
		_ = kista.Send(l.keeper, retire{})
		<-l.gone
	}
}

// names keeps the names of peers apart: there is one of a name on a node at a time.
var names = taken{lives: map[place]*life{}}

type place struct {
	node *kista.Node
	name string
}

type taken struct {
	mu    sync.Mutex
	lives map[place]*life
}

func (t *taken) claim(l *life) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	at := place{l.node, l.name}
	if other := t.lives[at]; other != nil && other != l || l.name == l.node.NodeName() {
		return &SpecError{Field: "Name", Value: fmt.Sprintf("%q", l.name), Why: "there is a node of that name"}
	}
	t.lives[at] = l
	return nil
}

func (t *taken) free(l *life) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if at := (place{l.node, l.name}); t.lives[at] == l {
		delete(t.lives, at)
	}
}
