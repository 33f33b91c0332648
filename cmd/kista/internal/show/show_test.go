package show_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/kista-go/kista/cmd/kista/internal/show"
)

func TestNoColoursWithoutATerminal(t *testing.T) {
	var b bytes.Buffer
	s := show.New(&b, false)
	s.Crash("account", "joe", "panic", "kista: panic: boom\nand more", "restarted in 1ms")
	s.Table([]string{"victim", "crashes"}, [][]string{{"account", "20"}, {"store", "3"}})
	if got := b.String(); strings.Contains(got, "\x1b") || !strings.Contains(got, "account       20\nstore          3\n") {
		t.Errorf("got %q", got)
	}
}

func TestQuietStillSays(t *testing.T) {
	var b bytes.Buffer
	s := show.New(&b, true)
	s.Crash("account", "joe", "panic", "boom", "back")
	s.Note("hello")
	s.Say("done")
	if b.String() != "done\n" {
		t.Errorf("got %q", b.String())
	}
}
