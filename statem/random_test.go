package statem_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kista-go/kista/internal/assert"
)

var seedFlag = flag.Uint64("statem.seed", 0, "the seed of the random scenarios; 0: a new one each time")

// randomScenarios says what random scenarios are made of.
type randomScenarios struct {
	*rand.Rand
	erlang bool // nothing that depends on time, or in which we differ
	calls  int
}

var (
	states    = []string{"s1", "s2", "s3", "s4"}
	outer     = []string{"a", "b", "c", "d"} // what is sent
	inner     = []string{"i", "j", "k"}      // what is inserted
	said      = []string{"x", "y", "z"}      // what timeouts say
	timeWords = []string{"state_timeout", "event_timeout", "timeout t", "timeout u"}
)

func pick[T any](r *rand.Rand, of []T) T { return of[r.IntN(len(of))] }

// text returns a scenario, and how many operations it has: events sent and times
// passed.
func (r *randomScenarios) text() (text string, ops int) {
	var b strings.Builder
	r.calls = 1 + r.IntN(4)
	fmt.Fprintf(&b, "init s1%s\n", colon(r.initActions()))
	labels := slices.Concat(outer, inner, said)
	for i := range r.calls {
		labels = append(labels, fmt.Sprintf("c%d", i))
	}
	for _, s := range states {
		if r.IntN(3) > 0 {
			fmt.Fprintf(&b, "enter %s%s\n", s, colon(r.enterActions(s)))
		}
		for _, l := range labels {
			if r.IntN(3) > 0 {
				fmt.Fprintf(&b, "%s %s%s\n", l, s, colon(r.actions(l)))
			}
		}
	}
	called := 0
	for range 3 + r.IntN(8) {
		if r.IntN(5) == 0 {
			fmt.Fprintf(&b, "> wait %d\n", 1+r.IntN(4))
			ops++
			continue
		}
		var evs []string
		for range 1 + r.IntN(6) {
			ev := pick(r.Rand, []string{"cast ", "info "}) + pick(r.Rand, outer)
			if called < r.calls && r.IntN(4) == 0 {
				ev = fmt.Sprintf("call c%d", called)
				called++
			}
			evs = append(evs, ev)
		}
		ops += len(evs)
		fmt.Fprintf(&b, "> %s\n", strings.Join(evs, ", "))
	}
	return b.String(), ops
}

func colon(actions []string) string {
	if len(actions) == 0 {
		return ""
	}
	return ": " + strings.Join(actions, ", ")
}

// actions are those for an event.
func (r *randomScenarios) actions(label string) (out []string) {
	switch r.IntN(60) {
	case 0:
		return []string{"crash"}
	case 1:
		return []string{"stop over"}
	case 2:
		if label[0] == 'c' && len(label) > 1 {
			return []string{"stop_reply over " + label + " last"}
		}
	}
	switch r.IntN(8) {
	case 0, 1, 2:
		out = append(out, "next "+pick(r.Rand, states))
	case 3:
		out = append(out, "repeat")
	}
	if r.IntN(4) == 0 {
		out = append(out, "postpone")
	}
	// What is inserted comes later in the alphabet, so that most scenarios end.
	later := slices.DeleteFunc(slices.Clone(inner), func(l string) bool { return slices.Contains(inner, label) && l <= label })
	if len(later) > 0 && r.IntN(3) == 0 {
		for range 1 + r.IntN(2) {
			out = append(out, "insert "+pick(r.Rand, []string{"internal", "cast", "info", "timeout", "state_timeout"})+" "+pick(r.Rand, later))
		}
	}
	if r.IntN(4) == 0 {
		out = append(out, fmt.Sprintf("reply c%d %s", 2*r.IntN((r.calls+1)/2), label))
	}
	return append(out, r.timeouts(3, timeWords)...)
}

// enterActions are those for an entry call, whose replies and timeouts are not
// those of events where an order of Erlang's would tell them apart.
func (r *randomScenarios) enterActions(state string) (out []string) {
	switch r.IntN(60) {
	case 0:
		// In s1 it would start again and again; Erlang has the old state then.
		if state != "s1" && !r.erlang {
			return []string{"crash"}
		}
	case 1:
		return []string{"stop over"}
	case 2:
		return []string{pick(r.Rand, []string{"postpone", "insert internal i", "next s1", "next s2"})}
	}
	if r.IntN(20) == 0 {
		out = append(out, "repeat")
	}
	if r.calls > 1 && r.IntN(4) == 0 {
		out = append(out, fmt.Sprintf("reply c%d entered", 1+2*r.IntN(r.calls/2)))
	}
	words := timeWords
	if r.erlang {
		words = []string{"timeout v"}
	}
	return append(out, r.timeouts(2, words)...)
}

