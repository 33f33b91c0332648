package app_test

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

// model is what a controller does, told in the simplest way: one thing after the
// other, and no processes.
type model struct {
	apps  map[string]*declared
	types map[string]string
	up    []string // running, in the order in which they came up
	said  []string
	down  bool
}

func (m *model) say(format string, args ...any) {
	m.said = append(m.said, fmt.Sprintf(format, args...))
}

func (m *model) runs(name string) bool { return slices.Contains(m.up, name) }

// how tells what a callback does wrong, and how that is told.
func how(d *declared, callback, shown string) (failed bool, why string) {
	h := d.fails[callback]
	if h == "" {
		return false, ""
	}
	why = d.name + " " + shown + " failed"
	if h == "block" {
		why += ": not done in time"
	}
	return true, why
}

// start starts an application whose needs run.
func (m *model) start(name, typ string) (why string) {
	d := m.apps[name]
	if d.tree == "none" {
		m.up, m.types[name] = append(m.up, name), typ
		return ""
	}
	m.say("%s start normal", name)
	if failed, why := how(d, "start", "start"); failed {
		return why
	}
	if failed, why := how(d, "tree", "tree"); failed {
		m.say("%s stop", name)
		return why
	}
	m.say("%s tree up", name)
	for i, p := range d.phases {
		m.say("%s phase %s normal %d", name, p, i+1)
		if failed, why := how(d, "phase."+p, "phase "+p); failed {
			m.say("%s tree down", name)
			m.say("%s stop", name)
			return why
		}
	}
	m.up, m.types[name] = append(m.up, name), typ
	return ""
}

func (m *model) stop(name string) {
	if m.apps[name].tree != "none" {
		m.say("%s prep_stop", name)
		m.say("%s tree down", name)
		m.say("%s stop", name)
	}
	m.up = slices.DeleteFunc(m.up, func(n string) bool { return n == name })
}

// ensure starts an application and what it needs, each after its own needs.
func (m *model) ensure(name, typ string, started *[]string) (why string) {
	if m.runs(name) {
		return ""
	}
	d := m.apps[name]
	for _, need := range slices.Concat(d.needs, d.optional) {
		if why := m.ensure(need, typ, started); why != "" {
			return why
		}
	}
	if why := m.start(name, typ); why != "" {
		return why
	}
	*started = append(*started, name)
	return ""
}

// command carries out a line of a scenario.
func (m *model) command(line string) {
	f := strings.Fields(line)
	outcome := func(why, ok string) {
		if why != "" {
			m.say("=> error: %s", why)
		} else {
			m.say("%s", strings.TrimSpace("=> ok "+ok))
		}
	}
	name := f[1]
	switch f[0] {
	case "start":
		why := ""
		if m.runs(name) {
			why = name + " already started"
		}
		for _, need := range m.apps[name].needs {
			if why == "" && !m.runs(need) {
				why = name + " needs " + need
			}
		}
		if why == "" {
			why = m.start(name, f[2])
		}
		outcome(why, "")
	case "ensure":
		var started []string
		why := m.ensure(name, f[2], &started)
		if why != "" {
			for _, n := range slices.Backward(started) {
				m.stop(n)
			}
		}
		outcome(why, strings.Join(started, ", "))
	case "stop":
		if !m.runs(name) {
			outcome(name+" not started", "")
			return
		}
		m.stop(name)
		outcome("", "")
	case "die":
		m.dies(name, f[2])
	}
}

func (m *model) dies(name, reason string) {
	m.say("%s tree down", name)
	m.say("%s prep_stop", name)
	m.say("%s stop", name)
	m.up = slices.DeleteFunc(m.up, func(n string) bool { return n == name })
	if t := m.types[name]; t == "permanent" || t == "transient" && reason != "normal" {
		for _, n := range slices.Backward(slices.Clone(m.up)) {
			m.stop(n)
		}
		m.down = true
	}
}

