// Package erltest lets tests ask a real Erlang node: the one who confirms stands outside.
//
// A test that needs Erlang calls [Need] or [Start] and is skipped, loudly, where Erlang is not installed. [Node] runs an
// Erlang function over frames of bytes: it is started once, and each [Node.Call] sends it a binary and returns the one that it
// answers.
package erltest

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"
)

// Need returns the path of the program erl, or skips the test.
func Need(t testing.TB) string {
	t.Helper()
	path, err := exec.LookPath("erl")
	if err != nil {
		t.Skip("SKIPPED (needs Erlang): install with `make install-tools`")
	}
	return path
}

// answerTime is how long a Call waits before it kills the node.
const answerTime = 60 * time.Second

// Node is a running Erlang node that answers frames. It may be used by many goroutines; calls go one after another.
type Node struct {
	mu   sync.Mutex
	once sync.Once
	cmd  *exec.Cmd
	in   *os.File
	out  *bufio.Reader
	says bytes.Buffer // what the node prints
}

// Start starts a node that answers every frame B with (Fun)(B), where fun is the text of an Erlang fun from binary to
// iodata, such as "fun(B) -> B end". The node ends with the test. Where Erlang is missing the test is skipped.
func Start(t testing.TB, fun string) *Node {
	t.Helper()
	n := new(Node)
	n.cmd = exec.Command(Need(t), "-noinput", "-noshell", "-eval", `
		Answer = `+fun+`,
		Port = open_port({fd, 3, 4}, [{packet, 4}, binary, eof]),
		Loop = fun Loop() ->
			receive
				{Port, {data, Frame}} -> port_command(Port, Answer(Frame)), Loop();
				{Port, eof} -> halt(0)
			end
		end,
		try Loop()
		catch Class:Reason:Stack -> io:format(standard_error, "~tp~n", [{Class, Reason, Stack}]), halt(1)
		end.`)
	n.cmd.Stdout, n.cmd.Stderr = &n.says, &n.says
	// The node's own input and output stay with its shell: frames go over file descriptors 3 and 4.
	read, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	out, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	n.in, n.out = in, bufio.NewReader(out)
	n.cmd.ExtraFiles = []*os.File{read, write}
	err = n.cmd.Start()
	read.Close()
	write.Close()
	if err != nil {
		t.Fatalf("start erl: %v", err)
	}
	t.Cleanup(func() {
		n.end()
		out.Close()
	})
	return n
}

// end closes the node's input, upon which it halts, and waits for it.
func (n *Node) end() {
	n.once.Do(func() {
		n.in.Close()
		kill := time.AfterFunc(answerTime, func() { n.cmd.Process.Kill() })
		defer kill.Stop()
		n.cmd.Wait()
	})
}

// Call sends one frame and returns the answer. It ends the test where the node dies or does not answer for a minute.
func (n *Node) Call(t testing.TB, frame []byte) []byte {
	t.Helper()
	n.mu.Lock()
	defer n.mu.Unlock()
	kill := time.AfterFunc(answerTime, func() { n.cmd.Process.Kill() })
	defer kill.Stop()
	answer, err := n.exchange(frame)
	if err != nil {
		n.end()
		t.Fatalf("erl: %v\n%s", err, n.says.String())
	}
	return answer
}

func (n *Node) exchange(frame []byte) ([]byte, error) {
	buf := binary.BigEndian.AppendUint32(nil, uint32(len(frame)))
	if _, err := n.in.Write(append(buf, frame...)); err != nil {
		return nil, fmt.Errorf("send: %w", err)
	}
	var head [4]byte
	if _, err := io.ReadFull(n.out, head[:]); err != nil {
		return nil, fmt.Errorf("receive: %w", err)
	}
	answer := make([]byte, binary.BigEndian.Uint32(head[:]))
	if _, err := io.ReadFull(n.out, answer); err != nil {
		return nil, fmt.Errorf("receive: %w", err)
	}
	return answer, nil
}
