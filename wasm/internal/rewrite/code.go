package rewrite

import "math"

// What things cost. A unit of fuel stands for about bytesPerUnit bytes of
// straight code, a few nanoseconds of work.
const (
	bytesPerUnit  = 32
	touchedShift  = 6       // a bulk instruction takes a unit per 64 bytes that it touches
	piece         = 1 << 16 // and fills or copies so many bytes at once
	growCost      = 200     // of memory.grow and table.grow: the host works
	localsPerUnit = 8       // frames of ordinary size have so many locals
	framePerUnit  = 1 << 10 // and so many bytes of code, which bounds what they spill
)

// coder rewrites the bodies of a module.
type coder struct {
	*source
	yield  uint32 // number of the imported function, and of the first one behind it that moves
	fuel   uint32 // number of the global
	depth  uint32
	types  *typeTable
	fill   uint32 // numbers of the helper functions
	copy   uint32
	helped [2]bool // whether fill and copy are used
	points int
}

// moved gives the new number of a function.
func (c *coder) moved(f uint32) uint32 {
	if f >= c.yield {
		return f + 1
	}
	return f
}

// frame is what is known of an open block.
type frame struct {
	op byte
	at int // of a loop: its entry in the list of loops
}

// outline goes through a body once: it checks it and measures its loops.
func (c *coder) outline(f *body, fn int) (loops []int, calls bool, err *Error) {
	q := &reader{b: f.code, base: f.ats}
	open, blocks := []frame{{op: opBlock}}, 0
	for q.more() && len(open) > 0 {
		at := q.pos
		in := c.instruction(q, len(open)-1, f.count)
		switch in.op {
		case opBlock, opLoop, opIf:
			fr := frame{op: in.op, at: len(loops)}
			if in.op == opLoop {
				loops = append(loops, -q.pos)
			}
			if open = append(open, fr); len(open) > c.lim.Nesting {
				q.tooMany("function %d nests more than the %d blocks allowed", fn, c.lim.Nesting)
			}
			if blocks++; blocks > c.lim.Blocks {
				q.tooMany("function %d has more than the %d blocks allowed", fn, c.lim.Blocks)
			}
		case opElse:
			if top := &open[len(open)-1]; q.err == nil && top.op == opIf {
				top.op = opElse
			} else {
				q.fail("else without if")
			}
		case opEnd:
			if top := open[len(open)-1]; top.op == opLoop {
				loops[top.at] += at
			}
			open = open[:len(open)-1]
		case opCall, opCallIndirect:
			calls = true
		case opTableSet:
			c.fluid = true
		case opBulk:
			switch in.sub {
			case bulkMemoryInit, bulkDataDrop, bulkTableInit, bulkElemDrop, bulkTableCopy, bulkTableGrow, bulkTableFill:
				c.fluid = true
			}
			if in.sub == bulkMemoryInit || in.sub == bulkDataDrop {
				c.usesData = true
				if int64(in.index) >= int64(len(c.data)) {
					q.fail("there is no data segment %d", in.index)
				}
			}
		}
	}
	if q.err == nil && len(open) > 0 {
		q.fail("function %d does not end", fn)
	}
	q.end("a function")
	return loops, calls, q.err
}

// rewrite makes the new body of the function numbered fn, without its size.
func (c *coder) rewrite(f *body, fn int) ([]byte, *Error) {
	loops, calls, err := c.outline(f, fn)
	if err != nil {
		return nil, err
	}
	out := append(make([]byte, 0, len(f.code)+len(f.code)/4+64), f.locals...)
	out = c.take(out, len(f.code))
	weight := int32(1 + f.count/localsPerUnit + len(f.code)/framePerUnit)
	if calls {
		out = c.enter(out, weight, c.typeOf(uint32(fn)).results)
	}
	q := &reader{b: f.code, base: f.ats}
	nest, from := 0, 0 // from: what has not been copied yet
	flush := func(to int) { out = append(out, f.code[from:to]...) }
	for q.more() {
		at := q.pos
		in := c.instruction(q, nest, f.count)
		switch in.op {
		case opBlock, opIf:
			nest++
		case opLoop:
			nest++
			flush(q.pos)
			out = c.take(out, loops[0])
			loops, from = loops[1:], q.pos
		case opEnd:
			if nest--; nest < 0 && calls {
				out = append(out, f.code[from:q.pos]...) // ends the block that enter began
				out = c.leave(out, weight)
				return append(out, opEnd), nil
			}
		case opReturn:
			if calls {
				flush(at)
				out = appendU32(append(out, opBr), uint32(nest))
				from = q.pos
			}
		case opCall, opRefFunc:
			flush(at)
			out = appendU32(append(out, in.op), c.moved(in.index))
			from = q.pos
		case opMemoryGrow:
			flush(at)
			out = c.charge(out, growCost)
			from = at
		case opBulk:
			flush(at)
			from = at
			if fn, cost := c.bulkCost(in); fn != 0 {
				out = appendU32(append(out, opCall), fn)
				from = q.pos
			} else if cost > 0 {
				out = c.charge(out, cost)
			}
		}
	}
	flush(len(f.code))
	return out, q.err
}

// bulkCost says which helper function does a bulk instruction, or else what it
// costs at most.
func (c *coder) bulkCost(in instruction) (helper uint32, cost int) {
	switch in.sub {
	case bulkMemoryFill:
		c.helped[0] = true
		return c.fill, 0
	case bulkMemoryCopy:
		c.helped[1] = true
		return c.copy, 0
	case bulkMemoryInit:
		return 0, 1 + len(c.data[in.index].Bytes)>>touchedShift
	case bulkTableInit, bulkTableCopy, bulkTableFill:
		return 0, 1 + 8*c.lim.Table>>touchedShift
	case bulkTableGrow:
		return 0, growCost + 8*c.lim.Table>>touchedShift
	}
	return 0, 0
}

