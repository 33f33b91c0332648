package guardian

import "golang.org/x/sys/unix"

// arch is how the kernel names this machine to a filter.
const arch = unix.AUDIT_ARCH_X86_64

// deniedHere are the denied calls that only this machine has.
var deniedHere = []uint32{
	unix.SYS_CHMOD, unix.SYS_CHOWN, unix.SYS_CREATE_MODULE, unix.SYS_FUTIMESAT, unix.SYS_GET_KERNEL_SYMS, unix.SYS_IOPERM,
	unix.SYS_IOPL, unix.SYS_LCHOWN, unix.SYS_MODIFY_LDT, unix.SYS_QUERY_MODULE, unix.SYS_USELIB, unix.SYS_UTIME,
	unix.SYS_UTIMES, unix.SYS__SYSCTL, unix.SYS_SYSFS, unix.SYS_USTAT,
}
