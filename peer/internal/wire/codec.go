package wire

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"unsafe"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/frozen"
	"github.com/kista-go/kista/term"
)

// Identities translates what means something on one node only: a [*kista.Peer].
type Identities interface {
	Export(v any) (kista.Identity, error)
	Import(id kista.Identity, t reflect.Type) (any, error)
}

// Codec turns messages into terms and back, for one connection. Its methods may be used by many goroutines.
type Codec struct {
	IDs   Identities
	Types Types
	Name  string // of the other side, for errors
}

// Limits of one message.
const (
	maxDepth = 9_000
	maxParts = 4_000_000
)

var (
	errShape = errors.New("a value is not of the form that its type has")
	errType  = errors.New("a value is of a type that this program has not told of")
	errError = errors.New("an error is not of the form that errors have")
)

// fault says why a value cannot travel, and where in it: the steps lead there, innermost first.
type fault struct {
	t     reflect.Type
	why   string
	steps []string
}

func (f *fault) at(step string) *fault {
	f.steps = append(f.steps, step)
	return f
}

// dataError is the fault as the sender is told it.
func (f *fault) dataError(root any) error {
	const longest = 8
	var b strings.Builder
	if t := reflect.TypeOf(root); t != nil {
		for t.Kind() == reflect.Pointer && t.Name() == "" {
			t = t.Elem()
		}
		b.WriteString(t.Name())
	}
	for i := len(f.steps) - 1; i >= 0; i-- {
		if len(f.steps) > 2*longest+1 && i == len(f.steps)-1-longest {
			b.WriteString("...")
			i = longest
			continue
		}
		b.WriteString(f.steps[i])
	}
	e := &kista.DataError{Path: b.String(), Why: f.why}
	if f.t != nil {
		e.Type = f.t.String()
	}
	return e
}

// encoder is the state of one encoding.
type encoder struct {
	c      *Codec
	depth  int
	parts  int
	bytes  int
	limit  int
	inside int // errors that are being encoded: what cannot travel in them becomes text
}

func (e *encoder) down(parts int) *fault {
	e.depth++
	e.parts += parts
	if e.depth > maxDepth {
		return &fault{why: "it is nested too deep, or contains itself, which no carrier takes"}
	}
	return e.charge(0)
}

func (e *encoder) up() { e.depth-- }

func (e *encoder) charge(bytes int) *fault {
	e.bytes += bytes
	if e.parts > maxParts || e.bytes+2*e.parts > e.limit {
		return &fault{why: fmt.Sprintf("it takes more than the %d bytes that a message to %s may have; send it in parts, or raise the limit", e.limit, e.c.Name)}
	}
	return nil
}

// Encode makes a term of a message, of about limit bytes at most. The error is a [*kista.DataError].
func (c *Codec) Encode(msg any, limit int) (term.Term, error) {
	e := encoder{c: c, limit: limit}
	t, f := e.dynamic(reflect.ValueOf(&msg).Elem())
	if f != nil {
		return nil, f.dataError(msg)
	}
	return t, nil
}

// EncodeError makes a term of a frozen error. What in it cannot travel becomes text.
func (c *Codec) EncodeError(err error, limit int) term.Term {
	e := encoder{c: c, limit: limit, inside: 1}
	if t, f := e.error(err); f == nil {
		return t
	}
	return textOf(err)
}

// The marks of what an interface may hold besides a value with its type.
const (
	markIdentity = term.Atom("id")
	markError    = term.Atom("error")
	markSentinel = term.Atom("sentinel")
)

// dynamic encodes what an interface holds.
func (e *encoder) dynamic(v reflect.Value) (term.Term, *fault) {
	if v.IsNil() {
		return none, nil
	}
	v = v.Elem()
	t := v.Type()
	x := v.Interface()
	if f := e.down(3); f != nil {
		return nil, f
	}
	defer e.up()
	if _, addr := x.(kista.Addr); addr && t.PkgPath() == kistaPath && !exported(t) {
		id, err := e.c.IDs.Export(x)
		if err != nil {
			return nil, refusal(t, err)
		}
		return term.Tuple{markIdentity, pack(id)}, nil
	}
	if err, is := x.(error); is {
		e.inside++
		out, f := e.error(err)
		e.inside--
		if f == nil || e.inside == 0 {
			return out, f
		}
		return textOf(err), nil
	}
	out, f := e.typed(v)
	if f != nil && e.inside > 0 {
		return e.shown(t)
	}
	return out, f
}

var kistaPath = reflect.TypeFor[kista.PID]().PkgPath()

func exported(t reflect.Type) bool { return t.Name() == "" || t.Name()[0] >= 'A' && t.Name()[0] <= 'Z' }

