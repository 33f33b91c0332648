package port_test

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/port"
)

// caged is shell in a sandbox.
func caged(word, script string, b port.Sandbox) port.Spec {
	spec := shell(word, script)
	spec.Sandbox = &b
	return spec
}

// perl returns a program that can make any system call, or skips the test.
func perl(t testing.TB) string {
	t.Helper()
	path, err := exec.LookPath("perl")
	if err != nil {
		t.Skip("SKIPPED (needs Perl): install with `make install-tools`")
	}
	return path
}

// open returns a directory that everybody may use, and not beneath t.TempDir,
// which only its owner may enter.
func open(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "kista-port-test") //nolint:usetesting // see above
	assert.NoError(t, err)
	assert.NoError(t, os.Chmod(dir, 0o777))
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func TestSandbox_WhatTheKernelSays(t *testing.T) {
	n, _, word := setup(t)
	pid := start(t, n, caged(word, `read x`, port.Sandbox{}))
	i, err := port.Inspect(ctx, pid)
	assert.NoError(t, err)
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", i.PID))
	assert.NoError(t, err)
	lines := map[string]string{}
	for line := range strings.Lines(string(status)) {
		key, value, _ := strings.Cut(line, ":")
		lines[key] = strings.TrimSpace(value)
	}
	user := os.Geteuid()
	if user == 0 {
		user = 65534
	}
	assert.Equal(t, lines["NoNewPrivs"], "1")
	assert.Equal(t, lines["Seccomp"], "2")
	assert.Equal(t, lines["CapEff"], "0000000000000000")
	assert.Equal(t, lines["CapPrm"], "0000000000000000")
	assert.Equal(t, lines["Uid"], strings.TrimSpace(strings.Repeat(fmt.Sprint(user)+"\t", 4)))
	assert.Equal(t, len(strings.Fields(lines["NSpid"])), len(ownNSpid(t))+1)
}

func ownNSpid(t testing.TB) []string {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	assert.NoError(t, err)
	_, rest, _ := strings.Cut(string(status), "NSpid:")
	line, _, _ := strings.Cut(rest, "\n")
	return strings.Fields(line)
}

func TestSandbox_Files(t *testing.T) {
	secret, shared, mine := open(t), open(t), open(t)
	for _, dir := range []string{secret, shared} {
		assert.NoError(t, os.WriteFile(filepath.Join(dir, "file"), []byte("told"), 0o666))
	}
	for name, c := range map[string]struct {
		script string
		read   []string
		ok     bool
	}{
		"a file that nothing names":  {"cat $secret/file", nil, false},
		"its directory":              {"ls $secret", nil, false},
		"writing to it":              {"echo x >>$secret/file", nil, false},
		"removing it":                {"rm -f $secret/file", nil, false},
		"making one":                 {"echo x >$secret/new", nil, false},
		"linking it to elsewhere":    {"ln $secret/file $mine/link", nil, false},
		"a symbolic link to it":      {"ln -sf $secret/file $mine/sym && cat $mine/sym", nil, false},
		"the system's users":         {"cat /etc/passwd", nil, false},
		"the processes":              {"ls /proc", nil, false},
		"a device":                   {"echo x >/dev/zero", nil, false},
		"reading what may be read":   {"cat $shared/file", []string{"/bin", "/usr", "/lib", "/lib64", shared}, true},
		"writing what may be read":   {"echo x >>$shared/file", []string{"/bin", "/usr", "/lib", "/lib64", shared}, false},
		"making what may be written": {"echo x >$mine/new && cat $mine/new && rm $mine/new", nil, true},
		"changing its mode":          {"echo x >$mine/m && chmod 777 $mine/m", nil, false},
		"changing its time":          {"echo x >$mine/t && touch -d 2001-01-01 $mine/t", nil, false},
		"throwing away":              {"echo x >/dev/null", nil, true},
		"programs of the system":     {"ls /usr", nil, true},
	} {
		t.Run(strings.ReplaceAll(name, " ", "_"), func(t *testing.T) {
			n, _, word := setup(t)
			script := strings.NewReplacer("$secret", secret, "$shared", shared, "$mine", mine).Replace(c.script)
			run := func(b *port.Sandbox) error {
				spec := shell(word, "{ "+script+"; } >/dev/null 2>&1 || exit 9")
				spec.Sandbox = b
				return assert.Within(t, long, endOf(n, start(t, n, spec)))
			}
			reason := run(&port.Sandbox{Read: c.read, Write: []string{mine}})
			if c.ok {
				assert.NoError(t, reason)
				return
			}
			assert.Equal(t, assert.ErrorAs[*port.ExitError](t, reason).Code, 9)
			assert.NoError(t, run(nil)) // it is the sandbox that denies it
			_ = os.WriteFile(filepath.Join(secret, "file"), []byte("told"), 0o666)
		})
	}
}

