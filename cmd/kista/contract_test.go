package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// contractRun runs "kista contract" in the directory of the contracts that the library's tests use, and returns what it says and
// its status.
func contractRun(t *testing.T, stdin string, args ...string) (stdout, stderr string, status int) {
	t.Helper()
	cmd := command(t, append([]string{"contract"}, args...)...)
	cmd.Dir = filepath.Join("..", "..", "contract", "testdata")
	cmd.Stdin = strings.NewReader(stdin)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "t.con")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const badContract = `+NAME("t").
+VSN("1").
+TYPES a() :: b();
c() :: .
+STATE s a() => a() & nowhere.
`

func TestContractCheck(t *testing.T) {
	if out, _, status := contractRun(t, "", "check", "file_server.con"); out != "" || status != 0 {
		t.Errorf("a good contract: %q, %d", out, status)
	}
	path := write(t, badContract)
	out, _, status := contractRun(t, "", "check", path)
	if !strings.Contains(out, path+":4:8: ") || status != 1 {
		t.Errorf("a bad contract: %q, %d", out, status)
	}
	out, _, status = contractRun(t, strings.Replace(badContract, "c() :: .", "c() :: c.", 1), "check", "-")
	for _, want := range []string{"-:3:15: ", "-:4:1: ", "-:5:17: "} {
		if !strings.Contains(out, want) || status != 1 {
			t.Errorf("no %q in %q, %d", want, out, status)
		}
	}
	slides := []string{"check", "file_server_slides.con"}
	if out, _, status := contractRun(t, "", slides...); !strings.Contains(out, "warning: ") || status != 0 {
		t.Errorf("slides: %q, %d", out, status)
	}
	if out, _, status := contractRun(t, "", append(slides, "-q")...); out != "" || status != 0 {
		t.Errorf("slides, quietly: %q, %d", out, status)
	}
	if out, _, status := contractRun(t, "", append(slides, "--strict")...); !strings.Contains(out, "file_server_slides.con:2:2: ") || status != 1 {
		t.Errorf("slides, strictly: %q, %d", out, status)
	}
	if _, errs, status := contractRun(t, "", "check", "no such file"); !strings.Contains(errs, "no such file") || status != 2 {
		t.Errorf("no file: %q, %d", errs, status)
	}
}

