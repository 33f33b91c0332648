package report

import "testing"

// A goal that was missed on the machine of the page says why, and no reason is left
// over.
func TestEveryBoundIsOfAGoal(t *testing.T) {
	goals := map[Key]bool{}
	for _, g := range Goals {
		goals[g.Key] = true
	}
	for k := range Bounds {
		if !goals[k] {
			t.Errorf("%v has a bound, and no goal", k)
		}
	}
}
