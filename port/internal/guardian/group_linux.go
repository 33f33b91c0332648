package guardian

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

const controlGroup = "a control group"

// cpuPeriod is the time in microseconds within which a group may use its share of
// the processors.
const cpuPeriod = 100_000

// group is a control group made for one program: a directory in each hierarchy
// that has one of its limits.
type group struct{ dirs []string }

// hierarchy is a mounted file system of control groups.
type hierarchy struct {
	mount       string
	controllers []string // of version 1; nil: it is of version 2
}

// makeGroup makes a group with the limits beneath the path that the spec names.
func makeGroup(spec Group) (g *group, err error) {
	g = new(group)
	defer func() {
		if err != nil {
			g.remove()
			err = &Missing{controlGroup, err}
		}
	}()
	hierarchies, err := mounted()
	if err != nil {
		return g, err
	}
	name := "kista-" + strings.ToLower(rand.Text()[:16])
	for _, l := range []struct {
		controller string
		wanted     bool
		v1, v2     map[string]string
		optional   map[string]string // files that some kernels do not have
	}{
		{
			"memory", spec.Memory > 0,
			map[string]string{"memory.limit_in_bytes": number(spec.Memory)},
			map[string]string{"memory.max": number(spec.Memory)},
			map[string]string{"memory.memsw.limit_in_bytes": number(spec.Memory), "memory.swap.max": "0"},
		},
		{"pids", spec.Procs > 0, map[string]string{"pids.max": number(spec.Procs)}, map[string]string{"pids.max": number(spec.Procs)}, nil},
		{
			"cpu", spec.CPU > 0,
			map[string]string{"cpu.cfs_period_us": number(cpuPeriod), "cpu.cfs_quota_us": number(quota(spec.CPU))},
			map[string]string{"cpu.max": fmt.Sprintf("%d %d", quota(spec.CPU), cpuPeriod)},
			nil,
		},
	} {
		if !l.wanted {
			continue
		}
		h, err := find(hierarchies, l.controller, string(spec.Path))
		if err != nil {
			return g, err
		}
		dir := filepath.Join(h.mount, string(spec.Path), name)
		if err := os.Mkdir(dir, 0o755); err == nil {
			g.dirs = append(g.dirs, dir)
		} else if !slices.Contains(g.dirs, dir) {
			return g, err
		}
		files := l.v2
		if h.controllers != nil {
			files = l.v1
		}
		for file, value := range files {
			if err := write(filepath.Join(dir, file), value); err != nil {
				return g, err
			}
		}
		for file, value := range l.optional {
			if err := write(filepath.Join(dir, file), value); err != nil && !errors.Is(err, os.ErrNotExist) {
				return g, err
			}
		}
	}
	return g, nil
}

func number[T ~uint64 | ~int](n T) string { return strconv.FormatUint(uint64(n), 10) }

// quota is a number of thousandths of a processor in microseconds of a period.
func quota(milli uint64) uint64 { return max(milli*cpuPeriod/1000, 1000) }

// write writes a file that is there already, as those of control groups are.
func write(path, value string) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(value)
	return errors.Join(err, f.Close())
}

// mounted lists the hierarchies.
func mounted() (out []hierarchy, err error) {
	text, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil, err
	}
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		before, after, _ := strings.Cut(lines.Text(), " - ")
		place, kind := strings.Fields(before), strings.Fields(after)
		if len(place) < 5 || len(kind) < 3 {
			continue
		}
		h := hierarchy{mount: strings.NewReplacer(`\040`, " ", `\134`, `\`).Replace(place[4])}
		switch kind[0] {
		case "cgroup":
			h.controllers = strings.Split(kind[2], ",")
		case "cgroup2":
		default:
			continue
		}
		out = append(out, h)
	}
	return out, lines.Err()
}

// find returns the hierarchy in which the controller can limit groups beneath
// path.
func find(all []hierarchy, controller, path string) (hierarchy, error) {
	for _, h := range all {
		if slices.Contains(h.controllers, controller) {
			return h, nil
		}
	}
	for _, h := range all {
		if h.controllers != nil {
			continue
		}
		dir := filepath.Join(h.mount, path)
		has, err := os.ReadFile(filepath.Join(dir, "cgroup.controllers"))
		if err != nil {
			return h, err
		}
		if !slices.Contains(strings.Fields(string(has)), controller) {
			continue
		}
		passed, err := os.ReadFile(filepath.Join(dir, "cgroup.subtree_control"))
		if err == nil && !slices.Contains(strings.Fields(string(passed)), controller) {
			err = write(filepath.Join(dir, "cgroup.subtree_control"), "+"+controller)
		}
		return h, err
	}
	return hierarchy{}, fmt.Errorf("no controller %q for the group %s: %w", controller, path, errors.ErrUnsupported)
}

// join puts this process into the group.
func (g *group) join() error {
	for _, dir := range g.dirs {
		if err := write(filepath.Join(dir, "cgroup.procs"), "0"); err != nil {
			return &Missing{controlGroup, err}
		}
	}
	return nil
}

// starved reports whether the kernel has killed one of the group because its
// memory was used up.
func (g *group) starved() bool {
	for _, dir := range g.dirs {
		for _, file := range []string{"memory.events", "memory.oom_control"} {
			text, _ := os.ReadFile(filepath.Join(dir, file))
			_, rest, found := strings.Cut("\n"+string(text), "\noom_kill ")
			line, _, _ := strings.Cut(rest, "\n")
			if found && line != "0" {
				return true
			}
		}
	}
	return false
}

// remove removes the group, once nobody is in it.
func (g *group) remove() {
	for _, dir := range g.dirs {
		_ = syscall.Rmdir(dir)
	}
}