// take emits the taking of fuel for size bytes of code.
func (c *coder) take(out []byte, size int) []byte { return c.charge(out, 1+size/bytesPerUnit) }

// charge emits: fuel -= cost; if fuel < 0 { fuel = yield(fuel) }.
func (c *coder) charge(out []byte, cost int) []byte {
	c.points++
	out = appendU32(append(out, opGlobalGet), c.fuel)
	out = appendS32(append(out, opI32Const), int32(min(cost, math.MaxInt32/2)))
	out = append(out, i32Sub)
	return c.settle(out)
}

// settle emits what follows a subtraction from the fuel.
func (c *coder) settle(out []byte) []byte {
	out = appendU32(append(out, opGlobalSet), c.fuel)
	out = appendU32(append(out, opGlobalGet), c.fuel)
	out = append(out, opI32Const, 0, i32LtS, opIf, noType)
	out = appendU32(append(out, opGlobalGet), c.fuel)
	out = appendU32(append(out, opCall), c.yield)
	out = appendU32(append(out, opGlobalSet), c.fuel)
	return append(out, opEnd)
}

// enter emits: depth += weight; if depth > limit { yield(TooDeep) }; and begins
// a block around the body, which everything that returns leaves by its end.
func (c *coder) enter(out []byte, weight int32, results []byte) []byte {
	out = appendU32(append(out, opGlobalGet), c.depth)
	out = appendS32(append(out, opI32Const), weight)
	out = append(out, i32Add)
	out = appendU32(append(out, opGlobalSet), c.depth)
	out = appendU32(append(out, opGlobalGet), c.depth)
	out = appendS32(append(out, opI32Const), int32(c.lim.Depth))
	out = append(out, i32GtS, opIf, noType)
	out = appendS32(append(out, opI32Const), TooDeep)
	out = appendU32(append(out, opCall), c.yield)
	out = append(out, 0x1a, opUnreachable, opEnd)
	out = append(out, opBlock)
	switch len(results) {
	case 0:
		return append(out, noType)
	case 1:
		return append(out, results[0])
	}
	return appendS32(out, int32(c.types.add(nil, results)))
}

func (c *coder) leave(out []byte, weight int32) []byte {
	out = appendU32(append(out, opGlobalGet), c.depth)
	out = appendS32(append(out, opI32Const), weight)
	out = append(out, i32Sub)
	return appendU32(append(out, opGlobalSet), c.depth)
}

// helper emits a function that does a bulk instruction of three operands, the
// last of which says how many bytes it touches: piece by piece, and taking the fuel
// for each, so that it can be interrupted. What reaches beyond the memory is left to
// the instruction, which then does nothing but trap. A copy that overlaps upwards
// begins at its upper end.
func (c *coder) helper(addresses int, instruction ...byte) []byte {
	const bytes = 2 // the operand
	operands := func(out []byte) []byte {
		return append(append(out, opLocalGet, 0, opLocalGet, 1, opLocalGet, bytes), instruction...)
	}
	plus := func(out []byte, local byte, op byte) []byte { // local = local op piece
		out = appendS32(append(out, opLocalGet, local, opI32Const), piece)
		return append(out, op, opLocalSet, local)
	}
	upwards := func(out []byte) []byte {
		for i := range addresses {
			out = plus(out, byte(i), i32Add)
		}
		return out
	}
	out := []byte{0} // no locals
	out = append(out, opBlock, noType)
	out = appendS32(append(out, opLocalGet, bytes, opI32Const), piece)
	out = append(out, i32LeU, opBrIf, 0)
	for i := range addresses { // address + bytes > memory.size << 16
		out = append(out, opLocalGet, byte(i), i64ExtendI32U, opLocalGet, bytes, i64ExtendI32U, i64Add)
		out = append(out, opMemorySize, 0, i64ExtendI32U, opI64Const, 16, i64Shl, i64GtU, opBrIf, 0)
	}
	out = append(out, opLoop, noType)
	out = c.charge(out, piece>>touchedShift)
	whole := func(out []byte) []byte { // one piece, from the lower end
		out = append(out, opLocalGet, 0, opLocalGet, 1)
		return append(appendS32(append(out, opI32Const), piece), instruction...)
	}
	if addresses == 2 {
		out = append(out, opLocalGet, 0, opLocalGet, 1, i32GtU, opIf, noType)
		for i := range addresses { // from the upper end
			out = append(out, opLocalGet, byte(i), opLocalGet, bytes, i32Add)
			out = append(appendS32(append(out, opI32Const), piece), i32Sub)
		}
		out = append(appendS32(append(out, opI32Const), piece), instruction...)
		out = append(out, opElse)
		out = append(upwards(whole(out)), opEnd)
	} else {
		out = upwards(whole(out))
	}
	out = plus(out, bytes, i32Sub)
	out = appendS32(append(out, opLocalGet, bytes, opI32Const), piece)
	out = append(out, i32GtU, opBrIf, 0, opEnd, opEnd)
	out = appendU32(append(out, opGlobalGet), c.fuel)
	out = append(out, opLocalGet, bytes, opI32Const, touchedShift, i32ShrU, i32Sub)
	return append(operands(c.settle(out)), opEnd)
}
