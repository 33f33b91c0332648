package ubf_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"strconv"
	"testing"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/contract"
	"github.com/kista-go/kista/etf"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/jsf"
	"github.com/kista-go/kista/supervisor"
	"github.com/kista-go/kista/term"
	"github.com/kista-go/kista/ubf"
	"github.com/kista-go/kista/ubfa"
)

// person is the data of the benchmarks of encodings: what each of them maps to and from Go structs.
type person struct {
	_     struct{} `term:"person" json:"-"`
	ID    int
	Name  string
	Email string
	Tags  []string
}

func people() (all []person) {
	for i := range 100 {
		n := strconv.Itoa(i)
		all = append(all, person{ID: i, Name: "person " + n, Email: "p" + n + "@example.org", Tags: []string{"a", "bb", "ccc"}})
	}
	return all
}

// Encoding and decoding of Go structs, beside encoding/json on the same data.
func BenchmarkEncodings(b *testing.B) {
	all := people()
	for _, e := range []struct {
		name      string
		marshal   func(any) ([]byte, error)
		unmarshal func([]byte, any) error
	}{
		{"encoding/json", json.Marshal, json.Unmarshal},
		{"jsf", jsf.Marshal, jsf.Unmarshal},
		{"ubfa", ubfa.Marshal, ubfa.Unmarshal},
		{"etf", etf.Marshal, etf.Unmarshal},
	} {
		text, err := e.marshal(all)
		assert.NoError(b, err)
		b.Run("encode/"+e.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _ = e.marshal(all)
			}
			b.ReportMetric(float64(len(text)), "bytes")
		})
		b.Run("decode/"+e.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				var out []person
				if err := e.unmarshal(text, &out); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// The same of terms, without the mapping of structs.
func BenchmarkTerms(b *testing.B) {
	t, err := ubfa.Registry(nil).From(people())
	assert.NoError(b, err)
	var buf []byte
	for _, e := range []struct {
		name   string
		encode func(term.Term) ([]byte, error)
		decode func([]byte) (term.Term, error)
	}{
		{"jsf", func(t term.Term) ([]byte, error) { return jsf.Encoder{}.Append(buf[:0], t) }, jsf.DecodeAll},
		{"ubfa", func(t term.Term) ([]byte, error) { return ubfa.Encoder{}.Append(buf[:0], t) }, ubfa.DecodeAll},
		{"etf", func(t term.Term) ([]byte, error) { return etf.Encoder{}.Append(buf[:0], t) }, etf.DecodeAll},
	} {
		text, err := e.encode(t)
		assert.NoError(b, err)
		text = bytes.Clone(text)
		b.Run("encode/"+e.name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				buf, _ = e.encode(t)
			}
		})
		b.Run("decode/"+e.name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				_, _ = e.decode(text)
			}
		})
	}
}

// replies answers each request of the probe's echo, by hand: the server costs as little as it can.
func replies(conn net.Conn) {
	buf := make([]byte, 64<<10)
	answer := []byte("{{'echoed',1},'start'}$\n")
	for {
		n, err := conn.Read(buf)
		if err != nil {
			return
		}
		for range bytes.Count(buf[:n], []byte("$")) {
			if _, err := conn.Write(answer); err != nil {
				return
			}
		}
	}
}

// copying is a proxy that looks at nothing.
func copying(to string) func(net.Conn) {
	return func(conn net.Conn) {
		server, err := net.Dial("tcp", to)
		if err != nil {
			return
		}
		go func() { _, _ = io.Copy(server, conn); _ = server.(*net.TCPConn).CloseWrite() }()
		_, _ = io.Copy(conn, server)
		_ = server.Close()
	}
}

// Requests and their replies through the proxy, beside a proxy that only copies, and none.
func BenchmarkProxy(b *testing.B) {
	n, err := kista.Start(kista.Config{Logger: slog.New(slog.DiscardHandler)})
	assert.NoError(b, err)
	b.Cleanup(func() { assert.NoError(b, n.Stop(context.Background())) })
	to := stranger(b, replies)
	for _, way := range []struct {
		name string
		addr func() string
	}{
		{"none", func() string { return to }},
		{"copying", func() string { return stranger(b, copying(to)) }},
		{"observe", func() string { return viaProxy(b, n, to, true) }},
		{"enforce", func() string { return viaProxy(b, n, to, false) }},
	} {
		b.Run(way.name, func(b *testing.B) {
			conn, err := net.Dial("tcp", way.addr())
			assert.NoError(b, err)
			defer conn.Close()
			request := []byte("{'echo',1}$\n")
			answer := make([]byte, len("{{'echoed',1},'start'}$\n"))
			for b.Loop() {
				if _, err := conn.Write(request); err != nil {
					b.Fatal(err)
				}
				if _, err := io.ReadFull(conn, answer); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func viaProxy(b *testing.B, n *kista.Node, to string, observe bool) string {
	b.Helper()
	p, err := ubf.NewProxy(ubf.ProxySpec{To: to, Contracts: []*contract.Contract{parse(b, probe)}, Observe: observe})
	assert.NoError(b, err)
	_, err = p.Start(context.Background(), n, supervisor.Opts{})
	assert.NoError(b, err)
	return p.Addr().String()
}

// A call of a service, over the loopback.
func BenchmarkCall(b *testing.B) {
	n, err := kista.Start(kista.Config{Logger: slog.New(slog.DiscardHandler)})
	assert.NoError(b, err)
	b.Cleanup(func() { assert.NoError(b, n.Stop(context.Background())) })
	for _, name := range []string{"ubfa", "jsf", "ebf"} {
		b.Run(name, func(b *testing.B) {
			sv := serve(b, n, ubf.Spec{Services: []ubf.Service{probes(b, nil)}, Begin: "probe", Transport: transports[name]})
			c := dial(b, sv, ubf.Options{Transport: transports[name]})
			q := term.Tuple{term.Atom("echo"), 1}
			ctx := context.Background()
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := c.Call(ctx, q); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
