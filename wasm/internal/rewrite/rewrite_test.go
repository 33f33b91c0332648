package rewrite_test

import (
	"context"
	"encoding/binary"
	"errors"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/kista-go/kista/wasm/internal/rewrite"
	"github.com/kista-go/kista/wasm/internal/wat"
)

var limits = rewrite.Limits{
	Bytes: 1 << 20, Functions: 1000, Body: 1 << 16, Locals: 1000, Nesting: 500, Blocks: 5000, Types: 1000, Items: 1000,
	Table: 1000, Pages: 16, Interval: 1000, Depth: 2000,
}

// machine runs modules, with and without the rewriting.
type machine struct {
	rt     wazero.Runtime
	budget int64 // fuel that is left
	least  int32 // lowest fuel that a yield has seen
	yields int
}

var (
	errSpent = errors.New("the budget is spent")
	errDeep  = errors.New("too deep")
)

func newMachine(ctx context.Context) *machine {
	m := &machine{rt: wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfig().WithMemoryLimitPages(16))}
	i32 := []api.ValueType{api.ValueTypeI32}
	_, err := m.rt.NewHostModuleBuilder(rewrite.YieldModule).NewFunctionBuilder().
		WithGoModuleFunction(api.GoModuleFunc(m.yield), i32, i32).Export(rewrite.YieldName).Instantiate(ctx)
	if err != nil {
		panic(err)
	}
	return m
}

func (m *machine) yield(_ context.Context, _ api.Module, st []uint64) {
	left := int32(st[0])
	if left == rewrite.TooDeep {
		panic(errDeep)
	}
	m.least = min(m.least, left)
	m.yields++
	m.budget -= int64(limits.Interval) - int64(left)
	if m.budget < 0 {
		panic(errSpent)
	}
	st[0] = uint64(limits.Interval)
}

// run makes an instance and calls its f once for each argument.
func (m *machine) run(ctx context.Context, code []byte, args ...uint32) (results []string) {
	return m.runModule(ctx, &rewrite.Module{Code: code}, args...)
}

// begin does what is left to the host when an instance is made.
func begin(ctx context.Context, in api.Module, re *rewrite.Module) error {
	for _, d := range re.Data {
		if !in.Memory().Write(d.Offset, d.Bytes) {
			return errors.New("data outside the memory")
		}
	}
	if re.Start {
		_, err := in.ExportedFunction(rewrite.StartName).Call(ctx)
		return err
	}
	return nil
}

func (m *machine) runModule(ctx context.Context, re *rewrite.Module, args ...uint32) (results []string) {
	code := re.Code
	cm, err := m.rt.CompileModule(ctx, code)
	if err != nil {
		return []string{"does not compile: " + err.Error()}
	}
	defer cm.Close(ctx)
	in, err := m.rt.InstantiateModule(ctx, cm, wazero.NewModuleConfig().WithName(""))
	if err == nil {
		defer in.Close(ctx)
		err = begin(ctx, in, re)
	}
	switch {
	case errors.Is(err, errSpent) || errors.Is(err, errDeep):
		return []string{outcome(nil, err)}
	case err != nil:
		return []string{"does not start"}
	}
	f := in.ExportedFunction("f")
	if f == nil || len(f.Definition().ParamTypes()) != 1 {
		return []string{"no f"}
	}
	for _, a := range args {
		res, err := f.Call(ctx, uint64(a))
		results = append(results, outcome(res, err))
		if err != nil {
			break
		}
	}
	if mem := in.Memory(); !reflect.ValueOf(mem).IsNil() { // without a memory it is a typed nil
		b, _ := mem.Read(0, mem.Size())
		sum := uint32(0)
		for _, c := range b {
			sum = sum*31 + uint32(c)
		}
		results = append(results, "memory "+strconv.Itoa(len(b))+" "+strconv.Itoa(int(sum)))
	}
	return results
}

// outcome is what a call came to, in words that do not tell the two apart.
func outcome(res []uint64, err error) string {
	switch {
	case errors.Is(err, errSpent):
		return errSpent.Error()
	case errors.Is(err, errDeep):
		return errDeep.Error()
	case err != nil:
		first, _, _ := strings.Cut(err.Error(), "\n")
		return first
	case len(res) == 0:
		return "nothing"
	}
	return strconv.FormatUint(res[0], 10)
}

