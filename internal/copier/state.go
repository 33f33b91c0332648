package copier

import (
	"reflect"
	"strconv"
	"unsafe"
)

// limits that a message is held against.
type limits struct{ depth, nodes, bytes int }

func budget(o Options) limits { return limits{o.MaxDepth, o.MaxNodes, o.MaxBytes} }

func (o *Options) tooLarge() *failure {
	return &failure{limit: true, why: "the message is larger than " + strconv.Itoa(o.MaxBytes) + " bytes; send it in pieces, or store it and send its name"}
}

func (o *Options) tooMany() *failure {
	return &failure{limit: true, why: "the message has more than " + strconv.Itoa(o.MaxNodes) + " parts; send it in pieces"}
}

func (o *Options) tooDeep() *failure {
	return &failure{limit: true, why: "the message is nested more than " + strconv.Itoa(o.MaxDepth) + " deep; send a long list as a slice"}
}

// fastDepth is where the fast walk, which recurses and does not see cycles,
// gives way to the deep one, which sees them and does not recurse.
const fastDepth = 500

// state is one walk over one message. Its methods take a value that has been
// copied shallowly into private memory and make private what it refers to.
// They write to private memory only: whatever is found in the source is read
// once, by a copy.
//
// All memory that may hold pointers is allocated and written by its own type,
// or as unsafe.Pointer words where it consists of nothing else, so that the
// garbage collector sees every pointer and every write of one.
type state struct {
	pl     *planner
	swap   func(any) error
	max    limits
	depth  int
	nodes  int
	bytes  int
	inKey  bool           // in a map key: what an interface holds is hashed, so it is finished at once
	at     unsafe.Pointer // the reference being made private, for paths of the deep walk
	deep   *deep          // nil: the fast walk
	within *within        // the message is a part of an error being frozen
}

// message copies the message v, which is not flat.
func (s *state) message(p *plan, v any) (any, int, error) {
	if p.isErr && !p.opaque {
		frozen, f := s.freezing(v.(error))
		if f != nil {
			return nil, 0, s.err(f, p.t)
		}
		return frozen, s.bytes, nil
	}
	if p.bad != nil {
		return nil, 0, p.bad.err(p.t)
	}
	w := *(*eface)(unsafe.Pointer(&v))
	data, f := s.root(p, w.data)
	if f == restart {
		s.deep = newDeep(s.pl)
		s.depth, s.nodes, s.bytes, s.inKey = 0, 0, 0, false
		data, f = s.root(p, w.data)
	}
	if f == nil && s.bytes > s.max.bytes {
		f = s.pl.o.tooLarge()
	}
	if f != nil {
		return nil, 0, s.err(f, p.t)
	}
	w.data = data
	return *(*any)(unsafe.Pointer(&w)), s.bytes, nil
}

// root copies the value of the message, given the data word of the interface
// that holds it, and returns the word for the copy.
func (s *state) root(p *plan, word unsafe.Pointer) (unsafe.Pointer, *failure) {
	if f := s.charge(1, p.size); f != nil {
		return nil, f
	}
	var f *failure
	switch {
	case p.op == opPointer:
		word, f = s.deref(p, word)
	case p.op == opMap:
		word, f = s.mapping(p, word)
	case p.direct:
		box := reflect.New(p.t).UnsafePointer()
		*(*unsafe.Pointer)(box) = word
		if f = s.contents(p, box); f == nil && s.deep != nil {
			f = s.drain()
		}
		return *(*unsafe.Pointer)(box), f
	default:
		word = shallow(p, word)
		f = s.contents(p, word)
	}
	if f == nil && s.deep != nil {
		f = s.drain()
	}
	return word, f
}

// err makes the error that the caller sees. A limit concerns the whole message.
func (s *state) err(f *failure, root reflect.Type) error {
	if f.limit {
		f = &failure{t: root, why: f.why, limit: true}
	}
	return f.err(root)
}

// charge counts parts and bytes against the limits, before they are allocated.
func (s *state) charge(nodes int, bytes uintptr) *failure {
	s.nodes += nodes
	s.bytes += int(bytes)
	if s.nodes <= s.max.nodes && s.bytes <= s.max.bytes {
		return nil
	}
	switch {
	case s.deep == nil:
		return restart // counted with repetition; the deep walk counts once
	case s.nodes > s.max.nodes:
		return s.pl.o.tooMany()
	default:
		return s.pl.o.tooLarge()
	}
}

