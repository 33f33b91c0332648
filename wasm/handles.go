package wasm

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"sync"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/server"
	"github.com/kista-go/kista/term"
)

// handles are what a guest knows of the world: numbers that stand for PIDs,
// references, calls to answer, monitors and timers. A guest cannot make one up that
// names somebody whom it has not been told of: the numbers mean something in its
// own table only, and carry a secret of it.
type handles struct {
	node   *kista.Node
	self   kista.PID
	secret uint32

	mu    sync.Mutex // hooks of the kernel run beside the process
	last  uint32
	pids  map[uint32]kista.PID
	byPID map[kista.PID]uint32
	refs  map[uint32]kista.Ref
	byRef map[kista.Ref]uint32

	// The process's own.
	next     uint64
	requests map[uint64]pending
	oldest   uint64 // no unanswered request is older
	monitors map[uint64]kista.Ref
	watching map[kista.Ref]uint64
	timers   map[uint64]*kista.Timer
	children []kista.PID
}

func (h *handles) init(s *kista.Self) {
	h.node, h.self, h.secret = s.Node(), s.PID(), rand.Uint32()
	h.oldest = 1
}

var errHandles = fmt.Errorf("wasm: the guest knows %d processes and references already", mostHandles)

// mappings say how PIDs and references stand in the guest's terms.
func (h *handles) mappings() []term.Mapping {
	return []term.Mapping{
		{Sample: kista.PID{}, From: func(v any) (term.Term, error) { return h.fromPID(v.(kista.PID)) }, To: h.toPID, Term: term.PID{}},
		{Sample: kista.Ref{}, From: func(v any) (term.Term, error) { return h.fromRef(v.(kista.Ref)) }, To: h.toRef, Term: term.Ref{}},
	}
}

