package fileserver_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/examples/fileserver"
	"github.com/kista-go/kista/examples/fileserver/fileclient"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/supervisor"
	"github.com/kista-go/kista/term"
	"github.com/kista-go/kista/ubf"
	"github.com/kista-go/kista/ubf/linear"
)

// serve starts a server with one file, and returns its address.
func serve(node *kista.Node, dir string) (string, error) {
	if err := os.WriteFile(filepath.Join(dir, "poem"), []byte("so much depends\nupon\n"), 0o600); err != nil {
		return "", err
	}
	service, err := fileserver.Service(dir)
	if err != nil {
		return "", err
	}
	srv, err := ubf.NewServer(ubf.Spec{Services: []ubf.Service{service}})
	if err != nil {
		return "", err
	}
	_, err = srv.Start(context.Background(), node, supervisor.Opts{})
	if err != nil {
		return "", err
	}
	return srv.Addr().String(), nil
}

// The generated client: each state is a type, and each step returns the next one. What a state does not allow does not compile.
func Example_client() {
	dir, _ := os.MkdirTemp("", "files")
	defer os.RemoveAll(dir)
	ctx := context.Background()
	node, _ := kista.Start(kista.Config{Logger: slog.New(slog.DiscardHandler)})
	defer node.Stop(ctx)
	addr, err := serve(node, dir)
	if err != nil {
		fmt.Println(err)
		return
	}

	start, err := fileclient.Dial(ctx, "tcp", addr, ubf.Options{}, term.List{}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	opened, err := start.Open(ctx, fileclient.Open{FileName: "poem", Field2: "read"})
	if err != nil {
		fmt.Println(err)
		return
	}
	switch opened := opened.(type) {
	case fileclient.StartOpenOpenError:
		fmt.Println("cannot open:", opened.Reply.Text)
	case fileclient.StartOpenOpenOk:
		if err := read(ctx, opened.Next, opened.Reply.FileHandle); err != nil {
			fmt.Println(err)
		}
	}
	// Output:
	// so much depends
	// upon
	// closed
}

// read prints the lines of a file that is open.
func read(ctx context.Context, ready fileclient.Ready, handle int64) error {
	for {
		answer, err := ready.ReadLine(ctx, fileclient.ReadLine{FileHandle: handle})
		if err != nil {
			return err
		}
		switch answer := answer.(type) {
		case fileclient.ReadyReadLineLine:
			fmt.Println(answer.Reply.Text)
			ready = answer.Next
		case fileclient.ReadyReadLineEof:
			// answer.Next has no ReadLine.
			_, _, err := answer.Next.Close(ctx, fileclient.Close{FileHandle: handle})
			fmt.Println("closed")
			return err
		}
	}
}

// counted is a connection that counts what is written.
type counted struct {
	net.Conn
	written atomic.Int64
}

func (c *counted) Write(b []byte) (int, error) {
	c.written.Add(int64(len(b)))
	return c.Conn.Write(b)
}

// The silly program of the talk, run all the same: it reads from what it has closed, and fails before a byte is sent.
func TestSilly(t *testing.T) {
	ctx := t.Context()
	node, err := kista.Start(kista.Config{Logger: slog.New(slog.DiscardHandler)})
	assert.NoError(t, err)
	defer func() { assert.NoError(t, node.Stop(context.Background())) }()
	addr, err := serve(node, t.TempDir())
	assert.NoError(t, err)
	conn, err := net.Dial("tcp", addr)
	assert.NoError(t, err)
	wire := &counted{Conn: conn}
	client, err := ubf.NewClient(ctx, wire, ubf.Options{})
	assert.NoError(t, err)
	defer func() { _ = client.Close() }()
	start, err := fileclient.Begin(ctx, client, term.List{})
	assert.NoError(t, err)
	answer, err := start.Open(ctx, fileclient.Open{FileName: "poem", Field2: "read"})
	assert.NoError(t, err)
	ready := answer.(fileclient.StartOpenOpenOk).Next
	sent := wire.written.Load()
	_, _, err = ready.Rewind(ctx, fileclient.Rewind{FileHandle: -1}) // not of the type: refused, and the state is still good
	assert.True(t, err != nil && wire.written.Load() == sent, "%v", err)
	closed, _, err := ready.Close(ctx, fileclient.Close{FileHandle: 1})
	assert.NoError(t, err)
	assert.Equal(t, closed.Name(), term.Atom("stop"))
	sent = wire.written.Load()

	_, err = ready.ReadLine(ctx, fileclient.ReadLine{FileHandle: 1})
	var used *linear.UsedError
	assert.True(t, errors.As(err, &used), "%v", err)
	assert.Equal(t, *used, linear.UsedError{State: "ready", Call: "Ready.ReadLine", By: "Ready.Close"})
	assert.Equal(t, wire.written.Load(), sent)
	_, err = (fileclient.Ready{}).ReadLine(ctx, fileclient.ReadLine{})
	assert.True(t, errors.As(err, &used), "%v", err)
	t.Log(err)
}
