package event

import "github.com/kista-go/kista"

// HandlerID names a handler in its manager: its module, which is the name of its
// code, and which one of that module it is, if there are several. It is a value
// to compare and to send. The zero HandlerID is a name like any other. Nothing
// keeps two handlers from having the same one: then what is said to it reaches
// the newest of them (statement 161).
type HandlerID struct {
	Module string
	ID     string
}

// String returns the module, and after a slash the ID if it has one.
func (id HandlerID) String() string {
	if id.ID == "" {
		return id.Module
	}
	return id.Module + "/" + id.ID
}

// Spec describes a handler: which one it is and how it is made. Nothing runs
// until a manager is given it, and each time a new handler is made from it. It
// is made by [New]; copies are independent. The zero Spec makes nothing, and
// adding it fails.
type Spec struct {
	id   HandlerID
	make func(c *Ctx) (Handler, error)
}

// New describes a handler that f makes from args, in the manager's process. args
// are copied now, and again each time that f is called, so that no two handlers
// share anything. If they are not data, adding the handler fails with a
// [*kista.DataError].
func New[A any](id HandlerID, f Factory[A], args A) Spec {
	kept, err := kista.Copy(args)
	if f == nil {
		err = errNilFactory
	}
	return Spec{id: id, make: func(c *Ctx) (Handler, error) {
		if err != nil {
			return nil, err
		}
		own, err := kista.Copy(kept)
		if err != nil {
			return nil, err
		}
		return f(c, own)
	}}
}

// ID returns the name that the handler will have.
func (s Spec) ID() HandlerID { return s.id }
