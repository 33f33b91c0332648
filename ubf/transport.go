package ubf

import (
	"errors"
	"io"

	"github.com/kista-go/kista/contract"
	"github.com/kista-go/kista/etf"
	"github.com/kista-go/kista/jsf"
	"github.com/kista-go/kista/term"
	"github.com/kista-go/kista/ubfa"
)

// Transport is how messages stand on the wire. Its zero value is [UBFA].
type Transport struct {
	name term.Atom // the first field of a greeting
	make func(rw io.ReadWriter, l Limits) codec
}

// The transports.
var (
	// UBFA is UBF(A), each message with a line end after it.
	UBFA = Transport{"ubf1.0", func(rw io.ReadWriter, l Limits) codec {
		c := &ubfaCodec{ubfa.NewReader(rw), ubfa.NewWriter(rw)}
		c.Decoder = ubfa.Decoder{Limits: ubfa.Limits{Bytes: l.Message, Depth: l.Depth}, Safe: l.Safe}
		c.Writer.Limit = l.Message
		return c
	}}
	// JSF is the JSON of UBF, each text with a line end after it. Structs that the session's contract has as records have the
	// names of their fields.
	JSF = Transport{"jsf1.0", func(rw io.ReadWriter, l Limits) codec {
		c := &jsfCodec{jsf.NewReader(rw), jsf.NewWriter(rw), new(jsf.Records)}
		c.Encoder.Records = c.records
		c.Decoder = jsf.Decoder{Records: c.records, Limits: jsf.Limits{Bytes: l.Message, Depth: l.Depth}, Safe: l.Safe}
		c.Writer.Limit = l.Message
		return c
	}}
	// EBF is Erlang's external format in frames with a length of four bytes; atoms are written as every release reads them.
	EBF = Transport{"ebf1.0", func(rw io.ReadWriter, l Limits) codec {
		c := &etfCodec{etf.NewReader(rw), etf.NewWriter(rw)}
		c.Reader.Limit = l.Message
		c.Decoder = etf.Decoder{Limits: etf.Limits{Bytes: l.Message, Depth: l.Depth, Inflated: l.Message}}
		if l.Safe != nil {
			c.Decoder.Safe = &etf.Safe{Atom: l.Safe}
		}
		c.Writer.Limit = l.Message
		c.Encoder.Minor1 = true
		return c
	}}
)

// Limits bound what a peer may send. Zero values are the defaults of the transport's package.
type Limits struct {
	// Message is the largest message in bytes. Zero: 16 MiB.
	Message int
	// Depth is how deep a message may be nested. Zero: 10000.
	Depth int
	// Safe, where not nil, says which constants are known; a message with another one ends the connection.
	Safe func(term.Atom) bool
}

// String returns the name that the transport has in a greeting, such as "ubf1.0".
func (t Transport) String() string { return string(t.or().name) }

func (t Transport) or() Transport {
	if t.make == nil {
		return UBFA
	}
	return t
}

// codec reads and writes messages.
type codec interface {
	ReadTerm() (term.Term, error)
	WriteTerm(t term.Term) error
	use(c *contract.Contract) // from now on, the session has that contract
}

type (
	ubfaCodec struct {
		*ubfa.Reader
		*ubfa.Writer
	}
	jsfCodec struct {
		*jsf.Reader
		*jsf.Writer
		records *jsf.Records
	}
	etfCodec struct {
		*etf.Reader
		*etf.Writer
	}
)

func (*ubfaCodec) use(*contract.Contract) {}
func (*etfCodec) use(*contract.Contract)  {}

func (c *jsfCodec) use(k *contract.Contract) { c.records.Set(records(k)...) }

// unencodable tells whether an error is about a message that has no form on the wire.
func unencodable(err error) bool {
	var u *ubfa.EncodeError
	var j *jsf.EncodeError
	var e *etf.EncodeError
	return errors.As(err, &u) || errors.As(err, &j) || errors.As(err, &e)
}

// malformed tells whether an error is about bytes that are no message, or too large a one.
func malformed(err error) bool {
	for _, kind := range []error{
		ubfa.ErrMalformed, ubfa.ErrLimit, ubfa.ErrUnsafe, jsf.ErrMalformed, jsf.ErrLimit, jsf.ErrUnsafe, etf.ErrMalformed, etf.ErrLimit, etf.ErrUnsafe,
	} {
		if errors.Is(err, kind) {
			return true
		}
	}
	return false
}

// records are the records among the types of a contract.
func records(k *contract.Contract) (out []jsf.Record) {
	if k == nil {
		return nil
	}
	for _, defs := range [][]*contract.TypeDef{k.Types, k.Imported} {
		for _, d := range defs {
			r, ok := d.Type.(*contract.Record)
			if !ok || r.Extended {
				continue
			}
			fields := make([]string, len(r.Fields))
			for i, f := range r.Fields {
				fields[i] = f.Name
			}
			out = append(out, jsf.Record{Name: r.Name, Fields: fields})
		}
	}
	return out
}
