package contract

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Sizes of the drawing, in pixels.
const (
	charWidth  = 7.3 // of the labels' font
	lineHeight = 16
	nodeHeight = 44
	portGap    = 16 // between arrows at a node
	margin     = 24
	laneGap    = 14
	corner     = 8
)

// svg draws a diagram: the states in a row; an arrow to the next state between the two; what leads further on, or stays, above them; what leads
// back, below. Arrows above and below run in lanes, so that nothing lies upon anything.
type svg struct {
	d *diagram
	b strings.Builder
	// Labels are written last: they lie over arrows that cross them.
	labels strings.Builder
	x, w   []float64 // of the nodes: left edge and width
	top    float64   // of the nodes
	width  float64
	above  []*lane
	below  []*lane
}

// lane is an arrow that runs above or below the states.
type lane struct {
	arrow    *arrow
	x1, x2   float64 // where it leaves and arrives
	level    int
	y        float64
	portFrom int // the how many-th port of the node, from the left
	portTo   int
}

// SVG returns the states as a picture: a complete SVG document without scripts, in colours that follow the reader's light or dark scheme.
func (c *Contract) SVG() []byte {
	s := &svg{d: c.diagram()}
	s.sort()
	s.place()
	s.levels(s.above, -1)
	s.levels(s.below, 1)
	return s.draw()
}

// direct reports whether an arrow leads to the next state.
func direct(a *arrow) bool { return a.to == a.from+1 }

// sort divides the arrows, the short ones first: those lie nearest to the states.
func (s *svg) sort() {
	for i := range s.d.arrows {
		a := &s.d.arrows[i]
		switch {
		case direct(a):
		case a.to >= a.from:
			s.above = append(s.above, &lane{arrow: a})
		default:
			s.below = append(s.below, &lane{arrow: a})
		}
	}
	for _, lanes := range [][]*lane{s.above, s.below} {
		slices.SortStableFunc(lanes, func(a, b *lane) int {
			span := func(l *lane) int { return max(l.arrow.to-l.arrow.from, l.arrow.from-l.arrow.to) }
			return cmp.Compare(span(a), span(b))
		})
	}
}

// textWidth returns the width of the longest line.
func textWidth(lines []string) float64 {
	most := 0
	for _, l := range lines {
		most = max(most, utf8.RuneCountInString(l))
	}
	return float64(most) * charWidth
}

// place gives the nodes their places, and the lanes their ports.
func (s *svg) place() {
	n := len(s.d.states)
	ports := make([]int, n)
	for _, lanes := range [][]*lane{s.above, s.below} {
		count := make([]int, n)
		for _, l := range lanes {
			l.portFrom = count[l.arrow.from]
			count[l.arrow.from]++
			l.portTo = count[l.arrow.to]
			count[l.arrow.to]++
		}
		for i := range ports {
			ports[i] = max(ports[i], count[i])
		}
	}
	s.x, s.w = make([]float64, n), make([]float64, n)
	x := float64(margin + 40) // room for the arrow that comes from nowhere
	for i, name := range s.d.states {
		s.w[i] = max(64, textWidth([]string{string(name)})*1.15+28, float64(ports[i]+1)*portGap)
		for _, l := range s.above { // what stays lies over its own state
			if l.arrow.from == i && l.arrow.to == i {
				s.w[i] = max(s.w[i], textWidth(l.arrow.labels)+12)
			}
		}
		s.x[i] = x
		gap := 56.0
		for j := range s.d.arrows {
			if a := &s.d.arrows[j]; a.from == i && direct(a) {
				gap = max(gap, textWidth(a.labels)+48)
			}
		}
		x += s.w[i] + gap
	}
	s.width = s.x[n-1] + s.w[n-1] + margin
	for _, lanes := range [][]*lane{s.above, s.below} {
		for _, l := range lanes {
			l.x1, l.x2 = s.port(l.arrow.from, l.portFrom, ports), s.port(l.arrow.to, l.portTo, ports)
		}
	}
}

// port returns where the ith port of a node lies.
func (s *svg) port(node, i int, ports []int) float64 {
	return s.x[node] + s.w[node]*float64(i+1)/float64(ports[node]+1)
}

// extent returns what a lane covers from left to right, label included.
func (l *lane) extent() (float64, float64) {
	lo, hi := min(l.x1, l.x2), max(l.x1, l.x2)
	mid, half := (lo+hi)/2, textWidth(l.arrow.labels)/2+6
	return min(lo-4, mid-half), max(hi+4, mid+half)
}

// levels stacks lanes that would touch, and counts their heights away from the nodes. sign is -1 above them.
func (s *svg) levels(lanes []*lane, sign float64) {
	var heights []float64
	for i, l := range lanes {
		lo, hi := l.extent()
		for _, other := range lanes[:i] {
			if olo, ohi := other.extent(); lo < ohi && olo < hi {
				l.level = max(l.level, other.level+1)
			}
		}
		for len(heights) <= l.level {
			heights = append(heights, 0)
		}
		heights[l.level] = max(heights[l.level], float64(len(l.arrow.labels)*lineHeight+laneGap))
		s.width = max(s.width, hi+margin)
	}
	// Labels stand above their line. Above the states a lane needs no room beneath it; below them it does.
	y := make([]float64, len(heights))
	total := 0.0
	for i, h := range heights {
		if sign < 0 {
			y[i] = total + laneGap
		} else {
			y[i] = total + h
		}
		total += h
	}
	for _, l := range lanes {
		l.y = y[l.level] * sign
	}
	if sign < 0 {
		s.top = margin + 28 + total + laneGap
	}
}

