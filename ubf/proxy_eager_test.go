package ubf_test

import (
	"net"
	"testing"

	"github.com/kista-go/kista/contract"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/term"
	"github.com/kista-go/kista/ubf"
	"github.com/kista-go/kista/ubfa"
)

// greets is a server that greets only when the client has said something, as if the two had crossed; then it says each of the rest.
func greets(name string, rest ...string) func(net.Conn) {
	return func(conn net.Conn) {
		r, w := ubfa.NewReader(conn), ubfa.NewWriter(conn)
		if _, err := r.ReadTerm(); err != nil {
			return
		}
		_ = w.WriteTerm(term.Tuple{term.Atom("ubf1.0"), ubfa.String(name).Term(), ubfa.String("").Term()})
		for i, text := range rest {
			if i > 0 {
				if _, err := r.ReadTerm(); err != nil {
					return
				}
			}
			_, _ = conn.Write([]byte(text))
		}
		_, _ = r.ReadTerm()
	}
}

// A client that speaks before it is greeted harms nobody: the greeting is one, and no bad answer of the server's.
func TestProxyGreetsLate(t *testing.T) {
	const ok = "{{'ok',1},'start'}$\n"
	for _, c := range []struct {
		server       func(net.Conn)
		says, hears  string
		names, blame string
	}{
		{greets("probe", "{{'echoed',1},'start'}$"), "{'echo',1}$", "{{'echoed',1},'start'}$\n", "probe", ""},
		{greets("probe", "{{'wrong',1},'start'}$"), "{'echo',1}$", "{{'serverBrokeContract',", "probe", "server start {wrong,1}"},
		{greets("meta", ok, "{{'echoed',1},'start'}$\n"), "{'startSession',\"probe\",1}${'echo',1}$", ok + "{{'echoed',1},'start'}$\n", "meta", ""},
		{greets("meta", "{{'clientBrokeContract',1,#},'start'}$"), "{'echo',1}$", "{{'clientBrokeContract',1,#},'start'}$\n", "meta", ""},
	} {
		n, _ := node(t)
		b := new(blame)
		p := proxy(t, n, ubf.ProxySpec{To: stranger(t, c.server), Contracts: []*contract.Contract{parse(t, probe)}, Violation: b.add})
		conn, err := net.Dial("tcp", p.Addr().String())
		assert.NoError(t, err)
		r := &raw{conn, t}
		r.put(c.says)
		want := "{'ubf1.0',\"" + c.names + "\",\"\"}$\n" + c.hears
		assert.Equal(t, r.get(len(want)), want)
		if c.blame != "" {
			assert.Equal(t, b.take(), []string{c.blame})
		}
		assert.Equal(t, b.take(), nil)
		_ = conn.Close()
	}
}

// What a server answers to a request that it should not have got is no bad answer to the next one.
func TestProxyObservesPipelining(t *testing.T) {
	n, _ := node(t)
	to := stranger(t, func(conn net.Conn) {
		r := ubfa.NewReader(conn)
		for range 2 {
			if _, err := r.ReadTerm(); err != nil {
				return
			}
		}
		_, _ = conn.Write([]byte("{{'sorry','what'},'start'}$\n{{'echoed',1},'start'}$\n"))
		_, _ = r.ReadTerm()
	})
	b := new(blame)
	p := proxy(t, n, ubf.ProxySpec{To: to, Contracts: []*contract.Contract{parse(t, probe)}, Observe: true, Violation: b.add})
	conn, err := net.Dial("tcp", p.Addr().String())
	assert.NoError(t, err)
	r := &raw{conn, t}
	r.put("'foo'${'echo',1}$")
	want := "{{'sorry','what'},'start'}$\n{{'echoed',1},'start'}$\n"
	assert.Equal(t, r.get(len(want)), want)
	_ = conn.Close()
	eventually(t, "it is over", func() bool { return p.Stats().Sessions == 0 })
	assert.Equal(t, b.take(), []string{"client start foo"})
}
