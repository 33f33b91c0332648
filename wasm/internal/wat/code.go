package wat

import (
	"encoding/binary"
	"strconv"
	"strings"
)

// emitter puts the instructions of one function together.
type emitter struct {
	m      *module
	fn     *function
	out    []byte
	labels []string // of the open blocks, outermost first
}

// body makes the code of a function, without its size in front of the locals
// counted in.
func (m *module) body(fn *function) []byte {
	var locals []byte
	groups := uint32(0)
	i := 0
	for ; i < len(fn.n.list); i++ {
		x := fn.n.list[i]
		if h := x.head(); h != "param" && h != "result" && h != "local" && h != "type" {
			break
		}
		if x.head() != "local" {
			continue
		}
		for _, w := range x.list[1:] {
			if strings.HasPrefix(w.word, "$") {
				fn.locals[w.word] = fn.count
				continue
			}
			locals = append(uleb(locals, 1), valueTypes[w.word])
			fn.count++
			groups++
		}
	}
	e := &emitter{m: m, fn: fn}
	e.all(fn.n.list[i:])
	b := append(uleb(nil, groups), locals...)
	b = append(append(b, e.out...), 0x0b)
	return append(uleb(nil, uint32(len(b))), b...)
}

// expr makes an initialiser.
func (m *module) expr(n []node) []byte {
	e := &emitter{m: m, fn: &function{}}
	e.all(n)
	return append(e.out, 0x0b)
}

func (e *emitter) all(list []node) {
	for len(list) > 0 {
		if list[0].is {
			e.folded(list[0])
			list = list[1:]
			continue
		}
		list = e.plain(list)
	}
}

// folded emits (op immediates operand...): the operands first.
func (e *emitter) folded(n node) {
	rest := n.list[1:]
	switch n.head() {
	case "block", "loop":
		rest = e.open(n.head(), rest)
		e.all(rest)
		e.close()
		return
	case "if":
		var name []node
		if len(rest) > 0 && strings.HasPrefix(rest[0].word, "$") {
			name, rest = rest[:1], rest[1:]
		}
		for len(rest) > 0 && rest[0].head() == "result" {
			name, rest = append(name, rest[0]), rest[1:]
		}
		for len(rest) > 0 && rest[0].head() != "then" {
			e.folded(rest[0])
			rest = rest[1:]
		}
		e.open("if", name)
		e.all(rest[0].list[1:])
		if len(rest) > 1 {
			e.out = append(e.out, 0x05)
			e.all(rest[1].list[1:])
		}
		e.close()
		return
	}
	split := 0
	for split < len(rest) && (!rest[split].is || rest[split].head() == "type") {
		split++
	}
	e.all(rest[split:])
	if left := e.plain(n.list[:split+1]); len(left) > 0 {
		fail(n.line, "%s has too many immediates", n.head())
	}
}

func (e *emitter) open(kind string, rest []node) []node {
	name := ""
	if len(rest) > 0 && strings.HasPrefix(rest[0].word, "$") {
		name, rest = rest[0].word, rest[1:]
	}
	e.labels = append(e.labels, name)
	e.out = append(e.out, map[string]byte{"block": 2, "loop": 3, "if": 4}[kind])
	var sig []node
	for len(rest) > 0 && (rest[0].head() == "result" || rest[0].head() == "param") {
		sig, rest = append(sig, rest[0]), rest[1:]
	}
	switch {
	case len(sig) == 0:
		e.out = append(e.out, 0x40)
	case len(sig) == 1 && sig[0].head() == "result" && len(sig[0].list) == 2:
		e.out = append(e.out, valueTypes[sig[0].list[1].word])
	default:
		e.out = sleb(e.out, int64(e.m.typeIndex(e.m.signature(sig, nil))))
	}
	return rest
}

func (e *emitter) close() {
	e.labels = e.labels[:len(e.labels)-1]
	e.out = append(e.out, 0x0b)
}

