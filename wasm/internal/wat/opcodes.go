package wat

import (
	"encoding/binary"
	"strings"
)

// immediate says what follows an opcode.
type immediate uint8

const (
	none immediate = iota
	index
	label
	labels
	memory // alignment and offset
	constI32
	constI64
	constF32
	constF64
	indirect
	zero
	zero2
	segment     // number of a data segment, and 0
	lane        // one byte
	bytes16     // sixteen numbers
	refType     // func or extern
	tableIndex  // optional
	tableIndex2 // optional, both
	elemTable   // a segment and an optional table
)

type opcode struct {
	code []byte
	imm  immediate
}

var opcodes = map[string]opcode{}

// numeric holds the names of the instructions from 0x45 on, in order.
const numeric = `i32.eqz i32.eq i32.ne i32.lt_s i32.lt_u i32.gt_s i32.gt_u i32.le_s i32.le_u i32.ge_s i32.ge_u
i64.eqz i64.eq i64.ne i64.lt_s i64.lt_u i64.gt_s i64.gt_u i64.le_s i64.le_u i64.ge_s i64.ge_u
f32.eq f32.ne f32.lt f32.gt f32.le f32.ge f64.eq f64.ne f64.lt f64.gt f64.le f64.ge
i32.clz i32.ctz i32.popcnt i32.add i32.sub i32.mul i32.div_s i32.div_u i32.rem_s i32.rem_u i32.and i32.or i32.xor
i32.shl i32.shr_s i32.shr_u i32.rotl i32.rotr
i64.clz i64.ctz i64.popcnt i64.add i64.sub i64.mul i64.div_s i64.div_u i64.rem_s i64.rem_u i64.and i64.or i64.xor
i64.shl i64.shr_s i64.shr_u i64.rotl i64.rotr
f32.abs f32.neg f32.ceil f32.floor f32.trunc f32.nearest f32.sqrt f32.add f32.sub f32.mul f32.div f32.min f32.max f32.copysign
f64.abs f64.neg f64.ceil f64.floor f64.trunc f64.nearest f64.sqrt f64.add f64.sub f64.mul f64.div f64.min f64.max f64.copysign
i32.wrap_i64 i32.trunc_f32_s i32.trunc_f32_u i32.trunc_f64_s i32.trunc_f64_u i64.extend_i32_s i64.extend_i32_u
i64.trunc_f32_s i64.trunc_f32_u i64.trunc_f64_s i64.trunc_f64_u f32.convert_i32_s f32.convert_i32_u f32.convert_i64_s
f32.convert_i64_u f32.demote_f64 f64.convert_i32_s f64.convert_i32_u f64.convert_i64_s f64.convert_i64_u f64.promote_f32
i32.reinterpret_f32 i64.reinterpret_f64 f32.reinterpret_i32 f64.reinterpret_i64
i32.extend8_s i32.extend16_s i64.extend8_s i64.extend16_s i64.extend32_s`

// memories holds the names of the loads and stores, from 0x28 on.
const memories = `i32.load i64.load f32.load f64.load i32.load8_s i32.load8_u i32.load16_s i32.load16_u
i64.load8_s i64.load8_u i64.load16_s i64.load16_u i64.load32_s i64.load32_u
i32.store i64.store f32.store f64.store i32.store8 i32.store16 i64.store8 i64.store16 i64.store32`

const saturating = `i32.trunc_sat_f32_s i32.trunc_sat_f32_u i32.trunc_sat_f64_s i32.trunc_sat_f64_u
i64.trunc_sat_f32_s i64.trunc_sat_f32_u i64.trunc_sat_f64_s i64.trunc_sat_f64_u`

func init() {
	set := func(name string, imm immediate, code ...byte) { opcodes[name] = opcode{code, imm} }
	for i, name := range strings.Fields(numeric) {
		set(name, none, byte(0x45+i))
	}
	for i, name := range strings.Fields(memories) {
		set(name, memory, byte(0x28+i))
	}
	for i, name := range strings.Fields(saturating) {
		set(name, none, 0xfc, byte(i))
	}
	set("unreachable", none, 0x00)
	set("nop", none, 0x01)
	set("end", none, 0x0b)
	set("br", label, 0x0c)
	set("br_if", label, 0x0d)
	set("br_table", labels, 0x0e)
	set("return", none, 0x0f)
	set("call", index, 0x10)
	set("call_indirect", indirect, 0x11)
	set("return_call", index, 0x12)
	set("drop", none, 0x1a)
	set("select", none, 0x1b)
	set("local.get", index, 0x20)
	set("local.set", index, 0x21)
	set("local.tee", index, 0x22)
	set("global.get", index, 0x23)
	set("global.set", index, 0x24)
	set("table.get", tableIndex, 0x25)
	set("table.set", tableIndex, 0x26)
	set("memory.size", zero, 0x3f)
	set("memory.grow", zero, 0x40)
	set("i32.const", constI32, 0x41)
	set("i64.const", constI64, 0x42)
	set("f32.const", constF32, 0x43)
	set("f64.const", constF64, 0x44)
	set("ref.null", refType, 0xd0)
	set("ref.is_null", none, 0xd1)
	set("ref.func", index, 0xd2)
	set("memory.init", segment, 0xfc, 8)
	set("data.drop", index, 0xfc, 9)
	set("memory.copy", zero2, 0xfc, 10)
	set("memory.fill", zero, 0xfc, 11)
	set("table.init", elemTable, 0xfc, 12)
	set("elem.drop", index, 0xfc, 13)
	set("table.copy", tableIndex2, 0xfc, 14)
	set("table.grow", tableIndex, 0xfc, 15)
	set("table.size", tableIndex, 0xfc, 16)
	set("table.fill", tableIndex, 0xfc, 17)
	set("v128.load", memory, vector(0)...)
	set("v128.store", memory, vector(11)...)
	set("i8x16.shuffle", bytes16, vector(13)...)
	set("v128.const", bytes16, vector(12)...)
	set("i32x4.splat", none, vector(17)...)
	set("i32x4.extract_lane", lane, vector(27)...)
	set("i32x4.replace_lane", lane, vector(28)...)
	set("i32x4.add", none, vector(174)...)
	set("i32x4.mul", none, vector(181)...)
}

func vector(sub uint64) []byte { return binary.AppendUvarint([]byte{0xfd}, sub) }

var valueTypes = map[string]byte{
	"i32": 0x7f, "i64": 0x7e, "f32": 0x7d, "f64": 0x7c, "v128": 0x7b, "funcref": 0x70, "externref": 0x6f,
}
