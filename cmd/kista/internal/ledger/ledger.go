package ledger

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kista-go/kista/term"
)

// Config says what to do against which bank.
type Config struct {
	// Addr is the address of the bank's robust port.
	Addr string
	// Run makes the names of accounts and tags unique. Empty: the time.
	Run string
	// Clients work at the same time. Zero: 8.
	Clients int
	// Accounts are the accounts they use. Zero: 16.
	Accounts int
	// Seed chooses the operations. Zero: from the time.
	Seed uint64
	// Timeout bounds one attempt at a request. Zero: two seconds.
	Timeout time.Duration
	// Drain bounds the time in which every outcome must become known after the
	// end. Zero: 60 seconds.
	Drain time.Duration
	// Log, if not nil, gets every known outcome as a line of JSON.
	Log io.Writer
	// Progress, if not nil, is called from time to time.
	Progress func(Progress)
}

// Progress is how far the clients are.
type Progress struct {
	Acked   int64 `json:"acked"`   // requests whose outcome is known
	Retries int64 `json:"retries"` // attempts that had to be repeated
}

// Row is one account in the end.
type Row struct {
	Account string `json:"account"`
	Ledger  int64  `json:"ledger"`
	Bank    int64  `json:"bank"`
}

// Result is what came out.
type Result struct {
	Progress
	Unknown []string `json:"unknown,omitempty"` // requests whose outcome never became known
	Refused []string `json:"refused,omitempty"` // answers that no bank should give
	Rows    []Row    `json:"rows"`
}

// Exact reports whether the bank and the ledger agree to the last coin, with
// nothing left open.
func (r Result) Exact() bool {
	if len(r.Unknown) > 0 || len(r.Refused) > 0 {
		return false
	}
	for _, row := range r.Rows {
		if row.Ledger != row.Bank {
			return false
		}
	}
	return true
}

type ledger struct {
	cfg     Config
	acked   atomic.Int64
	retries atomic.Int64

	mu       sync.Mutex
	balances map[string]int64
	unknown  []string
	refused  []string
}

// Run works until ctx ends, waits until every outcome is known, and compares.
// The error says that the bank could not be asked for its balances.
func Run(ctx context.Context, cfg Config) (Result, error) {
	if cfg.Run == "" {
		cfg.Run = time.Now().UTC().Format("150405.000000")
	}
	if cfg.Clients == 0 {
		cfg.Clients = 8
	}
	if cfg.Accounts == 0 {
		cfg.Accounts = 16
	}
	if cfg.Seed == 0 {
		cfg.Seed = uint64(time.Now().UnixNano())
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = 2 * time.Second
	}
	if cfg.Drain == 0 {
		cfg.Drain = time.Minute
	}
	l := &ledger{cfg: cfg, balances: map[string]int64{}}
	var workers sync.WaitGroup
	for i := range cfg.Clients {
		workers.Go(func() { l.work(ctx, i) })
	}
	stop := make(chan struct{})
	var teller sync.WaitGroup
	teller.Go(func() { l.tell(stop) })
	workers.Wait()
	close(stop)
	teller.Wait()
	return l.compare()
}

func (l *ledger) tell(stop <-chan struct{}) {
	if l.cfg.Progress == nil {
		return
	}
	tick := time.NewTicker(250 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			l.cfg.Progress(l.progress())
		case <-stop:
			return
		}
	}
}

func (l *ledger) progress() Progress {
	return Progress{Acked: l.acked.Load(), Retries: l.retries.Load()}
}

func (l *ledger) account(i int) string { return fmt.Sprintf("%s/%d", l.cfg.Run, i) }

// work is one client: one request after the other, none left open.
func (l *ledger) work(ctx context.Context, id int) {
	rng := rand.New(rand.NewPCG(l.cfg.Seed, uint64(id)))
	c := &client{addr: l.cfg.Addr, timeout: l.cfg.Timeout}
	defer c.close()
	for seq := 0; ctx.Err() == nil; seq++ {
		tag := term.Tuple{term.Binary(l.cfg.Run), id, seq}
		l.settle(ctx, c, tag, l.choose(rng))
	}
}

func (l *ledger) choose(rng *rand.Rand) op {
	o := op{who: l.account(rng.IntN(l.cfg.Accounts)), amount: 1 + rng.Int64N(100)}
	switch k := rng.IntN(10); {
	case k < 4:
		o.kind = "deposit"
	case k < 6:
		o.kind = "withdraw"
	case k < 9:
		o.kind = "transfer"
		for o.to = o.who; o.to == o.who; {
			o.to = l.account(rng.IntN(l.cfg.Accounts))
		}
	default:
		o.kind = "balance"
	}
	return o
}

// settle repeats a request until its outcome is known.
func (l *ledger) settle(ctx context.Context, c *client, tag term.Term, o op) {
	deadline := time.Time{}
	for attempt := 0; ; attempt++ {
		if attempt > 0 {
			l.retries.Add(1)
			pause(ctx, attempt)
		}
		if ctx.Err() != nil && deadline.IsZero() {
			deadline = time.Now().Add(l.cfg.Drain)
		}
		if !deadline.IsZero() && time.Now().After(deadline) {
			l.note(&l.unknown, fmt.Sprintf("%s: no answer after %d attempts", o, attempt))
			return
		}
		reply, err := c.call(tag, o.term())
		if err != nil {
			continue
		}
		switch outcome, known := judge(reply); {
		case outcome == refusal:
			l.note(&l.refused, fmt.Sprintf("%s: %s", o, term.String(reply)))
			return
		case known:
			l.book(tag, o, outcome, reply)
			c.deleteTag(tag)
			return
		}
	}
}

// pause keeps a client from hammering a bank that is down.
func pause(ctx context.Context, attempt int) {
	d := min(time.Duration(attempt)*2*time.Millisecond, 50*time.Millisecond)
	if ctx.Err() != nil {
		time.Sleep(d)
		return
	}
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

func (l *ledger) note(list *[]string, line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	*list = append(*list, line)
}

// book notes a known outcome.
func (l *ledger) book(tag term.Term, o op, outcome outcome, reply term.Term) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if outcome == done {
		switch o.kind {
		case "deposit":
			l.balances[o.who] += o.amount
		case "withdraw":
			l.balances[o.who] -= o.amount
		case "transfer":
			l.balances[o.who] -= o.amount
			l.balances[o.to] += o.amount
		}
	}
	l.acked.Add(1)
	if l.cfg.Log != nil {
		_ = json.NewEncoder(l.cfg.Log).Encode(map[string]string{
			"tag": term.String(tag), "request": term.String(o.term()), "reply": term.String(reply),
		})
	}
}

// compare asks the bank for every balance.
func (l *ledger) compare() (Result, error) {
	res := Result{Progress: l.progress(), Unknown: l.unknown, Refused: l.refused}
	c := &client{addr: l.cfg.Addr, timeout: l.cfg.Timeout}
	defer c.close()
	deadline := time.Now().Add(l.cfg.Drain)
	for i := range l.cfg.Accounts {
		who := l.account(i)
		for attempt := 1; ; attempt++ {
			n, err := c.balance(who, fmt.Sprintf("%s/final/%d/%d", l.cfg.Run, i, attempt))
			if err == nil {
				res.Rows = append(res.Rows, Row{Account: who, Ledger: l.balances[who], Bank: n})
				break
			}
			if time.Now().After(deadline) {
				return res, fmt.Errorf("ledger: balance of %s: %w", who, err)
			}
			pause(context.Background(), attempt)
		}
	}
	return res, nil
}
