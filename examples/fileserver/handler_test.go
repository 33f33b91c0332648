package fileserver_test

import (
	"context"
	"log/slog"
	"testing"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/examples/fileserver/fileclient"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/supervisor"
	"github.com/kista-go/kista/term"
	"github.com/kista-go/kista/ubf"
)

// one is a file server with one line, behind the generated interface: it could not answer what the contract does not allow.
type one struct{ read bool }

func (o *one) Accept(_ *ubf.Ctx, arg term.Term) (term.Term, error) {
	if arg == term.Atom("stranger") {
		return nil, ubf.Reject(term.Atom("no"))
	}
	return arg, nil
}

func (o *one) StartOpen(_ *ubf.Ctx, q fileclient.Open) (fileclient.StartOpenOutcome, error) {
	if q.FileName != "one" {
		return fileclient.StartOpenOpenError{Reply: fileclient.OpenError{Text: "no " + q.FileName}}, nil
	}
	return fileclient.StartOpenOpenOk{Reply: fileclient.OpenOk{FileHandle: 7}}, nil
}

func (o *one) ReadyReadLine(*ubf.Ctx, fileclient.ReadLine) (fileclient.ReadyReadLineOutcome, error) {
	if o.read {
		return fileclient.ReadyReadLineEof{}, nil
	}
	o.read = true
	return fileclient.ReadyReadLineLine{Reply: fileclient.Line{Text: "line"}}, nil
}

func (o *one) ReadyRewind(*ubf.Ctx, fileclient.Rewind) (fileclient.Done, error) {
	o.read = false
	return fileclient.Done{}, nil
}

func (o *one) ReadyClose(*ubf.Ctx, fileclient.Close) (fileclient.Done, error) {
	return fileclient.Done{}, nil
}

func (o *one) AtEofRewind(c *ubf.Ctx, q fileclient.Rewind) (fileclient.Done, error) {
	return o.ReadyRewind(c, q)
}

func (o *one) AtEofClose(c *ubf.Ctx, q fileclient.Close) (fileclient.Done, error) {
	return o.ReadyClose(c, q)
}

func (o *one) AnyInfo(*ubf.Ctx, fileclient.Info) (string, error) { return "one", nil }

// Both sides generated, over every transport.
func TestGeneratedServer(t *testing.T) {
	for _, transport := range []ubf.Transport{ubf.UBFA, ubf.JSF, ubf.EBF} {
		t.Run(transport.String(), func(t *testing.T) {
			ctx := t.Context()
			node, err := kista.Start(kista.Config{Logger: slog.New(slog.DiscardHandler)})
			assert.NoError(t, err)
			defer func() { assert.NoError(t, node.Stop(context.Background())) }()
			service := fileclient.Service(func() fileclient.Handler { return &one{} })
			srv, err := ubf.NewServer(ubf.Spec{Services: []ubf.Service{service}, Transport: transport})
			assert.NoError(t, err)
			_, err = srv.Start(ctx, node, supervisor.Opts{})
			assert.NoError(t, err)
			o := ubf.Options{Transport: transport}
			_, err = fileclient.Dial(ctx, "tcp", srv.Addr().String(), o, term.Atom("stranger"), nil)
			assert.ErrorAs[*ubf.RejectedError](t, err)
			start, err := fileclient.Dial(ctx, "tcp", srv.Addr().String(), o, term.Atom("friend"), nil)
			assert.NoError(t, err)
			start, info, err := start.Info(ctx, fileclient.Info{})
			assert.NoError(t, err)
			assert.Equal(t, info, "one")
			answer, err := start.Open(ctx, fileclient.Open{FileName: "one", Field2: "read"})
			assert.NoError(t, err)
			opened := answer.(fileclient.StartOpenOpenOk)
			line, err := opened.Next.ReadLine(ctx, fileclient.ReadLine(opened.Reply))
			assert.NoError(t, err)
			got := line.(fileclient.ReadyReadLineLine)
			assert.Equal(t, got.Reply.Text, "line")
			line, err = got.Next.ReadLine(ctx, fileclient.ReadLine(opened.Reply))
			assert.NoError(t, err)
			ready, _, err := line.(fileclient.ReadyReadLineEof).Next.Rewind(ctx, fileclient.Rewind(opened.Reply))
			assert.NoError(t, err)
			_, _, err = ready.Close(ctx, fileclient.Close(opened.Reply))
			assert.NoError(t, err)
		})
	}
}
