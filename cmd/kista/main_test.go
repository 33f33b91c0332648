package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/kista-go/kista/cmd/kista/internal/chaos"
)

// role is another program that the test's binary is, if it is one.
var role func()

// TestMain lets the test binary be the command, as a process of its own.
func TestMain(m *testing.M) {
	if role != nil {
		role()
	}
	if os.Getenv("KISTA_BE_THE_COMMAND") != "" {
		main()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// command is this program with arguments, in another process.
func command(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], args...)
	cmd.Env = append(os.Environ(), "KISTA_BE_THE_COMMAND=1")
	cmd.Stderr = os.Stderr
	return cmd
}

func output(t *testing.T, args ...string) string {
	t.Helper()
	out, err := command(t, args...).Output()
	if err != nil {
		t.Fatalf("%v: %v\n%s", args, err, out)
	}
	return string(out)
}

func TestVersionAndHelp(t *testing.T) {
	if out := output(t, "version"); !strings.HasPrefix(out, "kista ") {
		t.Errorf("version: %q", out)
	}
	for _, args := range [][]string{{"help"}, {"--help"}, {"help", "demo"}} {
		if out := output(t, args...); !strings.Contains(out, "Usage:") {
			t.Errorf("%v: %q", args, out)
		}
	}
	var stderr bytes.Buffer
	bad := command(t, "demmo")
	bad.Stderr = &stderr
	if err := bad.Run(); err == nil || !strings.Contains(stderr.String(), "demo") {
		t.Errorf("a mistyped command: %v, %q", err, stderr.String())
	}
}

// The demo, short: the books agree, and each kind of process has died.
func TestDemo(t *testing.T) {
	out := output(t, "demo", "--for", "4s", "--port", "0", "--robust-port", "0", "--data", t.TempDir())
	t.Log(out)
	if !strings.Contains(out, "agree to the last coin") {
		t.Error("the books were not found to agree")
	}
	if strings.Contains(out, "\x1b") {
		t.Error("colours without a terminal")
	}
	for _, v := range chaos.Victims {
		row := regexp.MustCompile(`(?m)^` + string(v) + `( +\d+){4} +(\d+)`).FindStringSubmatch(out)
		if row == nil {
			t.Errorf("no row for %s", v)
			continue
		}
		if n, _ := strconv.Atoi(row[2]); n < 4 {
			t.Errorf("%s died %d times only", v, n)
		}
	}
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
}

// serve starts the bank in a process of its own, and returns when it listens.
func serve(t *testing.T, data, plain, robust string) *exec.Cmd {
	t.Helper()
	cmd := command(t, "demo", "--serve-only", "--data", data, "--port", plain, "--robust-port", robust)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || !strings.HasPrefix(line, "ready plain=127.0.0.1:"+plain+" robust=127.0.0.1:"+robust) {
		t.Fatalf("got %q, %v", line, err)
	}
	return cmd
}

// The whole server is killed with SIGKILL at random moments, again and again,
// while the ledger's process goes on: nothing that was acknowledged is missing
// afterwards, and nothing was done twice.
func TestKillNineOfTheServer(t *testing.T) {
	const kills = 20
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	data, plain, robust := t.TempDir(), freePort(t), freePort(t)
	server := serve(t, data, plain, robust)

	books := command(t, "ledger", "--addr", "127.0.0.1:"+robust, "--log", filepath.Join(data, "ledger.json"))
	stdin, err := books.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := books.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := books.Start(); err != nil {
		t.Fatal(err)
	}
	lines := json.NewDecoder(stdout)
	for range kills {
		// Some requests get through, and then, anywhere in the next ones, the end.
		before := acked(t, lines)
		for acked(t, lines) == before {
		}
		timer := time.NewTimer(time.Duration(rng.IntN(60)) * time.Millisecond)
		<-timer.C
		if err := server.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = server.Wait()
		server = serve(t, data, plain, robust)
	}
	_ = stdin.Close()
	var last ledgerLine
	for {
		var line ledgerLine
		if err := lines.Decode(&line); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if line.Result != nil {
			last = line
		}
	}
	if err := books.Wait(); err != nil {
		t.Errorf("the ledger's process: %v", err)
	}
	if last.Result == nil || !last.Exact {
		t.Fatalf("the books do not agree: %+v", last.Result)
	}
	t.Logf("%d kills, %d requests acknowledged, %d attempts repeated, %d accounts exact",
		kills, last.Result.Acked, last.Result.Retries, len(last.Result.Rows))
	if err := server.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := server.Wait(); err != nil {
		t.Errorf("the server, told to stop: %v", err)
	}
}

// acked reads the ledger's next report.
func acked(t *testing.T, lines *json.Decoder) int64 {
	t.Helper()
	for {
		var line ledgerLine
		if err := lines.Decode(&line); err != nil {
			t.Fatal(err)
		}
		if line.Progress != nil {
			return line.Progress.Acked
		}
	}
}