// The rewritten module computes what the module computes.
func TestSameResults(t *testing.T) {
	ctx := t.Context()
	for name, text := range programs {
		t.Run(name, func(t *testing.T) {
			m := newMachine(ctx)
			defer m.rt.Close(ctx)
			src := wat.MustAssemble(text)
			re, err := rewrite.Rewrite(src, limits)
			if err != nil {
				t.Fatal(err)
			}
			for _, args := range [][]uint32{{0}, {1}, {2}, {3}, {4, 5, 6}, {11, 24}, {20, 1, 0, 1}} {
				m.budget = 1 << 40
				want, got := m.run(ctx, src, args...), m.runModule(ctx, re, args...)
				if !slices.Equal(want, got) {
					t.Errorf("f%v: %v, want %v", args, got, want)
				}
				if strings.HasPrefix(want[0], "does not compile") {
					t.Fatalf("the test's own program: %v", want)
				}
			}
		})
	}
}

// Whatever runs for long yields, and never much later than it should.
func TestNothingRunsForLong(t *testing.T) {
	ctx := t.Context()
	tests := map[string]string{
		"endless loop":      `(module (func (export "f") (param i32) loop br 0 end))`,
		"loop-free 2^30":    `(module (func $e (export "f") (param i32) (if (i32.lt_u (local.get 0) (i32.const 30)) (then (call $e (i32.add (local.get 0) (i32.const 1))) (call $e (i32.add (local.get 0) (i32.const 1)))))))`,
		"endless fills":     `(module (memory 16) (func (export "f") (param i32) loop (memory.fill (i32.const 0) (i32.const 1) (i32.const 1048576)) br 0 end))`,
		"endless copies":    `(module (memory 16) (func (export "f") (param i32) loop (memory.copy (i32.const 1) (i32.const 0) (i32.const 1048575)) br 0 end))`,
		"endless growing":   `(module (memory 1) (func (export "f") (param i32) loop (drop (memory.grow (i32.const 0))) br 0 end))`,
		"endless start":     `(module (start $s) (func $s loop br 0 end) (func (export "f") (param i32)))`,
		"straight and long": `(module (func (export "f") (param i32) loop ` + strings.Repeat("(local.set 0 (i32.add (local.get 0) (i32.const 77)))", 5000) + ` br 0 end))`,
		"tables":            `(module (table 1000 funcref) (func (export "f") (param i32) loop (table.fill 0 (i32.const 0) (ref.null func) (i32.const 1000)) br 0 end))`,
	}
	for name, text := range tests {
		t.Run(name, func(t *testing.T) {
			m := newMachine(ctx)
			defer m.rt.Close(ctx)
			re, err := rewrite.Rewrite(wat.MustAssemble(text), limits)
			if err != nil {
				t.Fatal(err)
			}
			m.budget = 1 << 20
			if got := m.runModule(ctx, re, 0); got[0] != errSpent.Error() {
				t.Errorf("it came to %v, want the end of its budget", got)
			}
			if m.yields < 10 {
				t.Errorf("%d yields in 2^20 units of fuel", m.yields)
			}
		})
	}
}

func TestRecursionEnds(t *testing.T) {
	ctx := t.Context()
	tests := map[string]string{
		"direct":       `(module (func $r (export "f") (param i32) (result i32) (i32.add (i32.const 1) (call $r (local.get 0)))))`,
		"mutual":       `(module (func $a (export "f") (param i32) (call $b)) (func $b (call $a (i32.const 1))))`,
		"by table":     `(module (type $t (func (param i32))) (table 1 funcref) (elem (i32.const 0) $r) (func $r (export "f") (param i32) (call_indirect (type $t) (i32.const 0) (i32.const 0))))`,
		"many results": `(module (func $r (export "f") (param i32) (result i32 i32) (call $r (i32.const 0))))`,
		"wide frames":  `(module (func $r (export "f") (param i32) (local ` + strings.Repeat("i64 ", 900) + `) (call $r (i32.const 0)) (call $r (i32.wrap_i64 (local.get 800)))))`,
	}
	for name, text := range tests {
		t.Run(name, func(t *testing.T) {
			m := newMachine(ctx)
			defer m.rt.Close(ctx)
			re, err := rewrite.Rewrite(wat.MustAssemble(text), limits)
			if err != nil {
				t.Fatal(err)
			}
			m.budget = 1 << 30
			if got := m.runModule(ctx, re, 0); got[0] != errDeep.Error() {
				t.Errorf("it came to %v, want %v", got, errDeep)
			}
		})
	}
}

