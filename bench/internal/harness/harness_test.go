package harness

import (
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestEveryScaleSetsEverySize(t *testing.T) {
	for _, name := range []string{"smoke", "mid", "full"} {
		p, err := Scale(name)
		if err != nil {
			t.Fatal(err)
		}
		v := reflect.ValueOf(p)
		for i := range v.NumField() {
			if v.Field(i).Int() <= 0 {
				t.Errorf("%s: %s is not set", name, v.Type().Field(i).Name)
			}
		}
	}
	if _, err := Scale("huge"); err == nil {
		t.Error("there is no scale huge")
	}
}

func TestSetTakesWhatStringGives(t *testing.T) {
	want, _ := Scale("full")
	want.Send = 12_345
	var got Params
	if err := got.Set(want.String()); err != nil || got != want {
		t.Errorf("got %v, %v\nwant %v", got, err, want)
	}
	if err := got.Set("Send=1_000,Idle=7"); err != nil || got.Send != 1000 || got.Idle != 7 {
		t.Errorf("got Send %d, Idle %d, %v", got.Send, got.Idle, err)
	}
	if err := got.Set(""); err != nil {
		t.Error(err)
	}
}

func TestSetRefuses(t *testing.T) {
	for _, s := range []string{"Send", "Send=", "Send=x", "Sent=1", "Send=0", "Send=-1", "Send=1,,", "send=1"} {
		var p Params
		if err := p.Set(s); err == nil {
			t.Errorf("Set(%q) took it", s)
		}
	}
}

func TestPercentile(t *testing.T) {
	d := []time.Duration{5, 1, 4, 2, 3}
	for _, c := range []struct {
		p    float64
		want time.Duration
	}{{0, 1}, {0.5, 3}, {0.99, 4}, {1, 5}} {
		if got := Percentile(d, c.p); got != c.want {
			t.Errorf("p%v: got %d, want %d", c.p, got, c.want)
		}
	}
	if got := Percentile(nil, 0.5); got != 0 {
		t.Errorf("of nothing: got %d", got)
	}
}

func TestParseRSS(t *testing.T) {
	for status, want := range map[string]int64{
		"VmPeak:\t  9 kB\nVmRSS:\t    1234 kB\nX: 1\n": 1234 * 1024,
		"VmPeak: 9 kB\n": 0, "VmRSS:": 0, "": 0,
	} {
		if got := parseRSS(status); got != want {
			t.Errorf("%q: got %d, want %d", status, got, want)
		}
	}
}

func TestResultLines(t *testing.T) {
	var out strings.Builder
	r := New(&out, "col", "W3", Params{}, time.Nanosecond)
	r.Emit("msg", 1.5, "ns")
	if !Check(r, "same", 1, 1) || r.Failed() {
		t.Error("a check that holds fails")
	}
	if Check(r, "sum", 1, 2) || !r.Failed() {
		t.Error("a check that does not hold passes")
	}
	r.Fail("a, b\nc")
	if _, ok := Wait(r, "never", make(chan int)); ok {
		t.Error("nothing came, and yet it did")
	}
	want := "W3,col,msg,1.500,ns\nW3,col,ERROR,sum: got 1; want 2,-\nW3,col,ERROR,a; b c,-\nW3,col,ERROR,never: nothing came in 1ns,-\n"
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", out.String(), want)
	}
	full := make(chan int, 1)
	full <- 7
	r = New(&out, "col", "W3", Params{}, time.Minute)
	if v, ok := Wait(r, "at once", full); !ok || v != 7 {
		t.Errorf("got %d, %v", v, ok)
	}
	if !r.Until("now", func() bool { return true }) || r.Failed() {
		t.Error("what holds at once does not")
	}
}
