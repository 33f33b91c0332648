package report

// Row is one line of the main table.
type Row struct {
	Key
	Title string
	// Beside lets the columns that have no such figure show another one.
	Beside string

	isolated bool
}

func row(w, metric, title string) Row { return Row{Key: Key{w, metric}, Title: title} }

func beside(w, metric, other, title string) Row {
	return Row{Key: Key{w, metric}, Title: title, Beside: other}
}

// isolated compares what each column's users do so that sender and receiver share
// nothing: nothing in Kista and Erlang, a copy in the others.
func isolated(w, metric, title string) Row {
	return Row{Key: Key{w, metric}, Title: title, Beside: metric + "_usercopy", isolated: true}
}

// in returns the figure that a column shows in this row.
func (r Row) in(column string) Key {
	if r.Beside == "" || column == "kista" || r.isolated && column == "erlang" {
		return r.Key
	}
	return Key{r.Workload, r.Beside}
}

// Rows are the lines of the main table, in order.
var Rows = []Row{
	row("W1", "spawn_exit", "spawn, end (behaviour)"),
	row("W1", "spawn_msg_exit", "spawn, one message, end (behaviour)"),
	beside("W1", "body_spawn_exit", "spawn_exit", "spawn, end (Body)"),
	beside("W1", "body_spawn_msg_exit", "spawn_msg_exit", "spawn, one message, end (Body)"),
	row("W1", "start_wait", "start and wait until it is up, end"),
	row("W2", "heap_per_proc", "heap and stack of an idle process"),
	row("W2", "rss_per_proc", "RSS of an idle process"),
	row("W2", "spawn_idle", "spawn of an idle process, from outside"),
	row("W3", "msg", "send, 1 to 1, from a process"),
	beside("W3", "msg_native", "msg", "the same, written directly"),
	row("W3", "msg_outside", "send, 1 to 1, from a plain goroutine"),
	row("W4", "msg", "fan-in, 8 to 1"),
	beside("W4", "msg_native", "msg", "the same, written directly"),
	row("W5", "msgs_per_s", "pairs at once, messages a second in total"),
	beside("W5", "msgs_per_s_native", "msgs_per_s", "the same, written directly"),
	row("W6", "round_trip", "ping-pong, round trip"),
	beside("W6", "round_trip_native", "round_trip", "the same, written directly"),
	beside("W6", "round_trip_server", "round_trip", "the same, between servers"),
	row("W14", "round_trip_bare", "the same, a message that needs no copy"),
	row("W7", "hop", "ring, hop"),
	beside("W7", "hop_native", "hop", "the same, written directly"),
	beside("W7", "hop_server", "hop", "the same, of servers"),
	row("W14", "bare_hop", "the same, a message that needs no copy"),
	row("W14", "round_trip_blocking", "ping-pong between bodies, round trip"),
	row("W14", "blocking_hop", "ring of bodies, hop"),
	row("W8", "call_1", "call, from a process"),
	beside("W8", "call_handler", "call_1", "call, from inside a handler"),
	row("W8", "call_goroutine", "call, from a plain goroutine"),
	row("W8", "call_1000", "call, many callers at once"),
	row("W8", "told_of_crash_during_call", "told that the server has crashed during the call"),
	row("W8", "told_of_dead_before_call", "told that there is no server"),
	row("W9", "bytes_1k", "1 KiB of bytes, as sent"),
	row("W9", "bytes_64k", "64 KiB of bytes, as sent"),
	beside("W9", "binary_64k", "bytes_64k", "64 KiB of bytes that never change"),
	row("W9", "tree_100", "tree, as sent"),
	isolated("W9", "bytes_64k", "64 KiB, isolated from the sender"),
	isolated("W9", "tree_100", "tree, isolated from the sender"),
	row("W10", "restart", "crash to the answer of the new incarnation"),
	row("W10", "restart_p99", "the same, p99"),
	beside("W10", "restart_default_log", "restart", "the same, with the default log"),
	row("W11", "heap_per_msg", "memory of a queued message"),
	row("W11", "live_per_msg", "the same, objects only"),
	row("W11", "fill", "queueing a message"),
	row("W11", "drain", "taking a queued message"),
	row("W12", "create", "starting a timer"),
	row("W12", "cpu", "CPU of a timer, all in"),
	row("W12", "late_p50", "lateness, p50"),
	row("W12", "late_p99", "lateness, p99"),
	row("W15", "spawn_link", "spawn_link (behaviour)"),
	beside("W15", "spawn_link_body", "spawn_link", "spawn_link (Body)"),
	row("W15", "monitor_demonitor", "monitor and demonitor"),
	row("W15", "mass_kill", "end of many linked at once, each (behaviour)"),
	beside("W15", "mass_kill_body", "mass_kill", "the same (Body)"),
	row("W16", "set_cancel", "timer set and cancelled, many under way"),
	row("W16", "set", "timer set, while they grow"),
	row("W16", "cancel", "timer cancelled, while they go"),
	row("W16", "heap_per_timer", "memory of a timer"),
	row("W17", "heap_per_proc", "idle process in the crowd, heap and stack"),
	row("W17", "rss_per_proc", "idle process in the crowd, RSS"),
	row("W17", "gc_full", "full collection with the crowd"),
	row("W17", "gc_pause_max", "longest pause of the collector"),
	row("W17", "burst_rss_ratio", "RSS once the crowd has gone, to before"),
	row("W17", "burst_heap_ratio", "heap and stack once it has gone, to before"),
	row("W18", "copy_flat", "copy of two integers"),
	row("W18", "copy_tree", "copy of the tree"),
	row("W18", "clone_tree", "the same, cloned by hand"),
	row("W18", "copy_64k_slice", "copy of 64 KiB"),
	row("W18", "clone_64k_slice", "the same, bytes.Clone"),
	row("W18", "copy_64k_binary", "64 KiB as a term.Binary"),
	row("W19", "select", "selective receive past a full mailbox"),
	row("W19", "passed_over", "each message passed over"),
	row("W19", "call_meanwhile", "call with that mailbox"),
	row("W20", "start_child", "start of a child, in the crowd"),
	row("W20", "heap_per_child", "memory of a child"),
	row("W20", "restart", "crash to restart, in the crowd"),
	row("W20", "stop_child", "stop of all children, each"),
	row("W22", "spin_x1_p50", "handlers spin on all cores: others' round trip, p50"),
	row("W22", "spin_x1_p99", "the same, p99"),
	row("W22", "spin_x1_max", "the same, longest"),
	row("W22", "spin_x1_rate", "the same, round trips a second"),
	row("W22", "spin_x2_p50", "twice as many spin: p50"),
	row("W22", "spin_x2_p99", "the same, p99"),
	row("W22", "spin_x2_max", "the same, longest"),
	row("W22", "spin_x2_rate", "the same, round trips a second"),
}