// initActions are those of init.
func (r *randomScenarios) initActions() (out []string) {
	for range r.IntN(3) {
		out = append(out, "insert internal "+pick(r.Rand, inner))
	}
	return append(out, r.timeouts(2, timeWords)...)
}

func (r *randomScenarios) timeouts(n int, words []string) (out []string) {
	words = slices.Clone(words)
	for range r.IntN(n + 1) {
		i := r.IntN(len(words))
		out = append(out, r.timeout(words[i]))
		if r.erlang {
			if words = slices.Delete(words, i, i+1); len(words) == 0 {
				break
			}
		}
	}
	return out
}

func (r *randomScenarios) timeout(which string) string {
	name, of, _ := strings.Cut(which, " ")
	if of != "" {
		of = " " + of
	}
	switch r.IntN(6) {
	case 0:
		return "cancel_" + which
	case 1:
		return "update_" + which + " " + pick(r.Rand, said)
	case 2:
		if !r.erlang {
			return fmt.Sprintf("%s_at%s %d %s", name, of, 1+r.IntN(4), pick(r.Rand, said))
		}
	}
	units := r.IntN(4)
	if r.erlang {
		units = pick(r.Rand, []int{0, 0, 500}) // 500 are never over
	}
	return fmt.Sprintf("%s %d %s", which, units, pick(r.Rand, said))
}

// differs runs a scenario and returns what was done and what should have been, if
// they differ.
func differs(t *testing.T, text string, how play) (got, want string) {
	sc := parse(text)
	synctest.Test(t, func(t *testing.T) { got = strings.Join(how.run(t, sc), "\n") })
	want = strings.Join((&model{sc: sc, supervised: how.supervised}).run(), "\n")
	if got == want {
		return "", ""
	}
	return got, want
}

// shorten drops lines of a scenario as long as it goes on failing.
func shorten(text string, fails func(text string) bool) string {
	for again := true; again; {
		again = false
		lines := strings.Split(strings.TrimSpace(text), "\n")
		for i := len(lines) - 1; i > 0; i-- {
			shorter := strings.Join(slices.Delete(slices.Clone(lines), i, i+1), "\n")
			if fails(shorter) {
				text, again = shorter, true
				lines = strings.Split(text, "\n")
			}
		}
	}
	return text
}

func seed() uint64 {
	if *seedFlag != 0 {
		return *seedFlag
	}
	return uint64(time.Now().UnixNano())
}

// Machines do what the model says: a hundred thousand random operations.
func TestRandomScenariosAgainstTheModel(t *testing.T) {
	t.Parallel()
	want := 100_000
	if testing.Short() {
		want = 10_000
	}
	first := seed()
	done, runs := 0, 0
	for ; done < want; runs++ {
		r := &randomScenarios{Rand: rand.New(rand.NewPCG(first, uint64(runs)))}
		text, ops := r.text()
		done += ops
		how := play{mux: runs%2 == 1, supervised: runs%3 == 0}
		if got, _ := differs(t, text, how); got != "" || t.Failed() {
			text = shorten(text, func(text string) bool { got, _ := differs(t, text, how); return got != "" })
			got, model := differs(t, text, how)
			t.Errorf("-statem.seed %d, scenario %d, %+v:\n%s", first, runs, how, text)
			assert.Equal(t, strings.Split(got, "\n"), strings.Split(model, "\n"))
			return
		}
	}
	t.Logf("%d operations in %d scenarios, seed %d", done, runs, first)
}

// Machines do what the installed Erlang does.
func TestRandomScenariosAgainstErlang(t *testing.T) {
	const scenarios, units = 200, "200"
	first := seed()
	var texts []string
	for i := range scenarios {
		r := &randomScenarios{Rand: rand.New(rand.NewPCG(first, uint64(i))), erlang: true}
		text, _ := r.text()
		texts = append(texts, text)
	}
	answer := erlang(t, `lists:join("==\n", [[[L, "\n"] || L <- Said] || Said <- transcript:run_all(string:split(B, "==\n", all), `+units+`)])`).
		Call(t, []byte(strings.Join(texts, "==\n")))
	answers := strings.Split(string(answer), "==\n")
	assert.Equal(t, len(answers), scenarios)
	for i, text := range texts {
		sc := parse(text)
		synctest.Test(t, func(t *testing.T) {
			got := strings.Join(play{mux: i%2 == 1}.run(t, sc), "\n") + "\n"
			if got != answers[i] {
				t.Errorf("-statem.seed %d, scenario %d:\n%s", first, i, text)
				assert.Equal(t, strings.Split(got, "\n"), strings.Split(answers[i], "\n"))
			}
		})
		if t.Failed() {
			return
		}
	}
	t.Logf("%d scenarios, seed %d", scenarios, first)
}
