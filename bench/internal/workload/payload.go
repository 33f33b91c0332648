package workload

import (
	"bytes"
	"time"
	"unsafe"

	"github.com/kista-go/kista/bench/internal/harness"
	"github.com/kista-go/kista/term"
)

// Window is how many payloads a sender has under way before it waits for an
// acknowledgement, so that W9 does not become a test of memory.
const Window = 500

type sink struct {
	Base
	from         Ref
	orig         any
	want, n, sum int
	shared       bool
	done         chan sunk
}

type sunk struct {
	sum    int
	shared bool
}

func (p *sink) Handle(c Ctx, m any) {
	switch v := m.(type) {
	case setPeer:
		p.from = v.To
		return
	case []byte:
		p.sum += value(v)
		if p.n == 0 {
			p.shared = &v[0] == &p.orig.([]byte)[0]
		}
	case term.Binary:
		p.sum += value(v)
		if p.n == 0 {
			p.shared = unsafe.StringData(string(v)) == unsafe.StringData(string(p.orig.(term.Binary)))
		}
	case *Tree:
		p.sum += v.ID + len(v.Kids)
		if p.n == 0 {
			p.shared = v == p.orig.(*Tree)
		}
	default:
		return
	}
	p.n++
	if p.n == p.want {
		p.done <- sunk{p.sum, p.shared}
	} else if p.n%Window == 0 {
		c.Send(p.from, ack{})
	}
}

// value is what the receiver reads of a message of bytes.
func value[T ~string | ~[]byte](b T) int { return len(b) + int(b[0]) + int(b[len(b)-1]) }

type source struct {
	Base
	to      Ref
	n, sent int
	value   any
	clone   bool
}

func (p *source) Handle(c Ctx, m any) {
	switch m.(type) {
	case start, ack:
		for k := 0; k < Window && p.sent < p.n; k++ {
			v := p.value
			if p.clone {
				v = cloned(v)
			}
			c.Send(p.to, v)
			p.sent++
		}
	}
}

// cloned copies a payload as its owner would do by hand.
func cloned(v any) any {
	switch x := v.(type) {
	case []byte:
		return bytes.Clone(x)
	case *Tree:
		return x.Clone()
	}
	return v
}

// payloads is W9 of a column that shares what it sends: as it is, and with a
// sender that clones first, which is what isolation costs its users.
func payloads(r *harness.R, s System) {
	for _, clone := range []bool{false, true} {
		Payloads(r, s, clone)
	}
}

// Payloads sends bytes and trees, cloned by the sender or not.
func Payloads(r *harness.R, s System, clone bool) {
	tree := NewTree(r.P.TreeNodes)
	Payload(r, s, "bytes_1k", r.P.Pay1k, 1024+3, NewBytes(1024), clone)
	Payload(r, s, "bytes_64k", r.P.Pay64k, 65536+3, NewBytes(65536), clone)
	Payload(r, s, "tree_100", r.P.PayTree, 1+len(tree.Kids), tree, clone)
}

// Payload sends one value n times; the receiver reads per from each.
func Payload(r *harness.R, s System, metric string, n, per int, v any, clone bool) {
	done := make(chan sunk, 1)
	to := s.Spawn(&sink{orig: v, want: n, done: done})
	from := s.Spawn(&source{to: to, n: n, value: v, clone: clone})
	s.Send(to, setPeer{from})
	time.Sleep(10 * time.Millisecond) // until both have come to rest
	w := harness.Start()
	s.Send(from, start{})
	got, ok := harness.Wait(r, metric, done)
	lap := w.Stop()
	if !ok || !harness.Check(r, metric+": sum", got.sum, n*per) {
		return
	}
	if clone {
		r.NsPer(metric+"_usercopy", lap, n)
		return
	}
	r.NsPer(metric, lap, n)
	copied := 1.0
	if got.shared {
		copied = 0
	}
	r.Emit(metric+"_copied", copied, "bool")
}
