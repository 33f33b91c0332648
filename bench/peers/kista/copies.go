package main

import (
	"bytes"
	"unsafe"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/bench/internal/harness"
	"github.com/kista-go/kista/bench/internal/workload"
	"github.com/kista-go/kista/term"
)

// payloads is W9: the kernel copies, so the sender need not; and bytes that never
// change, as a term.Binary.
func payloads(r *run) {
	s := &system{node: start()}
	workload.Payloads(r, s, false)
	b := term.Binary(workload.NewBytes(65536))
	workload.Payload(r, s, "binary_64k", r.P.Pay64k, 65536+3, b, false)
	stop(r, s.node)
}

// copies is W18: what the kernel does to a message when it is sent, and the same
// by hand, in turns.
func copies(r *run) {
	many, few := r.P.Copies, r.P.PayTree
	flat := any(msg{A: 1, B: 2})
	inTurns(r, many, side{"copy_flat", func(n int) (sum int) {
		for range n {
			c, err := kista.Copy(flat)
			must(err)
			sum += c.(msg).B
		}
		return sum
	}, 2}, side{"assign_flat", func(n int) (sum int) {
		for range n {
			c := flat
			sum += c.(msg).B
		}
		return sum
	}, 2})

	tree := workload.NewTree(r.P.TreeNodes)
	each := tree.Sum()
	inTurns(r, few, side{"copy_tree", func(n int) (sum int) {
		for range n {
			c, err := kista.Copy(tree)
			must(err)
			if c == tree || c.Kids[0] == tree.Kids[0] {
				return -1
			}
			sum += c.Sum()
		}
		return sum
	}, each}, side{"clone_tree", func(n int) (sum int) {
		for range n {
			sum += tree.Clone().Sum()
		}
		return sum
	}, each})

	b := workload.NewBytes(65536)
	inTurns(r, few, side{"copy_64k_slice", func(n int) (sum int) {
		for range n {
			c, err := kista.Copy(b)
			must(err)
			if &c[0] == &b[0] {
				return -1
			}
			sum += int(c[0]) + int(c[len(c)-1])
		}
		return sum
	}, 3}, side{"clone_64k_slice", func(n int) (sum int) {
		for range n {
			c := bytes.Clone(b)
			sum += int(c[0]) + int(c[len(c)-1])
		}
		return sum
	}, 3})

	bin := any(term.Binary(b))
	at := unsafe.StringData(string(bin.(term.Binary)))
	inTurns(r, many, side{"copy_64k_binary", func(n int) (sum int) {
		for range n {
			c, err := kista.Copy(bin)
			must(err)
			if s := c.(term.Binary); unsafe.StringData(string(s)) == at {
				sum++
			}
		}
		return sum
	}, 1})
}

// side is one way to do something n times, whose result is n times each.
type side struct {
	metric string
	do     func(n int) int
	each   int
}

// inTurns measures the sides, a twentieth of n at a time, so that what the machine
// and the collector do meanwhile is the same for all.
func inTurns(r *run, n int, sides ...side) {
	const turns = 20
	chunk := max(n/turns, 1)
	laps := make([]harness.Lap, len(sides))
	for range turns {
		for i, s := range sides {
			w := harness.Start()
			sum := s.do(chunk)
			lap := w.Stop()
			laps[i].Wall += lap.Wall
			laps[i].CPU += lap.CPU
			if !harness.Check(r, s.metric, sum, chunk*s.each) {
				return
			}
		}
	}
	for i, s := range sides {
		r.NsPer(s.metric, laps[i], chunk*turns)
	}
}

// restarts is W10, with a log that goes nowhere and with Kista's default one.
func restarts(r *run) {
	quiet := start()
	workload.Restarts(r, &system{node: quiet}, "restart")
	stop(r, quiet)
	loud := startWith(nil)
	workload.Restarts(r, &system{node: loud}, "restart_default_log")
	stop(r, loud)
}
