//go:build linux && (amd64 || arm64)

package guardian

import (
	"encoding/binary"
	"testing"

	"golang.org/x/sys/unix"
)

// execute runs a filter as the kernel does, over what it shows of a call.
func execute(t *testing.T, code []unix.SockFilter, machine, number uint32, args ...uint64) uint32 {
	t.Helper()
	data := make([]byte, 64)
	binary.LittleEndian.PutUint32(data[atNumber:], number)
	binary.LittleEndian.PutUint32(data[atArch:], machine)
	for i, a := range args {
		binary.LittleEndian.PutUint64(data[atArg0+8*i:], a)
	}
	var acc uint32
	for at := 0; at < len(code); at++ {
		c := code[at]
		jump := func(yes bool) {
			if yes {
				at += int(c.Jt)
			} else {
				at += int(c.Jf)
			}
		}
		switch c.Code {
		case unix.BPF_LD | unix.BPF_W | unix.BPF_ABS:
			acc = binary.LittleEndian.Uint32(data[c.K:])
		case unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K:
			jump(acc == c.K)
		case unix.BPF_JMP | unix.BPF_JGT | unix.BPF_K:
			jump(acc > c.K)
		case unix.BPF_JMP | unix.BPF_JSET | unix.BPF_K:
			jump(acc&c.K != 0)
		case unix.BPF_RET | unix.BPF_K:
			return c.K
		default:
			t.Fatalf("instruction %d is unknown: %#x", at, c.Code)
		}
	}
	t.Fatal("the filter has no end")
	return 0
}

func TestFilter(t *testing.T) {
	open, closed := program(true), program(false)
	for name, c := range map[string]struct {
		machine, number uint32
		args            []uint64
		network         uint32 // the answer where there is a network
		none            uint32 // and where there is none
	}{
		"read":                   {arch, unix.SYS_READ, nil, answerAllow, answerAllow},
		"execve":                 {arch, unix.SYS_EXECVE, nil, answerAllow, answerAllow},
		"exit_group":             {arch, unix.SYS_EXIT_GROUP, nil, answerAllow, answerAllow},
		"openat":                 {arch, unix.SYS_OPENAT, nil, answerAllow, answerAllow},
		"another machine's read": {arch ^ 1, unix.SYS_READ, nil, answerKill, answerKill},
		"32 bits on amd64":       {unix.AUDIT_ARCH_I386, unix.SYS_READ, nil, answerKill, answerKill},
		"the last known":         {arch, lastKnown, nil, answerAllow, answerAllow},
		"one more":               {arch, lastKnown + 1, nil, answerNone, answerNone},
		"x32":                    {arch, 0x4000_0000 | unix.SYS_READ, nil, answerNone, answerNone},
		"all bits":               {arch, 0xffff_ffff, nil, answerNone, answerNone},
		"clone of a thread":      {arch, unix.SYS_CLONE, []uint64{unix.CLONE_VM | unix.CLONE_THREAD}, answerAllow, answerAllow},
		"clone of a user":        {arch, unix.SYS_CLONE, []uint64{unix.CLONE_NEWUSER | 17}, answerPerm, answerPerm},
		"clone of a net":         {arch, unix.SYS_CLONE, []uint64{unix.CLONE_NEWNET}, answerPerm, answerPerm},
		"clone3":                 {arch, unix.SYS_CLONE3, nil, answerNone, answerNone},
		"socket of IPv4":         {arch, unix.SYS_SOCKET, []uint64{unix.AF_INET}, answerAllow, answerPerm},
		"socket of IPv6":         {arch, unix.SYS_SOCKET, []uint64{unix.AF_INET6}, answerAllow, answerPerm},
		"socket of Unix":         {arch, unix.SYS_SOCKET, []uint64{unix.AF_UNIX}, answerPerm, answerPerm},
		"socket of VMs":          {arch, unix.SYS_SOCKET, []uint64{unix.AF_VSOCK}, answerPerm, answerPerm},
		"socketpair":             {arch, unix.SYS_SOCKETPAIR, []uint64{unix.AF_UNIX}, answerAllow, answerAllow},
		"socketpair, another":    {arch, unix.SYS_SOCKETPAIR, []uint64{unix.AF_TIPC}, answerPerm, answerPerm},
		"ioctl":                  {arch, unix.SYS_IOCTL, []uint64{0, unix.TIOCGWINSZ}, answerAllow, answerAllow},
		"ioctl that types":       {arch, unix.SYS_IOCTL, []uint64{0, unix.TIOCSTI}, answerPerm, answerPerm},
		"ioctl, more bits":       {arch, unix.SYS_IOCTL, []uint64{0, 1<<32 | unix.TIOCSTI}, answerPerm, answerPerm}, // the kernel drops them
		"socket, more bits":      {arch, unix.SYS_SOCKET, []uint64{1<<32 | unix.AF_UNIX}, answerPerm, answerPerm},
	} {
		if got := execute(t, open, c.machine, c.number, c.args...); got != c.network {
			t.Errorf("%s: %#x with a network, want %#x", name, got, c.network)
		}
		if got := execute(t, closed, c.machine, c.number, c.args...); got != c.none {
			t.Errorf("%s: %#x without a network, want %#x", name, got, c.none)
		}
	}
	for _, number := range denied {
		if got := execute(t, open, arch, number); got != answerPerm {
			t.Errorf("call %d: %#x, want EPERM", number, got)
		}
	}
	if len(open) > 4096 {
		t.Errorf("%d instructions, the kernel takes 4096", len(open))
	}
}
