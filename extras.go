package kista

import (
	"context"
	"slices"
	"time"
)

// extras are what only some processes have.
type extras struct {
	name     string
	label    string
	former   string    // the name that it had when it ended
	heir     string    // the name that it waits for
	asParent *ancestor // what its children call it
	far      *far
	links    links
	monitors map[Ref]*monitor // what this process watches
	watchers map[Ref]watcher  // who watches this process
	aliases  map[Ref]AliasMode
	timers   *Timer
	locals   map[any]any
	died     int64   // of a zombie: its end, as born
	alarm    Stopper // ends its grace; after its death, reports it as a zombie
	ctx      *selfContext
	labels   context.Context // for profiles
	thread   *thread         // in a deterministic node

	postponed int32 // of the count of the mailbox
}

// none is what a process without extras has. Nobody changes it.
var none extras

// own returns extras that may be changed. Needs p.mu.
func (p *proc) own() *extras {
	if p.x == &none {
		p.x = new(extras)
	}
	return p.x
}

// settings are the options of a spawn that stay as they are; many processes
// share them.
type settings struct {
	grace     time.Duration
	shutdown  time.Duration
	limit     MailboxLimit
	dedicated bool
	high      bool
	subtree   string
}

// ancestor is a link of the chain of spawns that led to a process.
type ancestor struct {
	pid   PID
	name  string
	up    *ancestor
	depth int
}

// enoughAncestors is how many are told; a longer chain is cut now and then, so
// that processes which each spawn the next one keep nothing alive.
const enoughAncestors = 16

func (p *proc) parent() PID {
	if p.line == nil {
		return p.node.init.pid()
	}
	return p.line.pid
}

// asParentLocked is p as its children see it.
func (p *proc) asParentLocked() *ancestor {
	x := p.own()
	if a := x.asParent; a != nil && a.name == x.name {
		return a
	}
	x.asParent = &ancestor{pid: p.pid(), name: x.name, up: p.line}
	if p.line != nil {
		x.asParent.depth = p.line.depth + 1
		if x.asParent.depth == 2*enoughAncestors {
			x.asParent.up = p.line.nearest(enoughAncestors)
			x.asParent.depth = enoughAncestors
		}
	}
	return x.asParent
}

// nearest copies the first n of the chain.
func (a *ancestor) nearest(n int) *ancestor {
	if a == nil || n == 0 {
		return nil
	}
	return &ancestor{pid: a.pid, name: a.name, up: a.up.nearest(n - 1), depth: n - 1}
}

// ancestors names who spawned the process, nearest first (statement 101).
func (p *proc) ancestors() []string {
	var out []string
	for a := p.line; a != nil && len(out) < enoughAncestors; a = a.up {
		if a.name != "" {
			out = append(out, a.name)
		} else {
			out = append(out, a.pid.String())
		}
	}
	return out
}

// links is a set of PIDs: a list while it is short, as it nearly always is.
type links struct {
	few  []PID
	many map[PID]struct{}
}

const fewLinks = 8

func (l *links) has(pid PID) bool {
	if l.many != nil {
		_, ok := l.many[pid]
		return ok
	}
	return slices.Contains(l.few, pid)
}

func (l *links) add(pid PID) {
	switch {
	case l.many != nil:
		l.many[pid] = struct{}{}
	case slices.Contains(l.few, pid):
	case len(l.few) == 0:
		l.few = make([]PID, 1)
		l.few[0] = pid
	case len(l.few) < fewLinks:
		l.few = append(l.few, pid)
	default:
		l.many = make(map[PID]struct{}, 2*fewLinks)
		for _, old := range l.few {
			l.many[old] = struct{}{}
		}
		l.many[pid] = struct{}{}
		l.few = nil
	}
}

// remove takes pid out and reports whether it was there.
func (l *links) remove(pid PID) bool {
	if l.many != nil {
		_, had := l.many[pid]
		delete(l.many, pid)
		return had
	}
	i := slices.Index(l.few, pid)
	if i < 0 {
		return false
	}
	l.few = slices.Delete(l.few, i, i+1)
	if len(l.few) == 0 {
		l.few = nil
	}
	return true
}

func (l *links) len() int { return len(l.few) + len(l.many) }

// sorted gives the members in a fixed order, so that no map decides who hears
// first.
func (l *links) sorted() []PID {
	if l.many != nil {
		return sorted(l.many)
	}
	out := slices.Clone(l.few)
	slices.SortFunc(out, byNumber)
	return out
}
