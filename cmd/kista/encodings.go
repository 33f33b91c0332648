package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kista-go/kista/cmd/kista/internal/otp"
	"github.com/kista-go/kista/etf"
	"github.com/kista-go/kista/jsf"
	"github.com/kista-go/kista/term"
	"github.com/kista-go/kista/ubfa"
)

// encodings are the forms in which the tool reads and writes terms.
var encodings = map[string]string{
	"etf":  "Erlang's external term format",
	"jsf":  "the JSON of UBF",
	"text": "as Erlang writes it",
	"ubfa": "UBF(A)",
}

func encodingNames() []string { return slices.Sorted(maps.Keys(encodings)) }

// addEncodingFlag adds a flag that takes the name of an encoding.
func addEncodingFlag(cmd *cobra.Command, p *string, name, usage string) {
	cmd.Flags().StringVar(p, name, "text", usage+": "+strings.Join(encodingNames(), ", "))
	var said []string
	for _, e := range encodingNames() {
		said = append(said, e+"\t"+encodings[e])
	}
	_ = cmd.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(said, cobra.ShellCompDirectiveNoFileComp))
}

// reading is how terms are read from strangers.
type reading struct {
	safe   bool
	atoms  []string
	compat bool

	bytes, depth, terms, digits int
}

func (r *reading) add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.BoolVar(&r.safe, "safe", false, "refuse atoms and functions that a fresh Erlang node does not know")
	f.StringSliceVar(&r.atoms, "atom", nil, "with --safe, an atom that is known as well; may be repeated")
	f.BoolVar(&r.compat, "compat", false, "take and write the oddities of UBF 2.2.4 in UBF(A)")
	f.IntVar(&r.bytes, "max-bytes", 0, "the largest term, in bytes of its encoding (0: the encoding's default)")
	f.IntVar(&r.depth, "max-depth", 0, "how deep terms may be nested (0: 10000)")
	f.IntVar(&r.terms, "max-terms", 0, "how many terms one may hold (0: 4194304)")
	f.IntVar(&r.digits, "max-digits", 0, "how many digits an integer may have (0: the encoding's default)")
}

func (r *reading) atom(a term.Atom) bool {
	return otp.Atom(a) || slices.Contains(r.atoms, string(a))
}

// decode reads the term at the start of b and says how many bytes it took.
func (r *reading) decode(encoding string, b []byte) (t term.Term, used int, err error) {
	switch encoding {
	case "etf":
		d := etf.Decoder{Limits: etf.Limits{Bytes: r.bytes, Depth: r.depth, Terms: r.terms, BigBytes: bytesOfDigits(r.digits)}}
		if r.safe {
			d.Safe = &etf.Safe{Atom: r.atom, Export: otp.Export}
		}
		return d.Decode(b)
	case "ubfa":
		d := ubfa.Decoder{Compat: r.compat, Limits: ubfa.Limits{Bytes: r.bytes, Depth: r.depth, Terms: r.terms, Digits: r.digits}}
		if r.safe {
			d.Safe = r.atom
		}
		return d.Decode(b)
	case "jsf":
		d := jsf.Decoder{Limits: jsf.Limits{Bytes: r.bytes, Depth: r.depth, Terms: r.terms, Digits: r.digits}}
		if r.safe {
			d.Safe = r.atom
		}
		return d.Decode(b)
	case "text":
		if r.bytes > 0 && len(b) > r.bytes {
			return nil, 0, fmt.Errorf("the text is longer than %d bytes", r.bytes)
		}
		if t, err = term.Parse(string(b)); err != nil {
			return nil, 0, err
		}
		return t, len(b), r.known(t)
	}
	return nil, 0, fmt.Errorf("there is no encoding %q: take one of %s", encoding, strings.Join(encodingNames(), ", "))
}

// decodeAll reads b, which must be one term and nothing else.
func (r *reading) decodeAll(encoding string, b []byte) (term.Term, error) {
	t, used, err := r.decode(encoding, b)
	if err != nil {
		return nil, err
	}
	blank := ""
	switch encoding {
	case "ubfa":
		blank = " \t\r\n,"
	case "jsf":
		blank = " \t\r\n"
	}
	if rest := strings.TrimLeft(string(b[used:]), blank); rest != "" {
		return nil, fmt.Errorf("%s: bytes after the term at byte %d: there are %d", encoding, len(b)-len(rest), len(rest))
	}
	return t, nil
}

// bytesOfDigits is a limit for a magnitude that has at most so many decimal digits.
func bytesOfDigits(digits int) int {
	if digits <= 0 {
		return digits
	}
	return max(digits*10/24, 1) // log 10 / log 256 is 0.4152
}

// known refuses a term in which an atom is not known, where none may be. Depth and number of terms of a text are those of package
// term.
func (r *reading) known(t term.Term) error {
	if !r.safe {
		return nil
	}
	b, err := etf.Encode(t)
	if err != nil {
		return nil //nolint:nilerr // it is the encoding that refuses it
	}
	_, err = etf.Decoder{Safe: &etf.Safe{Atom: r.atom, Export: otp.Export}}.DecodeAll(b)
	var unsafe *etf.DecodeError
	if errors.As(err, &unsafe) && errors.Is(err, etf.ErrUnsafe) {
		return errors.New("text: " + unsafe.Reason)
	}
	return nil
}

// writing is how terms are written.
type writing struct {
	compress int
	minor1   bool
	compat   *bool
	names    bool

	printer term.Printer
}

func (w *writing) append(dst []byte, encoding string, t term.Term) ([]byte, error) {
	switch encoding {
	case "etf":
		return etf.Encoder{Compress: w.compress, Minor1: w.minor1, Depth: deepest}.Append(dst, t)
	case "ubfa":
		return ubfa.Encoder{Compat: *w.compat}.Append(dst, t)
	case "jsf":
		return jsf.Encoder{Depth: deepest}.Append(dst, t)
	case "text":
		return w.printer.Append(dst, t), nil
	}
	return dst, fmt.Errorf("there is no encoding %q: take one of %s", encoding, strings.Join(encodingNames(), ", "))
}

// deepest is how deep what has been read may be, so that it can be written.
const deepest = 100_000

// printer prints as ~tw does. The first number of a pid is that of its node at the node that prints: 0 is the printing
// one, here the one without a name; others are counted as they come, or keep their names.
func printer(names bool) term.Printer {
	seen := map[term.Atom]int{"nonode@nohost": 0}
	return term.Printer{Node: func(node term.Atom, _ uint32) string {
		if names {
			return node.String()
		}
		n, known := seen[node]
		if !known {
			n = len(seen)
			seen[node] = n
		}
		return strconv.Itoa(n)
	}}
}
