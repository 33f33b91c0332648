package contract

import "fmt"

// A Dialect is a notation of contracts.
type Dialect int

// The notations.
const (
	// Auto finds out what the file is written in, and is lenient: blanks inside tokens such as "[ ]", and types written out in
	// rules, are taken with a warning.
	Auto Dialect = iota
	// UBF2 is UBF 2.x exactly, as its own compiler takes it.
	UBF2
	// UBF1 is the notation of 2002 and 2003: "=" for "::", int(), constant(), string() for UBF strings, inline types.
	UBF1
	// Slides is the notation of Armstrong's talks: +state S x Request -> Reply x Next, +type, +deftype.
	Slides
)

var dialectNames = [...]string{"auto", "2.x", "1.x", "slides"}

// String returns "auto", "2.x", "1.x" or "slides".
func (d Dialect) String() string { return dialectNames[d] }

// MarshalText returns the text of String.
func (d Dialect) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads the text of String.
func (d *Dialect) UnmarshalText(text []byte) error {
	for i, name := range dialectNames {
		if name == string(text) {
			*d = Dialect(i)
			return nil
		}
	}
	return fmt.Errorf("contract: %q is no notation of contracts; there are auto, 2.x, 1.x and slides", text)
}

// dialectOf finds out what tokens are written in.
func dialectOf(toks []token) Dialect {
	for i, t := range toks {
		if t.kind == "+" && i+1 < len(toks) {
			switch next := toks[i+1]; {
			case next.kind == tAtom && (next.text == "state" || next.text == "type" || next.text == "deftype"):
				return Slides
			case next.kind == tWord && (next.text == "INFO" || next.text == "DESCRIPTION" || next.text == "TYPE"):
				return UBF1
			}
		}
		if t.kind == tAtom && i+3 < len(toks) && toks[i+1].kind == "(" && toks[i+2].kind == ")" {
			switch toks[i+3].kind {
			case "=":
				return UBF1
			case "::":
				return UBF2
			}
		}
	}
	return UBF2
}
