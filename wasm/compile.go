package wasm

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"

	"github.com/kista-go/kista/wasm/internal/rewrite"
	"github.com/kista-go/kista/wasm/internal/slab"
)

// code is one version of a module, compiled. It lives until its module has
// another one or is closed, and the last instance of it has gone.
type code struct {
	lim      Limits
	rt       wazero.Runtime
	compiled wazero.CompiledModule
	cache    wazero.CompilationCache // nil: none
	config   wazero.ModuleConfig
	memory   *slab.Pool
	info     *rewrite.Module // without its code
	starts   []string        // the exports that let an instance begin
	image    atomic.Pointer[image]
	exports  [callbacks]bool
	version  int64
	users    atomic.Int64
}

// callback is a function of a guest that the host calls.
type callback uint8

const (
	onInit callback = iota
	onHandle
	onTerminate
	onState
	onRestore
	onVersion
	callbacks
)

// The exports of a guest, by callback: name, parameters, results.
var exported = [callbacks]struct {
	word, name      string
	params, results []byte
}{
	onInit:      {"init", "kista_v1_init", nil, []byte{i32}},
	onHandle:    {"handle", "kista_v1_handle", []byte{i32, i64}, []byte{i32}},
	onTerminate: {"terminate", "kista_v1_terminate", nil, nil},
	onState:     {"state", "kista_v1_state", nil, nil},
	onRestore:   {"restore", "kista_v1_restore", []byte{i64}, []byte{i32}},
	onVersion:   {"version", "kista_v1_version", nil, []byte{i64}},
}

const (
	i32 = api.ValueTypeI32
	i64 = api.ValueTypeI64
)

// check reads a module and makes it safe.
func check(module []byte, lim Limits) (*rewrite.Module, error) {
	re, err := rewrite.Rewrite(module, lim.rewrite())
	if err != nil {
		return nil, moduleError(err)
	}
	return re, checkInterface(re)
}

// compileHere compiles in this program.
func compileHere(ctx context.Context, re *rewrite.Module, lim Limits) (*code, error) {
	c, err := compile(ctx, re, lim, nil)
	switch {
	case err == nil:
		return c, nil
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case errors.Is(err, context.DeadlineExceeded):
		return nil, tooSlow(lim)
	}
	return nil, moduleError(err)
}

func tooSlow(lim Limits) error {
	return &ModuleError{At: -1, Reason: "compiling takes longer than " + lim.Compile.String(), Limit: true}
}

// compile makes code of a checked module, which has one user; cache, if there is
// one, has the machine code.
func compile(ctx context.Context, re *rewrite.Module, lim Limits, cache wazero.CompilationCache) (*code, error) {
	// Two workers: then the engine looks at the context between two functions.
	cctx, cancel := context.WithTimeout(experimental.WithCompilationWorkers(ctx, 2), lim.Compile)
	defer cancel()
	background := context.WithoutCancel(ctx)
	config := wazero.NewRuntimeConfig()
	if cache != nil {
		config = config.WithCompilationCache(cache)
	}
	c := &code{
		lim:    lim,
		rt:     wazero.NewRuntimeWithConfig(background, config),
		cache:  cache,
		memory: slab.New(int(lim.Memory)),
		// Without a source of its own the engine seeds one for each instance, which takes
		// longer than all the rest.
		config: wazero.NewModuleConfig().WithName("").WithRandSource(noRandom{}).WithStartFunctions(),
	}
	c.users.Store(1)
	err := provide(background, c.rt)
	if err == nil {
		c.compiled, err = c.rt.CompileModule(cctx, re.Code)
	}
	if err == nil {
		err = c.prepare(re)
	}
	if err != nil {
		c.release()
		return nil, err
	}
	return c, nil
}

// prepare finds out how instances of the code begin.
func (c *code) prepare(re *rewrite.Module) (err error) {
	re.Code = nil
	c.info = re
	if re.Start {
		c.starts = append(c.starts, rewrite.StartName)
	}
	if _, reactor := re.Funcs["_initialize"]; reactor {
		c.starts = append(c.starts, "_initialize")
	}
	for cb, want := range exported {
		_, c.exports[cb] = re.Funcs[want.name]
	}
	if c.exports[onVersion] {
		if c.version, err = c.askVersion(); err != nil {
			return refusal("asking for its version: %v", err)
		}
	}
	c.takeImage()
	return nil
}

// checkInterface checks what a module imports and exports.
func checkInterface(re *rewrite.Module) error {
	for _, im := range re.Imports {
		f, ok := hostFunctions[im.Module+"."+im.Name]
		switch {
		case !ok:
			return refusal("it imports %s.%s, which is not there: a guest has %s and nothing else", im.Module, im.Name, HostModule)
		case string(f.params) != string(im.Params) || string(f.results) != string(im.Results):
			return refusal("it imports %s.%s with other types than it has", im.Module, im.Name)
		}
	}
	if !re.Memory {
		return refusal("it does not export its memory as %q", "memory")
	}
	for cb, want := range exported {
		f, ok := re.Funcs[want.name]
		switch {
		case !ok && callback(cb) == onHandle:
			return refusal("it does not export %s", want.name)
		case ok && (string(f.Params) != string(want.params) || string(f.Results) != string(want.results)):
			return refusal("it exports %s with other types than it must have", want.name)
		}
	}
	if f, ok := re.Funcs["_initialize"]; ok && len(f.Params)+len(f.Results) > 0 {
		return refusal("it exports _initialize with other types than it must have")
	}
	if _, ok := re.Funcs["_start"]; ok {
		return refusal("it exports _start: it is a program, not a reactor (build it with -buildmode=c-shared, or -mexec-model=reactor)")
	}
	return nil
}

// askVersion makes an instance that serves nobody and asks it.
func (c *code) askVersion() (int64, error) {
	in, err := c.retain().instantiate(nil, time.Now().Add(c.lim.Compile))
	if err != nil {
		return 0, err
	}
	defer in.close()
	v, err := in.hushed(onVersion, c.lim.Compile)
	return int64(v), err
}

func (c *code) retain() *code {
	c.users.Add(1)
	return c
}

// release gives a use back. The last one takes everything down.
func (c *code) release() {
	if c.users.Add(-1) == 0 {
		_ = c.rt.Close(context.Background())
		if c.cache != nil {
			_ = c.cache.Close(context.Background())
		}
		c.memory.Close()
	}
}

// noRandom is a source that nobody can read: guests get random bytes from the host
// function alone.
type noRandom struct{}

func (noRandom) Read([]byte) (int, error) { return 0, errors.New("wasm: no random source") }
