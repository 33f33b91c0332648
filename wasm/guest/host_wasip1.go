package guest

import "unsafe"

// The imports of the host interface, and the exports that it calls.

//go:wasmimport kista_v1 read
func hostRead(p unsafe.Pointer, n uint32) uint32

//go:wasmimport kista_v1 write
func hostWrite(p unsafe.Pointer, n uint32) int32

//go:wasmimport kista_v1 self
func hostSelf() int32

//go:wasmimport kista_v1 send
func hostSend(to unsafe.Pointer, tn uint32, msg unsafe.Pointer, mn uint32) int32

//go:wasmimport kista_v1 cast
func hostCast(to unsafe.Pointer, tn uint32, msg unsafe.Pointer, mn uint32) int32

//go:wasmimport kista_v1 call
func hostCall(to unsafe.Pointer, tn uint32, msg unsafe.Pointer, mn uint32, ms int64) int32

//go:wasmimport kista_v1 reply
func hostReply(from uint64, p unsafe.Pointer, n uint32) int32

//go:wasmimport kista_v1 refuse
func hostRefuse(from uint64, p unsafe.Pointer, n uint32) int32

//go:wasmimport kista_v1 caller
func hostCaller(from uint64) int32

//go:wasmimport kista_v1 send_after
func hostSendAfter(ms int64, to unsafe.Pointer, tn uint32, msg unsafe.Pointer, mn uint32) int64

//go:wasmimport kista_v1 cancel
func hostCancel(timer uint64) int64

//go:wasmimport kista_v1 monitor
func hostMonitor(to unsafe.Pointer, n uint32) int64

//go:wasmimport kista_v1 demonitor
func hostDemonitor(id uint64) int32

//go:wasmimport kista_v1 link
func hostLink(pid unsafe.Pointer, n uint32) int32

//go:wasmimport kista_v1 unlink
func hostUnlink(pid unsafe.Pointer, n uint32) int32

//go:wasmimport kista_v1 exit
func hostExit(pid unsafe.Pointer, pn uint32, reason unsafe.Pointer, rn uint32) int32

//go:wasmimport kista_v1 trap_exits
func hostTrapExits(on uint32) int32

//go:wasmimport kista_v1 spawn
func hostSpawn(name unsafe.Pointer, nn uint32, args unsafe.Pointer, an uint32) int32

//go:wasmimport kista_v1 log
func hostLog(level int32, p unsafe.Pointer, n uint32) int32

//go:wasmimport kista_v1 now
func hostNow() int64

// imports is the real host.
type imports struct{}

var buffer = make([]byte, 4096)

func data(b []byte) (unsafe.Pointer, uint32) {
	return unsafe.Pointer(unsafe.SliceData(b)), uint32(len(b))
}

func (imports) read() []byte {
	p, n := data(buffer)
	have := hostRead(p, n)
	if have > n {
		big := make([]byte, have)
		p, n = data(big)
		hostRead(p, n)
		return big
	}
	return buffer[:have]
}

func (imports) write(b []byte) {
	p, n := data(b)
	hostWrite(p, n)
}

func (imports) self() int32 { return hostSelf() }

func (imports) send(to, msg []byte) int32 {
	tp, tn := data(to)
	mp, mn := data(msg)
	return hostSend(tp, tn, mp, mn)
}

func (imports) cast(to, msg []byte) int32 {
	tp, tn := data(to)
	mp, mn := data(msg)
	return hostCast(tp, tn, mp, mn)
}

func (imports) call(to, msg []byte, ms int64) int32 {
	tp, tn := data(to)
	mp, mn := data(msg)
	return hostCall(tp, tn, mp, mn, ms)
}

func (imports) reply(from uint64, b []byte) int32 {
	p, n := data(b)
	return hostReply(from, p, n)
}

func (imports) refuse(from uint64, b []byte) int32 {
	p, n := data(b)
	return hostRefuse(from, p, n)
}

func (imports) caller(from uint64) int32 { return hostCaller(from) }

func (imports) sendAfter(ms int64, to, msg []byte) int64 {
	tp, tn := data(to)
	mp, mn := data(msg)
	return hostSendAfter(ms, tp, tn, mp, mn)
}

func (imports) cancel(timer uint64) int64 { return hostCancel(timer) }

func (imports) monitor(to []byte) int64 {
	p, n := data(to)
	return hostMonitor(p, n)
}

func (imports) demonitor(id uint64) int32 { return hostDemonitor(id) }

func (imports) link(pid []byte) int32 {
	p, n := data(pid)
	return hostLink(p, n)
}

func (imports) unlink(pid []byte) int32 {
	p, n := data(pid)
	return hostUnlink(p, n)
}

func (imports) exit(pid, reason []byte) int32 {
	pp, pn := data(pid)
	rp, rn := data(reason)
	return hostExit(pp, pn, rp, rn)
}

func (imports) trapExits(on bool) bool {
	n := uint32(0)
	if on {
		n = 1
	}
	return hostTrapExits(n) != 0
}

func (imports) spawn(name string, args []byte) int32 {
	ap, an := data(args)
	return hostSpawn(unsafe.Pointer(unsafe.StringData(name)), uint32(len(name)), ap, an)
}

func (imports) log(level int32, text string) int32 {
	return hostLog(level, unsafe.Pointer(unsafe.StringData(text)), uint32(len(text)))
}

func (imports) now() int64 { return hostNow() }

//go:wasmexport kista_v1_init
func exportInit() int32 {
	if running == nil {
		panic("guest: no behaviour: call guest.Run from an init function")
	}
	return running.start(imports{})
}

//go:wasmexport kista_v1_handle
func exportHandle(kind int32, from uint64) int32 { return running.handle(imports{}, kind, from) }

//go:wasmexport kista_v1_terminate
func exportTerminate() { running.terminate(imports{}) }

//go:wasmexport kista_v1_state
func exportState() { running.state(imports{}) }

//go:wasmexport kista_v1_restore
func exportRestore(from int64) int32 { return running.restore(imports{}, from) }

//go:wasmexport kista_v1_version
func exportVersion() int64 {
	if running == nil {
		return 0
	}
	return running.version()
}