// bottom returns the lower edge of everything but the notes.
func (s *svg) bottom() float64 {
	y := s.top + nodeHeight
	for _, l := range s.below {
		y = max(y, s.top+nodeHeight+l.y)
	}
	return y + laneGap
}

var xmlText = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;")

const svgStyle = `<style>
svg{color-scheme:light dark;--ink:#1f2933;--line:#52606d;--fill:#eef4fb;--edge:#2b6cb0;--note:#52606d;--paper:#fff}
@media (prefers-color-scheme:dark){svg{--ink:#e4e7eb;--line:#9aa5b1;--fill:#1f2d3d;--edge:#63a4e0;--note:#9aa5b1;--paper:#14191f}}
text{font:12px ui-monospace,Menlo,Consolas,monospace;fill:var(--ink)}
.name{font-size:14px;font-weight:600;text-anchor:middle}.title{font-size:14px;font-weight:600}
.label{text-anchor:middle;paint-order:stroke;stroke:var(--paper);stroke-width:5px;stroke-linejoin:round}.note{fill:var(--note)}
.node{fill:var(--fill);stroke:var(--edge);stroke-width:1.5}.line{fill:none;stroke:var(--line);stroke-width:1.3}
.tip{fill:var(--line)}.paper{fill:var(--paper)}
</style>
`

func (s *svg) draw() []byte {
	noteY := s.bottom() + lineHeight
	height := noteY + float64(len(s.d.notes)*lineHeight) + margin/2
	s.width = max(s.width, textWidth(append([]string{s.d.title}, s.d.notes...))*1.15+2*margin)
	fmt.Fprintf(&s.b, `<svg xmlns="http://www.w3.org/2000/svg" width="%.0f" height="%.0f" viewBox="0 0 %.0f %.0f" role="img">`+"\n", s.width, height, s.width, height)
	title := xmlText.Replace(s.d.title)
	fmt.Fprintf(&s.b, "<title>%s</title>\n%s", title, svgStyle)
	s.b.WriteString(`<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">` +
		`<path class="tip" d="M0 0 8 4 0 8Z"/></marker></defs>` + "\n")
	s.b.WriteString(`<rect class="paper" width="100%" height="100%"/>` + "\n")
	fmt.Fprintf(&s.b, `<text class="title" x="%d" y="%d">%s</text>`+"\n", margin, margin+6, title)
	mid := s.top + nodeHeight/2
	s.path("M%.1f %.1fH%.1f", s.x[0]-40, mid, s.x[0]-2)
	for i := range s.d.arrows {
		if a := &s.d.arrows[i]; direct(a) {
			x1, x2 := s.x[a.from]+s.w[a.from], s.x[a.to]
			s.path("M%.1f %.1fH%.1f", x1, mid, x2-2)
			s.label(a.labels, (x1+x2)/2, mid-5)
		}
	}
	for _, l := range s.above {
		s.lane(l, s.top, s.top+l.y, -1)
	}
	for _, l := range s.below {
		s.lane(l, s.top+nodeHeight, s.top+nodeHeight+l.y, 1)
	}
	for i, name := range s.d.states {
		s.node(i, readable(string(name)))
	}
	for i, n := range s.d.notes {
		fmt.Fprintf(&s.b, `<text class="note" x="%d" y="%.1f">%s</text>`+"\n", margin, noteY+float64(i*lineHeight), xmlText.Replace(n))
	}
	s.b.WriteString(s.labels.String() + "</svg>\n")
	return []byte(s.b.String())
}

func (s *svg) path(format string, args ...any) {
	s.b.WriteString(`<path class="line" marker-end="url(#tip)" d="` + fmt.Sprintf(format, args...) + "\"/>\n")
}

// lane draws an arrow from a node's edge at y over its level back to that edge.
func (s *svg) lane(l *lane, edge, level, sign float64) {
	dir := 1.0
	if l.x2 < l.x1 {
		dir = -1
	}
	s.path("M%.1f %.1fV%.1fQ%.1f %.1f %.1f %.1fH%.1fQ%.1f %.1f %.1f %.1fV%.1f",
		l.x1, edge, level-sign*corner, l.x1, level, l.x1+dir*corner, level,
		l.x2-dir*corner, l.x2, level, l.x2, level-sign*corner, edge+sign*2)
	s.label(l.arrow.labels, (l.x1+l.x2)/2, level-5)
}

// label writes lines of which the last stands at y.
func (s *svg) label(lines []string, x, y float64) {
	for i, line := range lines {
		fmt.Fprintf(&s.labels, `<text class="label" x="%.1f" y="%.1f">%s</text>`+"\n", x, y-float64((len(lines)-1-i)*lineHeight), xmlText.Replace(line))
	}
}

func (s *svg) node(i int, name string) {
	round := 10
	if name == string(Stop) {
		round = nodeHeight / 2
	}
	fmt.Fprintf(&s.b, `<rect class="node" x="%.1f" y="%.1f" width="%.1f" height="%d" rx="%d"/>`+"\n", s.x[i], s.top, s.w[i], nodeHeight, round)
	fmt.Fprintf(&s.b, `<text class="name" x="%.1f" y="%.1f">%s</text>`+"\n", s.x[i]+s.w[i]/2, s.top+nodeHeight/2+5, xmlText.Replace(name))
}