// A program in a sandbox sees and reaches only its own processes.
func TestSandbox_Processes(t *testing.T) {
	n, _, word := setup(t)
	other := start(t, n, shell(word, `read x`))
	i, err := port.Inspect(ctx, other)
	assert.NoError(t, err)
	script := fmt.Sprintf(`kill -9 %d && exit 1; kill -9 %d && exit 2; kill -9 -1; kill -9 $PPID; kill -9 1; exit 3`, i.PID, os.Getpid())
	reason := assert.Within(t, long, endOf(n, start(t, n, caged(word, script, port.Sandbox{}))))
	assert.Equal(t, assert.ErrorAs[*port.ExitError](t, reason).Code, 3)
	assert.True(t, n.Alive(other), "the other port is dead")
}

// That a program has closed its output is told from its end, also from inside.
func TestSandbox_EndsAndClosings(t *testing.T) {
	n, _, word := setup(t)
	for range 5 {
		_, err := port.Call(ctx, start(t, n, caged(word, `read x; exit 3`, port.Sandbox{})), []byte("go"))
		assert.Equal(t, assert.ErrorAs[*port.ExitError](t, err).Code, 3)
		_, err = port.Call(ctx, start(t, n, caged(word, `exec 1>&-; while read x; do :; done`, port.Sandbox{})), []byte("go"))
		assert.ErrorIs(t, err, port.ErrOutputClosed)
	}
}

// Whoever kills the guardian of a sandbox kills all that is in it.
func TestSandbox_TheGuardianIsKilled(t *testing.T) {
	n, _, word := setup(t)
	b := newInbox(t, n)
	spec := caged(word, spread, port.Sandbox{})
	spec.Subscriber = b.pid
	pid := start(t, n, spec)
	end := endOf(n, pid)
	assert.Equal(t, b.text(t), "spread")
	i, err := port.Inspect(ctx, pid)
	assert.NoError(t, err)
	assert.NoError(t, syscall.Kill(i.Guardian, syscall.SIGKILL))
	assert.ErrorIs(t, assert.Within(t, long, end), port.ErrGuardianDied)
	assert.Equal(t, len(running(word)), 0)
}

func TestSandbox_ABombIsLimited(t *testing.T) {
	n, _, word := setup(t)
	const limit = 40
	spec := caged(word, `echo ready; f() { f | f & }; while :; do f; done`, port.Sandbox{})
	if os.Geteuid() == 0 {
		spec.Sandbox.User = 64_999 // nobody else's, so that only its own processes count
	}
	spec.Limits.Processes = limit
	pid := start(t, n, spec)
	end := endOf(n, pid)
	eventually(t, "the bomb has gone off, or ended", func() bool { return len(running(word)) > limit/2 || len(end) > 0 })
	if many := len(running(word)); many > limit {
		t.Errorf("%d processes", many)
	}
	shutdownIfThere(pid)
	assert.Within(t, long, end)
	assert.Equal(t, len(running(word)), 0)
}

