package frozen

import "reflect"

// Sentinel tells a registered sentinel by what another program that registers the
// same ones knows it by: its text, and how many of the same text were registered
// before it.
func Sentinel(err error) (said string, nth int, ok bool) {
	r := current.Load()
	if !r.has(err) {
		return "", 0, false
	}
	shown := text(err)
	for _, s := range r.sentinels {
		if s == err { //nolint:errorlint // identity
			return shown, nth, true
		}
		if text(s) == shown {
			nth++
		}
	}
	return "", 0, false
}

// SentinelNamed finds the sentinel that [Sentinel] tells so.
func SentinelNamed(said string, nth int) (error, bool) {
	for _, s := range current.Load().sentinels {
		if text(s) != said {
			continue
		}
		if nth == 0 {
			return s, true
		}
		nth--
	}
	return nil, false
}

// Types lists the types registered with [RegisterType].
func Types() (out []reflect.Type) {
	for t := range current.Load().rebuild {
		out = append(out, t)
	}
	return out
}

// Registered reports whether t is among [Types].
func Registered(t reflect.Type) bool { return current.Load().rebuild[t] != nil }

// Part is what an [Error] has kept of one error of the chain, one of both.
type Part struct {
	Err  error // an error frozen by itself
	Data error // of a type that is data
}

// Parts returns what has been kept, in order. Data is a copy of the caller's own.
// What is known by its address alone is not among it.
func (e *Error) Parts() (out []Part) {
	for i := range e.links {
		l := &e.links[i]
		if l.err != nil {
			out = append(out, Part{Err: l.err})
			continue
		}
		if l.part == nil {
			continue
		}
		if c, _, err := l.copy(l.part); err == nil {
			out = append(out, Part{Data: reflect.ValueOf(c).Index(0).Interface().(error)})
		}
	}
	return out
}

// Join makes a frozen error of its text and its parts, as [Error.Parts] gave them
// to another program. The parts may come from a stranger; what cannot be frozen
// is left out.
func Join(said string, parts []Part, copy Copy) *Error {
	e := &Error{text: clean(said)}
	e.size = 64 + len(e.text)
	f := freezer{reg: current.Load(), copy: copy}
	for _, p := range parts[:min(len(parts), maxChain)] {
		switch {
		case p.Err != nil:
			done := Freeze(p.Err, copy)
			e.links = append(e.links, link{err: done})
			e.size += Size(done)
		case p.Data != nil:
			part, size := f.part(p.Data)
			if part == nil {
				continue
			}
			l := link{part: part, copy: copy}
			if own := reflect.ValueOf(part).Index(0).Interface(); reflect.TypeOf(own).Kind() != reflect.Pointer && hashable(own) {
				l.value = own
			}
			e.links = append(e.links, l)
			e.size += size
		}
	}
	return e
}

// Sound freezes an error that a stranger has made up of a type's fields, and
// replaces one whose methods fail on what they find by its type's name.
func Sound(err error, copy Copy) error {
	done := Freeze(err, copy)
	if done == nil {
		return nil
	}
	if _, frozen := done.(*Error); frozen || current.Load().has(done) {
		return done
	}
	in := inspection{err: done, source: done, reg: current.Load(), text: true, follow: true}
	in.run()
	if in.said == typeName(done)+failing {
		return &Error{text: in.said, size: 64 + len(in.said)}
	}
	return done
}
