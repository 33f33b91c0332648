package wheel_test

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/internal/wheel"
)

// counted is an entry that counts.
type counted struct {
	wheel.Entry
	fires atomic.Int64
}

func (c *counted) Fire() { c.fires.Add(1) }

// TestHammer has many goroutines set, stop and set again. Each set comes to one
// end: it is stopped, replaced or fired.
func TestHammer(t *testing.T) {
	const workers, each, rounds = 8, 32, 5000
	w := wheel.New(wheel.Machine{})
	entries := make([]counted, workers*each)
	want := make([]int64, len(entries)) // fires
	var wg sync.WaitGroup
	for n := range workers {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(uint64(n), 0))
			for range rounds {
				i := n*each + r.IntN(each)
				e := &entries[i]
				switch r.IntN(5) {
				case 0:
					if w.Stop(&e.Entry) {
						want[i]--
					}
				case 1:
					if _, stopped := w.Cancel(&e.Entry); stopped {
						want[i]--
					}
				default:
					if e.Owner == nil {
						e.Owner = e
					}
					if !w.Set(&e.Entry, randomDelay(r)) {
						want[i]++
					}
				}
			}
		})
	}
	wg.Wait()
	last := make(chan struct{})
	w.Set(&newBell(func() { close(last) }).Entry, time.Millisecond) // behind all others
	assert.Closed(t, time.Minute, last)
	assert.Equal(t, w.Len(), 0)
	for i := range entries {
		if got := entries[i].fires.Load(); got != want[i] {
			t.Fatalf("entry %d fired %d times, want %d", i, got, want[i])
		}
	}
	w.Close()
	assert.Closed(t, time.Minute, w.Done())
}

// randomDelay is mostly short.
func randomDelay(r *rand.Rand) time.Duration {
	return time.Duration(r.IntN(500_000)) >> r.IntN(18)
}

// single is an entry that is set again only when it is over.
type single struct {
	wheel.Entry
	due   time.Time
	fired chan time.Time
}

func (s *single) Fire() { s.fired <- time.Now() }

// TestHammerStop checks what a caller may conclude: what was stopped does not fire,
// what could not be stopped fires, and not early.
func TestHammerStop(t *testing.T) {
	w := wheel.New(wheel.Machine{})
	var wg sync.WaitGroup
	for n := range 8 {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(uint64(n), 0))
			s := &single{fired: make(chan time.Time)}
			s.Owner = s
			for range 1000 {
				d := randomDelay(r)
				s.due = time.Now().Add(d)
				w.Set(&s.Entry, d)
				if r.IntN(2) == 0 && w.Stop(&s.Entry) {
					assert.Silent(t, s.fired)
					continue
				}
				if at := <-s.fired; at.Before(s.due) {
					t.Errorf("fired %v early", s.due.Sub(at))
				}
			}
		})
	}
	wg.Wait()
	w.Close()
	assert.Closed(t, time.Minute, w.Done())
}

// TestHammerClose closes amid all that. Nothing fires once it is done.
func TestHammerClose(t *testing.T) {
	for range 50 {
		w := wheel.New(wheel.Machine{})
		var done atomic.Bool
		var wg sync.WaitGroup
		for n := range 4 {
			wg.Go(func() {
				r := rand.New(rand.NewPCG(uint64(n), 0))
				bells := make([]*bell, 300)
				for i := range bells {
					bells[i] = newBell(func() {
						if done.Load() {
							t.Error("fired after the end")
						}
					})
					w.Set(&bells[i].Entry, randomDelay(r))
				}
				if n == 0 {
					w.Close()
					<-w.Done()
					done.Store(true)
				}
				for _, b := range bells {
					w.Set(&b.Entry, randomDelay(r))
					w.Stop(&b.Entry)
				}
			})
		}
		wg.Wait()
		assert.Equal(t, w.Len(), 0)
	}
}

// TestOrderWhileSpreading sets entries while others, due at the same times, come
// down from a slot that holds very many. The older ones must stay the older.
func TestOrderWhileSpreading(t *testing.T) {
	const old, times = 100_000, 100
	c := newFakeClock()
	w := wheel.New(c)
	fired := make([][]int, times) // for each time, who, in order
	seq := 0
	set := func(from time.Duration) {
		at, me := time.Hour+time.Duration(seq%times), seq
		seq++
		w.Set(&newBell(func() {
			i := me % times
			fired[i] = append(fired[i], me)
		}).Entry, at-from)
	}
	for range old {
		set(0)
	}
	spreading, enough := make(chan struct{}), make(chan struct{})
	const wake = time.Hour - time.Second // in the same slot as the hour
	w.Set(&newBell(func() {}).Entry, wake)
	w.Set(&newBell(func() { <-enough }).Entry, wake)
	var wg sync.WaitGroup
	wg.Go(func() {
		<-spreading
		for range 20_000 {
			set(wake)
		}
		close(enough)
	})
	c.mu.Lock()
	c.now = epoch.Add(wake)
	c.mu.Unlock()
	close(spreading)
	c.advance(0, false)
	wg.Wait()
	c.advance(time.Minute, false)
	total := 0
	for i := range fired {
		total += len(fired[i])
		for j := 1; j < len(fired[i]); j++ {
			if fired[i][j] < fired[i][j-1] {
				t.Fatalf("%d fired before %d, which is due at the same time and older", fired[i][j-1], fired[i][j])
			}
		}
	}
	assert.Equal(t, total, old+20_000)
}