// contents makes private what the value at q refers to: a value that has been
// copied and is not reachable for anybody else yet. In the deep walk this
// happens later.
func (s *state) contents(p *plan, q unsafe.Pointer) *failure {
	if p.op == opFlat {
		if p.text {
			s.bytes += p.strings(q)
		}
		return nil
	}
	if s.deep != nil && !s.inKey {
		return s.push(item{p: p, ptr: q, n: 1})
	}
	if f := s.down(); f != nil {
		return f
	}
	f := s.fix(p, q)
	s.depth--
	return f
}

// down enters one level of recursion.
func (s *state) down() *failure {
	s.depth++
	if s.deep == nil {
		if s.depth > min(fastDepth, s.max.depth) {
			return restart
		}
		return nil
	}
	if s.depth > s.deep.base()+fastDepth {
		return &failure{limit: true, why: "a map key of the message is nested more than " + strconv.Itoa(fastDepth) + " deep; use a plain value as key"}
	}
	return nil
}

// fix makes private what the value at q refers to, where q is private.
func (s *state) fix(p *plan, q unsafe.Pointer) *failure {
	switch p.op {
	case opFlat:
		if p.text {
			s.bytes += p.strings(q)
		}
	case opArray:
		return s.elements(p.elem, q, p.n)
	case opStruct:
		for i := range p.fields {
			field := &p.fields[i]
			if f := s.fix(field.plan, unsafe.Add(q, field.off)); f != nil {
				return f.at("." + field.name)
			}
		}
	case opSlice:
		s.at = q
		return s.slice(p, q)
	case opPointer:
		s.at = q
		private, f := s.deref(p, *(*unsafe.Pointer)(q))
		if f != nil {
			return f
		}
		*(*unsafe.Pointer)(q) = private
	case opMap:
		s.at = q
		private, f := s.mapping(p, *(*unsafe.Pointer)(q))
		if f != nil {
			return f
		}
		*(*unsafe.Pointer)(q) = private
	case opInterface:
		s.at = q
		return s.face(p, q)
	case opIdentity:
		if s.swap != nil {
			if err := s.swap(reflect.NewAt(p.t, q).Interface()); err != nil {
				return &failure{cause: err}
			}
		}
	}
	return nil
}

func (s *state) elements(e *plan, q unsafe.Pointer, n int) *failure {
	for i := range n {
		if f := s.fix(e, unsafe.Add(q, uintptr(i)*e.size)); f != nil {
			return f.at("[" + strconv.Itoa(i) + "]")
		}
	}
	return nil
}

// deref returns a private copy of what o points to.
func (s *state) deref(p *plan, o unsafe.Pointer) (unsafe.Pointer, *failure) {
	if o == nil {
		return nil, nil
	}
	if private, ok := s.deep.find(p, o, 1); ok {
		return private, nil
	}
	if f := s.charge(1, p.elem.size); f != nil {
		return nil, f
	}
	private := shallow(p.elem, o)
	s.deep.keep(p, o, 1, private)
	was := s.inKey
	s.inKey = false // of a pointer, the address is what is hashed
	f := s.contents(p.elem, private)
	s.inKey = was
	return private, f
}

// face makes private what the interface value at q holds. The box of a value
// in an interface belongs to all copies of the interface value, so it is
// replaced and never written to.
func (s *state) face(p *plan, q unsafe.Pointer) *failure {
	w := (*eface)(q)
	if w.word == nil {
		return nil
	}
	d := s.pl.lookup(w.word)
	if d == nil {
		d = s.pl.learn(w.word, reflect.NewAt(p.t, q).Elem().Elem().Type())
	}
	if d.isErr && !d.opaque {
		if done, f := s.freeze(p, q); done || f != nil {
			return f
		}
	}
	if d.bad != nil {
		return d.refused()
	}
	if f := s.charge(1, d.size); f != nil {
		return f
	}
	if d.op == opFlat {
		if d.text {
			s.bytes += d.strings(w.data)
		}
		return nil
	}
	if d.direct { // the data word is the value, and private already
		return s.fix(d, unsafe.Pointer(&w.data))
	}
	if s.inKey {
		w.data = shallow(d, w.data)
		return s.contents(d, w.data)
	}
	if private, ok := s.deep.find(d, w.data, 1); ok {
		w.data = private
		return nil
	}
	private := shallow(d, w.data)
	s.deep.keep(d, w.data, 1, private)
	w.data = private
	return s.contents(d, private)
}