func TestContractFmt(t *testing.T) {
	src := "% why\n+NAME(\"t\").\n+VSN(\"1\").\n+TYPES a()::{ a }; % one\nb() :: b .\n+STATE s a()=>b()&s|b()&stop.\n"
	want := "% why\n+NAME(\"t\").\n+VSN(\"1\").\n\n+TYPES\na() :: {a}; % one\nb() :: b.\n\n+STATE s\n    a() => b() & s | b() & stop.\n"
	path := write(t, src)
	if out, _, status := contractRun(t, "", "fmt", path); out != want || status != 0 {
		t.Errorf("%s\n%d", out, status)
	}
	if out, _, status := contractRun(t, "", "fmt", "-l", path); out != path+"\n" || status != 1 {
		t.Errorf("before: %q, %d", out, status)
	}
	if out, _, status := contractRun(t, "", "fmt", "-w", path); out != "" || status != 0 {
		t.Errorf("writing: %q, %d", out, status)
	}
	if out, _, status := contractRun(t, "", "fmt", "-l", path); out != "" || status != 0 {
		t.Errorf("after: %q, %d", out, status)
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != want {
		t.Errorf("the file is %q, %v", got, err)
	}
}

func TestContractMatch(t *testing.T) {
	values := "{open,{'#S',\"foo.dat\"},read}\n\n{open,{'#S',\"foo.dat\"},execute}\n{open,{'#S',[300]},read}\nfoo\n"
	out, _, status := contractRun(t, values, "match", "file_server.con", "--type", "open()")
	want := "ok\n" +
		"no: {3}: expected read | write, got execute\n" +
		"no: {2}{2}[1]: expected byte(), which is 0..255, got 300\n" +
		"no: expected open(), which is {open, fileName(), read | write}, got foo\n"
	if out != want || status != 1 {
		t.Errorf("%s\n%d", out, status)
	}
	if out, _, status := contractRun(t, "37\n", "match", "file_server.con", "--type", "fileHandle", "--hex"); out != "ok\n" || status != 0 {
		t.Errorf("text in hexadecimal digits: %q, %d", out, status)
	}
	if out, _, status := contractRun(t, "{\n", "match", "file_server.con", "--type", "open"); !strings.HasPrefix(out, "unreadable: ") || status != 2 {
		t.Errorf("no value: %q, %d", out, status)
	}
	if _, errs, status := contractRun(t, "1\n", "match", "file_server.con", "--type", "opem"); !strings.Contains(errs, "opem") || status != 2 {
		t.Errorf("no type: %q, %d", errs, status)
	}
}

func TestContractRun(t *testing.T) {
	silly := "start {open,{'#S',\"foo.dat\"},read} => {ok,7} & ready\nready {close,7} => true & stop\nstop {read_line,7} => eof & atEof\n"
	out, _, status := contractRun(t, silly, "run", "file_server.con")
	if !strings.HasPrefix(out, "-:3: ") || !strings.Contains(out, "the client broke") || status != 1 {
		t.Errorf("%q, %d", out, status)
	}
	good, _, _ := strings.Cut(silly, "stop {read")
	if out, _, status := contractRun(t, good, "run", "file_server.con"); !strings.HasPrefix(out, "ok: 2 lines") || status != 0 {
		t.Errorf("%q, %d", out, status)
	}
	if _, errs, status := contractRun(t, "start\n", "run", "file_server.con"); !strings.Contains(errs, "line 1") || status != 2 {
		t.Errorf("%q, %d", errs, status)
	}
}

func TestContractDiff(t *testing.T) {
	if out, _, status := contractRun(t, "", "diff", "file_server.con", "file_server.con"); !strings.HasPrefix(out, "safe: ") || status != 0 {
		t.Errorf("%q, %d", out, status)
	}
	src, err := os.ReadFile(filepath.Join("..", "..", "contract", "testdata", "file_server.con"))
	if err != nil {
		t.Fatal(err)
	}
	path := write(t, strings.Replace(string(src), "read | write", "read", 1))
	out, _, status := contractRun(t, "", "diff", "file_server.con", path)
	if !strings.Contains(out, "start {open,") || !strings.Contains(out, ",write}") || status != 1 {
		t.Errorf("%q, %d", out, status)
	}
	// The conversation that is shown breaks the new contract.
	if _, _, status := contractRun(t, out, "run", path); status != 1 {
		t.Errorf("%q runs with status %d", out, status)
	}
}

func TestContractDraw(t *testing.T) {
	if out, _, status := contractRun(t, "", "draw", "file_server.con"); !strings.Contains(out, "start --> ready: open() => open_ok()") || status != 0 {
		t.Errorf("%q, %d", out, status)
	}
	svg := filepath.Join(t.TempDir(), "out.svg")
	if out, _, status := contractRun(t, "", "draw", "-o", svg, "file_server.con"); out != "" || status != 0 {
		t.Errorf("%q, %d", out, status)
	}
	if got, err := os.ReadFile(svg); err != nil || !bytes.HasPrefix(got, []byte("<svg ")) {
		t.Errorf("%.40q, %v", got, err)
	}
	if _, errs, status := contractRun(t, "", "draw", "--as", "bmp", "file_server.con"); !strings.Contains(errs, "mermaid") || status != 2 {
		t.Errorf("%q, %d", errs, status)
	}
}

func TestContractCompletion(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"contract", ""}, "match\tCheck values"},
		{[]string{"contract", "check", "--dialect", ""}, "slides\t"},
		{[]string{"contract", "match", "../../contract/testdata/file_server.con", "--type", ""}, "fileHandle\tpos_integer()"},
		{[]string{"contract", "match", "--from", ""}, "text\tas Erlang writes it\n"},
		{[]string{"contract", "draw", "--as", ""}, "svg\n"},
		{[]string{"contract", "check", ""}, "con\n:8"}, // files of that extension
	} {
		if out := output(t, append([]string{"__complete"}, c.args...)...); !strings.Contains(out, c.want) {
			t.Errorf("%v: %q holds no %q", c.args, out, c.want)
		}
	}
	for _, sub := range []string{"check", "fmt", "match", "run", "diff", "draw"} {
		if out := output(t, "contract", sub, "--help"); !strings.Contains(out, "Examples:") {
			t.Errorf("%s: help without examples: %q", sub, out)
		}
	}
}
