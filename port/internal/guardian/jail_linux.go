package guardian

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The rights over files that Landlock knows, by the version of its interface that
// brought them.
const (
	rightsRead = unix.LANDLOCK_ACCESS_FS_EXECUTE | unix.LANDLOCK_ACCESS_FS_READ_FILE | unix.LANDLOCK_ACCESS_FS_READ_DIR
	rightsV1   = unix.LANDLOCK_ACCESS_FS_MAKE_SYM<<1 - 1
	rightsV3   = rightsV1 | unix.LANDLOCK_ACCESS_FS_REFER | unix.LANDLOCK_ACCESS_FS_TRUNCATE
	rightsV5   = rightsV3 | unix.LANDLOCK_ACCESS_FS_IOCTL_DEV

	rightsOfFile = unix.LANDLOCK_ACCESS_FS_EXECUTE | unix.LANDLOCK_ACCESS_FS_READ_FILE | unix.LANDLOCK_ACCESS_FS_WRITE_FILE |
		unix.LANDLOCK_ACCESS_FS_TRUNCATE | unix.LANDLOCK_ACCESS_FS_IOCTL_DEV
)

// enter puts this thread, and so the program that it becomes, into the jail: the
// user, then no new privileges, then the file system, then the system calls.
func (j *Jail) enter(program string) error {
	ruleset, err := j.ruleset(program) // as who we are still
	if err != nil {
		return err
	}
	defer func() { _ = unix.Close(ruleset) }()
	if j.User != 0 {
		if err := takeOn(j.User); err != nil {
			return &Missing{"a user of the program's own", err}
		}
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return &Missing{"no new privileges", os.NewSyscallError("prctl PR_SET_NO_NEW_PRIVS", err)}
	}
	if _, _, no := unix.Syscall(unix.SYS_LANDLOCK_RESTRICT_SELF, uintptr(ruleset), 0, 0); no != 0 {
		return &Missing{landlock, os.NewSyscallError("landlock_restrict_self", no)}
	}
	return filter(j.Network)
}

// takeOn takes on a user and its group, and no other, for good.
func takeOn(id int) error {
	if err := syscall.Setgroups(nil); err != nil {
		return os.NewSyscallError("setgroups", err)
	}
	if err := syscall.Setresgid(id, id, id); err != nil {
		return os.NewSyscallError("setresgid", err)
	}
	if err := syscall.Setresuid(id, id, id); err != nil {
		return os.NewSyscallError("setresuid", err)
	}
	// What is tied to the parent's end is lost with the user.
	return os.NewSyscallError("prctl PR_SET_PDEATHSIG", unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(unix.SIGKILL), 0, 0, 0))
}

// What may not be had, in a [Missing].
const (
	landlock = "a file system of the program's own (Landlock)"
	seccomp  = "a filter of system calls (seccomp)"
)

// ruleset makes Landlock's description of what may be reached.
func (j *Jail) ruleset(program string) (fd int, err error) {
	version, _, no := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	switch {
	case no != 0:
		return 0, &Missing{landlock, os.NewSyscallError("landlock_create_ruleset", no)}
	case version < 3:
		return 0, &Missing{landlock, fmt.Errorf("the kernel has version %d of it, 3 (Linux 6.2) is needed", version)}
	case version < 6 && j.Network:
		return 0, &Missing{landlock, fmt.Errorf("the kernel has version %d of it, 6 (Linux 6.12) is needed where there is a network", version)}
	}
	attr := unix.LandlockRulesetAttr{Handled_access_fs: rightsV3}
	if version >= 5 {
		attr.Handled_access_fs = rightsV5
	}
	if version >= 6 {
		attr.Scoped = unix.LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET | unix.LANDLOCK_SCOPE_SIGNAL
	}
	got, _, no := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, uintptr(unsafe.Pointer(&attr)), unsafe.Sizeof(attr), 0)
	if no != 0 {
		return 0, &Missing{landlock, os.NewSyscallError("landlock_create_ruleset", no)}
	}
	fd = int(got)
	defer func() {
		if err != nil {
			_ = unix.Close(fd)
		}
	}()
	const always = false
	rules := []struct {
		paths    [][]byte
		rights   uint64
		optional bool
	}{
		{[][]byte{[]byte(program)}, rightsRead, always},
		{j.Read, rightsRead, always},
		{j.Write, attr.Handled_access_fs, always},
		{j.Default, rightsRead, true},
		{[][]byte{[]byte(os.DevNull)}, rightsRead | unix.LANDLOCK_ACCESS_FS_WRITE_FILE, true},
	}
	for _, r := range rules {
		for _, path := range r.paths {
			err := allow(fd, string(path), r.rights)
			if err != nil && !(r.optional && errors.Is(err, os.ErrNotExist)) {
				return 0, err
			}
		}
	}
	return fd, nil
}

// allow adds one path to a ruleset.
func allow(ruleset int, path string, rights uint64) error {
	fd, err := unix.Open(path, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return &os.PathError{Op: "open", Path: path, Err: err}
	}
	defer func() { _ = unix.Close(fd) }()
	var stat unix.Stat_t
	if err := unix.Fstat(fd, &stat); err != nil {
		return &os.PathError{Op: "stat", Path: path, Err: err}
	}
	if stat.Mode&unix.S_IFMT != unix.S_IFDIR {
		rights &= rightsOfFile
	}
	rule := unix.LandlockPathBeneathAttr{Allowed_access: rights, Parent_fd: int32(fd)}
	_, _, no := unix.Syscall6(unix.SYS_LANDLOCK_ADD_RULE, uintptr(ruleset), unix.LANDLOCK_RULE_PATH_BENEATH, uintptr(unsafe.Pointer(&rule)), 0, 0, 0)
	runtime.KeepAlive(&rule)
	if no != 0 {
		return &os.PathError{Op: "landlock_add_rule", Path: path, Err: no}
	}
	return nil
}
