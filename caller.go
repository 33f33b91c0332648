package kista

import "context"

// Caller returns the process that gives ctx as itself: ctx is its [Self], or a
// behaviour's context that embeds it. Contexts derived from these are nobody's.
func Caller(ctx context.Context) (self *Self, is bool) {
	if me, ok := ctx.(selfer); ok {
		return me.process(), true
	}
	return nil, false
}

// NodeOf returns the node of this program on which a process lives or lived, nil
// for one of another node and for the zero PID.
func NodeOf(pid PID) *Node {
	if pid.p == nil || pid.Node() != pid.p.node.name {
		return nil
	}
	return pid.p.node
}
