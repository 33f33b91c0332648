package supervisor

import "time"

// window counts restarts within a period that slides (statements 181, 182).
type window struct{ at []time.Time }

// add notes a restart now and reports whether no more than intensity of them lie
// within the last period.
func (w *window) add(now time.Time, intensity int, period time.Duration) (ok bool) {
	old := 0
	for old < len(w.at) && now.Sub(w.at[old]) > period {
		old++
	}
	w.at = append(w.at[old:], now)
	if len(w.at) > intensity {
		w.at = w.at[1:]
		return false
	}
	return true
}

func (w *window) reset() { w.at = nil }
