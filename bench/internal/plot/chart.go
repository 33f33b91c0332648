package plot

import (
	"encoding/xml"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Chart is a chart with logarithmic axes.
type Chart struct {
	Title, X, Y string
	Lines       []Line
}

// Line is one line of a chart, drawn with its points marked.
type Line struct {
	Name   string
	Dashed bool
	Points []Point
}

// Point is a point of a line.
type Point struct{ X, Y float64 }

const (
	width, height            = 640, 320
	left, right, top, bottom = 70, 190, 36, 48
)

// colours are told apart also by those who do not see all colours.
var colours = []string{"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00"}

// SVG draws the chart.
func (c Chart) SVG() string {
	x, y := c.axes()
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" font-family="sans-serif" font-size="11" role="img">`+"\n", width, height, width, height)
	fmt.Fprintf(&b, "<title>%s</title>\n", escape(c.Title))
	fmt.Fprintf(&b, `<rect width="%d" height="%d" fill="#ffffff"/>`+"\n", width, height)
	text(&b, left, 20, "start", 14, c.Title)
	for _, v := range x.ticks() {
		at := x.at(v)
		fmt.Fprintf(&b, `<line x1="%.1f" y1="%d" x2="%.1f" y2="%d" stroke="#dddddd"/>`+"\n", at, top, at, height-bottom)
		text(&b, at, height-bottom+16, "middle", 11, short(v))
	}
	for _, v := range y.ticks() {
		at := y.at(v)
		fmt.Fprintf(&b, `<line x1="%d" y1="%.1f" x2="%d" y2="%.1f" stroke="#dddddd"/>`+"\n", left, at, width-right, at)
		text(&b, left-6, at+4, "end", 11, short(v))
	}
	fmt.Fprintf(&b, `<rect x="%d" y="%d" width="%d" height="%d" fill="none" stroke="#666666"/>`+"\n", left, top, width-left-right, height-top-bottom)
	text(&b, left+float64(width-left-right)/2, height-12, "middle", 12, c.X)
	text(&b, 8, top-6, "start", 12, c.Y)
	for i, l := range c.Lines {
		l.draw(&b, colours[i%len(colours)], x, y)
		at := float64(top + 10 + 18*i)
		fmt.Fprintf(&b, `<line x1="%d" y1="%.1f" x2="%d" y2="%.1f" stroke="%s" stroke-width="2"%s/>`+"\n",
			width-right+10, at, width-right+34, at, colours[i%len(colours)], l.dash())
		text(&b, width-right+40, at+4, "start", 11, l.Name)
	}
	b.WriteString("</svg>\n")
	return b.String()
}

func (l Line) dash() string {
	if l.Dashed {
		return ` stroke-dasharray="5 4"`
	}
	return ""
}

func (l Line) draw(b *strings.Builder, colour string, x, y axis) {
	var path []string
	for _, p := range l.Points {
		if p.shown() {
			path = append(path, fmt.Sprintf("%.1f,%.1f", x.at(p.X), y.at(p.Y)))
		}
	}
	fmt.Fprintf(b, `<polyline points="%s" fill="none" stroke="%s" stroke-width="2"%s/>`+"\n", strings.Join(path, " "), colour, l.dash())
	for _, p := range path {
		at := strings.Split(p, ",")
		fmt.Fprintf(b, `<circle cx="%s" cy="%s" r="3" fill="%s"/>`+"\n", at[0], at[1], colour)
	}
}

func (p Point) shown() bool {
	ok := func(v float64) bool { return v > 0 && !math.IsInf(v, 1) }
	return ok(p.X) && ok(p.Y)
}

// axis maps a range, in powers of ten, to places.
type axis struct {
	lo, hi   float64 // logarithms
	from, to float64 // places
}

func (c Chart) axes() (x, y axis) {
	x = axis{lo: math.Inf(1), hi: math.Inf(-1), from: left, to: width - right}
	y = axis{lo: math.Inf(1), hi: math.Inf(-1), from: height - bottom, to: top}
	for _, l := range c.Lines {
		for _, p := range l.Points {
			if p.shown() {
				x.include(p.X)
				y.include(p.Y)
			}
		}
	}
	return x.whole(), y.whole()
}

func (a *axis) include(v float64) {
	a.lo, a.hi = min(a.lo, math.Log10(v)), max(a.hi, math.Log10(v))
}

// whole widens the range to whole powers of ten, of which there is at least one.
func (a axis) whole() axis {
	if a.lo > a.hi { // nothing is shown
		a.lo, a.hi = 0, 0
	}
	const exact = 1e-9 // logarithms of powers of ten may be off by this
	a.lo, a.hi = math.Floor(a.lo+exact), math.Ceil(a.hi-exact)
	if a.lo >= a.hi {
		a.hi = a.lo + 1
	}
	return a
}

func (a axis) at(v float64) float64 {
	return a.from + (a.to-a.from)*(math.Log10(v)-a.lo)/(a.hi-a.lo)
}

// ticks are the powers of ten of the range.
func (a axis) ticks() []float64 {
	var out []float64
	for e := int(a.lo); e <= int(a.hi); e++ {
		out = append(out, math.Pow10(e))
	}
	return out
}

func text(b *strings.Builder, x, y float64, anchor string, size int, s string) {
	fmt.Fprintf(b, `<text x="%.1f" y="%.1f" text-anchor="%s" font-size="%d" fill="#222222">%s</text>`+"\n", x, y, anchor, size, escape(s))
}

func escape(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a Builder takes everything
	return b.String()
}

// short writes a power of ten.
func short(v float64) string {
	for _, u := range []struct {
		size float64
		name string
	}{{1e9, "G"}, {1e6, "M"}, {1e3, "k"}} {
		if v >= u.size {
			return strconv.FormatFloat(v/u.size, 'g', 4, 64) + u.name
		}
	}
	return strconv.FormatFloat(v, 'g', 4, 64)
}
