package guard_test

import (
	"os"
	"testing"

	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/internal/guard"
)

// TestKista applies every rule to Kista itself.
func TestKista(t *testing.T) {
	tree, err := guard.Load(os.DirFS("../.."))
	assert.NoError(t, err)
	assert.Equal(t, tree.Module, "github.com/kista-go/kista")
	for _, rule := range guard.Rules() {
		t.Run(rule.Name, func(t *testing.T) {
			failed := false
			for _, p := range rule.Check(tree) {
				if p.Warning {
					t.Log(p)
					continue
				}
				t.Error(p)
				failed = true
			}
			if failed {
				t.Log("the rule: " + rule.Why)
			}
		})
	}
}
