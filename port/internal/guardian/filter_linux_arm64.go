package guardian

import "golang.org/x/sys/unix"

// arch is how the kernel names this machine to a filter.
const arch = unix.AUDIT_ARCH_AARCH64

// deniedHere are the denied calls that only this machine has.
var deniedHere []uint32
