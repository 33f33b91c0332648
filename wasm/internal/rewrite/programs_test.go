package rewrite_test

// sum is the sum of all bytes of a memory, each times its place.
const sum = `
	loop $sum
		(local.set $s (i32.add (i32.mul (local.get $s) (i32.const 31)) (i32.load8_u (local.get $i))))
		(br_if $sum (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 1048576)))
	end
	local.get $s`

// copies is a program that copies some 300,000 bytes.
func copies(from, to string) string {
	return `(module (memory 16) (func (export "f") (param $n i32) (result i32) (local $i i32) (local $s i32)
			loop $l
				(i32.store (local.get $i) (i32.mul (local.get $i) (i32.const -1640531535)))
				(br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 4))) (i32.const 1048576)))
			end
			(local.set $i (i32.const 0))
			(memory.copy ` + to + from + ` (i32.const 300007))
			` + sum + `))`
}

// programs are modules whose export f, given a number, must give the same with
// and without the rewriting. Between them they use every form that the
// rewriting touches.
var programs = map[string]string{
	"constant": `(module (func (export "f") (param i32) (result i32) (i32.add (local.get 0) (i32.const 7))))`,
	"loop": `(module (func (export "f") (param $n i32) (result i32) (local $s i32)
		block $out loop $top
			(br_if $out (i32.eqz (local.get $n)))
			(local.set $s (i32.add (local.get $s) (local.get $n)))
			(local.set $n (i32.sub (local.get $n) (i32.const 1)))
			br $top
		end end
		local.get $s))`,
	"nested loops": `(module (func (export "f") (param $n i32) (result i32) (local $i i32) (local $j i32) (local $s i32)
		loop $a
			(local.set $j (i32.const 0))
			loop $b
				(local.set $s (i32.add (local.get $s) (i32.mul (local.get $i) (local.get $j))))
				(br_if $b (i32.lt_u (local.tee $j (i32.add (local.get $j) (i32.const 1))) (i32.const 50)))
			end
			(br_if $a (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n)))
		end
		local.get $s))`,
	"fib": `(module (func $fib (export "f") (param $n i32) (result i32)
		(if (i32.lt_u (local.get $n) (i32.const 2)) (then (return (local.get $n))))
		(i32.add (call $fib (i32.sub (local.get $n) (i32.const 1))) (call $fib (i32.sub (local.get $n) (i32.const 2))))))`,
	"many results": `(module
		(func $pair (param i32) (result i32 i64)
			(if (i32.and (local.get 0) (i32.const 1)) (then (return (local.get 0) (i64.const 5))))
			(call $touch)
			(i32.mul (local.get 0) (i32.const 3)) (i64.const 9))
		(func $touch)
		(func (export "f") (param i32) (result i32)
			(call $pair (local.get 0)) i32.wrap_i64 i32.add))`,
	"indirect": `(module (type $t (func (param i32) (result i32)))
		(table 4 funcref) (elem (i32.const 1) $a $b)
		(func $a (param i32) (result i32) (i32.mul (local.get 0) (i32.const 2)))
		(func $b (param i32) (result i32) (call $a (i32.add (local.get 0) (i32.const 1))))
		(func (export "f") (param i32) (result i32)
			(call_indirect (type $t) (local.get 0) (i32.and (local.get 0) (i32.const 3)))))`,
	"references": `(module (table $t 2 funcref) (elem declare func $a) (type $s (func (param i32) (result i32)))
		(func $a (param i32) (result i32) (i32.add (local.get 0) (i32.const 40)))
		(func (export "f") (param i32) (result i32)
			(table.set $t (i32.const 1) (ref.func $a))
			(call_indirect (type $s) (local.get 0) (i32.const 1))))`,
	"globals and start": `(module (global $g (mut i32) (i32.const 5)) (global $c i64 (i64.const 9)) (start $s)
		(func $s (global.set $g (i32.add (global.get $g) (i32.const 100))))
		(func (export "f") (param i32) (result i32)
			(global.set $g (i32.add (global.get $g) (local.get 0)))
			(i32.add (global.get $g) (i32.wrap_i64 (global.get $c)))))`,
	"memory": `(module (memory 1 3) (data (i32.const 16) "hello\00\ff") (data "passive")
		(func (export "f") (param $n i32) (result i32)
			(memory.init 1 (i32.const 100) (i32.const 1) (i32.const 4))
			(data.drop 1)
			(memory.fill (i32.const 200) (local.get $n) (i32.const 33))
			(memory.copy (i32.const 210) (i32.const 16) (i32.const 7))
			(drop (memory.grow (i32.const 1)))
			(i32.store offset=4 (i32.const 65536) (i32.load (i32.const 212)))
			(i32.add (i32.add (i32.load8_u (i32.const 101)) (i32.load offset=4 (i32.const 65536)))
				(i32.add (memory.size) (i32.load (i32.const 208))))))`,
	"memory beyond its end": `(module (memory 1) (func (export "f") (param i32) (result i32)
			(memory.fill (i32.const 0) (i32.const 1) (i32.shl (local.get 0) (i32.const 12))) (i32.load (local.get 0))))`,
	"large fills": `(module (memory 16) (func (export "f") (param $n i32) (result i32) (local $i i32) (local $s i32)
			(memory.fill (i32.add (i32.const 77) (local.get $n)) (i32.const 5) (i32.mul (i32.const 65536) (i32.and (local.get $n) (i32.const 7))))
			(memory.fill (i32.const 300000) (local.get $n) (i32.add (i32.const 200001) (local.get $n)))
			` + sum + `))`,
	"large fills beyond the end": `(module (memory 16) (func (export "f") (param $n i32) (result i32)
			(if (i32.gt_u (local.get $n) (i32.const 2)) (then (memory.fill (i32.const 800000) (i32.const 1) (i32.add (i32.const 248570) (local.get $n)))))
			(if (i32.eq (local.get $n) (i32.const 1)) (then (memory.fill (i32.const 100) (i32.const 1) (i32.const -1))))
			(i32.load8_u (i32.const 900000))))`,
	"large copies upwards":   copies("(i32.const 1000)", "(i32.add (i32.const 1001) (i32.mul (local.get $n) (i32.const 7777)))"),
	"large copies downwards": copies("(i32.add (i32.const 1001) (i32.mul (local.get $n) (i32.const 7777)))", "(i32.const 1000)"),
	"copies to where it is":  copies("(i32.const 1000)", "(i32.const 1000)"),
	"copies beyond the end":  copies("(i32.const 400000)", "(i32.add (i32.const 748566) (local.get $n))"),
	"copies from beyond":     copies("(i32.add (i32.const 748566) (local.get $n))", "(i32.const 400000)"),
	"branch table": `(module (func (export "f") (param $n i32) (result i32)
		block $c block $b block $a
			(br_table $a $b $c (local.get $n))
		end (return (i32.const 10))
		end (return (i32.const 20))
		end
		(if (result i32) (i32.gt_u (local.get $n) (i32.const 22)) (then (i32.const 1)) (else (i32.const 30)))
		drop (call $id (local.get $n)))
		(func $id (param i32) (result i32) (local.get 0)))`,
	"branch out of the function": `(module (func $id (param i32) (result i32) (local.get 0))
		(func (export "f") (param $n i32) (result i32)
			loop $l (result i32)
				(call $id (local.get $n))
				(br_if 1 (i32.gt_s (local.get $n) (i32.const 10)))
				drop
				(local.set $n (i32.add (local.get $n) (i32.const 3)))
				br $l
			end))`,
	"traps": `(module (func (export "f") (param i32) (result i32)
		(if (i32.eq (local.get 0) (i32.const 3)) (then unreachable))
		(i32.div_s (i32.const 100) (local.get 0))))`,
	"dead code": `(module (func $g) (func (export "f") (param i32) (result i32)
		(call $g) (return (local.get 0)) loop br 0 end unreachable))`,
	"vectors": `(module (memory 1) (func (export "f") (param i32) (result i32)
		(v128.store offset=16 (i32.const 0) (i32x4.add (i32x4.splat (local.get 0)) (v128.const 1 0 0 0 2 0 0 0 3 0 0 0 4 0 0 0)))
		(i32.add (i32.load (i32.const 28)) (i32x4.extract_lane 2 (i8x16.shuffle 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 (v128.load offset=16 (i32.const 0)) (v128.load offset=16 (i32.const 0)))))))`,
	"floats": `(module (func (export "f") (param i32) (result i32)
		(i32.trunc_sat_f64_s (f64.mul (f64.sqrt (f64.convert_i32_s (local.get 0))) (f64.const 1000.5)))))`,
	"tables": `(module (table $t 3 10 funcref) (elem func $x $y)
		(func $x (result i32) (i32.const 1)) (func $y (result i32) (i32.const 2)) (type $r (func (result i32)))
		(func (export "f") (param i32) (result i32)
			(table.init 0 (i32.const 1) (i32.const 0) (i32.const 2))
			(table.copy (i32.const 0) (i32.const 1) (i32.const 2))
			(drop (table.grow $t (ref.null func) (i32.const 2)))
			(table.fill $t (i32.const 3) (ref.func $y) (i32.const 2))
			(elem.drop 0)
			(i32.add (table.size $t) (call_indirect (type $r) (local.get 0)))))`,
	"recursion, even and odd": `(module
		(func $even (export "f") (param i32) (result i32)
			(if (result i32) (i32.eqz (local.get 0)) (then (i32.const 1)) (else (call $odd (i32.sub (local.get 0) (i32.const 1))))))
		(func $odd (param i32) (result i32)
			(if (result i32) (i32.eqz (local.get 0)) (then (i32.const 0)) (else (call $even (i32.sub (local.get 0) (i32.const 1)))))))`,
}