// Returning gives the depth back, on every way out.
func TestDepthIsGivenBack(t *testing.T) {
	ctx := t.Context()
	m := newMachine(ctx)
	defer m.rt.Close(ctx)
	re, err := rewrite.Rewrite(wat.MustAssemble(`(module
		(func $g (param i32)
			(if (i32.eqz (local.get 0)) (then (return)))
			(br_if 0 (i32.eq (local.get 0) (i32.const 1)))
			(br_table 0 0 (call $h (local.get 0))))
		(func $h (param i32) (result i32) (local.get 0))
		(func (export "f") (param $n i32) (result i32) (local $i i32)
			loop $l
				(call $g (i32.rem_u (local.get $i) (i32.const 4)))
				(br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 100000)))
			end
			local.get $i))`), limits)
	if err != nil {
		t.Fatal(err)
	}
	m.budget = 1 << 40
	if got := m.runModule(ctx, re, 0); got[0] != "100000" {
		t.Errorf("f = %v", got)
	}
}

func TestStateIsReachable(t *testing.T) {
	ctx := t.Context()
	m := newMachine(ctx)
	defer m.rt.Close(ctx)
	re, err := rewrite.Rewrite(wat.MustAssemble(`(module (global $a (mut i64) (i64.const 5)) (global i32 (i32.const 1)) (global $b (mut f64) (f64.const 2.5))
		(func (export "f") (param i32) (global.set $a (i64.const 77))))`), limits)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(re.Mutable, []int{0, 2}) {
		t.Errorf("mutable globals %v", re.Mutable)
	}
	in, err := m.rt.Instantiate(ctx, re.Code)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := in.ExportedFunction("f").Call(ctx, 0); err != nil {
		t.Fatal(err)
	}
	if v := in.ExportedGlobal(rewrite.GlobalPrefix + "0").Get(); v != 77 {
		t.Errorf("global 0 = %d", v)
	}
	if v := api.DecodeF64(in.ExportedGlobal(rewrite.GlobalPrefix + "2").Get()); v != 2.5 {
		t.Errorf("global 2 = %v", v)
	}
}

func TestNamesSurvive(t *testing.T) {
	ctx := t.Context()
	m := newMachine(ctx)
	defer m.rt.Close(ctx)
	re, err := rewrite.Rewrite(wat.MustAssemble(`(module (func $inner unreachable) (func $outer (export "f") (param i32) (call $inner)))`), limits)
	if err != nil {
		t.Fatal(err)
	}
	in, err := m.rt.Instantiate(ctx, re.Code)
	if err != nil {
		t.Fatal(err)
	}
	_, err = in.ExportedFunction("f").Call(ctx, 0)
	if err == nil || !strings.Contains(err.Error(), ".inner()") || !strings.Contains(err.Error(), ".outer(i32)") {
		t.Errorf("the trap says %v", err)
	}
}

