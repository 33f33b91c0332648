//go:build unix

package release_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/release"
)

// program is a release in a process of its own.
type program struct {
	t     *testing.T
	cmd   *exec.Cmd
	said  chan string         // lines of its standard output
	logs  chan map[string]any // records of its log
	other []string            // other lines of its standard error; to be read at the end
}

const long = 60 * time.Second

// begin starts the trial release with arguments and a log in JSON.
func begin(t *testing.T, env []string, args ...string) *program {
	t.Helper()
	p := &program{t: t, said: make(chan string, 1000), logs: make(chan map[string]any, 1000)}
	p.cmd = exec.CommandContext(t.Context(), os.Args[0], args...)
	p.cmd.Env = append(append(os.Environ(), "BE_A_RELEASE=1", "RELEASE_LOG_FORMAT=json",
		"GORACE=atexit_sleep_ms=0"), env...)
	out, err := p.cmd.StdoutPipe()
	assert.NoError(t, err)
	log, err := p.cmd.StderrPipe()
	assert.NoError(t, err)
	assert.NoError(t, p.cmd.Start())
	go func() {
		defer close(p.said)
		for s := bufio.NewScanner(out); s.Scan(); {
			p.said <- s.Text()
		}
	}()
	go func() {
		defer close(p.logs)
		for s := bufio.NewScanner(log); s.Scan(); {
			var rec map[string]any
			if json.Unmarshal(s.Bytes(), &rec) != nil {
				p.other = append(p.other, s.Text())
				continue
			}
			p.logs <- rec
		}
	}()
	return p
}

// logged waits for a record with that message.
func (p *program) logged(msg string) map[string]any {
	p.t.Helper()
	for {
		rec := assert.Within(p.t, long, p.logs)
		if rec["msg"] == msg {
			return rec
		}
	}
}

// expect reads lines of the standard output.
func (p *program) expect(lines ...string) {
	p.t.Helper()
	for _, want := range lines {
		assert.Equal(p.t, assert.Within(p.t, long, p.said), want)
	}
}

func (p *program) signal(sig os.Signal) {
	p.t.Helper()
	assert.NoError(p.t, p.cmd.Process.Signal(sig))
}

// end waits for the end and returns the exit code and what is left of the outputs.
func (p *program) end() (code int, said []string, logs []map[string]any) {
	p.t.Helper()
	for line := range p.said {
		said = append(said, line)
	}
	for rec := range p.logs {
		logs = append(logs, rec)
	}
	err := p.cmd.Wait()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode(), said, logs
	}
	assert.NoError(p.t, err)
	return 0, said, logs
}

func find(logs []map[string]any, msg string) map[string]any {
	for _, rec := range logs {
		if rec["msg"] == msg {
			return rec
		}
	}
	return nil
}

// up starts the release and waits until all of it is up.
func up(t *testing.T, env []string, args ...string) *program {
	t.Helper()
	p := begin(t, env, args...)
	p.expect("db start", "web start", "extra start")
	p.logged("release: running")
	return p
}

func TestSignalsStopInOrder(t *testing.T) {
	for _, sig := range []os.Signal{syscall.SIGTERM, syscall.SIGINT} {
		t.Run(sig.String(), func(t *testing.T) {
			p := up(t, nil)
			p.signal(sig)
			code, said, logs := p.end()
			assert.Equal(t, code, 0)
			assert.Equal(t, said, []string{
				"extra prep_stop", "extra stop", "web prep_stop", "web stop", "db prep_stop", "db stop",
			})
			assert.Equal(t, find(logs, "release: stopping")["why"].(string), sig.String())
			assert.True(t, find(logs, "release: stopped") != nil, "no last record: %v", logs)
		})
	}
}

// What holds up the stop beyond its deadline is named, and the program ends.
func TestDeadline(t *testing.T) {
	p := up(t, nil, "run", "--release.stop_timeout=400ms", "--web.hold=1h")
	p.signal(syscall.SIGTERM)
	code, said, logs := p.end()
	assert.Equal(t, code, 3)
	assert.Equal(t, said[:3], []string{"extra prep_stop", "extra stop", "web prep_stop"})
	for _, msg := range []string{"release: the stop waits", "release: not stopped in time"} {
		rec := find(logs, msg)
		assert.True(t, rec != nil, "no record %q in %v", msg, logs)
		assert.Equal(t, []any{rec["application"], rec["child"], rec["name"], rec["kind"], rec["doing"], rec["step"]},
			[]any{"web", "inner/worker", "web_worker", "server", "runs its own code", "waits for the tree to stop"})
		assert.True(t, strings.HasPrefix(rec["pid"].(string), "<trial."), "pid %v", rec["pid"])
	}
}