var operations = flag.Int("operations", 20_000, "how many random operations to try; 5000 at most with -short or -race")

// TestRandomGraphs lets random things happen to random applications, and holds
// what comes of it against the model.
func TestRandomGraphs(t *testing.T) {
	operations := *operations
	if testing.Short() || raceOn {
		operations = min(operations, 5_000)
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	for done := 0; done < operations && !t.Failed(); {
		synctest.Test(t, func(t *testing.T) { done += graph(t, rng, 200) })
	}
}

// graph makes a node with random applications, and does so many things to it.
func graph(t *testing.T, rng *rand.Rand, most int) (done int) {
	s := newScenario(t)
	defer s.end()
	m := &model{apps: s.specs, types: map[string]string{}}
	var script []string
	run := func(line string) bool {
		script = append(script, line)
		return s.command(line)
	}
	var names []string
	for i := range 2 + rng.IntN(7) {
		name := string(rune('a' + i))
		run(draw(rng, name, names))
		names = append(names, name)
	}
	// They are loaded in any order.
	rng.Shuffle(len(s.fresh), func(i, j int) { s.fresh[i], s.fresh[j] = s.fresh[j], s.fresh[i] })
	run("load")
	assert.Equal(t, s.take(), []string{"=> ok"})
	for done < most && !m.down {
		done++
		name := names[rng.IntN(len(names))]
		if rng.IntN(4) == 0 {
			spoil(rng, s.specs[name])
			script = append(script, fmt.Sprintf("# %s fails: %v", name, s.specs[name].fails))
		}
		typ := pick(rng, "permanent", "transient", "temporary", "temporary")
		line := ""
		switch rng.IntN(8) {
		case 0, 1:
			line = fmt.Sprintf("start %s %s", name, typ)
		case 2, 3, 4:
			line = fmt.Sprintf("ensure %s %s", name, typ)
		case 5, 6:
			line = "stop " + name
		default:
			if !m.runs(name) || s.specs[name].tree == "none" {
				continue
			}
			line = fmt.Sprintf("die %s %s", name, pick(rng, "normal", "shutdown", "boom"))
		}
		m.said = nil
		run(line)
		m.command(line)
		time.Sleep(time.Hour) // sleep: time is virtual; callbacks that block take theirs
		got := s.take()
		if !slices.Equal(got, m.said) || s.alive() == m.down {
			t.Errorf("node up: %v, want %v\n got: %q\nwant: %q\nafter:\n%s", s.alive(), !m.down, got, m.said, strings.Join(script, "\n"))
			return done
		}
	}
	return done
}

func pick(rng *rand.Rand, some ...string) string { return some[rng.IntN(len(some))] }

// draw declares an application that needs some of the others.
func draw(rng *rand.Rand, name string, others []string) string {
	line := "app " + name
	var needs, optional []string
	for _, o := range others {
		switch rng.IntN(5) {
		case 0, 1:
			needs = append(needs, o)
		case 2:
			optional = append(optional, o)
		}
	}
	if needs != nil {
		line += " needs=" + strings.Join(needs, ",")
	}
	if optional != nil {
		line += " optional=" + strings.Join(optional, ",")
	}
	if rng.IntN(10) == 0 {
		return line + " tree=none"
	}
	if n := rng.IntN(3); n > 0 {
		line += " phases=" + strings.Join([]string{"p", "q"}[:n], ",")
	}
	return line
}

// spoil makes some callbacks of an application fail from now on, and others work.
func spoil(rng *rand.Rand, d *declared) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fails = map[string]string{}
	for _, where := range []string{"start", "tree", "phase.p", "phase.q", "prep_stop", "stop"} {
		if rng.IntN(8) == 0 {
			d.fails[where] = pick(rng, "error", "panic", "goexit", "block")
			if where == "tree" && d.fails[where] == "goexit" {
				d.fails[where] = "error"
			}
		}
	}
	if rng.IntN(3) == 0 {
		d.fails = map[string]string{}
	}
}
