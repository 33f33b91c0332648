package rewrite

// Instructions that this package has to know by name.
const (
	opUnreachable  = 0x00
	opBlock        = 0x02
	opLoop         = 0x03
	opIf           = 0x04
	opElse         = 0x05
	opEnd          = 0x0b
	opBr           = 0x0c
	opBrIf         = 0x0d
	opBrTable      = 0x0e
	opReturn       = 0x0f
	opCall         = 0x10
	opCallIndirect = 0x11
	opSelectTyped  = 0x1c
	opLocalGet     = 0x20
	opLocalSet     = 0x21
	opLocalTee     = 0x22
	opGlobalGet    = 0x23
	opGlobalSet    = 0x24
	opTableGet     = 0x25
	opTableSet     = 0x26
	opMemorySize   = 0x3f
	opMemoryGrow   = 0x40
	opI32Const     = 0x41
	opI64Const     = 0x42
	opF32Const     = 0x43
	opF64Const     = 0x44
	opRefNull      = 0xd0
	opRefFunc      = 0xd2
	opBulk         = 0xfc
	opVector       = 0xfd

	i32LtS        = 0x48
	i32GtS        = 0x4a
	i32GtU        = 0x4b
	i32LeU        = 0x4d
	i64GtU        = 0x56
	i64Add        = 0x7c
	i64Shl        = 0x86
	i64ExtendI32U = 0xad
	i32Add        = 0x6a
	i32Sub        = 0x6b
	i32ShrU       = 0x76
	noType        = 0x40

	bulkMemoryInit, bulkDataDrop, bulkMemoryCopy, bulkMemoryFill        = 8, 9, 10, 11
	bulkTableInit, bulkElemDrop, bulkTableCopy                          = 12, 13, 14
	bulkTableGrow, bulkTableSize, bulkTableFill                  uint32 = 15, 16, 17
)

// instruction is one instruction of a body, as far as the rewriting cares.
type instruction struct {
	op    byte
	sub   uint32 // of bulk instructions
	index uint32 // of the function, data segment or global that it names
}

// instruction reads one instruction and checks its indices. nest is the number
// of blocks that are open.
func (s *source) instruction(q *reader, nest, locals int) (in instruction) {
	in.op = q.u8()
	switch op := in.op; {
	case op == opBlock || op == opLoop || op == opIf:
		s.blockType(q)
	case op == opBr || op == opBrIf:
		q.index(nest+1, "label")
	case op == opBrTable:
		for range q.count(len(q.b), "labels") + 1 {
			q.index(nest+1, "label")
			if q.err != nil {
				return in
			}
		}
	case op == opCall || op == opRefFunc:
		in.index = q.index(s.funcCount(), "function")
	case op == opCallIndirect:
		q.index(len(s.types), "type")
		q.index(len(s.tables), "table")
	case op == opSelectTyped:
		q.valueTypes("types of a select")
	case op == opLocalGet || op == opLocalSet || op == opLocalTee:
		q.index(locals, "local")
	case op == opGlobalGet || op == opGlobalSet:
		in.index = q.index(len(s.globals), "global")
	case op == opTableGet || op == opTableSet:
		q.index(len(s.tables), "table")
	case op >= 0x28 && op <= 0x3e: // loads and stores
		q.memoryArgument()
	case op == opMemorySize || op == opMemoryGrow:
		q.zero()
	case op == opI32Const:
		q.signed(5)
	case op == opI64Const:
		q.signed(10)
	case op == opF32Const:
		q.bytes(4)
	case op == opF64Const:
		q.bytes(8)
	case op == opRefNull:
		q.u8()
	case op == opBulk:
		s.bulk(q, &in)
	case op == opVector:
		q.vector()
	case op <= 0x01, op == opElse, op == opEnd, op == opReturn, op == 0x1a, op == 0x1b, op >= 0x45 && op <= 0xc4, op == 0xd1:
	case op == 0x12 || op == 0x13:
		q.fail("tail calls are not supported")
	case op == 0xfe:
		q.fail("threads are not supported")
	case op >= 0x06 && op <= 0x0a || op == 0x18 || op == 0x19 || op == 0x1f:
		q.fail("exceptions are not supported")
	default:
		q.fail("instruction %#x is unknown", op)
	}
	return in
}

func (s *source) blockType(q *reader) {
	switch t := q.s33(); {
	case q.err != nil:
	case t >= 0:
		if t >= int64(len(s.types)) {
			q.fail("there is no type %d", t)
		}
	case t == -64: // none
	case t < -64 || !valueType(byte(t&0x7f)):
		q.fail("a block's type is unknown")
	}
}

// zero reads the number of the only memory.
func (r *reader) zero() {
	if r.u8() != 0 {
		r.fail("only one memory is supported")
	}
}

func (r *reader) memoryArgument() {
	if align := r.u32(); align >= 32 {
		r.fail("an alignment of 2^%d; or a second memory, which is not supported", align)
	}
	r.u32()
}

func (s *source) bulk(q *reader, in *instruction) {
	in.sub = q.u32()
	switch in.sub {
	case 0, 1, 2, 3, 4, 5, 6, 7: // saturating truncation
	case bulkMemoryInit:
		in.index = q.u32() // must exist, but the segments come later: checked when rewriting
		q.zero()
	case bulkDataDrop:
		in.index = q.u32()
	case bulkMemoryCopy:
		q.zero()
		q.zero()
	case bulkMemoryFill:
		q.zero()
	case bulkTableInit:
		q.index(len(s.elems), "element segment")
		q.index(len(s.tables), "table")
	case bulkElemDrop:
		q.index(len(s.elems), "element segment")
	case bulkTableCopy:
		q.index(len(s.tables), "table")
		q.index(len(s.tables), "table")
	case bulkTableGrow, bulkTableSize, bulkTableFill:
		q.index(len(s.tables), "table")
	default:
		q.fail("instruction 0xfc %d is unknown", in.sub)
	}
}

// vector reads what follows the first byte of a vector instruction.
func (r *reader) vector() {
	switch sub := r.u32(); {
	case sub <= 11 || sub == 92 || sub == 93:
		r.memoryArgument()
	case sub == 12 || sub == 13:
		r.bytes(16)
	case sub >= 21 && sub <= 34:
		r.u8()
	case sub >= 84 && sub <= 91:
		r.memoryArgument()
		r.u8()
	case sub > 255:
		r.fail("vector instruction %d is unknown", sub)
	}
}
