package wasm

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/tetratelabs/wazero"

	"github.com/kista-go/kista/wasm/internal/cache"
	"github.com/kista-go/kista/wasm/internal/rewrite"
)

// Compiler compiles modules in processes of their own, one for each module, which
// are killed when they take too long or too much, and keeps the machine code in a
// directory, so that a module is compiled once. The zero value runs this very
// program as the compiling one, and keeps nothing. Its methods may be used by any
// goroutine; its fields must not be changed meanwhile.
//
// The compiling program is one whose main calls [CompilerMain] first.
type Compiler struct {
	// Command is the program that compiles, with its arguments; it must be built with
	// the same version of the engine. Empty: this one.
	Command []string
	// Dir is where machine code is kept. It is made, for this user alone, if it is not
	// there; one that others can read or write, or that belongs to somebody else, is
	// refused. Empty: nothing is kept.
	Dir string
	// Key authenticates what is kept: an entry that was not written with the same key
	// is compiled anew. Empty: a random one, kept in Dir.
	Key []byte
	// Bytes is how much is kept in Dir; what has not been used for longest goes first.
	// Zero: 1 GiB.
	Bytes int64
	// Memory is what a compiling process may use, in bytes, where the operating system
	// can limit it. Zero: 2 GiB.
	Memory int64
}

const (
	childDir    = "KISTA_WASM_COMPILE" // the directory that a compiling process is to use
	childMemory = "KISTA_WASM_MEMORY"
	childTime   = "KISTA_WASM_SECONDS"
	sourceName  = "module.wasm"
)

// Load is the package's [Load], with the compiling done elsewhere. Further errors:
// that the compiling program cannot be run, or has not done its work; that Dir is
// not as it must be.
func (c *Compiler) Load(ctx context.Context, module []byte, lim Limits) (*Module, error) {
	lim, err := lim.or()
	if err != nil {
		return nil, err
	}
	re, err := check(module, lim)
	if err != nil {
		return nil, err
	}
	var store *cache.Store
	if c.Dir != "" {
		if store, err = cache.Open(c.Dir, c.Key, c.Bytes); err != nil {
			return nil, fmt.Errorf("wasm: the cache of compiled modules: %w", err)
		}
	}
	sum := sha256.Sum256(re.Code)
	name := hex.EncodeToString(sum[:])
	if store != nil {
		if entry, ok := store.Get(name); ok {
			m, err := loadEntry(ctx, re, lim, entry)
			if err == nil || errors.As(err, new(*ModuleError)) {
				return m, err
			} // of another version of the engine, or for another processor
		}
	}
	entry, err := c.compile(ctx, re.Code, lim)
	if err != nil {
		return nil, err
	}
	m, err := loadEntry(ctx, re, lim, entry)
	if err == nil && store != nil {
		_ = store.Put(name, entry) // without it, it is compiled again
	}
	return m, err
}

// loadEntry makes a module of machine code. It compiles nothing: where the entry is
// not for this module, engine and processor, it fails.
func loadEntry(ctx context.Context, re *rewrite.Module, lim Limits, e cache.Entry) (*Module, error) {
	dir, err := os.MkdirTemp("", "kista-wasm")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	path := filepath.Join(dir, e.Path)
	if !filepath.IsLocal(e.Path) {
		return nil, fmt.Errorf("wasm: the compiling process has left a file in %q", e.Path)
	}
	if err = os.MkdirAll(filepath.Dir(path), 0o700); err == nil {
		err = os.WriteFile(path, e.Code, 0o600)
	}
	if err != nil {
		return nil, err
	}
	engine, err := wazero.NewCompilationCacheWithDir(dir)
	if err != nil {
		return nil, err
	}
	over, cancel := context.WithCancel(context.WithoutCancel(ctx))
	cancel() // so that it does not begin to compile
	code, err := compile(over, re, lim, engine)
	switch {
	case errors.Is(err, context.Canceled):
		return nil, errors.New("wasm: what the compiling process has left is not for this module and engine")
	case err != nil:
		return nil, moduleError(err)
	}
	return newModule(code), nil
}

