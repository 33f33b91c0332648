package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Num writes a number with about three digits.
func Num(x float64) string {
	switch a := math.Abs(x); {
	case a >= 1e9:
		return fmt.Sprintf("%.2fG", x/1e9)
	case a >= 1e6:
		return fmt.Sprintf("%.2fM", x/1e6)
	case a >= 1e4:
		return fmt.Sprintf("%.1fk", x/1e3)
	case a >= 100:
		return fmt.Sprintf("%.0f", x)
	default:
		return strconv.FormatFloat(x, 'g', 3, 64)
	}
}

// Ratio writes a ratio.
func Ratio(q float64) string {
	switch {
	case q < 0.1:
		return fmt.Sprintf("%.3fx", q)
	case q < 10:
		return fmt.Sprintf("%.2fx", q)
	default:
		return fmt.Sprintf("%.0fx", q)
	}
}

// table is a table in Markdown.
type table struct{ b strings.Builder }

func (t *table) row(cells ...string) {
	t.b.WriteString("| " + strings.Join(cells, " | ") + " |\n")
}

// head writes the heading; all columns but the first left ones are numbers.
func (t *table) head(left int, cells ...string) {
	t.row(cells...)
	t.b.WriteByte('|')
	for i := range cells {
		if i < left {
			t.b.WriteString("---|")
		} else {
			t.b.WriteString("---:|")
		}
	}
	t.b.WriteByte('\n')
}

func (t *table) String() string { return t.b.String() }
