package guest

// host is the host interface: in a guest the functions that it imports, outside a
// [Twin].
type host interface {
	read() []byte
	write(b []byte)
	self() int32
	send(to, msg []byte) int32
	cast(to, msg []byte) int32
	call(to, msg []byte, ms int64) int32
	reply(from uint64, b []byte) int32
	refuse(from uint64, b []byte) int32
	caller(from uint64) int32
	sendAfter(ms int64, to, msg []byte) int64
	cancel(timer uint64) int64
	monitor(to []byte) int64
	demonitor(id uint64) int32
	link(pid []byte) int32
	unlink(pid []byte) int32
	exit(pid, reason []byte) int32
	trapExits(on bool) bool
	spawn(name string, args []byte) int32
	log(level int32, text string) int32
	now() int64
}

// behaviour is what the host calls back, whatever the type of its state.
type behaviour interface {
	start(h host) (status int32)
	handle(h host, kind int32, from uint64) (status int32)
	terminate(h host)
	state(h host)
	restore(h host, from int64) (status int32)
	version() int64
}

// What a message is.
const (
	kindInfo int32 = iota
	kindCall
	kindCast
	kindDown
	kindExited
)

const (
	statusOn   int32 = 0
	statusStop int32 = 1
)

// running is the behaviour of this guest.
var running behaviour //nolint:unused // the exports use it, which are there for wasip1 only