// A callback that does not return is named too.
func TestDeadlineOfACallback(t *testing.T) {
	p := up(t, nil, "--release.stop_timeout=400ms", "--extra.deaf")
	p.signal(syscall.SIGTERM)
	code, said, logs := p.end()
	assert.Equal(t, code, 3)
	assert.Equal(t, said[:2], []string{"extra prep_stop", "extra stop"}) // who is killed then may still say something
	rec := find(logs, "release: not stopped in time")
	assert.Equal(t, []any{rec["application"], rec["name"], rec["step"], rec["doing"]},
		[]any{"extra", "extra stop", "runs stop", "runs its own code"})
}

func TestSecondSignalEndsAtOnce(t *testing.T) {
	for sig, want := range map[syscall.Signal]int{syscall.SIGTERM: 143, syscall.SIGINT: 130} {
		p := up(t, nil, "--db.hold=1h", "--release.stop_timeout=1h")
		p.signal(syscall.SIGTERM)
		p.expect("extra prep_stop", "extra stop", "web prep_stop", "web stop", "db prep_stop", "db_worker holds")
		p.signal(sig)
		code, said, logs := p.end()
		assert.Equal(t, code, want)
		assert.Equal(t, said, nil)
		assert.Equal(t, find(logs, "release: told to end at once")["child"].(string), "inner/worker")
	}
}

// A signal breaks off a start.
func TestSignalDuringTheStart(t *testing.T) {
	p := begin(t, nil, "--web.fail=block")
	p.expect("db start", "web start")
	p.signal(syscall.SIGTERM)
	code, said, _ := p.end()
	assert.Equal(t, code, 0)
	assert.Equal(t, said, []string{"db prep_stop", "db stop"})
}

// Signals are heard while the configuration is read, whatever it does.
func TestSignalWhileTheConfigurationIsRead(t *testing.T) {
	p := begin(t, nil, fmt.Sprintf("--web.level=%d", hangs))
	p.expect("validate")
	p.signal(syscall.SIGTERM)
	code, said, _ := p.end()
	assert.Equal(t, code, 0)
	assert.Equal(t, said, nil)
	assert.True(t, strings.Contains(strings.Join(p.other, "\n"), "told to end while the configuration was read: terminated"), "%v", p.other)
}

// Where the configuration is no file that ends, nothing waits for its end.
func TestConfigurationThatIsNoFile(t *testing.T) {
	fifo := filepath.Join(t.TempDir(), "fifo")
	assert.NoError(t, syscall.Mkfifo(fifo, 0o600))
	for path, says := range map[string]string{fifo: "no regular file", "/dev/zero": "no regular file", t.TempDir(): "a directory"} {
		p := begin(t, nil, "--config="+path)
		code, _, _ := p.end()
		assert.Equal(t, code, 2)
		assert.True(t, strings.Contains(strings.Join(p.other, "\n"), says), "%s: %v", path, p.other)
	}
	large := filepath.Join(t.TempDir(), "large")
	assert.NoError(t, os.WriteFile(large, nil, 0o600))
	assert.NoError(t, os.Truncate(large, 1<<30))
	p := begin(t, nil, "--config="+large)
	code, _, _ := p.end()
	assert.Equal(t, code, 2)
	assert.True(t, strings.Contains(strings.Join(p.other, "\n"), "larger than the 16 MiB"), "%v", p.other)
}

// A context that ends stops the release in order, however early.
func TestContextThatEndsEarly(t *testing.T) {
	for name, ctx := range map[string]func() context.Context{
		"before": func() context.Context { c, cancel := context.WithCancel(context.Background()); cancel(); return c },
		"at start": func() context.Context {
			c, cancel := context.WithTimeout(context.Background(), time.Millisecond)
			t.Cleanup(cancel)
			return c
		},
		"later": func() context.Context {
			c, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
			t.Cleanup(cancel)
			return c
		},
	} {
		t.Run(name, func(t *testing.T) {
			var errs bytes.Buffer
			code := release.Run(ctx(), trial, release.Invocation{Stderr: &errs})
			assert.True(t, code == release.Done, "code %d: %s", code, errs.String())
		})
	}
}

