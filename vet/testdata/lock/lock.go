package lock

import (
	"sync"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/server"
)

var mu sync.Mutex

type cache struct {
	sync.RWMutex
	m map[string]int
}

func (c *cache) get(k string) int {
	c.RLock() // want `lock: process code takes a lock that it shares with others \(c\)`
	defer c.RUnlock()
	return c.m[k]
}

// put is called by nobody in a process.
func (c *cache) put(k string, v int) {
	c.Lock()
	defer c.Unlock()
	c.m[k] = v
}

type pad struct {
	mu sync.Mutex //kista:allow lock held for two instructions, neither of them anybody else's
	n  int
}

func (p *pad) add() {
	p.mu.Lock()
	p.n++
	p.mu.Unlock()
}

type state struct {
	cache *cache
	cond  *sync.Cond
	pad   pad
}

type get struct {
	server.Replies[int]
	Key string
}

func register(m *server.Mux[state], wg *sync.WaitGroup) {
	server.OnCall(m, func(c *server.Ctx, s *state, q get) (int, error) {
		mu.Lock() // want `lock: process code takes a lock that it shares with others \(mu\)`
		defer mu.Unlock()
		s.cond.Wait() // want `lock: process code waits for others who share s.cond`
		wg.Wait()     // want `lock: process code waits for others who share wg`
		s.pad.add()
		return s.cache.get(q.Key), nil
	})
}

func body(s *kista.Self) error {
	var wg sync.WaitGroup
	wg.Add(1)
	go func() { wg.Done() }()
	wg.Wait() // its own
	var own sync.Mutex
	own.Lock()
	var l sync.Locker = &own
	l.Unlock()
	if mu.TryLock() { // waits for nobody
		mu.Unlock()
	}
	return nil
}

func starts(n *kista.Node) {
	var taken sync.Mutex
	n.Spawn(func(s *kista.Self) error {
		taken.Lock() // want `lock: process code takes a lock that it shares with others \(taken\)`
		defer taken.Unlock()
		return nil
	})
	mu.Lock()
	defer mu.Unlock()
}
