package plot

import (
	"encoding/xml"
	"errors"
	"io"
	"math"
	"strings"
	"testing"
)

// wellFormed parses the picture and counts its elements by name.
func wellFormed(t *testing.T, svg string) map[string]int {
	t.Helper()
	count := map[string]int{}
	d := xml.NewDecoder(strings.NewReader(svg))
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			return count
		}
		if err != nil {
			t.Fatalf("%v in\n%s", err, svg)
		}
		if e, ok := tok.(xml.StartElement); ok {
			count[e.Name.Local]++
			for _, a := range e.Attr {
				if strings.Contains(a.Value, "NaN") || strings.Contains(a.Value, "Inf") {
					t.Errorf("%s %s=%q", e.Name.Local, a.Name.Local, a.Value)
				}
			}
		}
	}
}

func TestChart(t *testing.T) {
	c := Chart{Title: `a <b> & "c"`, X: "n", Y: "ns", Lines: []Line{
		{Name: "one", Points: []Point{{10, 5}, {100, 50}, {1000, 500}}},
		{Name: "two", Dashed: true, Points: []Point{{10, 20}, {1000, 0}, {-1, 5}, {100, math.Inf(1)}}},
	}}
	svg := c.SVG()
	n := wellFormed(t, svg)
	if n["polyline"] != 2 || n["circle"] != 4 {
		t.Errorf("got %d lines with %d points, want 2 with 4", n["polyline"], n["circle"])
	}
	for _, want := range []string{"a &lt;b&gt; &amp;", ">one<", ">two<", ">ns<", ">n<", ">1k<", "stroke-dasharray"} {
		if !strings.Contains(svg, want) {
			t.Errorf("no %q in\n%s", want, svg)
		}
	}
	if svg != c.SVG() {
		t.Error("the same chart gives other bytes")
	}
}

func TestPlaces(t *testing.T) {
	c := Chart{Lines: []Line{{Points: []Point{{10, 5}, {1000, 500}}}}}
	x, y := c.axes()
	for v, want := range map[float64]float64{10: left, 100: left + (width-left-right)/2, 1000: width - right} {
		if got := x.at(v); math.Abs(got-want) > 1e-6 {
			t.Errorf("x %v is at %v, want %v", v, got, want)
		}
	}
	// 5 to 500 is shown from 1 to 1000; upwards is less in SVG.
	for v, want := range map[float64]float64{1: height - bottom, 1000: top} {
		if got := y.at(v); math.Abs(got-want) > 1e-6 {
			t.Errorf("y %v is at %v, want %v", v, got, want)
		}
	}
	if got := len(y.ticks()); got != 4 {
		t.Errorf("got %d ticks, want 1, 10, 100, 1000", got)
	}
}

func TestChartsWithLittleInThem(t *testing.T) {
	for name, c := range map[string]Chart{
		"nothing":             {},
		"an empty line":       {Lines: []Line{{Name: "x"}}},
		"one point":           {Lines: []Line{{Points: []Point{{7, 7}}}}},
		"one power of ten":    {Lines: []Line{{Points: []Point{{10, 1000}, {10, 1000}}}}},
		"nothing to be shown": {Lines: []Line{{Points: []Point{{0, 0}}}}},
		"far apart":           {Lines: []Line{{Points: []Point{{1e-3, 1e-9}, {1e9, 1e12}}}}},
	} {
		t.Run(name, func(t *testing.T) {
			wellFormed(t, c.SVG())
			x, y := c.axes()
			if x.lo >= x.hi || y.lo >= y.hi {
				t.Errorf("an axis without extent: %v, %v", x, y)
			}
		})
	}
}

func TestShort(t *testing.T) {
	for v, want := range map[float64]string{0.001: "0.001", 1: "1", 100: "100", 1e3: "1k", 1e5: "100k", 1e6: "1M", 1e9: "1G"} {
		if got := short(v); got != want {
			t.Errorf("%v: got %s, want %s", v, got, want)
		}
	}
}
