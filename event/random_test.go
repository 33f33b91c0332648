package event_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/kistatest"
)

var seedFlag = flag.Uint64("event.seed", 0, "seed of the random scenarios; 0: another one each time")

func seed() uint64 {
	if *seedFlag != 0 {
		return *seedFlag
	}
	return rand.Uint64()
}

// randomScenario makes commands.
type randomScenario struct {
	*rand.Rand
	erlang bool // only what the real gen_event does alike
	up     bool
	ops    int
	lines  []string
}

func (r *randomScenario) text(n int) string {
	r.line("start")
	r.up = true
	for len(r.lines) < n {
		if !r.up {
			r.line("start")
			r.up = true
		}
		switch k := r.IntN(100); {
		case k < 70:
			r.line(r.simple())
		case k < 82:
			r.line("other " + r.of("normal", "boom", "shutdown") + ": " + r.several())
		case k < 92:
			r.line("told")
		case k < 95:
			r.line("stop " + r.of("normal", "boom", "shutdown"))
			r.up = false
		case k < 97:
			r.line("stop normal")
			r.line("parent " + r.of("normal", "boom", "shutdown") + ": " + r.several())
			r.up = false
		case !r.erlang:
			r.line("kill")
			r.up = false
		}
	}
	r.line("told")
	return strings.Join(r.lines, "\n")
}

func (r *randomScenario) line(l string) {
	r.lines = append(r.lines, l)
	r.ops++
}

func (r *randomScenario) several() string {
	var all []string
	for range 1 + r.IntN(4) {
		all = append(all, r.simple())
		r.ops++
	}
	return strings.Join(all, "; ")
}

func (r *randomScenario) of(words ...string) string { return words[r.IntN(len(words))] }
func (r *randomScenario) name() string              { return r.of("a", "b", "c", "d") }
func (r *randomScenario) how() string               { return r.of("ok", "ok", "ok", "ok", "fail", "crash") }
func (r *randomScenario) args() string              { return r.of("why", "why", "crash") }

// simple is a command that may stand in a block.
func (r *randomScenario) simple() string {
	switch r.IntN(12) {
	case 0, 1, 2:
		return fmt.Sprintf("add %s %s", r.name(), r.how())
	case 3:
		return fmt.Sprintf("add_sup %s %s", r.name(), r.how())
	case 4:
		return fmt.Sprintf("delete %s %s", r.name(), r.args())
	case 5:
		return fmt.Sprintf("swap %s %s %s %s", r.name(), r.args(), r.name(), r.how())
	case 6:
		return fmt.Sprintf("swap_sup %s %s %s %s", r.name(), r.args(), r.name(), r.how())
	case 7, 8:
		name := r.name()
		return fmt.Sprintf("call %s %s", name, r.what(name))
	case 9:
		return "info " + r.what(r.name())
	}
	return "sync " + r.what(r.name())
}

// what is said to handlers, most often to that one.
func (r *randomScenario) what(name string) string {
	if r.IntN(2) == 0 {
		return "hello"
	}
	kinds := []string{"crash", "bad", "remove", "swap", "swap"}
	if !r.erlang {
		kinds = append(kinds, "error", "goexit", "nap")
	}
	switch kind := r.of(kinds...); kind {
	case "swap":
		return fmt.Sprintf("%s:swap:%s:%s", name, r.name(), r.how())
	case "nap":
		return fmt.Sprintf("%s:nap:%d", name, 1+8*r.IntN(2))
	default:
		return name + ":" + kind
	}
}

// A manager under random additions, swaps, events, requests, failures, timeouts,
// ends of owners and of its own does what the model says.
func TestRandomScenarios(t *testing.T) {
	operations := 100_000
	if testing.Short() {
		operations = 5_000
	}
	first := seed()
	done, runs := 0, 0
	for ; done < operations; runs++ {
		r := &randomScenario{Rand: rand.New(rand.NewPCG(first, uint64(runs)))}
		text := r.text(60)
		done += r.ops
		want := new(model).run(text)
		kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
			if got := (&play{t: t, n: n}).run(text, false); !slices.Equal(got, want) {
				t.Errorf("-event.seed %d, scenario %d:\n%s", first, runs, text)
				assert.Equal(t, got, want)
			}
		})
		if t.Failed() {
			return
		}
	}
	t.Logf("%d operations in %d scenarios, seed %d", done, runs, first)
}

// The real gen_event does the same.
func TestRandomScenariosAgainstErlang(t *testing.T) {
	const scenarios = 200
	first := seed()
	var texts []string
	for i := range scenarios {
		r := &randomScenario{Rand: rand.New(rand.NewPCG(first, uint64(i))), erlang: true}
		texts = append(texts, r.text(40))
	}
	answer := erlang(t, `lists:join("==\n", [[[L, "\n"] || L <- Said] || Said <- transcript:run_all(string:split(B, "==\n", all))])`).
		Call(t, []byte(strings.Join(texts, "==\n")))
	said := strings.Split(string(answer), "==\n")
	assert.Equal(t, len(said), scenarios)
	for i, text := range texts {
		kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
			got := strings.Join((&play{t: t, n: n}).run(text, false), "\n") + "\n"
			if got != said[i] {
				t.Errorf("-event.seed %d, scenario %d:\n%s", first, i, text)
				assert.Equal(t, strings.Split(got, "\n"), strings.Split(said[i], "\n"))
			}
		})
		if t.Failed() {
			return
		}
	}
	t.Logf("%d scenarios, seed %d", scenarios, first)
}
