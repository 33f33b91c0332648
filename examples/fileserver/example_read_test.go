package fileserver_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/kista-go/kista"
	"github.com/kista-go/kista/examples/fileserver"
	"github.com/kista-go/kista/supervisor"
	"github.com/kista-go/kista/term"
	"github.com/kista-go/kista/ubf"
	"github.com/kista-go/kista/ubfa"
)

// A server of real files, and a client that reads one, and then reads on after it has closed it.
func Example_read() {
	dir, err := os.MkdirTemp("", "files")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	_ = os.WriteFile(filepath.Join(dir, "poem"), []byte("so much depends\nupon\n"), 0o600)

	ctx := context.Background()
	node, _ := kista.Start(kista.Config{Logger: slog.New(slog.DiscardHandler)})
	defer node.Stop(ctx)
	service, err := fileserver.Service(dir)
	if err != nil {
		fmt.Println(err)
		return
	}
	srv, err := ubf.NewServer(ubf.Spec{Services: []ubf.Service{service}, Begin: "file_server"})
	if err != nil {
		fmt.Println(err)
		return
	}
	if _, err := srv.Start(ctx, node, supervisor.Opts{}); err != nil {
		fmt.Println(err)
		return
	}

	c, err := ubf.Dial(ctx, "tcp", srv.Addr().String(), ubf.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	ask := func(request term.Term) {
		reply, state, err := c.Call(ctx, request)
		var broken *ubf.BrokenError
		if errors.As(err, &broken) {
			fmt.Println("refused:", term.Format(broken.Request), "in state", broken.State)
			return
		}
		fmt.Println(term.Printer{Strings: true}.String(reply), state, err)
	}
	ask(term.Tuple{term.Atom("read_line"), 1}) // nothing is open
	ask(term.Tuple{term.Atom("open"), ubfa.String("poem").Term(), term.Atom("read")})
	for range 3 {
		ask(term.Tuple{term.Atom("read_line"), 1})
	}
	ask(term.Tuple{term.Atom("read_line"), 1}) // nothing is left
	ask(term.Tuple{term.Atom("rewind"), 1})
	ask(term.Tuple{term.Atom("close"), 1})
	<-c.Done()
	// Output:
	// refused: {read_line,1} in state start
	// {ok,1} ready <nil>
	// {ok,{'#S',"so much depends"}} ready <nil>
	// {ok,{'#S',"upon"}} ready <nil>
	// eof atEof <nil>
	// refused: {read_line,1} in state atEof
	// true ready <nil>
	// true stop <nil>
}