// plain emits one instruction at the head of list, and returns what follows.
func (e *emitter) plain(list []node) []node {
	n := list[0]
	list = list[1:]
	switch n.word {
	case "block", "loop", "if":
		return e.open(n.word, list)
	case "else":
		e.out = append(e.out, 0x05)
		return list
	case "end":
		if len(e.labels) == 0 {
			fail(n.line, "an end too many")
		}
		e.close()
		return list
	}
	op, ok := opcodes[n.word]
	if !ok {
		fail(n.line, "the instruction %q is unknown", n.word)
	}
	take := func() node {
		if len(list) == 0 {
			fail(n.line, "%s lacks its immediate", n.word)
		}
		x := list[0]
		list = list[1:]
		return x
	}
	if op.imm == elemTable {
		i := number(take())
		e.out = append(uleb(append(e.out, op.code...), i), 0)
		return list
	}
	e.out = append(e.out, op.code...)
	e.immediate(n, op, take, func() bool { return len(list) > 0 && !list[0].is && isIndex(list[0].word) },
		func(prefix string) (string, bool) {
			if len(list) > 0 && strings.HasPrefix(list[0].word, prefix) {
				return strings.TrimPrefix(take().word, prefix), true
			}
			return "", false
		})
	return list
}

func isIndex(w string) bool { return w != "" && (w[0] == '$' || w[0] >= '0' && w[0] <= '9') }

func (e *emitter) immediate(n node, op opcode, take func() node, more func() bool, option func(string) (string, bool)) {
	switch op.imm {
	case index:
		e.out = uleb(e.out, e.number(n.word, take()))
	case label:
		e.out = uleb(e.out, e.label(take()))
	case labels:
		var all []uint32
		for more() {
			all = append(all, e.label(take()))
		}
		e.out = uleb(e.out, uint32(len(all)-1))
		for _, l := range all {
			e.out = uleb(e.out, l)
		}
	case memory:
		offset, align := uint64(0), uint64(1)
		if v, ok := option("offset="); ok {
			offset, _ = strconv.ParseUint(v, 0, 32)
		}
		if v, ok := option("align="); ok {
			align, _ = strconv.ParseUint(v, 0, 32)
		}
		log := uint32(0)
		for ; align > 1; align >>= 1 {
			log++
		}
		e.out = uleb(uleb(e.out, log), uint32(offset))
	case constI32, constI64:
		x := take()
		v, err := strconv.ParseInt(strings.ReplaceAll(x.word, "_", ""), 0, 64)
		if u, uerr := strconv.ParseUint(x.word, 0, 64); err != nil && uerr == nil {
			v, err = int64(u), nil
		}
		if err != nil {
			fail(x.line, "%q is no integer", x.word)
		}
		if op.imm == constI32 {
			v = int64(int32(v))
		}
		e.out = sleb(e.out, v)
	case constF32:
		e.out = binary.LittleEndian.AppendUint32(e.out, uint32(float(take(), 32)))
	case constF64:
		e.out = binary.LittleEndian.AppendUint64(e.out, float(take(), 64))
	case indirect:
		x := take()
		e.out = append(uleb(e.out, e.m.lookup("type", x.list[1])), 0)
	case zero:
		e.out = append(e.out, 0)
	case zero2:
		e.out = append(e.out, 0, 0)
	case segment:
		e.out = append(uleb(e.out, number(take())), 0)
	case lane:
		e.out = append(e.out, byte(number(take())))
	case bytes16:
		for range 16 {
			e.out = append(e.out, byte(number(take())))
		}
	case refType:
		e.out = append(e.out, valueTypes[take().word+"ref"])
	case tableIndex, tableIndex2:
		if more() {
			e.out = uleb(e.out, e.m.lookup("table", take()))
		} else {
			e.out = append(e.out, 0)
		}
		if op.imm == tableIndex2 {
			e.out = append(e.out, 0)
		}
	}
}

func (e *emitter) number(op string, n node) uint32 {
	space, _, _ := strings.Cut(op, ".")
	switch space {
	case "local":
		if i, ok := e.fn.locals[n.word]; ok {
			return i
		}
	case "call", "return_call", "ref":
		space = "func"
	}
	return e.m.lookup(space, n)
}

func (e *emitter) label(n node) uint32 {
	for i := len(e.labels) - 1; i >= 0; i-- {
		if n.word == e.labels[i] {
			return uint32(len(e.labels) - 1 - i)
		}
	}
	return number(n)
}