func (h *handles) fromPID(pid kista.PID) (term.Term, error) {
	if pid.IsZero() {
		return term.Atom("undefined"), nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	id, ok := h.byPID[pid]
	if !ok {
		if err := h.roomLocked(); err != nil {
			return nil, err
		}
		h.last++
		id = h.last
		if h.pids == nil {
			h.pids, h.byPID = map[uint32]kista.PID{}, map[kista.PID]uint32{}
		}
		h.pids[id], h.byPID[pid] = pid, id
	}
	return term.PID{Node: term.Atom(h.node.NodeName()), ID: id, Creation: h.secret}, nil
}

// roomLocked forgets processes that have ended, where the table is full.
func (h *handles) roomLocked() error {
	if len(h.pids)+len(h.refs) < mostHandles {
		return nil
	}
	for id, pid := range h.pids {
		if pid.Node() == h.node.NodeName() && !h.node.Alive(pid) {
			delete(h.pids, id)
			delete(h.byPID, pid)
		}
	}
	if len(h.pids)+len(h.refs) < mostHandles {
		return nil
	}
	return errHandles
}

func (h *handles) toPID(t term.Term) (any, bool) {
	p, ok := t.(term.PID)
	if !ok || p.Creation != h.secret || p.Serial != 0 {
		return nil, t == term.Term(term.Atom("undefined"))
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	pid, ok := h.pids[p.ID]
	return pid, ok
}

func (h *handles) fromRef(ref kista.Ref) (term.Term, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	id, ok := h.byRef[ref]
	if !ok {
		if err := h.roomLocked(); err != nil {
			return nil, err
		}
		h.last++
		id = h.last
		if h.refs == nil {
			h.refs, h.byRef = map[uint32]kista.Ref{}, map[kista.Ref]uint32{}
		}
		h.refs[id], h.byRef[ref] = ref, id
	}
	return term.NewRef(term.Atom(h.node.NodeName()), h.secret, id), nil
}

func (h *handles) toRef(t term.Term) (any, bool) {
	r, ok := t.(term.Ref)
	if !ok || r.Creation != h.secret || r.Len != 1 {
		return nil, false
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	ref, ok := h.refs[r.ID[0]]
	return ref, ok
}

// errTooMany is the answer to a call that a guest has left unanswered for too many
// others.
var errTooMany = errors.New("wasm: the guest leaves too many calls unanswered")

// pending is a call that has not been answered: by whom, and with what type.
type pending struct {
	from  kista.From
	reply reflect.Type
}

// request notes a call and returns its number. Where there are too many, the
// oldest gets an error.
func (h *handles) request(q kista.Request) uint64 {
	if h.requests == nil {
		h.requests = map[uint64]pending{}
	}
	for len(h.requests) >= mostRequests {
		if old, ok := h.requests[h.oldest]; ok {
			old.from.Fail(&server.Refused{Err: errTooMany})
			delete(h.requests, h.oldest)
		}
		h.oldest++
	}
	h.next++
	if len(h.requests) == 0 {
		h.oldest = h.next
	}
	h.requests[h.next] = pending{q.From, replyType(q.Msg)}
	return h.next
}

// answered takes a call out.
func (h *handles) answered(id uint64) (pending, bool) {
	q, ok := h.requests[id]
	if delete(h.requests, id); len(h.requests) == 0 {
		h.requests = nil // most of the time there are none
	}
	return q, ok
}

func (h *handles) watch(ref kista.Ref) uint64 {
	if h.monitors == nil {
		h.monitors, h.watching = map[uint64]kista.Ref{}, map[kista.Ref]uint64{}
	}
	h.next++
	h.monitors[h.next], h.watching[ref] = ref, h.next
	return h.next
}

// fired takes a monitor out and returns its number, 0 if the guest has not made it.
func (h *handles) fired(ref kista.Ref) uint64 {
	id := h.watching[ref]
	delete(h.watching, ref)
	delete(h.monitors, id)
	return id
}

// timer notes a timer; 0 if there are too many.
func (h *handles) timer(start func() *kista.Timer) uint64 {
	if len(h.timers) >= mostTimers {
		for id, t := range h.timers {
			if _, running := t.Left(); !running {
				delete(h.timers, id)
			}
		}
		if len(h.timers) >= mostTimers {
			return 0
		}
	}
	if h.timers == nil {
		h.timers = map[uint64]*kista.Timer{}
	}
	t := start()
	if t.Err() != nil {
		return 0
	}
	h.next++
	h.timers[h.next] = t
	return h.next
}

// cancel ends a timer and returns what was left, -1 if it was over.
func (h *handles) cancel(id uint64) int64 {
	t, ok := h.timers[id]
	if !ok {
		return -1
	}
	delete(h.timers, id)
	left, ok := t.Cancel()
	if !ok {
		return -1
	}
	return int64((left + time.Millisecond - 1) / time.Millisecond)
}

// mayHave reports whether one more child is allowed.
func (h *handles) mayHave(most int) bool {
	if len(h.children) >= most {
		alive := h.children[:0]
		for _, pid := range h.children {
			if h.node.Alive(pid) {
				alive = append(alive, pid)
			}
		}
		h.children = alive
	}
	return len(h.children) < most
}

// replyTypes remembers what requests are answered with.
var replyTypes sync.Map // reflect.Type of the request: reflect.Type of the reply, or nil

// replyType finds what a request of package server is to be answered with. The
// request's Reply method is looked at, not called.
func replyType(req any) reflect.Type {
	t := reflect.TypeOf(req)
	if t == nil {
		return nil
	}
	if r, ok := replyTypes.Load(t); ok {
		rt, _ := r.(reflect.Type)
		return rt
	}
	var rt reflect.Type
	if m, ok := t.MethodByName("Reply"); ok && m.Type.NumIn() == 1 && m.Type.NumOut() == 1 {
		rt = m.Type.Out(0)
	}
	if rt == nil {
		replyTypes.Store(t, nil)
	} else {
		replyTypes.Store(t, rt)
	}
	return rt
}
