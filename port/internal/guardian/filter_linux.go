//go:build linux && (amd64 || arm64)

package guardian

import (
	"os"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// lastKnown is the highest number of a system call that has been looked at here.
// What comes after it is answered as by a kernel that does not have it.
const lastKnown = unix.SYS_RSEQ_SLICE_YIELD

// denied are the system calls that are answered with EPERM: those that change the
// system, reach into other processes or the kernel, make namespaces, go around
// the rules for files, or change what Landlock does not guard: owner, mode, times
// and attributes of files.
var denied = append([]uint32{
	unix.SYS_ACCT, unix.SYS_ADD_KEY, unix.SYS_ADJTIMEX, unix.SYS_BPF, unix.SYS_CHROOT, unix.SYS_CLOCK_ADJTIME,
	unix.SYS_CLOCK_SETTIME, unix.SYS_DELETE_MODULE, unix.SYS_FANOTIFY_INIT, unix.SYS_FINIT_MODULE, unix.SYS_FSCONFIG,
	unix.SYS_FSMOUNT, unix.SYS_FSOPEN, unix.SYS_FSPICK, unix.SYS_INIT_MODULE, unix.SYS_IO_URING_ENTER,
	unix.SYS_IO_URING_REGISTER, unix.SYS_IO_URING_SETUP, unix.SYS_KCMP, unix.SYS_KEXEC_FILE_LOAD, unix.SYS_KEXEC_LOAD,
	unix.SYS_KEYCTL, unix.SYS_LISTMOUNT, unix.SYS_LISTNS, unix.SYS_LOOKUP_DCOOKIE, unix.SYS_MBIND, unix.SYS_MIGRATE_PAGES,
	unix.SYS_MOUNT, unix.SYS_MOUNT_SETATTR, unix.SYS_MOVE_MOUNT, unix.SYS_MOVE_PAGES, unix.SYS_NAME_TO_HANDLE_AT,
	unix.SYS_NFSSERVCTL, unix.SYS_OPEN_BY_HANDLE_AT, unix.SYS_OPEN_TREE, unix.SYS_OPEN_TREE_ATTR, unix.SYS_PERF_EVENT_OPEN,
	unix.SYS_PERSONALITY, unix.SYS_PIDFD_GETFD, unix.SYS_PIVOT_ROOT, unix.SYS_PROCESS_MADVISE, unix.SYS_PROCESS_MRELEASE,
	unix.SYS_PROCESS_VM_READV, unix.SYS_PROCESS_VM_WRITEV, unix.SYS_PTRACE, unix.SYS_QUOTACTL, unix.SYS_QUOTACTL_FD,
	unix.SYS_REBOOT, unix.SYS_REQUEST_KEY, unix.SYS_SETDOMAINNAME, unix.SYS_SETHOSTNAME, unix.SYS_SETNS,
	unix.SYS_SETTIMEOFDAY, unix.SYS_SET_MEMPOLICY, unix.SYS_SET_MEMPOLICY_HOME_NODE, unix.SYS_STATMOUNT, unix.SYS_SWAPOFF,
	unix.SYS_SWAPON, unix.SYS_SYSLOG, unix.SYS_UMOUNT2, unix.SYS_UNSHARE, unix.SYS_USERFAULTFD, unix.SYS_VHANGUP,

	unix.SYS_FCHMOD, unix.SYS_FCHMODAT, unix.SYS_FCHMODAT2, unix.SYS_FCHOWN, unix.SYS_FCHOWNAT, unix.SYS_FILE_SETATTR,
	unix.SYS_FREMOVEXATTR, unix.SYS_FSETXATTR, unix.SYS_LREMOVEXATTR, unix.SYS_LSETXATTR, unix.SYS_REMOVEXATTR,
	unix.SYS_REMOVEXATTRAT, unix.SYS_SETXATTR, unix.SYS_SETXATTRAT, unix.SYS_UTIMENSAT,
}, deniedHere...)

// namespaces are the flags with which clone makes one.
const namespaces = unix.CLONE_NEWCGROUP | unix.CLONE_NEWIPC | unix.CLONE_NEWNET | unix.CLONE_NEWNS | unix.CLONE_NEWPID |
	unix.CLONE_NEWUSER | unix.CLONE_NEWUTS

// Where the kernel puts what a filter looks at. Arguments have 64 bits, of which
// the filters look at the lower half of the first two.
const (
	atNumber = 0
	atArch   = 4
	atArg0   = 16
	atArg1   = 24
)

// Answers.
const (
	answerAllow = unix.SECCOMP_RET_ALLOW
	answerKill  = unix.SECCOMP_RET_KILL_PROCESS
	answerPerm  = unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)
	answerNone  = unix.SECCOMP_RET_ERRNO | uint32(unix.ENOSYS)
)

