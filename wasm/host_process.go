package wasm

import (
	"log/slog"
	"time"

	"github.com/tetratelabs/wazero/api"

	"github.com/kista-go/kista"
)

// hostSendAfter sends a message later and returns the timer's number.
func (in *instance) hostSendAfter(m api.Module, st []uint64) {
	to, ok1 := in.address(m, st[1], st[2])
	v, ok2 := in.value(m, st[3], st[4])
	if !ok1 || !ok2 {
		st[0] = code64(errBad)
		return
	}
	id := in.proc.known.timer(func() *kista.Timer { return kista.SendAfter(milliseconds(int64(st[0])), to, v) })
	if id == 0 {
		st[0] = code64(errLimit)
		return
	}
	st[0] = id
}

func (in *instance) hostCancel(_ api.Module, st []uint64) {
	st[0] = code64(in.proc.known.cancel(st[0]))
}

func (in *instance) hostMonitor(m api.Module, st []uint64) {
	to, ok1 := in.address(m, st[0], st[1])
	switch {
	case !ok1:
		st[0] = code64(errBad)
	case len(in.proc.known.monitors) >= mostHandles:
		st[0] = code64(errLimit)
	default:
		ref, err := in.proc.self.MonitorWith(to, kista.MonitorOpts{})
		if err != nil {
			st[0] = code64(int64(in.outcome(err)))
			return
		}
		st[0] = in.proc.known.watch(ref)
	}
}

func (in *instance) hostDemonitor(_ api.Module, st []uint64) {
	ref, ok1 := in.proc.known.monitors[st[0]]
	if !ok1 {
		st[0] = code32(errNobody)
		return
	}
	in.proc.known.fired(ref)
	in.proc.self.DemonitorFlush(ref)
	in.check()
	st[0] = errNone
}

func (in *instance) hostLink(m api.Module, st []uint64) {
	pid, ok1 := in.pid(m, st[0], st[1])
	if !ok1 {
		st[0] = code32(errBad)
		return
	}
	st[0] = code32(in.outcome(in.proc.self.Link(pid)))
}

func (in *instance) hostUnlink(m api.Module, st []uint64) {
	pid, ok1 := in.pid(m, st[0], st[1])
	if !ok1 {
		st[0] = code32(errBad)
		return
	}
	st[0] = code32(in.outcome(in.proc.self.Unlink(pid)))
}

func (in *instance) hostExit(m api.Module, st []uint64) {
	pid, ok1 := in.pid(m, st[0], st[1])
	t, ok2 := in.term(m, st[2], st[3])
	if !ok1 || !ok2 {
		st[0] = code32(errBad)
		return
	}
	st[0] = code32(in.outcome(in.proc.self.Exit(pid, reasonOf(t))))
}

func (in *instance) hostTrapExits(_ api.Module, st []uint64) {
	was := in.proc.self.TrapExits(uint32(st[0]) != 0)
	st[0] = 0
	if was {
		st[0] = 1
	}
}

// hostSpawn starts one of the programs that the guest may start, linked, and lets
// it read the PID.
func (in *instance) hostSpawn(m api.Module, st []uint64) {
	args, ok1 := in.term(m, st[2], st[3])
	p := in.proc
	program := p.o.Children[string(in.view(m, st[0], st[1]))]
	switch {
	case !ok1:
		st[0] = code32(errBad)
		return
	case program == nil:
		st[0] = code32(errForbidden)
		return
	case !p.known.mayHave(p.o.MaxChildren):
		st[0] = code32(errLimit)
		return
	}
	pr, err := program(args)
	var pid kista.PID
	if err == nil {
		pid, err = p.self.StartLink(p.self, pr)
	}
	if err != nil {
		code := in.outcome(err)
		in.because(err)
		st[0] = code32(code)
		return
	}
	p.known.children = append(p.known.children, pid)
	st[0] = in.givePID(pid)
}

// hostLog writes a record: level, text. Levels are those of log/slog.
func (in *instance) hostLog(m api.Module, st []uint64) {
	b := in.view(m, st[1], uint64(min(uint32(st[2]), mostText)))
	if !in.log(slog.Level(int32(st[0])), "", string(b)) {
		st[0] = code32(errLimit)
		return
	}
	st[0] = errNone
}

// hostNow is the time in nanoseconds since 1970, or an error where the guest has no
// clock.
func (in *instance) hostNow(_ api.Module, st []uint64) {
	in.marked = true
	if in.proc == nil || !in.proc.o.Clock {
		st[0] = code64(errForbidden)
		return
	}
	st[0] = uint64(in.proc.self.Node().Now().UnixNano())
}

// sleep lets time pass for the guest: real time where it has a clock, else that of
// its own.
func (in *instance) sleep(d time.Duration) {
	p := in.proc
	in.marked = true
	if p == nil || d <= 0 {
		return
	}
	if !p.o.Clock || in.quiet {
		p.now += int64(d)
		return
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-p.self.Done():
	}
	in.check()
}
