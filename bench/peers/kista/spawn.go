package main

import (
	"errors"
	"sync/atomic"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/bench/internal/harness"
	"github.com/kista-go/kista/bench/internal/workload"
)

// mayfly ends as soon as it is up, or at its first message.
type mayfly struct {
	atOnce bool
	ended  func()
}

func (m *mayfly) Init(*kista.Self) error                 { return nil }
func (m *mayfly) Handle(*kista.Self, any) error          { return kista.Stop{} }
func (m *mayfly) More() bool                             { return m.atOnce }
func (m *mayfly) Continue(*kista.Self) error             { return kista.Stop{} }
func (m *mayfly) Terminate(_ *kista.Self, _ error) error { m.ended(); return nil }

func (m mayfly) program() kista.Program {
	return kista.BehaviourProgram(kista.SpawnOpts{}, "bench", func() (kista.Behaviour, error) { return &m, nil })
}

// spawns is W1. Whoever spawns is a process, which does not wait for each one;
// start_wait is the start from outside, which does.
func spawns(r *run) {
	measureSpawns(r, "spawn_exit", func(s *kista.Self, ended func()) error {
		_, _, err := s.StartChild(mayfly{true, ended}.program())
		return err
	})
	measureSpawns(r, "spawn_msg_exit", func(s *kista.Self, ended func()) error {
		pid, _, err := s.StartChild(mayfly{false, ended}.program())
		if err != nil {
			return err
		}
		return s.Send(pid, msg{})
	})
	measureSpawns(r, "body_spawn_exit", func(s *kista.Self, ended func()) error {
		s.Spawn(func(*kista.Self) error { ended(); return nil })
		return nil
	})
	measureSpawns(r, "body_spawn_msg_exit", func(s *kista.Self, ended func()) error {
		pid := s.Spawn(func(s *kista.Self) error {
			_, err := s.Receive()
			ended()
			return err
		})
		return s.Send(pid, msg{})
	})
	n := start()
	defer stop(r, n)
	measure(r, "start_wait", n, func(ended func()) {
		for range r.P.Spawn {
			_, err := n.Start(ctx, mayfly{true, ended}.program())
			must(err)
		}
	})
}

// batch is how many children a process starts before it takes the news that they
// are up out of its mailbox.
const batch = 256

func measureSpawns(r *run, metric string, spawn func(s *kista.Self, ended func()) error) {
	n := start()
	defer stop(r, n)
	measure(r, metric, n, func(ended func()) {
		n.Spawn(func(s *kista.Self) error {
			behaviours := metric == "spawn_exit" || metric == "spawn_msg_exit"
			for i := range r.P.Spawn {
				if err := spawn(s, ended); err != nil {
					r.Fail("%s: %v", metric, err)
					return err
				}
				if behaviours && i%batch == batch-1 {
					if err := drain(s, batch); err != nil {
						return err
					}
				}
			}
			return nil
		})
	})
}

// drain takes the news of started children.
func drain(s *kista.Self, news int) error {
	for range news {
		if _, err := kista.Receive[kista.Started](s); err != nil {
			return err
		}
	}
	return nil
}

// measure takes the time until all processes that begin starts have ended.
func measure(r *run, metric string, n *kista.Node, begin func(ended func())) {
	var left atomic.Int64
	left.Store(int64(r.P.Spawn))
	done := make(chan struct{})
	a := harness.CountAllocs()
	w := harness.Start()
	begin(func() {
		if left.Add(-1) == 0 {
			close(done)
		}
	})
	if _, ok := harness.Wait(r, metric, done); !ok {
		return
	}
	lap := w.Stop()
	if r.Until(metric+": the end of all", func() bool { return n.Stats().Processes == 0 }) {
		r.NsPer(metric, lap, r.P.Spawn)
		a.Emit(r, metric, r.P.Spawn)
	}
}

// idler answers with its number.
type idler struct {
	id  int
	out chan<- int
}

func (p *idler) Init(*kista.Self) error                 { return nil }
func (p *idler) Handle(*kista.Self, any) error          { p.out <- p.id; return nil }
func (p *idler) Terminate(_ *kista.Self, _ error) error { return nil }

func (p idler) program() kista.Program {
	return kista.BehaviourProgram(kista.SpawnOpts{}, "bench", func() (kista.Behaviour, error) { return &p, nil })
}

