package wasm

import (
	"context"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/kista-go/kista/wasm/internal/rewrite"
)

// HostModule is the name of the module that guests import the host interface from.
// The number in it is the interface's version: what a later version changes gets
// another name, and both are offered for a while.
const HostModule = "kista_v1"

// What host functions return where they can fail.
const (
	errNone      = 0
	errBad       = -1 // the bytes are no term, or no address
	errNobody    = -2 // nobody has that name, or there is no such process
	errFull      = -3 // the receiver's mailbox refuses
	errLimit     = -4 // the guest has as many of these as it may
	errForbidden = -5 // the guest may not
	errTimeout   = -6 // no answer in time
	errFailed    = -7 // the reason can be read
	errNotNow    = -8 // not while it is asked for its state
)

// hostFunction is a function that guests may import.
type hostFunction struct {
	params, results []byte
	do              func(in *instance, m api.Module, st []uint64)
	acts            bool // it does something to others: not while the guest is hushed
}

// hostFunctions are all that guests may import, by module and name.
var hostFunctions = map[string]hostFunction{}

// define adds a host function. types are its parameters and results in the letters
// i (32 bits) and I (64), as in "iiI>i".
func define(module, name, types string, acts bool, do func(in *instance, m api.Module, st []uint64)) {
	f := hostFunction{do: do, acts: acts}
	to := &f.params
	for _, c := range types {
		switch c {
		case 'i':
			*to = append(*to, i32)
		case 'I':
			*to = append(*to, i64)
		case '>':
			to = &f.results
		}
	}
	hostFunctions[module+"."+name] = f
}

// perCall is the fuel that a host function takes, for the work that the host does.
const perCall = 50

// provide puts the host functions into an engine.
func provide(ctx context.Context, rt wazero.Runtime) error {
	modules := map[string]wazero.HostModuleBuilder{}
	for full, f := range hostFunctions {
		module, name := cutName(full)
		b := modules[module]
		if b == nil {
			b = rt.NewHostModuleBuilder(module)
			modules[module] = b
		}
		b.NewFunctionBuilder().WithGoModuleFunction(f.goFunction(), values(f.params), values(f.results)).Export(name)
	}
	fuel := rt.NewHostModuleBuilder(rewrite.YieldModule)
	fuel.NewFunctionBuilder().WithGoModuleFunction(api.GoModuleFunc(func(ctx context.Context, _ api.Module, st []uint64) {
		st[0] = ctx.Value(instanceKey{}).(*instance).yield(int32(st[0]))
	}), []api.ValueType{api.ValueTypeI32}, []api.ValueType{api.ValueTypeI32}).Export(rewrite.YieldName)
	modules[rewrite.YieldModule] = fuel
	for _, b := range modules {
		if _, err := b.Instantiate(ctx); err != nil {
			return err
		}
	}
	return nil
}

func cutName(full string) (module, name string) {
	for i := len(full) - 1; i >= 0; i-- {
		if full[i] == '.' {
			return full[:i], full[i+1:]
		}
	}
	return "", full
}

func values(types []byte) []api.ValueType {
	out := make([]api.ValueType, len(types))
	copy(out, types)
	return out
}

func (f hostFunction) goFunction() api.GoModuleFunc {
	return func(ctx context.Context, m api.Module, st []uint64) {
		in := ctx.Value(instanceKey{}).(*instance)
		in.check()
		in.burn(perCall)
		if f.acts && in.quiet {
			in.marked = true
			if len(f.results) > 0 {
				st[0] = code32(errNotNow)
				if f.results[0] == i64 {
					st[0] = code64(errNotNow)
				}
			}
			return
		}
		f.do(in, m, st)
	}
}

func code32(c int32) uint64 { return uint64(uint32(c)) }

func code64(c int64) uint64 { return uint64(c) }

// view is n bytes of the guest's memory at ptr. They are not there: it traps.
func (in *instance) view(m api.Module, ptr, n uint64) []byte {
	b, ok := m.Memory().Read(uint32(ptr), uint32(n))
	if !ok {
		in.stop(&Trap{Kind: TrapHost, Text: "a pointer to outside its memory"})
	}
	return b
}

func init() {
	// read(ptr, most) copies the first bytes of what there is to read and returns how
	// many there are in all.
	define(HostModule, "read", "ii>i", false, func(in *instance, m api.Module, st []uint64) {
		n := min(uint64(len(in.in)), st[1])
		copy(in.view(m, st[0], n), in.in)
		st[0] = uint64(len(in.in))
	})
	// write(ptr, n) says what the callback's result is, instead of what it said before.
	define(HostModule, "write", "ii>i", false, func(in *instance, m api.Module, st []uint64) {
		if uint32(st[1]) > mostMessage {
			st[0] = code32(errLimit)
			return
		}
		in.out = append(in.out[:0], in.view(m, st[0], st[1])...)
		st[0] = errNone
	})
	define(HostModule, "self", ">i", false, (*instance).hostSelf)
	define(HostModule, "send", "iiii>i", true, (*instance).hostSend)
	define(HostModule, "cast", "iiii>i", true, (*instance).hostCast)
	define(HostModule, "call", "iiiiI>i", true, (*instance).hostCall)
	define(HostModule, "reply", "Iii>i", true, (*instance).hostReply)
	define(HostModule, "refuse", "Iii>i", true, (*instance).hostRefuse)
	define(HostModule, "caller", "I>i", true, (*instance).hostCaller)
	define(HostModule, "send_after", "Iiiii>I", true, (*instance).hostSendAfter)
	define(HostModule, "cancel", "I>I", true, (*instance).hostCancel)
	define(HostModule, "monitor", "ii>I", true, (*instance).hostMonitor)
	define(HostModule, "demonitor", "I>i", true, (*instance).hostDemonitor)
	define(HostModule, "link", "ii>i", true, (*instance).hostLink)
	define(HostModule, "unlink", "ii>i", true, (*instance).hostUnlink)
	define(HostModule, "exit", "iiii>i", true, (*instance).hostExit)
	define(HostModule, "trap_exits", "i>i", true, (*instance).hostTrapExits)
	define(HostModule, "spawn", "iiii>i", true, (*instance).hostSpawn)
	define(HostModule, "log", "iii>i", false, (*instance).hostLog)
	define(HostModule, "now", ">I", false, (*instance).hostNow)
}
