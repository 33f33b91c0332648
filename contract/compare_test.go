package contract_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/kista-go/kista/contract"
)

const oldDoor = `+NAME("door").
+VSN("1").
+TYPES
open() :: {open, code()}; code() :: 0..9999; shut() :: shut; ok() :: ok; wrong() :: {error, wrong_code};
rang() :: {rang, integer()}; knock() :: {knock, 1..3}.
+STATE locked    open() => ok() & unlocked | wrong() & locked; EVENT => rang(); EVENT <= knock().
+STATE unlocked  shut() => ok() & locked.
+ANYSTATE        shut() => wrong().
`

func parse(t testing.TB, src string) *contract.Contract {
	t.Helper()
	c, err := contract.Parse("t.con", []byte(src))
	if err != nil {
		t.Fatalf("%v\n%s", err, src)
	}
	return c
}

func TestCompare(t *testing.T) {
	for _, c := range []struct {
		name     string
		from, to string // replaced in the old contract
		want     []string
	}{
		{"same", "", "", nil},
		{"another version", `+VSN("1")`, `+VSN("2")`, nil},
		{"types by other names", "rang()", "bell()", nil},
		{"a wider request", "code() :: 0..9999", "code() :: integer()", nil},
		{"a narrower request", "0..9999", "1..9999", []string{"locked {open,0}"}},
		{"an outcome less", " | wrong() & locked", "", nil},
		{"a request more", "shut() => ok() & locked.", "shut() => ok() & locked; knock() => ok() & locked.", nil},
		{"an outcome more", "ok() & locked.", "ok() & locked | ok() & stop.", []string{
			"locked {open,0} => ok & unlocked\nunlocked shut => ok & stop",
		}},
		{"a reply more in a type", "ok() :: ok", "ok() :: ok | fine", []string{
			"locked {open,0} => fine & unlocked", "locked {open,0} => ok & unlocked\nunlocked shut => fine & locked",
		}},
		{"a state more", "unlocked  shut() => ok() & locked.", "unlocked  shut() => ok() & bolted.\n+STATE bolted open() => ok() & unlocked.", []string{
			"locked {open,0} => ok & unlocked\nunlocked shut => ok & bolted",
		}},
		{"an event to the client more", "EVENT => rang()", "EVENT => ring()", []string{"locked EVENT => {ring,0}"}},
		{"a narrower event from the client", "{knock, 1..3}", "{knock, 1..2}", []string{"locked EVENT <= {knock,3}"}},
		{"a wider event from the client", "{knock, 1..3}", "{knock, 1..4}", nil},
		{"another name", `"door"`, `"gate"`, []string{""}},
		{"another start", "STATE locked", "STATE stuck", []string{""}},
		{"a rule for every state less", "+ANYSTATE        shut() => wrong().", "", []string{"locked shut"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			src := strings.ReplaceAll(oldDoor, c.from, c.to)
			if c.name == "another start" {
				src = strings.ReplaceAll(src, "& locked", "& stuck")
			}
			if strings.Contains(src, "ring()") {
				src = strings.ReplaceAll(src, "rang() :: {rang,", "ring() :: {ring,")
			}
			old, changed := parse(t, oldDoor), parse(t, src)
			res := contract.Compare(old, changed)
			if res.Safe != (len(c.want) == 0) || len(res.Breaks) != len(c.want) || len(res.Undecided) > 0 {
				t.Fatalf("%+v %v", res, res.Breaks)
			}
			for i, b := range res.Breaks {
				_, conversation, _ := strings.Cut(b.String(), "\n")
				if conversation = strings.TrimSpace(conversation); conversation != c.want[i] {
					t.Errorf("break %d is\n%s\nwant\n%s", i, conversation, c.want[i])
				}
				checkBreak(t, b, old, changed)
			}
		})
	}
}

// checkBreak replays a break: one contract allows the whole conversation, the other all but its last message.
func checkBreak(t *testing.T, b *contract.Break, old, changed *contract.Contract) {
	t.Helper()
	lines := b.Lines()
	if b.Kind == contract.BreakName || b.Kind == contract.BreakStart {
		return
	}
	allows, refuses := old, changed
	if b.Kind == contract.BreakReply || b.Kind == contract.BreakEventOut {
		allows, refuses = changed, old
	}
	if _, err := compiled(t, allows).Replay(lines); err != nil {
		t.Errorf("%v: who sends the last message breaks its own contract: %v", b, err)
	}
	if _, err := compiled(t, refuses).Replay(lines); err == nil {
		t.Errorf("%v: the last message is allowed", b)
	}
	if _, err := compiled(t, refuses).Replay(lines[:len(lines)-1]); err != nil {
		t.Errorf("%v: it breaks before the last message: %v", b, err)
	}
}

func compiled(t testing.TB, c *contract.Contract) *contract.Checker {
	t.Helper()
	k, err := contract.Compile(c)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// Types whose smallest values are larger than memory, or that have too many alternatives: nothing can be said, and that is soon.
func TestCompareLargeValues(t *testing.T) {
	var defs []string
	for i := range 2000 {
		defs = append(defs, fmt.Sprintf("t%d() :: {t%d(), t%d()}", i, i+1, i+1))
	}
	var alts []string
	for i := range 30_000 {
		alts = append(alts, fmt.Sprint("a", i))
	}
	for _, types := range []string{
		strings.Join(defs, ";") + "; t2000() :: a",
		"t0() :: " + strings.Join(alts, " | "),
		"t0() :: " + strings.Repeat("[", 7) + "a" + strings.Repeat("]{1000}", 7),
	} {
		text := heading + "+TYPES " + types + ".\n+STATE s t0() => t0() & stop.\n"
		res := contract.Compare(parse(t, text), parse(t, text))
		if res.Safe || len(res.Breaks) > 0 || len(res.Undecided) == 0 {
			t.Errorf("safe %v, %d breaks, %d undecided", res.Safe, len(res.Breaks), len(res.Undecided))
		}
	}
}