// shown stands in for a value inside an error that cannot travel.
func (e *encoder) shown(t reflect.Type) (term.Term, *fault) {
	kind, err := e.c.Types.name(reflect.TypeFor[string](), 0)
	if err != nil {
		return none, nil
	}
	return term.Tuple{kind, term.Binary("(a " + t.String() + ")")}, nil
}

// typed encodes a value with its type.
func (e *encoder) typed(v reflect.Value) (term.Term, *fault) {
	t := v.Type()
	kind, err := e.c.Types.name(t, 0)
	if err != nil {
		return nil, &fault{t: t, why: err.Error()}
	}
	p := planOf(t)
	q := reflect.New(t)
	q.Elem().Set(v)
	out, f := p.enc(e, q.UnsafePointer())
	return term.Tuple{kind, out}, f
}

// error encodes an error that an interface holds.
func (e *encoder) error(err error) (term.Term, *fault) {
	if text, nth, is := frozen.Sentinel(err); is {
		return term.Tuple{markSentinel, term.Binary(text), nth}, nil
	}
	f, is := err.(*frozen.Error) //nolint:errorlint // what it is by itself
	if !is {
		return e.typed(reflect.ValueOf(err))
	}
	parts := term.List{}
	for _, p := range f.Parts() {
		var part term.Term
		var bad *fault
		mark := 0
		if p.Err != nil {
			part, bad = e.error(p.Err)
		} else {
			mark = 1
			part, bad = e.typed(reflect.ValueOf(p.Data))
		}
		if bad == nil {
			parts = append(parts, term.Tuple{mark, part})
		}
	}
	return term.Tuple{markError, term.Binary(f.Error()), parts}, e.charge(len(f.Error()))
}

// textOf is the poorest form of an error.
func textOf(err error) term.Term {
	said := frozen.Join(safeText(err), nil, nil).Error()
	return term.Tuple{markError, term.Binary(said), term.List{}}
}

func safeText(err error) (said string) {
	defer func() {
		if recover() != nil {
			said = reflect.TypeOf(err).String()
		}
	}()
	return err.Error()
}

func refusal(t reflect.Type, err error) *fault {
	f := &fault{t: t, why: err.Error()}
	var data *kista.DataError
	if errors.As(err, &data) {
		f.why = data.Why
	}
	return f
}

// decoder is the state of one decoding.
type decoder struct{ c *Codec }

// Decode makes a message of a term that the other side has sent, whatever it is.
func (c *Codec) Decode(t term.Term) (msg any, err error) {
	d := decoder{c}
	err = d.dynamic(t, reflect.ValueOf(&msg).Elem())
	return msg, err
}

// DecodeError makes an error of a term.
func (c *Codec) DecodeError(t term.Term) (error, error) {
	var out error
	d := decoder{c}
	err := d.dynamic(t, reflect.ValueOf(&out).Elem())
	return out, err
}

// dynamic decodes what an interface holds.
func (d *decoder) dynamic(t term.Term, into reflect.Value) error {
	if t == none {
		return nil
	}
	tu, ok := t.(term.Tuple)
	if !ok || len(tu) < 2 {
		return errShape
	}
	var v any
	var err error
	switch mark, _ := tu[0].(term.Atom); mark {
	case markIdentity:
		var id kista.Identity
		if id, err = unpack(tu[1]); err == nil {
			v, err = d.c.IDs.Import(id, nil)
		}
	case markError, markSentinel:
		v, err = d.error(tu)
	default:
		if len(tu) != 2 {
			return errShape
		}
		v, err = d.typed(tu)
		if e, is := v.(error); is && err == nil && into.Kind() == reflect.Interface && into.Type().Implements(errorType) {
			v = frozen.Sound(e, copyData)
		}
	}
	if err != nil {
		return err
	}
	if v == nil || !reflect.TypeOf(v).AssignableTo(into.Type()) {
		return errShape
	}
	into.Set(reflect.ValueOf(v))
	return nil
}

var errorType = reflect.TypeFor[error]()

func copyData(v any) (any, int, error) {
	out, err := kista.Copy(v)
	return out, int(reflect.TypeOf(v).Size()), err
}

func (d *decoder) typed(tu term.Tuple) (any, error) {
	t, err := d.c.Types.find(tu[0], 0)
	if err != nil {
		return nil, err
	}
	if t.Kind() == reflect.Interface {
		return nil, errType
	}
	q := reflect.New(t)
	if err := planOf(t).dec(d, tu[1], q.UnsafePointer()); err != nil {
		return nil, err
	}
	return q.Elem().Interface(), nil
}