func TestSandbox_Network(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	assert.NoError(t, err)
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			fmt.Fprintln(c, "hello")
			c.Close()
		}
	}()
	_, number, _ := net.SplitHostPort(l.Addr().String())
	unix := filepath.Join(open(t), "socket")
	u, err := net.Listen("unix", unix)
	assert.NoError(t, err)
	defer u.Close()
	assert.NoError(t, os.Chmod(unix, 0o777))
	const inet = `use Socket; socket(S, AF_INET, SOCK_STREAM, 0) && connect(S, sockaddr_in($ARGV[0], INADDR_LOOPBACK)) ? exit 0 : exit 9`
	const local = `use Socket; socket(S, AF_UNIX, SOCK_STREAM, 0) && connect(S, sockaddr_un($ARGV[0])) ? exit 0 : exit 9`
	for name, c := range map[string]struct {
		script, arg string
		box         *port.Sandbox
		code        int
	}{
		"no sandbox":                   {inet, number, nil, 0},
		"no network":                   {inet, number, &port.Sandbox{}, 9},
		"network":                      {inet, number, &port.Sandbox{Network: true}, 0},
		"no sandbox, local":            {local, unix, nil, 0},
		"no network, local":            {local, unix, &port.Sandbox{Write: []string{filepath.Dir(unix)}}, 9},
		"network, and yet a local one": {local, unix, &port.Sandbox{Write: []string{filepath.Dir(unix)}, Network: true}, 9},
	} {
		t.Run(strings.ReplaceAll(name, " ", "_"), func(t *testing.T) {
			n, _, word := setup(t)
			spec := port.Spec{Path: perl(t), Args: []string{"-e", c.script, c.arg, word}, Sandbox: c.box}
			reason := assert.Within(t, long, endOf(n, start(t, n, spec)))
			var e *port.ExitError
			if errors.As(reason, &e); c.code == 0 && reason != nil || c.code != 0 && (e == nil || e.Code != c.code) {
				t.Errorf("ended with %v, want code %d", reason, c.code)
			}
		})
	}
}

// Calls by number, each with the error that it must give. 0 stands for arguments.
func TestSandbox_SystemCalls(t *testing.T) {
	if runtime.GOARCH != "amd64" {
		t.Skip("SKIPPED (numbers of system calls are amd64's)")
	}
	const newUser, newNS = 0x1000_0000, 0x0002_0000
	for name, c := range map[string]struct {
		call []int
		want syscall.Errno
	}{
		"ptrace":               {[]int{101, 0, 0, 0, 0}, syscall.EPERM},
		"mount":                {[]int{165, 0, 0, 0, 0, 0}, syscall.EPERM},
		"unshare":              {[]int{272, newUser}, syscall.EPERM},
		"setns":                {[]int{308, 0, 0}, syscall.EPERM},
		"clone with a flag":    {[]int{56, newUser | 17, 0, 0, 0, 0}, syscall.EPERM},
		"clone, another":       {[]int{56, newNS | 17, 0, 0, 0, 0}, syscall.EPERM},
		"clone3":               {[]int{435, 0, 0}, syscall.ENOSYS},
		"bpf":                  {[]int{321, 0, 0, 0}, syscall.EPERM},
		"io_uring_setup":       {[]int{425, 1, 0}, syscall.EPERM},
		"keyctl":               {[]int{250, 0, 0}, syscall.EPERM},
		"process_vm_readv":     {[]int{310, 1, 0, 0, 0, 0, 0}, syscall.EPERM},
		"perf_event_open":      {[]int{298, 0, 0, 0, 0, 0}, syscall.EPERM},
		"userfaultfd":          {[]int{323, 0}, syscall.EPERM},
		"chroot":               {[]int{161, 0}, syscall.EPERM},
		"socket AF_NETLINK":    {[]int{41, 16, 3, 0}, syscall.EPERM},
		"socket AF_ALG":        {[]int{41, 38, 5, 0}, syscall.EPERM},
		"ioctl TIOCSTI":        {[]int{16, 0, 0x5412, 0}, syscall.EPERM},
		"ioctl TIOCGWINSZ":     {[]int{16, 0, 0x5413, 0}, syscall.ENOTTY}, // as on any pipe
		"one not yet invented": {[]int{4000}, syscall.ENOSYS},
		"x32":                  {[]int{0x4000_0000 + 39}, syscall.ENOSYS},
		"dup of none":          {[]int{32, 999}, syscall.EBADF}, // an ordinary one goes through
	} {
		t.Run(strings.ReplaceAll(name, " ", "_"), func(t *testing.T) {
			n, _, word := setup(t)
			args := strings.Trim(strings.ReplaceAll(fmt.Sprint(c.call), " ", ","), "[]")
			spec := port.Spec{
				Path: perl(t), Args: []string{"-e", "exit(syscall(" + args + ") == -1 ? $!+0 : 0)", word}, Sandbox: &port.Sandbox{},
			}
			reason := assert.Within(t, long, endOf(n, start(t, n, spec)))
			assert.Equal(t, assert.ErrorAs[*port.ExitError](t, reason).Code, int(c.want))
		})
	}
}