// rest is W2: idle behaviours, started from outside.
func rest(r *run, count int) (n *kista.Node, pids []kista.PID, empty harness.Mem, ok bool) {
	n = start()
	empty = harness.Snap()
	pids = workload.Resident[kista.PID](count)
	out := make(chan int, 1024)
	base := harness.Snap()
	w := harness.Start()
	for i := range pids {
		pid, err := n.Start(ctx, idler{i, out}.program())
		must(err)
		pids[i] = pid
	}
	lap := w.Stop()
	time.Sleep(50 * time.Millisecond) // until all have come to rest
	after := harness.Snap()
	ask := func(i int) { must(kista.Send(pids[i], begin{})) }
	if !workload.Answers(r, count, ask, out) || !harness.Check(r, "processes", n.Stats().Processes, count) {
		return n, nil, empty, false
	}
	r.MemPer("proc", base, after, count)
	r.Emit("rss_total", float64(after.RSS-base.RSS), "B")
	r.Emit("procs", float64(count), "n")
	r.NsPer("spawn_idle", lap, count)
	return n, pids, empty, true
}

// crowd is W17.
func crowd(r *run) {
	n, pids, empty, ok := rest(r, r.P.Crowd)
	if !ok {
		return
	}
	r.Collections(5)
	for _, pid := range pids {
		must(kista.Exit(pid, kista.Kill))
	}
	if r.Until("the end of all", func() bool { return n.Stats().Processes == 0 }) {
		workload.Burst(r, empty) // pids are garbage now
	}
	stop(r, n)
}

// errMassKill is the reason for which the linked processes of W15 end.
var errMassKill = errors.New("the process that all are linked to ends")

// links is W15.
func links(r *run) {
	n := start()
	linked(r, n, "", r.P.Links, r.P.MassKill, func(s *kista.Self) error {
		_, _, err := s.StartChild(idler{}.program())
		return err
	})
	bodies := min(r.P.Links, r.P.MassKill) // goroutines each
	linked(r, n, "_body", bodies, bodies, func(s *kista.Self) error {
		s.SpawnLink(func(s *kista.Self) error {
			_, err := s.Receive()
			return err
		})
		return nil
	})
	monitors(r, n)
	stop(r, n)
}

// linked spawns processes linked to one, and then ends that one.
func linked(r *run, n *kista.Node, suffix string, spawned, killed int, spawn func(s *kista.Self) error) {
	crew := func(count int, then func(s *kista.Self) error) kista.PID {
		return n.Spawn(func(s *kista.Self) error {
			news := suffix == ""
			for i := range count {
				if err := spawn(s); err != nil {
					return err
				}
				if news && i%batch == batch-1 {
					if err := drain(s, batch); err != nil {
						return err
					}
				}
			}
			return then(s)
		})
	}
	laps := make(chan harness.Lap, 1)
	w := harness.Start()
	all := func(s *kista.Self) error {
		laps <- w.Stop()
		_, err := kista.Receive[begin](s) // stay
		return err
	}
	top := crew(spawned, all)
	lap, ok := harness.Wait(r, "spawn_link"+suffix, laps)
	if !ok || !harness.Check(r, "linked processes"+suffix, n.Stats().Processes, spawned+1) {
		return
	}
	r.NsPer("spawn_link"+suffix, lap, spawned)
	gone := func() bool { return n.Stats().Processes == 0 }
	if spawned != killed {
		must(kista.Exit(top, errMassKill))
		if !r.Until("the end of the spawned"+suffix, gone) {
			return
		}
		top = crew(killed, all)
		if _, ok := harness.Wait(r, "mass_kill"+suffix, laps); !ok {
			return
		}
	}
	w = harness.Start()
	must(kista.Exit(top, errMassKill))
	if r.Until("mass_kill"+suffix, gone) {
		r.NsPer("mass_kill"+suffix, w.Stop(), killed)
	}
}

// monitors makes and takes away monitors, one after the other.
func monitors(r *run, n *kista.Node) {
	target := spawn(n, func(*kista.Self, any) error { return nil })
	count := r.P.Monitors
	laps := make(chan harness.Lap, 1)
	n.Spawn(func(s *kista.Self) error {
		w := harness.Start()
		good := 0
		for range count {
			if s.Demonitor(s.Monitor(target)) {
				good++
			}
		}
		lap := w.Stop()
		harness.Check(r, "monitors taken away", good, count)
		laps <- lap
		return nil
	})
	if lap, ok := harness.Wait(r, "monitor_demonitor", laps); ok && !r.Failed() {
		r.NsPer("monitor_demonitor", lap, count)
	}
}