// Methods says how each workload is measured.
var Methods = []struct{ Workload, How string }{
	{"W1", "N processes end as soon as they are up, or at their first message; until the last one has ended. In Kista and Erlang a process spawns them; in the others a plain goroutine. Kista's behaviours are linked to it (`StartChild`). `start_wait`: from outside, each awaited (`Node.Start`, `gen_server:start`). Checked: ends counted, no process left."},
	{"W2", "N idle processes, in Kista behaviours; growth of RSS and of heap and stack after a collection (Erlang: `memory(processes)`). Checked: 500 of them answer with their own number."},
	{"W3", "One sender, one receiver, as fast as the sender can, until the last message is handled. A full mailbox of Kista's refuses: the sender waits 50 us and tries again; `msg_refused` tells how often. Checked: sum of all payloads."},
	{"W4", "The same with 8 senders."},
	{"W5", "Many pairs ping-pong at once. Checked: round trips, counted by those who answer."},
	{"W6", "One pair. Written directly: behaviours of the kernel (`kista.BehaviourProgram`); then servers of package server, with a `Mux`."},
	{"W7", "A ring and one token; the kinds as in W6. Checked: hops."},
	{"W8", "Request and answer with a timeout of 5 s; in Kista `server.Call` with its default one. Callers are processes unless stated. Checked: every answer compared with its question. Told: the time until a caller hears that its server has crashed, or is not there; with a timeout of 1 s for those who do not watch their servers."},
	{"W9", "The sender waits for an acknowledgement every 500 messages. `_copied` is 0 if the receiver got the sender's own memory. `_usercopy`: the sender clones first, which is what isolation costs the users of a system that shares; Kista and Erlang isolate by themselves. Checked: lengths, first and last byte; root of the tree."},
	{"W10", "A supervised child crashes (panic, `error/1`), its supervisor restarts it, the new incarnation answers; one after the other, intensity raised as far as it goes, logs discarded. `restart_default_log`: Kista's default log, to the null device. Checked: every incarnation answers, each younger than the one before."},
	{"W11", "N messages to a process that is busy; memory after a collection: of the heap's pages in use and, for Go, of the objects that live. Kista's receiver gets a larger limit where N is above 100,000. Checked: sum."},
	{"W12", "N timers that come due over one second, the first after 0.5 s. Checked: all come, none early (Go)."},
	{"W14", "W7 and W6 between processes with a flow of their own: `Body` with `Receive`; Erlang's ordinary processes; goroutines with channels (`raw`) and with queues (`rawq`). `bare`: behaviours, and one message that is declared immutable and so neither copied nor allocated."},
	{"W15", "N processes spawned with a link by one process. Many linked to one, which ends abnormally: until none is left. Monitors made and taken away one after the other. Checked: processes counted, each monitor was there."},
	{"W16", "Timers due in one to two hours, for 1000 processes: set until there are N, then more set and cancelled at once, then all cancelled. `raw` is `time.AfterFunc`. Checked: every cancel was in time."},
	{"W17", "W2 with a crowd; five forced collections; then all end (Kista: killed). `gc_pause_max` is the longest pause of the runtime's own record. Checked: as W2, and that all have ended."},
	{"W18", "What Kista does to a message when it is sent (`kista.Copy`), and the same by hand, in turns. Checked: sums; that the copy shares nothing; that a `term.Binary` is not copied."},
	{"W19", "A process whose mailbox is full to its limit selects a message that comes last, calls a server, then takes the rest. Checked: each message and answer, sum of the rest."},
	{"W20", "A pool (`simple_one_for_one`) with N children, started one after the other by a process; 100 of them crash, one at a time; then all are stopped. Checked: who was restarted, children counted."},
	{"W21", "16 processes block in every call or in one of a hundred, for a time, in a way, and call themselves again. Meanwhile one pair plays ping-pong: p50, p99 and rate of its round trips. Kinds: `time.Sleep`, a channel, a mutex held by somebody else, a read from a TCP connection, a read(2) from a pipe that keeps its thread, and a sleep in C (Kista and `rawq`, if there is a compiler). Erlang: its sleep and its socket, in milliseconds (4.9 is 5)."},
	{"W22", "As W21, with handlers that never return, one and two for each core."},
}