// assembler writes a filter.
type assembler struct{ code []unix.SockFilter }

func (a *assembler) add(code uint16, k uint32, yes, no uint8) {
	a.code = append(a.code, unix.SockFilter{Code: code, Jt: yes, Jf: no, K: k})
}

func (a *assembler) load(at uint32) { a.add(unix.BPF_LD|unix.BPF_W|unix.BPF_ABS, at, 0, 0) }

func (a *assembler) answer(what uint32) { a.add(unix.BPF_RET|unix.BPF_K, what, 0, 0) }

// unless answers, except where the loaded value compares so with k.
func (a *assembler) unless(compare uint16, k, what uint32) {
	a.add(unix.BPF_JMP|compare|unix.BPF_K, k, 1, 0)
	a.answer(what)
}

// when answers where the loaded value compares so with k.
func (a *assembler) when(compare uint16, k, what uint32) {
	a.add(unix.BPF_JMP|compare|unix.BPF_K, k, 0, 1)
	a.answer(what)
}

// call writes what holds for one system call, which ends in an answer. The number
// is loaded.
func (a *assembler) call(number uint32, rules func(*assembler)) {
	var body assembler
	rules(&body)
	a.add(unix.BPF_JMP|unix.BPF_JEQ|unix.BPF_K, number, 0, uint8(len(body.code)))
	a.code = append(a.code, body.code...)
}

// program returns the filter for this machine.
func program(network bool) []unix.SockFilter {
	var a assembler
	a.load(atArch)
	a.unless(unix.BPF_JEQ, arch, answerKill) // another machine's numbers mean other calls
	a.load(atNumber)
	a.when(unix.BPF_JGT, lastKnown, answerNone)
	for _, number := range denied {
		a.when(unix.BPF_JEQ, number, answerPerm)
	}
	a.when(unix.BPF_JEQ, unix.SYS_CLONE3, answerNone) // its flags are out of a filter's sight; clone is used then
	a.call(unix.SYS_CLONE, func(a *assembler) {
		a.load(atArg0)
		a.when(unix.BPF_JSET, namespaces, answerPerm)
		a.answer(answerAllow)
	})
	a.call(unix.SYS_SOCKET, func(a *assembler) {
		if network {
			a.load(atArg0)
			a.when(unix.BPF_JEQ, unix.AF_INET, answerAllow)
			a.when(unix.BPF_JEQ, unix.AF_INET6, answerAllow)
		}
		a.answer(answerPerm) // also AF_UNIX: the sockets of others have names in the file system
	})
	a.call(unix.SYS_SOCKETPAIR, func(a *assembler) {
		a.load(atArg0)
		a.unless(unix.BPF_JEQ, unix.AF_UNIX, answerPerm)
		a.answer(answerAllow)
	})
	a.call(unix.SYS_IOCTL, func(a *assembler) {
		a.load(atArg1)
		a.when(unix.BPF_JEQ, unix.TIOCSTI, answerPerm) // types on a terminal
		a.when(unix.BPF_JEQ, tioclinux, answerPerm)
		a.answer(answerAllow)
	})
	a.answer(answerAllow)
	return a.code
}

const tioclinux = 0x541c

// filter puts the filter on this thread.
func filter(network bool) error {
	code := program(network)
	prog := unix.SockFprog{Len: uint16(len(code)), Filter: &code[0]}
	_, _, no := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, 0, uintptr(unsafe.Pointer(&prog)))
	runtime.KeepAlive(code)
	if no != 0 {
		return &Missing{seccomp, os.NewSyscallError("seccomp", no)}
	}
	return nil
}
