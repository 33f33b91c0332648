package fileserver

import (
	"bufio"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/kista-go/kista/contract"
	"github.com/kista-go/kista/term"
	"github.com/kista-go/kista/ubf"
	"github.com/kista-go/kista/ubfa"
)

//go:generate go run github.com/kista-go/kista/cmd/kista contract gen file_server.con -o fileclient/fileclient.go

//go:embed file_server.con
var text []byte

// Contract returns the contract of the service.
func Contract() (*contract.Contract, error) { return contract.Parse("file_server.con", text) }

// Service returns a service of the files below a directory. Clients may read them, and nothing else.
func Service(dir string) (ubf.Service, error) {
	c, err := Contract()
	if err != nil {
		return ubf.Service{}, err
	}
	if _, err := os.Stat(dir); err != nil {
		return ubf.Service{}, fmt.Errorf("fileserver: %w", err)
	}
	return ubf.Service{Contract: c, Plugin: func() ubf.Plugin { return &session{dir: dir} }}, nil
}

// maxLine is the longest line that is read.
const maxLine = 64 << 10

// session is the plugin: what one client does with one file.
type session struct {
	dir    string
	file   *os.File
	lines  *bufio.Reader
	handle int64
}

// The states.
const (
	ready = term.Atom("ready")
	atEOF = term.Atom("atEof")
	stop  = term.Atom("stop")
)

// Start accepts everybody.
func (s *session) Start(*ubf.Ctx, term.Term) (term.Term, term.Atom, error) {
	return term.Atom("ok"), "", nil
}

// Call answers what the contract allows. The handle was checked to be a positive integer; that it is the right one, only we
// know.
func (s *session) Call(_ *ubf.Ctx, state term.Atom, request term.Term) (term.Term, term.Atom, error) {
	if request == term.Atom("info") {
		return ubfa.String("I am a file server").Term(), state, nil
	}
	q := request.(term.Tuple)
	if q[0] == term.Atom("open") {
		name, _ := ubfa.StringOf(q[1])
		return s.open(string(name), q[2])
	}
	if q[1] != s.handle {
		return nil, "", fmt.Errorf("fileserver: a client reads with the handle %v of another session", q[1])
	}
	switch q[0] {
	case term.Atom("read_line"):
		return s.readLine()
	case term.Atom("rewind"):
		if _, err := s.file.Seek(0, io.SeekStart); err != nil {
			return nil, "", err
		}
		s.lines.Reset(s.file)
		return true, ready, nil
	case term.Atom("close"):
		err := s.file.Close()
		s.file = nil
		return true, stop, err
	}
	return nil, "", fmt.Errorf("fileserver: the contract has a request that the server does not know: %v", request)
}

func (s *session) open(name string, mode term.Term) (term.Term, term.Atom, error) {
	file, err := openBelow(s.dir, name)
	if mode != term.Atom("read") && err == nil {
		_ = file.Close()
		err = errors.New("files can only be read here")
	}
	if err != nil {
		return term.Tuple{term.Atom("error"), ubfa.String(err.Error()).Term()}, stop, nil
	}
	s.file, s.lines = file, bufio.NewReaderSize(file, maxLine)
	s.handle = 1
	return term.Tuple{term.Atom("ok"), s.handle}, ready, nil
}

// openBelow opens a file in a directory, and none that a name with dots or a link leads out to.
func openBelow(dir, name string) (*os.File, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer func() { _ = root.Close() }()
	file, err := root.Open(name)
	if err != nil {
		return nil, fmt.Errorf("no file %q", name)
	}
	if info, err := file.Stat(); err != nil || !info.Mode().IsRegular() {
		_ = file.Close()
		return nil, fmt.Errorf("%q is no file", name)
	}
	return file, nil
}

func (s *session) readLine() (term.Term, term.Atom, error) {
	line, err := s.lines.ReadSlice('\n')
	switch {
	case len(line) > 0 && (err == nil || errors.Is(err, io.EOF) || errors.Is(err, bufio.ErrBufferFull)):
		return term.Tuple{term.Atom("ok"), ubfa.String(strings.TrimSuffix(string(line), "\n")).Term()}, ready, nil
	case errors.Is(err, io.EOF):
		return term.Atom("eof"), atEOF, nil
	}
	return nil, "", err
}

// Stop closes the file of a client that has vanished.
func (s *session) Stop(*ubf.Ctx, error) {
	if s.file != nil {
		_ = s.file.Close()
	}
}