// error decodes an error; v is the tuple of one.
func (d *decoder) error(v term.Term) (error, error) {
	tu, ok := v.(term.Tuple)
	if !ok || len(tu) < 2 {
		return nil, errError
	}
	mark, marked := tu[0].(term.Atom)
	if !marked {
		x, err := d.typed(tu)
		e, is := x.(error)
		if err != nil || !is {
			return nil, errError
		}
		return frozen.Sound(e, copyData), nil
	}
	text, ok := tu[1].(term.Binary)
	if !ok || len(tu) != 3 {
		return nil, errError
	}
	if mark == markSentinel {
		nth, ok := tu[2].(int64)
		if !ok || nth < 0 || nth > 1000 {
			return nil, errError
		}
		if s, known := frozen.SentinelNamed(string(text), int(nth)); known {
			return s, nil
		}
		return frozen.Join(string(text), nil, nil), nil
	}
	list, ok := tu[2].(term.List)
	if !ok || mark != markError {
		return nil, errError
	}
	var parts []frozen.Part
	for _, each := range list {
		pair, ok := each.(term.Tuple)
		if !ok || len(pair) != 2 {
			return nil, errError
		}
		if pair[0] == int64(1) {
			inner, ok := pair[1].(term.Tuple)
			if !ok || len(inner) != 2 {
				return nil, errError
			}
			x, bad := d.typed(inner)
			data, is := x.(error)
			if bad != nil || !is {
				return nil, errError
			}
			parts = append(parts, frozen.Part{Data: data})
			continue
		}
		err, bad := d.error(pair[1])
		if bad != nil {
			return nil, bad
		}
		parts = append(parts, frozen.Part{Err: err})
	}
	return frozen.Join(string(text), parts, copyData), nil
}

// identity: PIDs, references and the like, by their own types.
func identity(p *plan) {
	p.enc = func(e *encoder, q unsafe.Pointer) (term.Term, *fault) {
		id, err := e.c.IDs.Export(reflect.NewAt(p.t, q).Elem().Interface())
		if err != nil {
			return nil, refusal(p.t, err)
		}
		return pack(id), e.charge(len(id.Name) + len(id.Node))
	}
	p.dec = func(d *decoder, t term.Term, q unsafe.Pointer) error {
		id, err := unpack(t)
		if err != nil {
			return err
		}
		v, err := d.c.IDs.Import(id, p.t)
		if err != nil {
			return err
		}
		if reflect.TypeOf(v) != p.t {
			return errShape
		}
		reflect.NewAt(p.t, q).Elem().Set(reflect.ValueOf(v))
		return nil
	}
}

// pack makes a term of an identity.
func pack(id kista.Identity) term.Term {
	yours := 0
	if id.Yours {
		yours = 1
	}
	switch id.Kind {
	case kista.IdentityName:
		return term.Tuple{int(id.Kind), term.Binary(id.Node), term.Binary(id.Name)}
	case kista.IdentityCode:
		return term.Tuple{int(id.Kind), term.Binary(id.Name)}
	case kista.IdentityFrom:
		caller := term.Term(none)
		if id.Caller != nil {
			caller = pack(*id.Caller)
		}
		return term.Tuple{int(id.Kind), yours, id.Number, caller}
	}
	return term.Tuple{int(id.Kind), yours, id.Number}
}

func unpack(t term.Term) (id kista.Identity, err error) {
	tu, ok := t.(term.Tuple)
	if !ok || len(tu) < 2 {
		return id, errShape
	}
	kind, _ := tu[0].(int64)
	id.Kind = kista.IdentityKind(min(max(kind, 0), 255))
	switch text, _ := tu[1].(term.Binary); {
	case id.Kind == kista.IdentityCode && len(tu) == 2:
		id.Name = string(text)
		return id, nil
	case id.Kind == kista.IdentityName && len(tu) == 3:
		name, ok := tu[2].(term.Binary)
		if !ok {
			return id, errShape
		}
		id.Node, id.Name = string(text), string(name)
		return id, nil
	}
	if len(tu) < 3 {
		return id, errShape
	}
	id.Yours = tu[1] == int64(1)
	if id.Number, ok = natural(tu[2]); !ok {
		return id, errShape
	}
	switch {
	case len(tu) == 3 && (id.Kind == kista.IdentityPID || id.Kind == kista.IdentityRef):
	case len(tu) == 4 && id.Kind == kista.IdentityFrom:
		if tu[3] == none {
			return id, nil
		}
		caller, ok := tu[3].(term.Tuple)
		if !ok || len(caller) != 3 {
			return id, errShape
		}
		who, err := unpack(caller)
		id.Caller = &who
		return id, err
	default:
		return id, errShape
	}
	return id, nil
}