func TestExitCodes(t *testing.T) {
	for _, tc := range []struct {
		args   string
		code   int
		stdout string // its beginning
		stderr string // in one of its plain lines
	}{
		{"--web.fail=start", 1, "db start\nweb start\ndb prep_stop\ndb stop\n", "trial: app: cannot start web: start: boom"},
		{"--web.fail=boom", 1, "db start\nweb start\n", "trial: app: the permanent application web has ended: boom"},
		{"--web.fail=normal", 0, "db start\nweb start\n", ""},
		{"--web.level=x", 2, "", `trial: web.level: "x" from --web.level: not an integer`},
		{"--web.level=-1 run", 2, "", `trial: web.level: "-1" from --web.level: it must not be negative`},
		{"--nope.level=1", 2, "", "trial: nope.level: from --nope.level: there is no application nope"},
		{"--nope", 2, "", "trial: unknown flag --nope; keys are given as --application.key=value"},
		{"-x", 2, "", "trial: unknown flag -x"},
		{"--config", 2, "", "trial: --config needs a file"},
		{"--config=not/there.json", 2, "", "trial: from not/there.json, which --config names: there is no such file"},
		{"fly", 2, "", `trial: there is no command "fly"`},
		{"config", 2, "", `trial: there is no command "config"`},
		{"--release.stop_timeout=0s", 2, "", "trial: release.stop_timeout: \"0s\" from --release.stop_timeout: it must be positive"},
		{"--release.log.format=xml", 2, "", "trial: release.log.format: \"xml\" from --release.log.format: want text or json"},
		{"version", 0, "trial 1.2.3 (go", ""},
		{"help", 0, "trial 1.2.3: is tried out\n", ""},
		{"--help", 0, "trial 1.2.3: is tried out\n", ""},
		{"config check", 0, "the configuration is good\n", ""},
		{"config check --web.level=-1 --db.levl=1", 2, "", "trial: db.levl: from --db.levl: unknown key; do you mean db.level?"},
		{"config show --web.level=7", 0, "release.node", ""},
	} {
		t.Run(tc.args, func(t *testing.T) {
			p := begin(t, nil, strings.Fields(tc.args)...)
			code, said, _ := p.end()
			if out := strings.Join(said, "\n") + "\n"; code != tc.code || !strings.HasPrefix(out, tc.stdout) {
				t.Errorf("code %d, want %d; stdout %q; stderr %q", code, tc.code, out, p.other)
			}
			if all := strings.Join(p.other, "\n"); !strings.Contains(all, tc.stderr) {
				t.Errorf("stderr %q, want %q", all, tc.stderr)
			}
		})
	}
}

// A temporary application that does not start stops nobody else.
func TestTemporaryThatDoesNotStart(t *testing.T) {
	p := begin(t, nil, "--extra.fail=start")
	p.expect("db start", "web start", "extra start")
	p.logged("release: a temporary application did not start")
	p.logged("release: running")
	p.signal(os.Interrupt)
	code, said, _ := p.end()
	assert.Equal(t, code, 0)
	assert.Equal(t, said, []string{"web prep_stop", "web stop", "db prep_stop", "db stop"})
}

// SIGHUP reads the configuration anew, and a mistake in it changes nothing.
func TestReload(t *testing.T) {
	file := filepath.Join(t.TempDir(), "trial.json")
	put := func(text string) { assert.NoError(t, os.WriteFile(file, []byte(text), 0o600)) }
	put(`{"web": {"level": 1}}`)
	p := up(t, []string{"RELEASE_CONFIG=" + file})

	put(`{"web": {"level": 2}, "release": {"log": {"level": "debug"}}}`)
	p.signal(syscall.SIGHUP)
	p.expect("web config_change [level] [] [] level 2")
	p.logged("release: configuration read")

	put(`{"web": {"level": "two"}}`)
	p.signal(syscall.SIGHUP)
	rec := p.logged("release: configuration not changed as it should be")
	assert.Equal(t, rec["reason"].(string), `web.level: "two" from trial.json:1: a string, want a number`)

	p.signal(syscall.SIGTERM)
	code, _, _ := p.end()
	assert.Equal(t, code, 0)
}

func TestSecretsAreNotShown(t *testing.T) {
	p := begin(t, []string{"WEB_PASSWORD=rosebud"}, "config", "show", "--db.password=rosebud")
	code, said, logs := p.end()
	assert.Equal(t, code, 0)
	all := strings.Join(said, "\n")
	assert.True(t, !strings.Contains(all, "rosebud"), "it is there: %s", all)
	assert.True(t, strings.Contains(all, "WEB_PASSWORD") && strings.Contains(all, "(secret)"), "got %s, %v", all, logs)
}
