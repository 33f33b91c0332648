package event_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/internal/erltest"
	"github.com/kista-go/kista/kistatest"
)

const ordersFile = "testdata/orders.txt"

// byNumber runs the golden scenarios of one statement.
func byNumber(t *testing.T, number string) {
	t.Helper()
	text, err := os.ReadFile(ordersFile)
	assert.NoError(t, err)
	ran := 0
	for _, c := range strings.Split(string(text), "\n== ")[1:] {
		title, text, _ := strings.Cut(c, "\n")
		if !strings.HasPrefix(title, number+" ") {
			continue
		}
		ran++
		t.Run(title, func(t *testing.T) {
			kistatest.Bubble(t, func(t *testing.T, n *kista.Node, _ *kistatest.Log) {
				got := (&play{t: t, n: n}).run(text, true)
				var want []string
				for line := range strings.Lines(text) {
					if line = strings.TrimSpace(line); line != "" {
						want = append(want, strings.TrimPrefix(line, "| "))
					}
				}
				assert.Equal(t, got, want)
			})
		})
	}
	if ran == 0 {
		t.Fatalf("%s has no scenario for %s", ordersFile, number)
	}
}

func TestS160_OrderAsErlang(t *testing.T)    { byNumber(t, "S160") }
func TestS161_IDsAsErlang(t *testing.T)      { byNumber(t, "S161") }
func TestS162_AddAsErlang(t *testing.T)      { byNumber(t, "S162") }
func TestS163_FailuresAsErlang(t *testing.T) { byNumber(t, "S163") }
func TestS164_RemovalAsErlang(t *testing.T)  { byNumber(t, "S164") }
func TestS165_SwapAsErlang(t *testing.T)     { byNumber(t, "S165") }
func TestS166_SelfSwapAsErlang(t *testing.T) { byNumber(t, "S166") }
func TestS167_OrphansAsErlang(t *testing.T)  { byNumber(t, "S167") }
func TestS168_OwnersAsErlang(t *testing.T)   { byNumber(t, "S168") }
func TestS170_CallsAsErlang(t *testing.T)    { byNumber(t, "S170") }
func TestS172_StopAsErlang(t *testing.T)     { byNumber(t, "S172") }

// Every scenario belongs to a statement, and is run by its test.
func TestGoldenScenariosAreNumbered(t *testing.T) {
	text, err := os.ReadFile(ordersFile)
	assert.NoError(t, err)
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "== ") {
			assert.True(t, regexp.MustCompile(`^== S1(6[0-8]|7[02]) `).MatchString(line), "%s", line)
		}
	}
}

// The golden scenarios are what the installed Erlang says.
func TestGoldenScenariosAreErlangs(t *testing.T) {
	want, err := os.ReadFile(ordersFile)
	assert.NoError(t, err)
	got := erlang(t, "transcript:rewrite(B)").Call(t, want)
	if os.Getenv("REWRITE") != "" {
		assert.NoError(t, os.WriteFile(ordersFile, got, 0o644))
		return
	}
	assert.Equal(t, string(got), string(want))
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
