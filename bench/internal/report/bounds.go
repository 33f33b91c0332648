package report

import (
	"fmt"
	"strings"
)

// Bounds say, by workload and metric, what keeps a figure from its goal, found with
// profiles of the column alone (bin/kista -w W3 -cpuprofile cpu.out), with sizes
// that leave the caches out (-set RingSize=10), and with variants of the kernel.
var Bounds = map[Key]string{
	{"W7", "hop_native"}: "A quarter of a hop is the atomic swaps and the lock that let other workers steal what is " +
		"queued, a tenth the private copy of the message, a tenth its entry in the mailbox. A JIT with its own stacks has " +
		"none of the first, and its heap is the copy's place already. The point where a deterministic node may choose another " +
		"process costs 3 %: measured against a kernel without it.",
	{"W14", "blocking_hop"}: "A goroutine parks and is woken by a channel: with 10 processes a hop takes 0.6 us, with 10,000 " +
		"twice that, since stack, channel and descriptor of each have left the cache. The floor, rawq, has the same cost in " +
		"fewer lines of the cache: it keeps no identity, state and limit beside its queue.",
	{"W8", "call_1"}: "Two switches between goroutines, one of them to a worker that has parked, are half of it. A " +
		"callee that ran on its caller's stack would save them, and could not be left behind when the call's time is over.",
	{"W8", "call_handler"}: "As for a call of a Body, and the worker of the handler that waits must find somebody to take its place.",
	{"W3", "msg_native"}: "A third of the CPU time goes into entries of mailboxes, which travel from one processor's pool to " +
		"the other's, a quarter into the lock that both share. Trays of 64 entries were slower, and memory made anew each time " +
		"took as long.",
	{"W3", "msg"}:        "As written directly, and the interface that all Go columns share. Hollywood takes no copy and has no limit.",
	{"W4", "msg_native"}: "As for one sender; the receiver's lock is taken once for each message.",
	{"W4", "msg"}:        "As written directly, and the interface that all Go columns share. The Go peers take no copy and have no limit.",
	{"W1", "spawn_exit"}: "Ten pieces of memory, 850 B: the process, its behaviour, its link with the one who spawns and the news " +
		"that it is up, as every start in OTP has. Erlang's figure is for a bare spawn.",
	{"W1", "spawn_msg_exit"}:      "As for spawn and end.",
	{"W1", "body_spawn_exit"}:     "Beside the go statement: the process, its entry in the node's list, taking it out again, two readings of the clock.",
	{"W1", "body_spawn_msg_exit"}: "As for spawn and end.",
	{"W17", "burst_rss_ratio"}: "What stays is the Go runtime's own book-keeping of a heap that was once large (span and mark " +
		"tables), some 4 % of it; it is used again: a second crowd leaves no more. The ratio is to a program that has done nothing.",
	{"W17", "burst_heap_ratio"}: "Live memory comes back to within 50 KB of a node that has done nothing; the rest is in " +
		"spans that are partly used.",
	{"W10", "restart"}: "Recovering from a panic and keeping its stack are a third of it, the reports, made for nobody, a tenth, " +
		"the rest is spawn, link, start and call, with five switches between three processes.",
	{"W16", "set_cancel"}: "A timer of Kista's is a message under way: a private copy, counted against its node and its " +
		"process's mailbox, and dead with its process. The wheel beneath takes a quarter of it.",
	{"W18", "copy_tree"}: "A plan for each type, which sees shared parts and cycles, against code that knows the tree has neither.",
	{"W9", "binary_64k"}: "Nobody copies here; the figure is that of a message.",
}

// bounds tells of each goal that is not reached what bounds it.
func bounds(s *Set) string {
	var b strings.Builder
	for _, g := range Goals {
		if o := g.Judge(s); !o.Known || o.Reached {
			continue
		}
		if why := Bounds[g.Key]; why != "" && !strings.Contains(b.String(), why) {
			fmt.Fprintf(&b, "- **%s**: %s\n", g.Title, why)
		}
	}
	return b.String()
}