// compile has a process compile code, and returns what it leaves.
func (c *Compiler) compile(ctx context.Context, code []byte, lim Limits) (e cache.Entry, err error) {
	dir, err := os.MkdirTemp("", "kista-wasm")
	if err != nil {
		return e, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if err := os.WriteFile(filepath.Join(dir, sourceName), code, 0o600); err != nil {
		return e, err
	}
	command := c.Command
	if len(command) == 0 {
		self, err := os.Executable()
		if err != nil {
			return e, fmt.Errorf("wasm: this program does not know where it is; set Compiler.Command: %w", err)
		}
		command = []string{self}
	}
	memory := c.Memory
	if memory <= 0 {
		memory = 2 << 30
	}
	cctx, cancel := context.WithTimeout(ctx, lim.Compile)
	defer cancel()
	cmd := exec.CommandContext(cctx, command[0], command[1:]...)
	cmd.Env = []string{
		childDir + "=" + dir, fmt.Sprintf("%s=%d", childMemory, memory),
		fmt.Sprintf("%s=%d", childTime, int(lim.Compile/time.Second)+2),
	}
	cmd.WaitDelay = time.Second
	var said bytes.Buffer
	cmd.Stdout = &limitedWriter{&said, mostText}
	cmd.Stderr = cmd.Stdout
	err = cmd.Run()
	switch {
	case ctx.Err() != nil:
		return e, context.Cause(ctx)
	case cctx.Err() != nil:
		return e, tooSlow(lim)
	}
	if b, ok := bytes.CutPrefix(said.Bytes(), []byte(failedWord)); ok {
		return e, &ModuleError{At: -1, Reason: string(b)}
	}
	if err != nil {
		return e, fmt.Errorf("wasm: the compiling process failed: %w: %s", err, strings.TrimSpace(said.String()))
	}
	return readEntry(dir, 64*int64(len(code))+16<<20)
}

// readEntry finds the one file that the engine has made.
func readEntry(dir string, most int64) (e cache.Entry, err error) {
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || d.Name() == sourceName {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if e.Path != "" || info.Size() > most {
			return errors.New("wasm: the compiling process has left more than it should")
		}
		if e.Path, err = filepath.Rel(dir, path); err == nil {
			e.Code, err = os.ReadFile(path)
		}
		return err
	})
	if err == nil && e.Path == "" {
		err = errors.New("wasm: the compiling process has left nothing: does its main call wasm.CompilerMain first?")
	}
	return e, err
}

// limitedWriter keeps the beginning of what is written.
type limitedWriter struct {
	b    *bytes.Buffer
	most int
}

// Write implements io.Writer.
func (w *limitedWriter) Write(p []byte) (int, error) {
	w.b.Write(p[:min(len(p), w.most-w.b.Len())])
	return len(p), nil
}

const failedWord = "kista-wasm: "

// CompilerMain does the work of a compiling process, if this is one, and reports
// whether it is; then main should return:
//
//	func main() {
//		if wasm.CompilerMain() {
//			return
//		}
//		...
//
// It is for programs that use a [Compiler] without a Command.
func CompilerMain() bool {
	dir := os.Getenv(childDir)
	if dir == "" {
		return false
	}
	if err := compileChild(dir); err != nil {
		_, _ = io.WriteString(os.Stdout, failedWord+err.Error())
	}
	return true
}

// compileChild compiles the module in dir; the engine leaves its code there.
func compileChild(dir string) error {
	limitSelf(os.Getenv(childMemory), os.Getenv(childTime))
	code, err := os.ReadFile(filepath.Join(dir, sourceName))
	if err != nil {
		return err
	}
	ctx := context.Background()
	engine, err := wazero.NewCompilationCacheWithDir(dir)
	if err != nil {
		return err
	}
	defer func() { _ = engine.Close(ctx) }()
	rt := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfig().WithCompilationCache(engine))
	defer func() { _ = rt.Close(ctx) }()
	_, err = rt.CompileModule(ctx, code)
	return err
}
