package bank_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/examples/bank"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/store/sqlite"
)

// childEnv, when set, makes the test program a bank on that directory, which
// runs until its standard input ends.
const childEnv = "KISTA_TEST_BANK"

func runChild(dir string) error {
	node, err := kista.Start(kista.Config{Logger: quiet})
	if err != nil {
		return err
	}
	b, err := bank.Start(context.Background(), node, bank.Config{Data: dir, SnapshotEvery: 10})
	if err != nil {
		return err
	}
	fmt.Println(b.RobustAddr())
	_, _ = bufio.NewReader(os.Stdin).ReadByte()
	return node.Stop(context.Background())
}

// program is a bank in an operating system process of its own.
type program struct {
	t    testing.TB
	dir  string
	cmd  *exec.Cmd
	mu   sync.Mutex
	addr string
	up   chan struct{} // closed while addr is good
}

func (p *program) start() {
	p.t.Helper()
	self, err := os.Executable()
	assert.NoError(p.t, err)
	p.cmd = exec.Command(self, "-test.run=^$")
	p.cmd.Env = append(os.Environ(), childEnv+"="+p.dir)
	p.cmd.Stderr = os.Stderr
	in, err := p.cmd.StdinPipe()
	assert.NoError(p.t, err)
	p.t.Cleanup(func() { _ = in.Close() })
	out, err := p.cmd.StdoutPipe()
	assert.NoError(p.t, err)
	assert.NoError(p.t, p.cmd.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	assert.NoError(p.t, err)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.addr = strings.TrimSpace(line)
	close(p.up)
}

// kill is kill -9.
func (p *program) kill() {
	p.mu.Lock()
	p.up = make(chan struct{})
	p.mu.Unlock()
	assert.NoError(p.t, p.cmd.Process.Kill())
	_ = p.cmd.Wait()
}

func (p *program) await(ctx context.Context) (string, error) {
	p.mu.Lock()
	up := p.up
	p.mu.Unlock()
	select {
	case <-up:
		p.mu.Lock()
		defer p.mu.Unlock()
		return p.addr, nil
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
}

// TestKillServer kills the whole server again and again while clients work.
func TestKillServer(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 2*patience)
	defer cancel()
	p := &program{t: t, dir: t.TempDir(), up: make(chan struct{})}
	p.start()
	l := &load{t: t, accounts: 5, addr: p.await}
	stop, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		l.run(ctx, 4, stop)
	}()
	for round := range 6 {
		l.answers(ctx, 30*(round+1))
		p.kill()
		p.start()
	}
	close(stop)
	<-ended
	l.compare(ctx)
	p.kill()

	j, err := sqlite.Open(filepath.Join(p.dir, "bank.db"), sqlite.Config{})
	assert.NoError(t, err)
	defer func() { assert.NoError(t, j.Close()) }()
	sum, err := bank.AuditJournal(ctx, j, bank.Limits{})
	assert.NoError(t, err)
	assert.Equal(t, sum.Total().Int64(), l.total())
	assert.Equal(t, len(sum.Unreadable), 0)
}

// answers waits until the clients have that many answers.
func (l *load) answers(ctx context.Context, n int) {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		l.mu.Lock()
		enough := l.answered >= n
		l.mu.Unlock()
		if enough {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			l.t.Errorf("no %d answers: %v", n, context.Cause(ctx))
			return
		}
	}
}
