package kista

import (
	"bytes"
	"runtime/pprof"
	"strings"
	"time"
)

// Zombie is what is known of an ended process whose code has not returned (law 6):
// Go cannot end a goroutine from outside, so it runs on until it returns by itself,
// or the program ends. Everybody has heard of the process's end; nothing that the
// code still does through its Self has an effect.
type Zombie struct {
	PID      PID
	Kind     string        // what it ran: "server", "body", ...
	Name     string        // its name, which others may have by now, or its label
	Subtree  string        // see [SpawnOpts.Subtree]
	Callback string        // in which callback it is; empty where that is not known
	Reason   error         // what it ended with
	Since    time.Duration // since its end
	Stack    string        // see [Node.ZombieStacks]; empty where nobody asked for it
}

// Zombies returns the zombies of the node, at most limit, the oldest processes
// first. It does not block.
func (n *Node) Zombies(limit int) []Zombie {
	if limit <= 0 {
		return nil
	}
	var out []Zombie
	for _, p := range n.zombieList(limit) {
		p.mu.Lock()
		out = append(out, Zombie{
			PID: p.pid(), Kind: p.kind.name, Name: p.x.title(), Subtree: p.how.subtree, Callback: p.callback.String(),
			Reason: p.fate.reason, Since: time.Duration(n.ticks() - p.x.died),
		})
		p.mu.Unlock()
	}
	return out
}

// ZombieStacks is [Node.Zombies] with the stack of each where it can be told: the
// runtime's profile of goroutines, which stops nobody, has it under the label of the
// process. Processes are labelled when they run a body, or have blocked for long
// once; see the page for operations. It takes as long as a profile of all goroutines
// of the program.
func (n *Node) ZombieStacks(limit int) []Zombie {
	out := n.Zombies(limit)
	var b bytes.Buffer
	if len(out) == 0 || pprof.Lookup("goroutine").WriteTo(&b, 1) != nil {
		return out
	}
	for part := range strings.SplitSeq(b.String(), "\n\n") {
		for i := range out {
			if strings.Contains(part, `"kista_pid":"`+out[i].PID.String()+`"`) {
				out[i].Stack = frames(part)
			}
		}
	}
	return out
}

// frames are the functions of a goroutine in a profile, a line each.
func frames(part string) string {
	var b strings.Builder
	for line := range strings.Lines(part) {
		if _, frame, ok := strings.Cut(line, "\t"); ok && strings.HasPrefix(line, "#") {
			_, frame, _ = strings.Cut(frame, "\t") // behind the program counter
			b.WriteString(frame)
		}
	}
	return strings.TrimSpace(b.String())
}
