package contract

import (
	"math/big"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/kista-go/kista/term"
)

// String returns the form, with its dot.
func (im *Import) String() string {
	s := "+IMPORT(\"" + im.File + "\""
	if im.Names != nil {
		s += ", "
		if im.Except {
			s += "except "
		}
		names := make([]string, len(im.Names))
		for i, n := range im.Names {
			names[i] = quoteAtom(n)
		}
		s += "[" + strings.Join(names, ", ") + "]"
	}
	return s + ")."
}

// String returns the definition, name() :: type, with its annotation.
func (d *TypeDef) String() string {
	s := quoteAtom(d.Name) + "() :: " + TypeString(d.Type)
	if strings.HasSuffix(s, "..") {
		s += " " // a dot follows, or may follow
	}
	if d.Note == nil {
		return s
	}
	switch d.Note.Kind {
	case BinaryNote:
		return s + ` <<"` + d.Note.Text + `">>`
	case TagNote:
		return s + " `" + d.Note.Text + "`"
	default:
		return s + ` "` + d.Note.Text + `"`
	}
}

// String returns the rule as it stands in a contract, without what ends it.
func (r *Rule) String() string {
	switch r.Kind {
	case EventOut:
		return "EVENT => " + TypeString(r.Message)
	case EventIn:
		return "EVENT <= " + TypeString(r.Message)
	}
	outs := make([]string, len(r.Outcomes))
	for i, o := range r.Outcomes {
		outs[i] = o.String()
	}
	return TypeString(r.Message) + " => " + strings.Join(outs, " | ")
}

// String returns reply() & state, or reply() alone in a rule for every state.
func (o *Outcome) String() string {
	if o.Next == "" {
		return TypeString(o.Reply)
	}
	return TypeString(o.Reply) + " & " + quoteAtom(string(o.Next))
}

// TypeString returns a type as it stands in a contract.
func TypeString(t Type) string { return string(appendType(nil, t)) }

func appendType(b []byte, t Type) []byte {
	switch t := t.(type) {
	case *Ref:
		b = append(b, quoteAtom(t.Name)...)
		b = append(b, '(')
		b = append(b, strings.Join(t.Attrs, ",")...)
		b = append(b, ')')
		if t.Optional {
			b = append(b, '?')
		}
	case *Alt:
		b = appendTypes(b, t.Alts, " | ")
	case *Tuple:
		b = append(appendTypes(append(b, '{'), t.Fields, ", "), '}')
	case *List:
		b = appendList(b, t)
	case *Range:
		b = appendInt(append(appendInt(b, t.Lo), ".."...), t.Hi)
	case *Literal:
		b = appendLiteral(b, t)
	case *Record:
		b = appendRecord(b, t)
	case *sequence:
		b = append(appendTypes(append(b, "(["...), t.elems, ", "), "])"...)
	}
	return b
}

func appendTypes(b []byte, ts []Type, sep string) []byte {
	for i, t := range ts {
		if i > 0 {
			b = append(b, sep...)
		}
		b = appendType(b, t)
	}
	return b
}

func appendInt(b []byte, n *big.Int) []byte {
	if n == nil {
		return b
	}
	return n.Append(b, 10)
}

func appendList(b []byte, l *List) []byte {
	b = append(b, '[')
	if l.Elem != nil {
		b = appendType(b, l.Elem)
	}
	b = append(b, ']')
	num := func(n int64) { b = strconv.AppendInt(b, n, 10) }
	switch {
	case l.Elem == nil || l.Min == 0 && !l.Bounded:
	case !l.Bounded && l.Min == 1:
		b = append(b, '+')
	case l.Bounded && l.Min == 0 && l.Max == 1:
		b = append(b, '?')
	default:
		b = append(b, '{')
		if l.Min != 0 || !l.Bounded || l.Max == 0 {
			num(l.Min)
		}
		if !l.Bounded || l.Min != l.Max {
			b = append(b, ',')
			if l.Bounded {
				num(l.Max)
			}
		}
		b = append(b, '}')
	}
	return b
}

func appendLiteral(b []byte, l *Literal) []byte {
	switch v := l.Value.(type) {
	case term.Atom:
		return append(b, quoteAtom(string(v))...)
	case term.Binary:
		return append(append(append(b, `<<"`...), v...), `">>`...)
	case float64:
		s := strconv.FormatFloat(v, 'f', -1, 64)
		if !strings.Contains(s, ".") {
			s += ".0"
		}
		return append(b, s...)
	case term.Tuple:
		b = append(b, '"')
		for _, c := range v[1].(term.List) {
			b = append(b, byte(c.(int64)))
		}
		return append(b, '"')
	case *big.Int:
		return v.Append(b, 10)
	case int64:
		return strconv.AppendInt(b, v, 10)
	}
	return b
}

func appendRecord(b []byte, r *Record) []byte {
	b = append(b, '#')
	if r.Extended {
		b = append(b, '#')
	}
	b = append(append(b, quoteAtom(r.Name)...), '{')
	for i, f := range r.Fields {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = append(b, quoteAtom(f.Name)...)
		if f.Default != nil {
			b = appendType(append(b, '='), f.Default)
		}
		b = appendType(append(b, "::"...), f.Type)
	}
	return append(b, '}')
}

// quoteAtom returns an atom as contracts write it: bare where that is possible, and in bytes that are one character each.
func quoteAtom(s string) string {
	if s != "" && 'a' <= s[0] && s[0] <= 'z' && nameLen([]byte(s)) == len(s) {
		return s
	}
	b := []byte{'\''}
	for _, r := range s {
		if r < 0x100 {
			b = append(b, byte(r))
		} else {
			b = utf8.AppendRune(b, r)
		}
	}
	return string(append(b, '\''))
}
