package etf

import "github.com/kista-go/kista/term"

const maxOldCreation = 3

func (d *decoder) pid(at, tag int) term.Term {
	p := term.PID{Node: d.bareAtom("node of a pid"), ID: d.u32(), Serial: d.u32()}
	p.Creation = d.creation(at, tag == tagPID)
	return d.whole(p)
}

func (d *decoder) port(at, tag int) term.Term {
	p := term.Port{Node: d.bareAtom("node of a port")}
	if tag == tagV4Port {
		p.ID = uint64(d.u32()) << 32
	}
	p.ID |= uint64(d.u32())
	p.Creation = d.creation(at, tag == tagPort)
	return d.whole(p)
}

func (d *decoder) ref(at, tag int) term.Term {
	n := 1
	if tag != tagReference {
		n = d.u16()
	}
	if n > term.RefWords || n == 0 && tag == tagNewReference {
		d.fail(ErrMalformed, at, "reference of %d words", n)
		return nil
	}
	r := term.Ref{Node: d.bareAtom("node of a reference"), Len: uint8(n)}
	if tag != tagReference {
		r.Creation = d.creation(at, tag == tagNewReference)
	}
	for i := range n {
		r.ID[i] = d.u32()
	}
	if tag == tagReference {
		r.Creation = d.creation(at, true)
	}
	if tag != tagNewerRef && r.ID[0] >= 1<<18 {
		d.fail(ErrMalformed, at, "reference whose first word is over 18 bits")
	}
	return d.whole(r)
}

// creation reads the incarnation of a node: one byte in the old tags.
func (d *decoder) creation(at int, old bool) uint32 {
	if !old {
		return d.u32()
	}
	c := d.u8()
	if c > maxOldCreation {
		d.fail(ErrMalformed, at, "old identifier with creation %d", c)
	}
	return uint32(c)
}

// whole returns t unless decoding has failed.
func (d *decoder) whole(t term.Term) term.Term {
	if d.err != nil {
		return nil
	}
	return t
}
