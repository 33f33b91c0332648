package erltest_test

import (
	"strings"
	"testing"

	"github.com/kista-go/kista/internal/erltest"
)

func TestNodeAnswers(t *testing.T) {
	n := erltest.Start(t, `fun(B) -> string:uppercase(B) end`)
	for _, s := range []string{"hello", "", strings.Repeat("x", 100_000)} {
		if got := string(n.Call(t, []byte(s))); got != strings.ToUpper(s) {
			t.Errorf("answer of %d bytes to %d", len(got), len(s))
		}
	}
}
