package task_test

import (
	"cmp"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/kista-go/kista/task"
)

// stream walks over a stream, as far as it likes.
func (w *walk) stream(streams map[string]func(in iter.Seq[plan], o task.StreamOpts) iter.Seq2[int, error]) {
	o := task.StreamOpts{
		MaxConcurrency: 1 + w.IntN(4), Buffer: 1 + w.IntN(4), Unordered: w.IntN(2) == 0,
		Timeout: []time.Duration{0, task.NoTimeout, w.span(10 * time.Second)}[w.IntN(3)], SkipLate: w.IntN(2) == 0,
	}
	var plans []plan
	for range w.IntN(20) {
		plans = append(plans, w.plan())
	}
	kinds := slices.Sorted(maps.Keys(streams))
	kind := kinds[w.IntN(len(kinds))]
	most := len(plans)
	if w.IntN(3) == 0 {
		most = w.IntN(len(plans) + 1)
	}
	w.ops += len(plans)
	now := time.Now()
	w.note("%v: stream %s %+v, %d of %+v", now, kind, o, most, plans)
	var got []string
	if most > 0 || len(plans) == 0 {
		for v, err := range streams[kind](slices.Values(plans), o) {
			word := said(v, err)
			var item *task.ItemError
			if errors.As(err, &item) {
				word = fmt.Sprintf("%d %s", item.Index, word)
			}
			got = append(got, fmt.Sprintf("%v %s", time.Since(now), word))
			if len(got) == most {
				break
			}
		}
	}
	want := streamModel(plans, o)
	want = want[:min(most, len(want))]
	if o.Unordered { // those that began together are late together, in any order
		for _, list := range [][]string{got, want} {
			for i, line := range list {
				if at, _, late := strings.Cut(line, " "); late && strings.HasSuffix(line, "late") {
					list[i] = at + " late"
				}
			}
		}
	}
	if !slices.Equal(got, want) {
		w.t.Fatalf("stream: got\n%v\nwant\n%v\n%s", got, want, text(w.log))
	}
}

// streamModel says what a stream yields, and when.
func streamModel(plans []plan, o task.StreamOpts) (out []string) {
	type run struct {
		index int
		over  time.Duration
		gives string
		ended bool
	}
	limit := o.Timeout
	if limit == 0 {
		limit = 5 * time.Second
	}
	var now time.Duration
	var open []*run // not yielded
	next := 0
	for next < len(plans) || len(open) > 0 {
		runs := 0
		for _, r := range open {
			if !r.ended {
				runs++
			}
		}
		full := runs >= o.MaxConcurrency || len(open) >= o.MaxConcurrency+o.Buffer
		if o.Unordered {
			full = len(open) >= o.MaxConcurrency
		}
		var first *run
		for i, r := range open {
			if r.ended && (o.Unordered || i == 0) && (first == nil || r.over < first.over) {
				first = r
			}
		}
		switch {
		case first != nil:
			word := first.gives
			if len(word) > 0 && (word[0] < '0' || word[0] > '9') {
				word = fmt.Sprintf("%d %s", first.index, word)
			}
			out = append(out, fmt.Sprintf("%v %s", now, word))
			if first.gives == "died: late" && !o.SkipLate {
				return out
			}
			open = slices.DeleteFunc(open, func(r *run) bool { return r == first })
		case !full && next < len(plans):
			p := plans[next]
			r := &run{index: next, over: now + p.Takes, gives: p.end()}
			if limit > 0 && p.Takes > limit {
				r.over, r.gives = now+limit, "died: late"
			}
			open = append(open, r)
			next++
		default: // time passes
			soonest := slices.MinFunc(open, func(a, b *run) int {
				if a.ended != b.ended {
					return cmp.Compare(btoi(a.ended), btoi(b.ended))
				}
				return cmp.Compare(a.over, b.over)
			})
			now, soonest.ended = soonest.over, true
		}
	}
	return out
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}
