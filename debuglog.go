package kista

// eventLog is a ring of the last events, bounded in number and size.
type eventLog struct {
	max   int
	bytes int
	ring  []logged
	first int
}

type logged struct {
	e    DebugEvent
	size int
}

func (l *eventLog) add(e DebugEvent) {
	if l.max == 0 {
		return
	}
	_, size, _ := messages.Copy(e.Msg)
	l.bytes += size
	l.ring = append(l.ring, logged{e, size})
	for len(l.ring)-l.first > l.max || l.bytes > maxLogBytes && len(l.ring)-l.first > 1 {
		l.bytes -= l.ring[l.first].size
		l.ring[l.first] = logged{}
		l.first++
	}
	if l.first > l.max {
		l.ring = append(l.ring[:0:0], l.ring[l.first:]...)
		l.first = 0
	}
}

func (l *eventLog) resize(n int) {
	old := l.events()
	*l = eventLog{max: n}
	for _, e := range old[max(0, len(old)-n):] {
		l.add(e)
	}
}

func (l *eventLog) events() []DebugEvent {
	out := make([]DebugEvent, 0, len(l.ring)-l.first)
	for _, e := range l.ring[l.first:] {
		out = append(out, e.e)
	}
	return out
}
