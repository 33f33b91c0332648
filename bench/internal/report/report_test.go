package report

import (
	"strings"
	"testing"
)

// parse reads lines of set,column,workload,metric,unit and values, one for each round.
func parse(t *testing.T, lines ...string) *Results {
	t.Helper()
	text := "set,round,workload,column,metric,value,unit\n"
	for _, l := range lines {
		f := strings.Fields(l)
		for i, v := range f[5:] {
			text += strings.Join([]string{f[0], string(rune('1' + i)), f[2], f[1], f[3], v, f[4]}, ",") + "\n"
		}
	}
	r, err := Parse(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestParse(t *testing.T) {
	r, err := Parse(strings.NewReader("set,round,workload,column,metric,value,unit\n" +
		"main,1,W3,kista,loadavg,0.50,n\n" +
		"main,1,W3,kista,msg,10.5,ns\n" +
		"main,2,W3,kista,msg,11.5,ns\n" +
		"second,1,W3,kista,msg,99,ns\n" +
		"main,1,W3,erlang,ERROR,sum: got 1; want 2,-\n"))
	if err != nil {
		t.Fatal(err)
	}
	k := Key{"W3", "msg"}
	if got, ok := r.Set("main").Median(k, "kista"); !ok || got != 11 {
		t.Errorf("median %v, %v", got, ok)
	}
	if got, ok := r.Set("second").Median(k, "kista"); !ok || got != 99 {
		t.Errorf("median of the second set %v, %v", got, ok)
	}
	if _, ok := r.Set("main").Median(k, "erlang"); ok {
		t.Error("an error counts as a figure")
	}
	if len(r.Problems) != 1 || !strings.Contains(r.Problems[0], "W3, erlang, set main, round 1: sum") {
		t.Errorf("problems: %q", r.Problems)
	}
	if len(r.Loads) != 1 || r.Loads[0] != 0.5 {
		t.Errorf("loads: %v", r.Loads)
	}
	for _, bad := range []string{"main,1,W3,kista,msg,10.5\n", "main,1,W3,kista,msg,fast,ns\n"} {
		if _, err := Parse(strings.NewReader(bad)); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
}

func TestStatistics(t *testing.T) {
	s := parse(t, "main kista W3 msg ns 5 1 3", "main kista W4 msg ns 4 1 2 3", "main kista W5 msgs_per_s 1/s 5 1 3").Set("main")
	for _, c := range []struct {
		k            Key
		median, best float64
	}{{Key{"W3", "msg"}, 3, 1}, {Key{"W4", "msg"}, 2.5, 1}, {Key{"W5", "msgs_per_s"}, 3, 5}} {
		m, _ := s.Median(c.k, "kista")
		b, _ := s.Best(c.k, "kista")
		if m != c.median || b != c.best {
			t.Errorf("%v: median %v, best %v, want %v, %v", c.k, m, b, c.median, c.best)
		}
	}
	if _, ok := s.Best(Key{"W3", "msg"}, "nobody"); ok {
		t.Error("somebody who is not there has a best")
	}
	for _, c := range []struct {
		a, b float64
		rate bool
		want float64
		ok   bool
	}{{10, 40, false, 4, true}, {10, 40, true, 0.25, true}, {0, 40, false, 0, false}, {10, -1, false, 0, false}} {
		if got, ok := faster(c.a, c.b, c.rate); got != c.want || ok != c.ok {
			t.Errorf("faster(%v, %v, %v): %v, %v", c.a, c.b, c.rate, got, ok)
		}
	}
}

func TestTheRivalIsNeitherOursNorAFloor(t *testing.T) {
	s := parse(t,
		"main kista W3 msg ns 1", "main raw W3 msg ns 2", "main erlang W3 msg ns 30", "main hollywood W3 msg ns 20",
		"main kista W5 msgs_per_s 1/s 9", "main rawq W5 msgs_per_s 1/s 8", "main erlang W5 msgs_per_s 1/s 5", "main protoactor W5 msgs_per_s 1/s 6",
		"main kista W4 msg ns 1", "main raw W4 msg ns 2",
	).Set("main")
	for k, want := range map[Row]string{row("W3", "msg", ""): "hollywood", row("W5", "msgs_per_s", ""): "protoactor", row("W4", "msg", ""): ""} {
		if got := s.rival(k); got != want {
			t.Errorf("%v: got %q, want %q", k, got, want)
		}
	}
}

func TestMainTable(t *testing.T) {
	s := parse(t,
		"main kista W3 msg ns 50 60 55", "main hollywood W3 msg ns 110", "main raw W3 msg ns 22",
		"main kista W3 msg_native ns 20", "main kista W9 tree_100 ns 100", "main hollywood W9 tree_100 ns 1",
		"main hollywood W9 tree_100_usercopy ns 300", "main erlang W9 tree_100 ns 400",
	).Set("main")
	got := MainTable(s)
	for _, want := range []string{
		"| W3 | send, 1 to 1, from a process | ns | 55 (50) | **110**, 2.00x |  | 22, 0.40x |\n",
		"| W3 | the same, written directly | ns | 20 | **110**, 5.50x |  | 22, 1.10x |\n",
		"| W9 | tree, isolated from the sender | ns | 100 | **300**, 3.00x | 400, 4.00x |  |\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no\n%sin\n%s", want, got)
		}
	}
	if strings.Contains(got, "fan-in") {
		t.Error("a row without figures is shown")
	}
}

func TestCPUTable(t *testing.T) {
	s := parse(t, "main kista W5 msg_cpu ns 10", "main erlang W5 msg_cpu ns 40", "main kista W3 msg_native_cpu ns 10", "main erlang W3 msg_cpu ns 20").Set("main")
	got := CPUTable(s)
	for _, want := range []string{"| W5 | pairs at once, messages a second in total | ns | 10 | **40**, 4.00x |", "| ns | 10 | **20**, 2.00x |"} {
		if !strings.Contains(got, want) {
			t.Errorf("no\n%s\nin\n%s", want, got)
		}
	}
}

func TestGoals(t *testing.T) {
	for name, c := range map[string]struct {
		goal     Goal
		figures  []string
		measured string
		known    bool
		reached  bool
	}{
		"a ratio":            {Goal{Key: Key{"W7", "hop"}, Rivals: only("erlang", "hop"), AtLeast: 4}, []string{"kista W7 hop ns 10", "erlang W7 hop ns 40"}, "4.00x", true, true},
		"a ratio missed":     {Goal{Key: Key{"W7", "hop"}, Rivals: only("erlang", "hop"), AtLeast: 4}, []string{"kista W7 hop ns 10", "erlang W7 hop ns 39"}, "3.90x", true, false},
		"of a rate":          {Goal{Key: Key{"W5", "r"}, Rivals: only("rawq", "r"), AtLeast: ahead}, []string{"kista W5 r 1/s 30", "rawq W5 r 1/s 20"}, "1.50x", true, true},
		"just as fast":       {Goal{Key: Key{"W5", "r"}, Rivals: only("rawq", "r"), AtLeast: ahead}, []string{"kista W5 r 1/s 20", "rawq W5 r 1/s 20"}, "1.00x", true, false},
		"the best rival":     {Goal{Key: Key{"W3", "m"}, Rivals: everyPeer("m"), AtLeast: ahead}, []string{"kista W3 m ns 10", "erlang W3 m ns 40", "hollywood W3 m ns 5"}, "0.50x", true, false},
		"within":             {Goal{Key: Key{"W18", "a"}, Rivals: only("kista", "b"), Within: 1.2}, []string{"kista W18 a ns 12", "kista W18 b ns 10"}, "takes 1.20x", true, true},
		"beyond":             {Goal{Key: Key{"W18", "a"}, Rivals: only("kista", "b"), Within: 1.2}, []string{"kista W18 a ns 13", "kista W18 b ns 10"}, "takes 1.30x", true, false},
		"a limit":            {Goal{Key: Key{"W2", "b"}, Unit: "B", AtMost: 300}, []string{"kista W2 b B 300"}, "300 B", true, true},
		"over the limit":     {Goal{Key: Key{"W2", "b"}, Unit: "B", AtMost: 300}, []string{"kista W2 b B 301"}, "301 B", true, false},
		"a whole number":     {Goal{Key: Key{"W2", "b"}, Unit: "B", AtMost: 64, Whole: true}, []string{"kista W2 b B 64.4"}, "64 B", true, true},
		"not a whole number": {Goal{Key: Key{"W2", "b"}, Unit: "B", AtMost: 64}, []string{"kista W2 b B 64.4"}, "64.4 B", true, false},
		"zero":               {Goal{Key: Key{"W2", "b"}, Unit: "copies"}, []string{"kista W2 b bool 0"}, "0 copies", true, true},
		"nothing of ours":    {Goal{Key: Key{"W7", "hop"}, Rivals: only("erlang", "hop"), AtLeast: 4}, []string{"erlang W7 hop ns 40"}, "-", false, false},
		"nothing of theirs":  {Goal{Key: Key{"W7", "hop"}, Rivals: only("erlang", "hop"), AtLeast: 4}, []string{"kista W7 hop ns 40"}, "-", false, false},
		"a limit, no figure": {Goal{Key: Key{"W2", "b"}, Unit: "B", AtMost: 300}, []string{"kista W3 b B 1"}, "-", false, false},
	} {
		t.Run(name, func(t *testing.T) {
			var lines []string
			for _, f := range c.figures {
				lines = append(lines, "main "+f)
			}
			o := c.goal.Judge(parse(t, lines...).Set("main"))
			if o.Measured != c.measured || o.Known != c.known || o.Reached != c.reached {
				t.Errorf("got %+v, want %q, known %v, reached %v", o, c.measured, c.known, c.reached)
			}
		})
	}
}

func TestEveryGoalIsWhole(t *testing.T) {
	for _, g := range Goals {
		kinds := 0
		for _, is := range []bool{g.AtLeast != 0, g.Within != 0, g.Rivals == nil} {
			if is {
				kinds++
			}
		}
		if kinds != 1 || g.Title == "" || g.Rivals == nil && g.Unit == "" {
			t.Errorf("%+v", g)
		}
	}
}

func TestBlockingTable(t *testing.T) {
	s := parse(t,
		"main kista W21 socket_1ms_all_p50 us 2", "main kista W21 socket_1ms_all_p99 us 3", "main kista W21 socket_1ms_all_rate 1/s 1000",
		"main kista W21 sleep_20ms_1pc_p50 us 4", "main kista W21 sleep_1ms_1pc_p50 us 5", "main kista W21 nobody_blocks_p50 us 1",
	).Set("main")
	got := strings.Split(BlockingTable(s), "\n")[2:]
	for i, want := range []string{"| nobody |  | 1 / 0, 0 |", "| sleep, 1ms | 1 % of calls | 5", "| sleep, 20ms | 1 % of calls | 4", "| socket, 1ms | every call | 2 / 3, 1000 |"} {
		if !strings.HasPrefix(got[i], want) {
			t.Errorf("line %d: got %q, want %q", i, got[i], want)
		}
	}
}

func TestGrowth(t *testing.T) {
	names := map[string]bool{}
	for _, g := range Growths {
		if names[g.Name] || g.Reason == "" {
			t.Errorf("%s: twice, or without a reason", g.Name)
		}
		names[g.Name] = true
	}
	g := one("W3", "send", "send", "messages", "Send", 10, []string{"msg", "fill"}, "because")
	if got := g.Sizes(100); got != "Send=1000" {
		t.Error(got)
	}
	r := parse(t,
		"growth-send-1 kista W3 msg ns 10", "growth-send-10 kista W3 msg ns 11", "growth-send-100 kista W3 msg ns 12",
		"growth-send-1 kista W3 fill ns 10", "growth-send-100 kista W3 fill ns 30", "growth-send-100 erlang W3 msg ns 30",
	)
	svg, words, ok := g.Plot(r)
	if !ok || !strings.Contains(svg, "erlang msg") {
		t.Errorf("%v\n%s", ok, svg)
	}
	want := "`msg`: 10 at 10, 12 at 1000, flat; `fill`: 10 at 10, 30 at 1000, grows 3.00x: because."
	if words != want {
		t.Errorf("got  %s\nwant %s", words, want)
	}
	if _, _, ok := g.Plot(parse(t)); ok {
		t.Error("a plot of nothing")
	}
}

func TestPage(t *testing.T) {
	r := parse(t, "main kista W3 msg ns 10", "main erlang W3 msg ns 20", "second kista W3 msg ns 11",
		"growth-send-1 kista W3 msg ns 10", "growth-send-10 kista W3 msg ns 10")
	r.Problems = []string{"W4, kista: sum"}
	page, plots := Page(r, About{Command: "make bench", Readme: "../x.md", Scale: "mid", Rounds: 3, CPUs: 2, Notes: []string{"NO ERLANG"}, Second: "Send=1"}, "img")
	for _, want := range []string{
		"# Benchmarks\n", "[bench](../x.md)", "`make bench`", "**NO ERLANG**", "## Goals", "10 | **20**, 2.00x", "## Other sizes and mixes", "`Send=1`",
		"![send, 1 to 1](img/send.svg)", "## Errors", "W4, kista: sum", "- **W22** ",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q in\n%s", want, page)
		}
	}
	if strings.Contains(page, "smoke run") || plots["send.svg"] == "" || len(plots) != 1 {
		t.Errorf("plots %d, page\n%s", len(plots), page)
	}
	if page, _ := Page(r, About{Scale: "smoke"}, "img"); !strings.Contains(page, "Its figures mean nothing") {
		t.Error("a smoke run does not say so")
	}
}

func TestNum(t *testing.T) {
	for x, want := range map[float64]string{0: "0", 0.1: "0.1", 0.0123: "0.0123", 1.234: "1.23", 42: "42", 42.55: "42.5", 123.4: "123", 9999: "9999", 12_345: "12.3k", 1_500_000: "1.50M", 2e9: "2.00G", -5.5: "-5.5"} {
		if got := Num(x); got != want {
			t.Errorf("%v: got %s, want %s", x, got, want)
		}
	}
	for x, want := range map[float64]string{0.012: "0.012x", 0.5: "0.50x", 4: "4.00x", 40.4: "40x"} {
		if got := Ratio(x); got != want {
			t.Errorf("%v: got %s, want %s", x, got, want)
		}
	}
}
