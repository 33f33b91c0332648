package report

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// Columns is the order of the columns.
var Columns = []string{"kista", "protoactor", "hollywood", "erlang", "raw", "rawq"}

// floors are no candidates for the best.
var floors = map[string]bool{"raw": true, "rawq": true}

// Key names a figure within a column.
type Key struct{ Workload, Metric string }

// Set holds the figures of one set.
type Set struct {
	values map[Key]map[string][]float64
	units  map[Key]string
}

// Results holds all figures of a run.
type Results struct {
	sets map[string]*Set
	// Problems are the errors that columns have reported, in order.
	Problems []string
	// Loads are the load averages before each run of a column.
	Loads []float64
}

// Parse reads lines of set,round,workload,column,metric,value,unit. A line whose
// metric is ERROR is a problem; one whose metric is loadavg tells the load.
func Parse(r io.Reader) (*Results, error) {
	res := &Results{sets: map[string]*Set{}}
	sc := bufio.NewScanner(r)
	for n := 1; sc.Scan(); n++ {
		f := strings.Split(sc.Text(), ",")
		if len(f) != 7 {
			return nil, fmt.Errorf("report: line %d has %d fields, want 7: %q", n, len(f), sc.Text())
		}
		if f[0] == "set" { // the heading
			continue
		}
		if f[4] == "ERROR" {
			res.Problems = append(res.Problems, fmt.Sprintf("%s, %s, set %s, round %s: %s", f[2], f[3], f[0], f[1], f[5]))
			continue
		}
		v, err := strconv.ParseFloat(f[5], 64)
		if err != nil {
			return nil, fmt.Errorf("report: line %d: %w", n, err)
		}
		if f[4] == "loadavg" {
			res.Loads = append(res.Loads, v)
			continue
		}
		res.Set(f[0]).add(Key{f[2], f[4]}, f[3], v, f[6])
	}
	return res, sc.Err()
}

// Set returns the set with that name, an empty one if there is none.
func (r *Results) Set(name string) *Set {
	s := r.sets[name]
	if s == nil {
		s = &Set{values: map[Key]map[string][]float64{}, units: map[Key]string{}}
		r.sets[name] = s
	}
	return s
}

func (s *Set) add(k Key, column string, v float64, unit string) {
	if s.values[k] == nil {
		s.values[k] = map[string][]float64{}
	}
	s.values[k][column] = append(s.values[k][column], v)
	s.units[k] = unit
}

// Columns returns the columns that have figures: those of Columns first.
func (s *Set) Columns() []string {
	seen := map[string]bool{}
	for _, m := range s.values {
		for c := range m {
			seen[c] = true
		}
	}
	var out []string
	for _, c := range Columns {
		if seen[c] {
			out = append(out, c)
			delete(seen, c)
		}
	}
	rest := make([]string, 0, len(seen))
	for c := range seen {
		rest = append(rest, c)
	}
	slices.Sort(rest)
	return append(out, rest...)
}

// Keys returns the names of all figures, by workload and then by metric.
func (s *Set) Keys() []Key {
	keys := make([]Key, 0, len(s.values))
	for k := range s.values {
		keys = append(keys, k)
	}
	number := func(w string) int {
		n, _ := strconv.Atoi(strings.TrimPrefix(w, "W"))
		return n
	}
	slices.SortFunc(keys, func(a, b Key) int {
		if d := number(a.Workload) - number(b.Workload); d != 0 {
			return d
		}
		return strings.Compare(a.Metric, b.Metric)
	})
	return keys
}

// Rounds returns the figures of a column, round by round; nil if there are none.
func (s *Set) Rounds(k Key, column string) []float64 { return s.values[k][column] }

// Median returns the median of the rounds.
func (s *Set) Median(k Key, column string) (float64, bool) {
	v := s.values[k][column]
	if len(v) == 0 {
		return 0, false
	}
	return median(v), true
}

// Best returns the best of the rounds: the minimum, or for a rate the maximum.
func (s *Set) Best(k Key, column string) (float64, bool) {
	v := s.values[k][column]
	if len(v) == 0 {
		return 0, false
	}
	if s.rate(k) {
		return slices.Max(v), true
	}
	return slices.Min(v), true
}

func (s *Set) rate(k Key) bool { return s.units[k] == "1/s" }

// rival returns the best column of a row that is neither Kista nor a floor, by its
// median; "" if there is none.
func (s *Set) rival(r Row) (column string) {
	best := 0.0
	for _, c := range s.Columns() {
		x, ok := s.Median(r.in(c), c)
		if !ok || c == "kista" || floors[c] {
			continue
		}
		if column == "" || s.rate(r.Key) == (x > best) && x != best {
			column, best = c, x
		}
	}
	return column
}

// faster returns how many times as fast a is than b.
func faster(a, b float64, rate bool) (ratio float64, ok bool) {
	if a <= 0 || b <= 0 {
		return 0, false
	}
	if rate {
		return a / b, true
	}
	return b / a, true
}

func median(v []float64) float64 {
	s := slices.Sorted(slices.Values(v))
	n := len(s)
	if n%2 == 1 {
		return s[n/2]
	}
	return (s[n/2-1] + s[n/2]) / 2
}
