package wire

import (
	"math/big"
	"net/netip"
	"reflect"
	"time"
	"unsafe"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/term"
)

// specials are types whose memory says less, or more, than they mean.
var specials map[reflect.Type]func(*plan)

func init() {
	specials = map[reflect.Type]func(*plan){
		reflect.TypeFor[time.Time]():        moment,
		reflect.TypeFor[*time.Location]():   location,
		reflect.TypeFor[big.Int]():          bigInt,
		reflect.TypeFor[netip.Addr]():       netAddr,
		reflect.TypeFor[kista.PanicError](): panicError,
	}
}

// moment: seconds and nanoseconds, without the monotonic reading, and the zone.
func moment(p *plan) {
	p.enc = func(e *encoder, q unsafe.Pointer) (term.Term, *fault) {
		t := *(*time.Time)(q)
		var zone term.Term
		switch t.Location() {
		case time.UTC:
			zone = 0
		case time.Local:
			zone = 1
		default:
			name, offset := t.Zone()
			zone = term.Tuple{term.Binary(t.Location().String()), term.Binary(name), offset}
		}
		return term.Tuple{t.Unix(), t.Nanosecond(), zone}, e.charge(32)
	}
	p.dec = func(_ *decoder, t term.Term, q unsafe.Pointer) error {
		tu, ok := t.(term.Tuple)
		if !ok || len(tu) != 3 {
			return errShape
		}
		sec, ok1 := tu[0].(int64)
		nsec, ok2 := tu[1].(int64)
		if !ok1 || !ok2 || nsec < 0 || nsec > 999_999_999 {
			return errShape
		}
		at := time.Unix(sec, nsec)
		if zone, named := tu[2].(term.Tuple); named {
			loc := zoneOf(zone, at)
			if loc == nil {
				return errShape
			}
			*(*time.Time)(q) = at.In(loc)
			return nil
		}
		switch tu[2] {
		case int64(0):
			at = at.UTC()
		case int64(1):
		default:
			return errShape
		}
		*(*time.Time)(q) = at
		return nil
	}
}

// zoneOf is the zone of that name where it is one that this system knows, and that agrees about the moment; else a fixed one.
func zoneOf(zone term.Tuple, at time.Time) *time.Location {
	if len(zone) != 3 {
		return nil
	}
	name, ok1 := zone[0].(term.Binary)
	short, ok2 := zone[1].(term.Binary)
	offset, ok3 := zone[2].(int64)
	const day = 24 * 60 * 60
	if !ok1 || !ok2 || !ok3 || offset < -2*day || offset > 2*day || len(name) > 255 {
		return nil
	}
	if loc, err := time.LoadLocation(string(name)); err == nil && name != "" && name != "Local" {
		if n, o := at.In(loc).Zone(); n == string(short) && o == int(offset) {
			return loc
		}
	}
	return time.FixedZone(string(short), int(offset))
}

// location: by its name, where both sides are sure to mean the same by it.
func location(p *plan) {
	p.enc = func(_ *encoder, q unsafe.Pointer) (term.Term, *fault) {
		l := *(**time.Location)(q)
		if l == nil {
			return none, nil
		}
		if _, err := time.LoadLocation(l.String()); err != nil {
			return nil, &fault{t: p.t, why: "a zone that no system knows by name cannot travel"}
		}
		return term.Binary(l.String()), nil
	}
	p.dec = func(_ *decoder, t term.Term, q unsafe.Pointer) error {
		if t == none {
			return nil
		}
		name, ok := t.(term.Binary)
		if !ok || len(name) > 255 {
			return errShape
		}
		l, err := time.LoadLocation(string(name))
		if err != nil {
			return errShape
		}
		*(**time.Location)(q) = l
		return nil
	}
}

// bigInt: a number of any size; what the type's memory holds has rules of its own.
func bigInt(p *plan) {
	p.enc = func(e *encoder, q unsafe.Pointer) (term.Term, *fault) {
		n := (*big.Int)(q)
		return new(big.Int).Set(n), e.charge(len(n.Bits()) * 8)
	}
	p.dec = func(_ *decoder, t term.Term, q unsafe.Pointer) error {
		switch n := t.(type) {
		case int64:
			(*big.Int)(q).SetInt64(n)
		case *big.Int:
			(*big.Int)(q).Set(n)
		default:
			return errShape
		}
		return nil
	}
}

func netAddr(p *plan) {
	p.enc = func(_ *encoder, q unsafe.Pointer) (term.Term, *fault) {
		b, err := (*netip.Addr)(q).MarshalBinary()
		if err != nil {
			return nil, &fault{t: p.t, why: err.Error()}
		}
		return term.Binary(b), nil
	}
	p.dec = func(_ *decoder, t term.Term, q unsafe.Pointer) error {
		b, ok := t.(term.Binary)
		if !ok || (*netip.Addr)(q).UnmarshalBinary([]byte(b)) != nil {
			return errShape
		}
		return nil
	}
}

// here is a place in the program's text, the same one in all processes that run the program.
var here = reflect.ValueOf(moment).Pointer()

// panicError: as any struct, but with its program counters counted from a place that is the same in both processes,
// wherever the system has put their text.
func panicError(p *plan) {
	b := builder{fresh: map[reflect.Type]*plan{}}
	b.structure(p)
	enc, dec := p.enc, p.dec
	shift := func(e kista.PanicError, by uintptr) kista.PanicError {
		pcs := make([]uintptr, len(e.Stack))
		for i, pc := range e.Stack {
			pcs[i] = pc + by
		}
		e.Stack = pcs
		return e
	}
	p.enc = func(e *encoder, q unsafe.Pointer) (term.Term, *fault) {
		moved := shift(*(*kista.PanicError)(q), -here)
		return enc(e, unsafe.Pointer(&moved))
	}
	p.dec = func(d *decoder, t term.Term, q unsafe.Pointer) error {
		if err := dec(d, t, q); err != nil {
			return err
		}
		e := (*kista.PanicError)(q)
		*e = shift(*e, here)
		return nil
	}
}
