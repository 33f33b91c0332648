package report

import (
	"slices"
	"strings"
)

// cell shows the median and the best of a column's rounds, and for others than
// Kista how many times as fast Kista is.
func cell(s *Set, r Row, column, rival string) string {
	k, ours := r.in(column), r.Key
	v, ok := s.Median(k, column)
	if !ok {
		return ""
	}
	text := Num(v)
	if best, _ := s.Best(k, column); len(s.Rounds(k, column)) > 1 && Num(best) != text {
		text += " (" + Num(best) + ")"
	}
	if column == rival {
		text = "**" + text + "**"
	}
	mine, known := s.Median(ours, "kista")
	if column == "kista" || !known {
		return text
	}
	if q, ok := faster(mine, v, s.rate(ours)); ok {
		text += ", " + Ratio(q)
	}
	return text
}

// MainTable is the table of all rows.
func MainTable(s *Set) string { return rowsTable(s, Rows) }

// CPUTable is the same in CPU time, where it was measured.
func CPUTable(s *Set) string {
	var rows []Row
	for _, r := range Rows {
		r.Metric = strings.TrimSuffix(strings.Replace(r.Metric, "msgs_per_s", "msg", 1), "_cpu") + "_cpu"
		if r.Beside != "" {
			r.Beside = strings.Replace(r.Beside, "msgs_per_s", "msg", 1) + "_cpu"
		}
		rows = append(rows, r)
	}
	return rowsTable(s, rows)
}

func rowsTable(s *Set, rows []Row) string {
	columns := s.Columns()
	var t table
	t.head(3, append([]string{"", "", "unit"}, columns...)...)
	for _, r := range rows {
		rival := s.rival(r)
		cells := []string{r.Workload, r.Title, s.units[r.Key]}
		some := false
		for _, c := range columns {
			text := cell(s, r, c, rival)
			some = some || text != ""
			cells = append(cells, text)
		}
		if some {
			t.row(cells...)
		}
	}
	return t.String()
}

// BlockingTable is the table of W21: for each way to block, the others' p50 and
// p99 in microseconds and their round trips a second.
func BlockingTable(s *Set) string {
	const w = "W21"
	columns := s.Columns()
	var names []string
	for _, k := range s.Keys() {
		if name, ok := strings.CutSuffix(k.Metric, "_p50"); ok && k.Workload == w {
			names = append(names, name)
		}
	}
	slices.SortFunc(names, compareCells)
	var t table
	t.head(2, append([]string{"those who block", "in"}, columns...)...)
	for _, name := range names {
		how, in := describeCell(name)
		cells := []string{how, in}
		for _, c := range columns {
			p50, ok := s.Median(Key{w, name + "_p50"}, c)
			if !ok {
				cells = append(cells, "")
				continue
			}
			p99, _ := s.Median(Key{w, name + "_p99"}, c)
			rate, _ := s.Median(Key{w, name + "_rate"}, c)
			cells = append(cells, Num(p50)+" / "+Num(p99)+", "+Num(rate))
		}
		t.row(cells...)
	}
	return t.String()
}

// parts takes the name of a cell of W21 apart: method, time, mix.
func parts(cell string) (method, d, mix string) {
	f := strings.Split(cell, "_")
	if len(f) != 3 || f[0] == "nobody" {
		return cell, "", ""
	}
	return f[0], f[1], f[2]
}

func describeCell(cell string) (how, in string) {
	method, d, mix := parts(cell)
	switch mix {
	case "all":
		return method + ", " + d, "every call"
	case "1pc":
		return method + ", " + d, "1 % of calls"
	}
	return "nobody", ""
}

// cellOrder is the order of the methods, times and mixes in the table.
var cellOrder = []string{
	"nobody_blocks", "sleep", "channel", "mutex", "socket", "file", "cgo",
	"200us", "1ms", "2ms", "4.9ms", "20ms", "all", "1pc",
}

func compareCells(a, b string) int {
	am, ad, ax := parts(a)
	bm, bd, bx := parts(b)
	for _, pair := range [][2]string{{am, bm}, {ad, bd}, {ax, bx}} {
		if d := slices.Index(cellOrder, pair[0]) - slices.Index(cellOrder, pair[1]); d != 0 {
			return d
		}
	}
	return 0
}

// AllTable shows every figure of a set: median, and the least and the greatest of
// the rounds.
func AllTable(s *Set) string {
	columns := s.Columns()
	var t table
	t.head(3, append([]string{"", "metric", "unit"}, columns...)...)
	for _, k := range s.Keys() {
		if k.Workload == "W21" {
			continue // it has a table of its own
		}
		cells := []string{k.Workload, "`" + k.Metric + "`", s.units[k]}
		for _, c := range columns {
			v := s.Rounds(k, c)
			switch len(v) {
			case 0:
				cells = append(cells, "")
			case 1:
				cells = append(cells, Num(v[0]))
			default:
				cells = append(cells, Num(median(v))+" ["+Num(slices.Min(v))+" .. "+Num(slices.Max(v))+"]")
			}
		}
		t.row(cells...)
	}
	return t.String()
}
