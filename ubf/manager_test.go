package ubf_test

import (
	"testing"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/term"
	"github.com/kista-go/kista/ubf"
	"github.com/kista-go/kista/ubfa"
)

// hits is a plugin whose sessions share a manager, which counts.
type hits struct{}

func (hits) Start(*ubf.Ctx, term.Term) (term.Term, term.Atom, error) { return term.Atom("ok"), "", nil }

func (hits) Call(c *ubf.Ctx, state term.Atom, _ term.Term) (term.Term, term.Atom, error) {
	n, err := kista.Call(c, c.Node().Name("hits"), "count")
	return n.(int), state, err
}

func manager() kista.Program {
	return kista.BodyProgram(kista.SpawnOpts{Name: "hits"}, false, func(s *kista.Self) error {
		for n := 1; ; n++ {
			q, err := kista.Receive[kista.Request](s)
			if err != nil {
				return err
			}
			_ = q.From.Reply(n)
		}
	})
}

// Sessions share the manager of their service. It is restarted when it crashes, and, where that is allowed, when a client asks
// for it.
func TestManager(t *testing.T) {
	for _, allowed := range []bool{false, true} {
		n, _ := node(t)
		sv := serve(t, n, ubf.Spec{
			Services: []ubf.Service{{
				Contract: parse(t, "+NAME(\"hits\").\n+VSN(\"1\").\n+TYPES hit() :: hit; n() :: pos_integer().\n+ANYSTATE hit() => n().\n"),
				Plugin:   func() ubf.Plugin { return hits{} }, Manager: manager(),
			}, probes(t, nil)},
			AllowRestart: allowed,
		})
		ctx := patient(t)
		hit := func(c *ubf.Client) term.Term {
			reply, state, err := c.Call(ctx, term.Atom("hit"))
			assert.NoError(t, err)
			assert.Equal(t, state, term.Atom("none"))
			return reply
		}
		session := func() *ubf.Client {
			c := dial(t, sv, ubf.Options{})
			_, err := c.StartSession(ctx, "hits", term.List{}, nil)
			assert.NoError(t, err)
			return c
		}
		a, b := session(), session()
		assert.Equal(t, []term.Term{hit(a), hit(b)}, []term.Term{int64(1), int64(2)})
		before, _ := n.WhereIs("hits")
		_ = kista.Exit(before, kista.Kill)
		pid, err := n.AwaitName(ctx, "hits")
		assert.NoError(t, err)
		assert.True(t, pid != before, "it is still there")
		assert.Equal(t, hit(a), term.Term(int64(1))) // the sessions have not noticed

		admin := dial(t, sv, ubf.Options{})
		restart := func(name string) string {
			reply, _, err := admin.Call(ctx, term.Tuple{term.Atom("restartService"), ubfa.String(name).Term(), term.List{}})
			assert.NoError(t, err)
			return term.String(reply)
		}
		assert.Equal(t, restart("nosuch"), "{error,noSuchService}")
		if !allowed {
			assert.Equal(t, restart("hits"), "{error,notAllowed}")
			assert.Equal(t, hit(b), term.Term(int64(2)))
			continue
		}
		assert.Equal(t, restart("hits"), "{ok,ok}")
		assert.Equal(t, restart("probe"), "{ok,ok}") // it has no manager
		assert.Equal(t, hit(b), term.Term(int64(1)))
	}
}
