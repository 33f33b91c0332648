package main

import (
	"strings"
	"testing"

	"github.com/kista-go/kista/internal/assert"
)

func TestSummary(t *testing.T) {
	for _, tc := range []struct {
		name   string
		events []string
		want   string
		ok     bool
	}{
		{"passes", []string{
			`{"Action":"output","Package":"m/a","Test":"TestA","Output":"=== RUN TestA\n"}`,
			`{"Action":"output","Package":"m/a","Test":"TestA","Output":"a log line\n"}`,
			`{"Action":"pass","Package":"m/a","Test":"TestA"}`,
			`{"Action":"output","Package":"m/a","Output":"PASS\n"}`,
			`{"Action":"output","Package":"m/a","Output":"ok  \tm/a\t0.1s\n"}`,
			`{"Action":"pass","Package":"m/a"}`,
		}, "ok  \tm/a\t0.1s\n\n1 passed, 0 failed, 0 skipped\n", true},
		{"skips", []string{
			`{"Action":"pass","Package":"m/a","Test":"TestA"}`,
			`{"Action":"output","Package":"m/a","Test":"TestB","Output":"=== RUN TestB\n"}`,
			`{"Action":"output","Package":"m/a","Test":"TestB","Output":"    b_test.go:1: no erl\n"}`,
			`{"Action":"output","Package":"m/a","Test":"TestB","Output":"--- SKIP: TestB\n"}`,
			`{"Action":"skip","Package":"m/a","Test":"TestB"}`,
			`{"Action":"skip","Package":"m/a","Test":"TestC"}`,
			`{"Action":"output","Package":"m/b","Output":"?   \tm/b\t[no test files]\n"}`,
			`{"Action":"skip","Package":"m/b"}`,
		}, "?   \tm/b\t[no test files]\n\nskipped:\n  m/a TestB: b_test.go:1: no erl\n  m/a TestC: no reason given\n\n1 passed, 0 failed, 2 skipped\n", true},
		{"fails", []string{
			`{"Action":"pass","Package":"m/a","Test":"TestA"}`,
			`{"Action":"output","Package":"m/a","Test":"TestB","Output":"    b_test.go:1: wrong\n"}`,
			`{"Action":"fail","Package":"m/a","Test":"TestB"}`,
			`{"Action":"output","Package":"m/a","Output":"FAIL\tm/a\t0.1s\n"}`,
			`{"Action":"fail","Package":"m/a"}`,
		}, "    b_test.go:1: wrong\nFAIL\tm/a\t0.1s\n\n1 passed, 1 failed, 0 skipped\n", false},
		{"panics", []string{
			`{"Action":"output","Package":"m/a","Test":"TestA","Output":"panic: boom\n"}`,
			`{"Action":"fail","Package":"m/a"}`,
		}, "--- TestA did not end:\npanic: boom\n\n0 passed, 1 failed, 0 skipped\n", false},
		{"does not build", []string{
			`{"Action":"pass","Package":"m/b","Test":"TestB"}`,
			`{"ImportPath":"m/a","Action":"build-output","Output":"a.go:1: no\n"}`,
			`{"ImportPath":"m/a","Action":"build-fail"}`,
		}, "a.go:1: no\n\n1 passed, 1 failed, 0 skipped\n", false},
		{"no test", nil, "\n0 passed, 0 failed, 0 skipped\n", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var out strings.Builder
			s := newSummary(&out)
			assert.NoError(t, s.read(strings.NewReader(strings.Join(tc.events, "\n"))))
			assert.Equal(t, s.close(), tc.ok)
			assert.Equal(t, out.String(), tc.want)
		})
	}
}

func TestSummaryRefusesOtherText(t *testing.T) {
	err := newSummary(&strings.Builder{}).read(strings.NewReader("not json"))
	assert.True(t, err != nil, "read text that is not JSON")
}