func TestSandbox_WhatCannotBeHadIsRefused(t *testing.T) {
	n, _, word := setup(t)
	for name, c := range map[string]struct {
		box  port.Sandbox
		want error
	}{
		"a path that is not there": {port.Sandbox{Read: []string{"/usr", "/no/such"}}, syscall.ENOENT},
	} {
		t.Run(strings.ReplaceAll(name, " ", "_"), func(t *testing.T) {
			_, err := port.Start(ctx, n, caged(word, `exit 0`, c.box), port.Opts{})
			assert.ErrorAs[*port.StartError](t, err)
			assert.ErrorIs(t, err, c.want)
		})
	}
	for field, b := range map[string]port.Sandbox{
		"Sandbox.User": {User: -1}, "Sandbox.Read": {Read: []string{"usr"}}, "Sandbox.Write": {Write: []string{""}},
	} {
		_, err := port.Start(ctx, n, caged(word, `exit 0`, b), port.Opts{})
		assert.Equal(t, assert.ErrorAs[*port.SpecError](t, err).Field, field)
	}
}

// A node that is not root has its programs in a user namespace.
func TestSandbox_WithoutPrivileges(t *testing.T) {
	word := mark(t)
	cmd := exec.Command("/proc/self/exe", word)
	cmd.Dir = "/"
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), childEnv + "=caged"}
	if os.Geteuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 64_998, Gid: 64_998}}
	}
	user := itoa(os.Geteuid())
	if user == "0" {
		user = "64998"
	}
	out, err := cmd.Output()
	assert.NoError(t, err)
	assert.Equal(t, string(out), "started: <nil>\n"+
		"read: no\nkill: no\nuser: "+user+"\n"+
		"a user of its own: port: a user of the program's own cannot be had here: the node is not root\n")
}

// cagedNode is a node that is not root.
func cagedNode() {
	n, err := newNode()
	if err != nil {
		fmt.Println(err)
		return
	}
	spec := caged(os.Args[1], `cat /etc/passwd 2>/dev/null || echo read: no; kill -9 `+itoa(os.Getpid())+` 2>/dev/null || echo kill: no
		echo user: $(id -u)`, port.Sandbox{})
	b := newBox(n)
	spec.Subscriber = b.pid
	_, err = port.Start(ctx, n, spec, port.Opts{})
	fmt.Println("started:", err)
	if err != nil {
		return
	}
	for m := range b.ch {
		d, ok := m.(port.Data)
		if !ok {
			break
		}
		fmt.Println(string(d.Bytes))
	}
	spec.Sandbox.User = 1000
	_, err = port.Start(ctx, n, spec, port.Opts{})
	fmt.Println("a user of its own:", err)
	_ = n.Stop(ctx)
}
