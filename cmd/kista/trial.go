package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/cmd/kista/internal/chaos"
	"github.com/kista-go/kista/cmd/kista/internal/ledger"
	"github.com/kista-go/kista/cmd/kista/internal/show"
	"github.com/kista-go/kista/examples/bank"
)

// trial is a bank, those who use it, and those who break it.
type trial struct {
	demo   *demo
	node   *kista.Node
	screen *show.Screen
	bank   *bank.Bank

	mu     sync.Mutex
	deaths []chaos.Death
}

func (t *trial) run(ctx context.Context) error {
	driver := chaos.New(t.node)
	driver.Told = t.told
	cfg := bank.Config{
		Data: t.demo.data, Listen: t.demo.listen, Port: t.demo.port, RobustPort: t.demo.robustPort,
		RequestTimeout: 2 * time.Second, Shutdown: time.Second,
	}
	if !t.demo.serveOnly {
		cfg.Fault = driver.At
	}
	starting, done := context.WithTimeout(ctx, 30*time.Second)
	defer done()
	b, err := bank.Start(starting, t.node, cfg)
	if err != nil {
		return portError(err)
	}
	t.bank = b
	if t.demo.serveOnly {
		return t.serve(ctx)
	}
	t.screen.Tell("A bank is open at %v, robustly at %v. Its books: %s", b.Addr(), b.RobustAddr(), t.demo.data)
	books, err := openLedger(b.RobustAddr().String(), filepath.Join(t.demo.data, "ledger.json"))
	if err != nil {
		return err
	}
	t.screen.Tell("Its clients are process %d. From here on its parts are killed.\n", books.pid())
	working := ctx
	if t.demo.lasts > 0 {
		var done func()
		working, done = context.WithTimeout(ctx, t.demo.lasts)
		defer done()
	}
	driver.Run(working)
	t.screen.Note("nobody is killed any more; the clients find out the last outcomes")
	res, err := books.close()
	if err != nil {
		return err
	}
	t.summary()
	return t.balance(res)
}

func (t *trial) stop(ctx context.Context) error {
	if t.bank == nil {
		return nil
	}
	return t.bank.Stop(ctx)
}

func (t *trial) told(d chaos.Death) {
	t.mu.Lock()
	t.deaths = append(t.deaths, d)
	t.mu.Unlock()
	back := "its client comes again"
	switch {
	case d.By != "":
		back = fmt.Sprintf("again by %s after %v", d.By, d.Took.Round(time.Microsecond))
	case d.Victim == chaos.Courier:
		back = "its account sends another"
	}
	reason := "normal"
	if d.Reason != nil {
		reason = d.Reason.Error()
	}
	t.screen.Crash(string(d.Victim), d.Who, string(d.Cause), reason, back)
}

// summary prints who died of what.
func (t *trial) summary() {
	head := []string{"victim"}
	for _, c := range chaos.Causes {
		head = append(head, string(c))
	}
	head = append(head, "deaths", "back: median", "slowest")
	var rows [][]string
	for _, v := range chaos.Victims {
		row := []string{string(v)}
		var took []time.Duration
		n := 0
		for _, c := range chaos.Causes {
			k := 0
			for _, d := range t.deaths {
				if d.Victim == v && d.Cause == c {
					k++
					if d.By != "" {
						took = append(took, d.Took)
					}
				}
			}
			n += k
			row = append(row, fmt.Sprint(k))
		}
		rows = append(rows, append(row, fmt.Sprint(n), median(took), slowest(took)))
	}
	t.screen.Tell("")
	t.screen.Table(head, rows)
}

// balance holds the ledger against the bank's balances.
func (t *trial) balance(res ledger.Result) error {
	var sum, wrong int64
	rows := make([][]string, 0, len(res.Rows))
	for _, r := range res.Rows {
		sum += r.Bank
		verdict := "exact"
		if r.Bank != r.Ledger {
			wrong++
			verdict = t.screen.Paint(show.Red, "WRONG")
		}
		rows = append(rows, []string{r.Account, fmt.Sprint(r.Ledger), fmt.Sprint(r.Bank), verdict})
	}
	t.screen.Say("")
	if !t.demo.quiet || wrong > 0 {
		t.screen.Table([]string{"account", "ledger", "bank", ""}, rows)
		t.screen.Say("")
	}
	for _, line := range append(res.Unknown, res.Refused...) {
		t.screen.Say("%s %s", t.screen.Paint(show.Red, "open:"), line)
	}
	t.screen.Say("%d requests with a known outcome, %d of them repeated attempts; %d accounts hold %d.",
		res.Acked, res.Retries, len(res.Rows), sum)
	if !res.Exact() {
		t.screen.Say("%s", t.screen.Paint(show.Red, "The ledger and the bank do NOT agree."))
		return exitCode(1)
	}
	t.screen.Say("%s", t.screen.Paint(show.Green, "The ledger and the bank agree to the last coin: nothing lost, nothing done twice."))
	return nil
}

// books is the clients' process.
type books struct {
	cmd   *exec.Cmd
	stdin io.WriteCloser
	out   *bufio.Scanner
}

// openLedger starts this program again, as the clients.
func openLedger(addr, log string) (*books, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(self, "ledger", "--addr", addr, "--log", log)
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	out := bufio.NewScanner(stdout)
	out.Buffer(nil, 4<<20)
	b := &books{cmd: cmd, stdin: stdin, out: out}
	for out.Scan() { // the first line: they work
		var line ledgerLine
		if json.Unmarshal(out.Bytes(), &line) == nil && line.Progress != nil {
			return b, nil
		}
	}
	_ = cmd.Wait()
	return nil, errors.New("the clients' process ended before it began")
}

func (b *books) pid() int { return b.cmd.Process.Pid }

// close tells the clients to finish and returns what they found.
func (b *books) close() (ledger.Result, error) {
	limit := time.AfterFunc(3*time.Minute, func() { _ = b.cmd.Process.Kill() })
	defer limit.Stop()
	_ = b.stdin.Close()
	var res *ledger.Result
	for b.out.Scan() {
		var line ledgerLine
		if json.Unmarshal(b.out.Bytes(), &line) == nil && line.Result != nil {
			res = line.Result
		}
	}
	err := b.cmd.Wait()
	if res == nil {
		return ledger.Result{}, fmt.Errorf("the clients' process ended without a result: %w", errors.Join(err, b.out.Err()))
	}
	return *res, nil
}