func TestRefused(t *testing.T) {
	long := strings.Repeat("block ", 600) + strings.Repeat("end ", 600)
	tests := map[string]struct{ text, want string }{
		"memory import":       {`(module (import "a" "m" (memory)))`, "only functions may be imported"},
		"global import":       {`(module (import "a" "g" (global)))`, "only functions may be imported"},
		"table import":        {`(module (import "a" "t" (table)))`, "only functions may be imported"},
		"the yield":           {`(module (import "kista:fuel" "yield" (func (param i32) (result i32))))`, "reserved"},
		"reserved export":     {`(module (func (export "kista:global:0")))`, "reserved"},
		"two memories":        {`(module (memory 1))`, ""},
		"huge memory":         {`(module (memory 17))`, "more than the 16 allowed"},
		"huge table":          {`(module (table 1001 funcref))`, "more than the 1000 allowed"},
		"two tables too many": {`(module (table 600 700 funcref) (table 600 funcref))`, "more than the 300 allowed"},
		"tail call":           {`(module (func $f (return_call $f)))`, "tail calls"},
		"the fuel's global":   {`(module (func (global.set 0 (i32.const 1000000))))`, "there is no global 0"},
		"the helper":          {`(module (memory 1) (func (memory.fill (i32.const 0) (i32.const 0) (i32.const 0)) (call 1)))`, "there is no function 1"},
		"the added type":      {`(module (table 1 funcref) (func (drop (call_indirect (type 1) (i32.const 0) (i32.const 0)))))`, "there is no type 1"},
		"the added label":     {`(module (func $g) (func (call $g) (br 1)))`, "there is no label 1"},
		"nesting":             {`(module (func ` + long + `))`, "blocks allowed"},
		"locals":              {`(module (func (local ` + strings.Repeat("i32 ", 1001) + `)))`, "allowed"},
		"a large function":    {`(module (func ` + strings.Repeat("nop ", 70_000) + `))`, "more than the 65536 allowed"},
		"global as init":      {`(module (global i32 (i32.const 1)) (global i32 (global.get 0)))`, "only constants"},
		"segment":             {`(module (memory 1) (func (memory.init 0 (i32.const 0) (i32.const 0) (i32.const 0))))`, "there is no data segment 0"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := rewrite.Rewrite(wat.MustAssemble(tt.text), limits)
			var e *rewrite.Error
			switch {
			case tt.want == "" && err == nil:
			case !errors.As(err, &e) || !strings.Contains(err.Error(), tt.want) || tt.want == "":
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
}

// Every prefix of a module, and every module with one byte changed, is refused
// or rewritten; nothing panics.
func TestBrokenModules(t *testing.T) {
	for name, text := range programs {
		src := wat.MustAssemble(text)
		for i := range src {
			if _, err := rewrite.Rewrite(src[:i], limits); err == nil && i > 8 && i < 12 {
				t.Errorf("%s: the first %d bytes are a module", name, i)
			}
			for _, bit := range []byte{1, 0x10, 0x80, 0xff} {
				b := slices.Clone(src)
				b[i] ^= bit
				_, _ = rewrite.Rewrite(b, limits)
			}
		}
	}
}

// plain is a module without its custom sections: a list of names that claims to be
// long makes the engine itself take memory for it without end. The rewriting writes
// a list of its own.
func plain(src []byte) []byte {
	out := slices.Clone(src[:8])
	for at := 8; at < len(src); {
		n, used := binary.Uvarint(src[at+1:])
		end := at + 1 + used + int(n)
		if src[at] != 0 {
			out = append(out, src[at:end]...)
		}
		at = end
	}
	return out
}

// Names that lie about their number are dropped, and nothing is allocated for them.
func TestNamesThatLie(t *testing.T) {
	src := append(wat.MustAssemble(`(module (func (export "f") (param i32) (result i32) (local.get 0)))`),
		"\x00\x0c\x04name\x01\x05\xff\xff\xff\xff\x0f"...)
	re, err := rewrite.Rewrite(src, limits)
	if err != nil {
		t.Fatal(err)
	}
	m := newMachine(t.Context())
	defer m.rt.Close(t.Context())
	if got := m.runModule(t.Context(), re, 7); got[0] != "7" {
		t.Errorf("f(7) = %v", got)
	}
}

// What the rewriting takes and the engine then compiles gives the same result
// as the module itself, as far as that ends.
func FuzzRewrite(f *testing.F) {
	for _, text := range programs {
		f.Add(wat.MustAssemble(text), uint32(5))
	}
	f.Fuzz(func(t *testing.T, src []byte, arg uint32) {
		re, err := rewrite.Rewrite(src, limits)
		if err != nil || len(re.Imports) > 0 {
			return
		}
		src = plain(src)
		ctx := t.Context()
		m := newMachine(ctx)
		defer m.rt.Close(ctx)
		m.budget = 1 << 16
		got := m.runModule(ctx, re, arg)
		if strings.HasPrefix(got[0], "does not compile") {
			if cm, err := m.rt.CompileModule(ctx, src); err == nil {
				cm.Close(ctx)
				t.Fatalf("compiles before and not after: %v", got)
			}
			return
		}
		if slices.Contains(got, errSpent.Error()) || slices.Contains(got, errDeep.Error()) {
			return // the module itself may never end
		}
		if want := m.run(ctx, src, arg); !slices.Equal(want, got) && !strings.HasPrefix(want[0], "does not compile") {
			t.Fatalf("f(%d) = %v, want %v", arg, got, want)
		}
	})
}
