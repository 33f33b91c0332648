package ubf_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"testing"
	"time"

	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/term"
	"github.com/kista-go/kista/ubf"
	"github.com/kista-go/kista/ubfa"
)

// certificate makes one that signs itself.
func certificate(t *testing.T, name string) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	assert.NoError(t, err)
	about := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, about, about, key.Public(), key)
	assert.NoError(t, err)
	cert, err := x509.ParseCertificate(der)
	assert.NoError(t, err)
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: cert}, pool
}

// who tells the client who it is.
type who struct{}

func (who) Start(*ubf.Ctx, term.Term) (term.Term, term.Atom, error) { return term.Atom("ok"), "", nil }

func (who) Call(c *ubf.Ctx, state term.Atom, _ term.Term) (term.Term, term.Atom, error) {
	name := "nobody"
	if s := c.TLS(); s != nil && len(s.PeerCertificates) > 0 {
		name = s.PeerCertificates[0].Subject.CommonName
	}
	return ubfa.String(name).Term(), state, nil
}

func TestTLS(t *testing.T) {
	server, serverPool := certificate(t, "server")
	client, clientPool := certificate(t, "joe")
	n, _ := node(t)
	sv := serve(t, n, ubf.Spec{
		TLS: &tls.Config{Certificates: []tls.Certificate{server}, ClientAuth: tls.VerifyClientCertIfGiven, ClientCAs: clientPool},
		Services: []ubf.Service{{
			Contract: parse(t, `+NAME("who"). +VSN("1"). +TYPES who() :: who; name() :: ubfstring(). +ANYSTATE who() => name().
`),
			Plugin: func() ubf.Plugin { return who{} },
		}},
		Begin: "who", Handshake: time.Second,
	})
	for want, certs := range map[string][]tls.Certificate{"joe": {client}, "nobody": nil} {
		c := dial(t, sv, ubf.Options{TLS: &tls.Config{RootCAs: serverPool, ServerName: "server", Certificates: certs}})
		reply, state, err := c.Call(patient(t), term.Atom("who"))
		assert.NoError(t, err)
		got, _ := ubfa.StringOf(reply)
		assert.Equal(t, string(got), want)
		assert.Equal(t, state, term.Atom("none"))
	}
	_, err := ubf.Dial(patient(t), "tcp", sv.Addr().String(), ubf.Options{TLS: &tls.Config{ServerName: "server"}})
	assert.ErrorAs[*tls.CertificateVerificationError](t, err)
	r := rawDial(t, sv) // it never shakes hands
	r.closed()
}
