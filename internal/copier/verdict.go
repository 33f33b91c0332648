package copier

import (
	"context"
	"reflect"
	"strings"
	"time"
)

// verdict is what the rules say about a type before its parts are looked at.
type verdict struct {
	pass bool   // flat, though it holds references
	why  string // refused
}

const (
	whyChan    = "a channel is shared between its users; send a PID to answer to, or the data itself"
	whyFunc    = "a function is code with captured memory, not data; register it with kista.Code and send the handle"
	whyUnsafe  = "nobody can tell what an unsafe.Pointer points to; send the data itself"
	whyContext = "a context belongs to the one who runs under it; send the deadline or the values it carries"
	whySync    = "locks, atomics and the like only work when they are shared; let one process own the data and send it messages"
	whyWeak    = "a weak pointer is shared memory; send the data itself"
	whyFile    = "an open file, process or connection belongs to one process; send its name or address, or messages to its owner"
	whyLogger  = "loggers are shared and log values may hide references; log where the process runs and send plain values"
	whyTesting = "a test's handle belongs to the test's goroutine; send results to the test instead"
	whyReader  = "a buffered reader or writer belongs to one process; send the bytes"
	whyBuilder = "a strings.Builder must not be copied; send its String"
	whyReflect = "a reflect.Value may refer to anything; send the value it holds"
	whyRuntime = "a runtime handle is shared and must not be copied"
)

// packages none of whose types are data.
var packages = map[string]string{
	"sync":          whySync,
	"sync/atomic":   whySync,
	"internal/sync": whySync,
	"internal/poll": whyFile,
	"weak":          whyWeak,
	"testing":       whyTesting,
	"context":       whyContext,
	"runtime/cgo":   whyRuntime,
	"log":           whyLogger,
}

// types by package path and name, without type arguments.
var types = map[string]verdict{
	"time.Time":      {pass: true},
	"net/netip.Addr": {pass: true},
	"unique.Handle":  {pass: true},

	"os.File":            {why: whyFile},
	"os.Process":         {why: whyFile},
	"os.Root":            {why: whyFile},
	"os/exec.Cmd":        {why: whyFile},
	"log/slog.Logger":    {why: whyLogger},
	"log/slog.Value":     {why: whyLogger}, // hides lengths beside pointers: a copy would read past the end
	"log/slog.stringptr": {why: whyLogger},
	"log/slog.groupptr":  {why: whyLogger},
	"bufio.Reader":       {why: whyReader},
	"bufio.Writer":       {why: whyReader},
	"strings.Builder":    {why: whyBuilder},
	"reflect.Value":      {why: whyReflect},
	"reflect.MapIter":    {why: whyReflect},
	"runtime.Pinner":     {why: whyRuntime},
	"runtime.Cleanup":    {why: whyRuntime},
	"runtime.Frames":     {why: whyRuntime},
	"internal/abi.Type":  {why: whyRuntime},
	"reflect.rtype":      {why: whyRuntime},
	"hash/maphash.Hash":  {why: whyRuntime}, // a seed may be known to this OS process only
}

// pointers that pass although what they point to does not.
var pointers = map[string]bool{
	"time.Location":     true,
	"regexp.Regexp":     true,
	"runtime.Func":      true, // a table of the program, read-only
	"reflect.rtype":     true, // what a reflect.Type holds
	"internal/abi.Type": true, // the same, in the runtime's own errors
}

// conn is what files and network connections have in common, in place of an
// import of net.
type conn interface {
	Read([]byte) (int, error)
	Write([]byte) (int, error)
	Close() error
	SetDeadline(time.Time) error
}

// packetConn is net.PacketConn without its address-typed methods.
type packetConn interface {
	Close() error
	SetDeadline(time.Time) error
	SetReadDeadline(time.Time) error
	SetWriteDeadline(time.Time) error
}

var (
	errorType   = reflect.TypeFor[error]()
	contextType = reflect.TypeFor[context.Context]()
	connType    = reflect.TypeFor[conn]()
	packetType  = reflect.TypeFor[packetConn]()
)

// judge applies the rules that look at a type as a whole.
func judge(t reflect.Type) verdict {
	if why := packages[t.PkgPath()]; why != "" {
		return verdict{why: why}
	}
	if t.Name() != "" {
		if v, ok := types[name(t)]; ok {
			return v
		}
	}
	if t.Kind() == reflect.Pointer && t.Name() == "" && t.Elem().Name() != "" && pointers[name(t.Elem())] {
		return verdict{pass: true}
	}
	if why := ByKind(t.Kind()); why != "" {
		return verdict{why: why}
	}
	switch {
	case t.Implements(contextType):
		return verdict{why: whyContext}
	case t.Implements(connType), t.Implements(packetType):
		return verdict{why: whyFile}
	}
	return verdict{}
}

func name(t reflect.Type) string {
	n, _, _ := strings.Cut(t.Name(), "[")
	return t.PkgPath() + "." + n
}
