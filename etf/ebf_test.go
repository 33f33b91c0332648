package etf_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/kista-go/kista/etf"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/term"
)

// The frames of UBF's EBF are those of this package: what a node of OTP 25 sends, a Reader takes, and a Writer of minor
// version 1 sends the same bytes.
func TestVectorsEBF(t *testing.T) {
	text, err := os.ReadFile("testdata/ebf.json")
	assert.NoError(t, err)
	var v struct {
		Frames []struct {
			Erlang string
			Hex    string `json:"frame_hex"`
			Bytes  int
		}
	}
	assert.NoError(t, json.Unmarshal(text, &v))
	whole, cut := 0, 0
	for _, f := range v.Frames {
		want, err := hex.DecodeString(f.Hex)
		assert.NoError(t, err)
		var x term.Term
		if len(want) < f.Bytes { // cut in the file: 70000 ones
			list := make(term.List, 70_000)
			for i := range list {
				list[i] = 1
			}
			x = list
			cut++
		} else {
			x, err = etf.NewReader(bytes.NewReader(want)).ReadTerm()
			assert.NoError(t, err)
			if len(f.Erlang) == 120 { // cut, too
				assert.True(t, strings.HasPrefix(term.Format(x), f.Erlang), "%s: read as %v", f.Erlang, x)
			} else if text, err := term.Parse(f.Erlang); err != nil || !term.Identical(text, x) {
				t.Errorf("%s: read as %v, %v", f.Erlang, x, err)
			}
			whole++
		}
		var out bytes.Buffer
		w := etf.NewWriter(&out)
		w.Encoder.Minor1 = true
		assert.NoError(t, w.WriteTerm(x))
		if out.Len() != f.Bytes || !bytes.HasPrefix(out.Bytes(), want) {
			t.Errorf("%.60s: sent %x, %d bytes; want %x, %d bytes", f.Erlang, out.Bytes()[:min(out.Len(), 64)], out.Len(), want, f.Bytes)
		}
	}
	t.Logf("ebf.json: %d frames the same, %d of which the beginning is known", whole, cut)
}
