package term_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/term"
)

// handle is an identifier that only its program knows what to do with.
type handle struct{ n uint32 }

type request struct {
	_    struct{} `term:"watch"`
	Who  handle
	Also []handle
	Tree map[handle]string
}

func handles(base *term.Registry) *term.Registry {
	return base.With(term.Mapping{
		Sample: handle{},
		From: func(v any) (term.Term, error) {
			if v.(handle).n == 0 {
				return nil, errors.New("no handle")
			}
			return term.PID{Node: "here", ID: v.(handle).n}, nil
		},
		To: func(t term.Term) (any, bool) {
			p, ok := t.(term.PID)
			return handle{p.ID}, ok && p.Node == "here"
		},
		Term: term.PID{},
	})
}

func TestMapping(t *testing.T) {
	var base term.Registry
	r := handles(&base)
	assert.NoError(t, base.Register("", request{})) // later than With: known all the same
	in := request{Who: handle{1}, Also: []handle{{2}, {3}}, Tree: map[handle]string{{4}: "four"}}
	tm, err := r.From(in)
	assert.NoError(t, err)
	assert.Equal(t, term.String(tm), `{watch,<here.1.0>,[<here.2.0>,<here.3.0>],#{<here.4.0> => <<"four">>}}`)
	var out any
	assert.NoError(t, r.To(tm, &out))
	assert.Equal(t, fmt.Sprint(out), fmt.Sprint(in))

	var h any
	assert.NoError(t, r.To(term.PID{Node: "here", ID: 9}, &h))
	assert.Equal(t, h, any(handle{9}))
	assert.NoError(t, r.To(term.PID{Node: "there", ID: 9}, &h)) // none of ours: a term
	assert.Equal(t, h, any(term.PID{Node: "there", ID: 9}))
	assert.NoError(t, r.To(term.Tuple{term.Atom("x"), term.List{term.PID{Node: "here", ID: 9}}, term.NewMap(term.Pair{term.Atom("k"), term.PID{Node: "here", ID: 8}})}, &h))
	tuple := h.(term.Tuple)
	assert.Equal(t, tuple[1].(term.List)[0], any(handle{9})) // inside, too
	v, _ := tuple[2].(term.Map).Get(term.Atom("k"))
	assert.Equal(t, v, any(handle{8}))
	var typed handle
	assert.Equal(t, r.To(term.PID{Node: "there"}, &typed) != nil, true)
	_, err = r.From(request{Who: handle{}})
	assert.Equal(t, fmt.Sprint(err), "term: request.Who: no handle")
	_, err = base.From(in) // the base knows none of it
	assert.Equal(t, err != nil, true)
	var nobody *term.Registry
	_, err = handles(nobody).From([]handle{{5}})
	assert.NoError(t, err)
}
