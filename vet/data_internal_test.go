package vet

import (
	"errors"
	"go/types"
	"strings"
	"testing"

	"golang.org/x/tools/go/packages"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/vet/testdata/kinds"
)

// TestDataAgreesWithTheKernel holds what the checker says of the text of types
// against what the kernel says of the types themselves: which are data, where in
// them is what is not, and why.
func TestDataAgreesWithTheKernel(t *testing.T) {
	pkgs, err := packages.Load(&packages.Config{
		Mode: packages.NeedName | packages.NeedTypes | packages.NeedImports | packages.NeedDeps | packages.NeedSyntax | packages.NeedTypesInfo,
	}, "./testdata/kinds")
	assert.NoError(t, err)
	assert.True(t, len(pkgs) == 1 && len(pkgs[0].Errors) == 0, "%v", pkgs)
	refused := 0
	for name, ask := range kinds.Kernel {
		text, pointer := strings.CutPrefix(name, "*")
		typ := pkgs[0].Types.Scope().Lookup(text).Type()
		if pointer {
			typ = types.NewPointer(typ)
		}
		got, says := notData(typ), ask()
		var want *kista.DataError
		switch {
		case errors.As(says, &want):
			refused++
			assert.True(t, got != nil, "%s: the kernel refuses it (%v), the checker does not", name, says)
			if got.path != want.Path || got.why != want.Why {
				t.Errorf("%s: the checker says %s: %s\nthe kernel says %s: %s", name, got.path, got.why, want.Path, want.Why)
			}
		case got != nil:
			t.Errorf("%s: the checker refuses it (%s: %s), the kernel does not", name, got.path, got.why)
		}
	}
	assert.True(t, refused > 50 && len(kinds.Kernel)-refused > 50, "only %d of %d are refused", refused, len(kinds.Kernel))
}
