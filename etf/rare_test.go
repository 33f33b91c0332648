package etf_test

import (
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"github.com/kista-go/kista/etf"
	"github.com/kista-go/kista/internal/erltest"
	"github.com/kista-go/kista/term"
)

// rareForms are forms that Erlang takes and does not write: what it writes for them comes second, or "" where it refuses.
func rareForms() map[string][2]string {
	fun := func(size, oldIndex, oldUniq string) string {
		return "8370000000" + size + "01" + strings.Repeat("00", 16+4+4) + "770161" + oldIndex + oldUniq + "58770161" + strings.Repeat("00", 12)
	}
	float := func(text string) string {
		return "8363" + hex.EncodeToString([]byte(text)) + strings.Repeat("00", 31-len(text))
	}
	return map[string][2]string{
		"index in the longest form":           {fun("00", "6f000000010002", "6100"), fun("34", "6102", "6100")},
		"uniq of 32 bits":                     {fun("00", "6100", "6e0400ffffffff"), fun("37", "6100", "62ffffffff")},
		"uniq of 41 bits":                     {fun("00", "6100", "6e0600050000000001"), fun("34", "6100", "6105")},
		"index of 59 bits":                    {fun("00", "6e0800ffffffffffffff07", "6100"), fun("37", "62ffffffff", "6100")},
		"index of 60 bits":                    {fun("00", "6e08000000000000000008", "6100"), ""},
		"least index":                         {fun("00", "6e08010000000000000008", "6100"), fun("34", "6100", "6100")},
		"index less than that":                {fun("00", "6e08010100000000000008", "6100"), ""},
		"index that is no integer":            {fun("00", "770161", "6100"), ""},
		"arity in the longest form":           {"8371770161770162" + "6f000000010002", "8371770161770162" + "6102"},
		"float with a comma":                  {float("1,5"), "83463ff8000000000000"},
		"float with a comma and an exponent":  {float("-1,50e+01"), "8346c02e000000000000"},
		"float with a comma behind the point": {float("1.5,0"), ""},
		"float with a point behind the comma": {float("1,5.0"), ""},
		"float with two commas":               {float("1,5,0"), ""},
	}
}

func TestDecodeRareForms(t *testing.T) {
	for name, c := range rareForms() {
		v, err := etf.DecodeAll(unhex(t, c[0]))
		switch {
		case c[1] == "":
			if !errors.Is(err, etf.ErrMalformed) {
				t.Errorf("%s: decoded to %v, %v, want a refusal", name, v, err)
			}
		case err != nil:
			t.Errorf("%s: %v", name, err)
		default:
			checkEncoding(t, name, v, c[1])
		}
	}
}

func TestOracleRareForms(t *testing.T) {
	n := erltest.Start(t, oracle)
	for name, c := range rareForms() {
		var want term.Term = term.Atom("error")
		if c[1] != "" {
			want = term.Tuple{term.Atom("ok"), term.Binary(unhex(t, c[1]))}
		}
		if got := ask(t, n, term.Atom("decode"), term.List{}, term.Binary(unhex(t, c[0]))); !term.Identical(got, want) {
			t.Errorf("%s: Erlang says %v, want %v", name, got, want)
		}
	}
}
