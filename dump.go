package kista

import (
	"bufio"
	"fmt"
	"io"
	"time"
)

// Dump writes, for people, the node's totals and a line for each process that is
// not idle and for each zombie: what it is, in which callback and since when, on
// which type of message, its mailbox, and what it waits for. It does not stop the
// world: each line is true by itself. Its memory does not grow with the number of
// processes. The error is w's.
//
// For the stacks, take a goroutine dump beside it (the net/http/pprof page
// goroutine?debug=2, or SIGQUIT): the frame proc.run(0x...) of an execution shows
// the address that is written here behind "at". In profiles, bodies with a name
// or a label and behaviours that have been seen to run or block for long carry
// the labels kista_kind, kista_name and kista_pid; those of a subtree
// ([SpawnOpts.Subtree]) always, and kista_subtree.
func (n *Node) Dump(w io.Writer) error {
	out := bufio.NewWriter(w) // keeps its first error for the end
	say := func(format string, args ...any) { _, _ = fmt.Fprintf(out, format, args...) }
	s := n.Stats()
	say("node %s, up %v: %d processes (%d spawned), %d in their code, %d zombies\n",
		n.name, time.Duration(n.ticks()).Round(time.Second), s.Processes, s.Spawned, s.Executions, s.Zombies)
	say("%d workers, %d of them blocked; %d behaviours queued; %d timers, %d names; dropped: %d messages, %d reports\n",
		s.Workers, s.Blocked, s.Queued, s.Timers, s.Names, s.DroppedMessages, s.DroppedReports)
	for pid := range n.Processes() {
		info, ok := n.Info(pid)
		if !ok || info.Status == Idle && info.MailboxLen == 0 {
			continue
		}
		say("%s %s", pid, info.Kind)
		if name := info.Name + info.Label; name != "" {
			say(" %q", name)
		}
		say(": %s", info.Status)
		if info.WaitingFor != "" {
			say(" for %s", info.WaitingFor)
		}
		if info.Callback != "" {
			say(" in %s for %v", info.Callback, info.Since.Round(time.Millisecond))
		}
		if info.Message != "" {
			say(", last %s", info.Message)
		}
		say(", mailbox %d (%d bytes), handled %d", info.MailboxLen, info.MailboxSize, info.Handled)
		if info.Requests > 0 {
			say(", owes %d answers", info.Requests)
		}
		say(", at %p\n", pid.p)
	}
	const enough = 1000
	for _, p := range n.zombieList(enough) {
		p.mu.Lock()
		line := fmt.Sprintf("%s: zombie, in %s, ended with: %s, at %p", p.titleLocked(), p.callback, reasonText(p.fate.reason), p)
		p.mu.Unlock()
		say("%s\n", line)
	}
	return out.Flush()
}

// titleLocked says what p is, or was, in a few words.
func (p *proc) titleLocked() string {
	text := p.pid().String() + " " + p.kind.name
	if name := p.x.title(); name != "" {
		text += fmt.Sprintf(" %q", name)
	}
	return text
}

// title is the name, which it may have lost with its death, or the label.
func (x *extras) title() string {
	for _, name := range []string{x.name, x.former, x.label} {
		if name != "" {
			return name
		}
	}
	return ""
}
