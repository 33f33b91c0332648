package copier

import (
	"reflect"
	"strconv"
	"unsafe"
)

// deep is what the deep walk needs besides: what has been copied already, so
// that cycles close, and a queue of private memory whose references are still
// to be made private, in place of a stack. The queue is never shortened, so
// that a path can be told from any place in it.
type deep struct {
	pl    *planner
	seen  map[place]unsafe.Pointer
	items []item
	cur   int // the item being worked on, -1 before the first
	entry any // the map entry being worked on
	isKey bool
}

// place is a part of the source: an address alone may be that of a struct and
// of its first field.
type place struct {
	p   *plan
	ptr unsafe.Pointer
	n   int
}

// item is work: n values of plan p at ptr, or the map ptr to be filled from src.
type item struct {
	p     *plan
	ptr   unsafe.Pointer
	src   unsafe.Pointer
	n     int
	many  bool
	depth int
	from  int            // the item that refers to this one, -1 for the message
	at    unsafe.Pointer // where in it
	entry any            // or in which entry, if it is a map
	isKey bool           // or in some key
}

func newDeep(pl *planner) *deep {
	return &deep{pl: pl, seen: make(map[place]unsafe.Pointer), cur: -1}
}

func (d *deep) find(p *plan, o unsafe.Pointer, n int) (unsafe.Pointer, bool) {
	if d == nil {
		return nil, false
	}
	private, ok := d.seen[place{p, o, n}]
	return private, ok
}

func (d *deep) keep(p *plan, o unsafe.Pointer, n int, private unsafe.Pointer) {
	if d != nil {
		d.seen[place{p, o, n}] = private
	}
}

// base is the depth of the item being worked on.
func (d *deep) base() int {
	if d.cur < 0 {
		return 0
	}
	return d.items[d.cur].depth
}

// push queues an item that the reference at s.at leads to.
func (s *state) push(it item) *failure {
	d := s.deep
	it.depth = d.base() + 1
	if it.depth > s.max.depth {
		return s.pl.o.tooDeep()
	}
	it.from, it.at = d.cur, s.at
	if d.cur >= 0 && d.items[d.cur].src != nil {
		it.entry, it.isKey = d.entry, d.isKey
	}
	d.items = append(d.items, it)
	return nil
}

// drain works the queue off.
func (s *state) drain() *failure {
	d := s.deep
	for d.cur = 0; d.cur < len(d.items); d.cur++ {
		it := d.items[d.cur]
		s.depth = it.depth
		var f *failure
		switch {
		case it.src != nil:
			f = s.fill(it.p, asMap(it.p, it.src), asMap(it.p, it.ptr), &it)
		case it.many:
			f = s.elements(it.p, it.ptr, it.n)
		default:
			f = s.fix(it.p, it.ptr)
		}
		if f != nil {
			if !f.limit && f.cause == nil {
				d.path(f, d.cur)
			}
			return f
		}
	}
	return nil
}

// path adds to f the steps that lead to item i.
func (d *deep) path(f *failure, i int) {
	for from := d.items[i].from; from >= 0; i, from = from, d.items[from].from {
		it, parent := &d.items[i], &d.items[from]
		switch {
		case parent.src != nil && it.isKey:
			f.at("[key]")
		case parent.src != nil:
			d.locate(f, parent.p.elem, parent.ptr, it.at)
			f.at(keyStep(reflect.ValueOf(it.entry)))
		case parent.many:
			i := offset(parent.ptr, it.at) / parent.p.size
			d.locate(f, parent.p, unsafe.Add(parent.ptr, i*parent.p.size), it.at)
			f.at("[" + strconv.Itoa(int(i)) + "]")
		default:
			d.locate(f, parent.p, parent.ptr, it.at)
		}
	}
}

// locate adds the steps from the value of plan p at q to the reference at,
// innermost first.
func (d *deep) locate(f *failure, p *plan, q, at unsafe.Pointer) {
	switch p.op {
	case opStruct:
		for i := range p.fields {
			field := &p.fields[i]
			if off := offset(q, at); off >= field.off && off < field.off+field.size {
				d.locate(f, field.plan, unsafe.Add(q, field.off), at)
				f.at("." + field.name)
				return
			}
		}
	case opArray:
		i := offset(q, at) / p.elem.size
		d.locate(f, p.elem, unsafe.Add(q, i*p.elem.size), at)
		f.at("[" + strconv.Itoa(int(i)) + "]")
	case opInterface:
		if word := unsafe.Pointer(&(*eface)(q).data); word == at { // it holds a value that is one pointer
			d.locate(f, d.pl.of(reflect.NewAt(p.t, q).Elem().Elem().Type()), word, at)
		}
	}
}

func offset(base, at unsafe.Pointer) uintptr { return uintptr(at) - uintptr(base) }
