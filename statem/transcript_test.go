package statem_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/internal/erltest"
)

const ordersFile = "testdata/orders.txt"

// A golden case is a scenario and what the real gen_statem made of it.
type golden struct{ name, text, want string }

func goldens(t *testing.T) (all []golden) {
	t.Helper()
	text, err := os.ReadFile(ordersFile)
	assert.NoError(t, err)
	cases := strings.Split(string(text), "\n== ")
	for _, c := range cases[1:] {
		name, rest, _ := strings.Cut(c, "\n")
		var want []string
		for line := range strings.Lines(rest) {
			if said, ok := strings.CutPrefix(line, "| "); ok {
				want = append(want, strings.TrimSpace(said))
			}
		}
		all = append(all, golden{name, rest, strings.Join(want, "\n")})
	}
	return all
}

// byNumber runs the golden cases of one statement in both styles.
func byNumber(t *testing.T, number string) {
	t.Helper()
	ran := 0
	for _, g := range goldens(t) {
		if !strings.HasPrefix(g.name, number+" ") {
			continue
		}
		ran++
		for style, mux := range map[string]bool{"handler": false, "mux": true} {
			t.Run(g.name+"/"+style, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					got := play{mux: mux}.run(t, parse(g.text))
					assert.Equal(t, strings.Join(got, "\n"), g.want)
				})
			})
		}
	}
	if ran == 0 {
		t.Fatalf("%s has no case for %s", ordersFile, number)
	}
}

func TestS138_EventTypes(t *testing.T)                     { byNumber(t, "S138") }
func TestS139_TheFirstEntryCall(t *testing.T)              { byNumber(t, "S139") }
func TestS140_EntryCalls(t *testing.T)                     { byNumber(t, "S140") }
func TestS141_WhatEntryCallsMayDo(t *testing.T)            { byNumber(t, "S141") }
func TestS142_PostponedEventsComeBackInOrder(t *testing.T) { byNumber(t, "S142") }
func TestS143_InsertedEventsComeFirst(t *testing.T)        { byNumber(t, "S143") }
func TestS144_InsertedThenPostponedThenMail(t *testing.T)  { byNumber(t, "S144") }
func TestS145_StateTimeout(t *testing.T)                   { byNumber(t, "S145") }
func TestS146_EventTimeout(t *testing.T)                   { byNumber(t, "S146") }
func TestS147_NamedTimeouts(t *testing.T)                  { byNumber(t, "S147") }
func TestS148_ZeroTimeouts(t *testing.T)                   { byNumber(t, "S148") }
func TestS149_AbsoluteTime(t *testing.T)                   { byNumber(t, "S149") }
func TestS150_ZeroEventTimeout(t *testing.T)               { byNumber(t, "S150") }
func TestS151_OrderOfActions(t *testing.T)                 { byNumber(t, "S151") }
func TestS152_Replies(t *testing.T)                        { byNumber(t, "S152") }
func TestS153_Stop(t *testing.T)                           { byNumber(t, "S153") }

// Every case belongs to a statement, and is run by its test.
func TestGoldenCasesAreNumbered(t *testing.T) {
	for _, g := range goldens(t) {
		if !regexp.MustCompile(`^S1(3[89]|4\d|5[0-5]) `).MatchString(g.name) {
			t.Errorf("the case %q has no number that a test runs", g.name)
		}
	}
}

// The transcripts are what the installed Erlang says. Its time is real: where it
// was too busy to keep to it, it is asked again, with more of it.
func TestGoldenCasesAreErlangs(t *testing.T) {
	want, err := os.ReadFile(ordersFile)
	assert.NoError(t, err)
	for _, unit := range []string{"100", "500", "2500"} {
		got := erlang(t, "transcript:rewrite(B, "+unit+")").Call(t, want)
		if string(got) == string(want) {
			return
		}
		if unit == "2500" {
			assert.Equal(t, string(got), string(want))
		}
	}
}

// erlang starts a node that answers each frame B with expr.
func erlang(t *testing.T, expr string) *erltest.Node {
	t.Helper()
	return erltest.Start(t, `
		begin
			{ok, transcript, Code} = compile:file("testdata/transcript", [binary]),
			{module, transcript} = code:load_binary(transcript, "transcript", Code),
			fun(B) -> `+expr+` end
		end`)
}
