package config_test

import (
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/internal/config"
)

type (
	base  struct{ Shared string }
	inner struct {
		Timeout  time.Duration `doc:"how long"`
		MaxConns int           `config:"conns"`
	}
	rule struct {
		From  string
		Limit int
	}
	section struct {
		base
		Name    string
		On      bool
		Size    uint8
		Ratio   float64
		DB      inner
		Addr    netip.AddrPort
		Level   slog.Level
		Tags    []string
		Waits   []time.Duration
		Limits  map[string]int
		Rules   []rule
		Maybe   *int
		HTTPAPI string
		Token   string `config:",secret"`
		Skipped func() `config:"-"`
		hidden  int
	}
)

// Base is embedded, and so part of the section.
type Base = base

func resolve(t *testing.T, into any, s config.Sources) (config.Resolved, error) {
	t.Helper()
	schema, err := config.Of(reflect.TypeOf(into).Elem())
	assert.NoError(t, err)
	in, err := config.Read(s)
	if err != nil {
		return config.Resolved{}, err
	}
	return in.Resolve("x", schema, into, []string{"x", "x_ray"})
}

func file(t testing.TB, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "c.json")
	assert.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func TestEveryKindOfValue(t *testing.T) {
	seven := 7
	want := section{
		Name: "n", On: true, Size: 200, Ratio: 0.5, DB: inner{Timeout: 5 * time.Second, MaxConns: 3},
		Addr: netip.MustParseAddrPort("127.0.0.1:80"), Level: slog.LevelWarn, Tags: []string{"a", "b"},
		Waits: []time.Duration{time.Second, time.Minute}, Limits: map[string]int{"gold": 7, "lead": 1}, Maybe: &seven, HTTPAPI: "h",
	}
	var flags, env []string
	for key, val := range map[string]string{
		"name": "n", "on": "true", "size": "200", "ratio": "0.5", "db.timeout": "5s", "db.conns": "3", "addr": "127.0.0.1:80",
		"level": "WARN", "tags": "a,b", "waits": "1s, 1m", "maybe": "7", "httpapi": "h",
	} {
		flags = append(flags, "--x."+key+"="+val)
		env = append(env, "P_X_"+strings.ToUpper(strings.ReplaceAll(key, ".", "_"))+"="+val)
	}
	maps := []string{"--x.limits.gold=7", "--x.limits.lead=1"}
	text := `{"x": {"name": "n", "on": true, "size": 200, "ratio": 0.5, "db": {"timeout": "5s", "conns": 3}, "addr": "127.0.0.1:80",
		"level": "warn", "tags": ["a", "b"], "waits": ["1s", "1m"], "limits": {"gold": 7, "lead": 1}, "maybe": 7, "httpapi": "h"}}`
	for name, s := range map[string]config.Sources{
		"flags": {Flags: append(flags, maps...)},
		"env":   {Env: append(env, "OTHER=1", "nonsense"), Prefix: "P_", Flags: maps},
		"file":  {File: file(t, text)},
	} {
		t.Run(name, func(t *testing.T) {
			var got section
			_, err := resolve(t, &got, s)
			assert.NoError(t, err)
			if !reflect.DeepEqual(got, want) {
				t.Errorf("got %+v, want %+v", got, want)
			}
		})
	}
}

// Every mistake is found, and told with its key, the value, and its source.
func TestMistakes(t *testing.T) {
	for _, tc := range []struct {
		src  config.Sources
		want string
	}{
		{config.Sources{Flags: []string{"--x.size=300"}}, `x.size: "300" from --x.size: out of range for uint8`},
		{config.Sources{Flags: []string{"--x.size=-1"}}, `x.size: "-1" from --x.size: not an integer that is not negative`},
		{config.Sources{Flags: []string{"--x.ratio=half"}}, `x.ratio: "half" from --x.ratio: not a number`},
		{config.Sources{Flags: []string{"--x.on=maybe"}}, `x.on: "maybe" from --x.on: neither true nor false`},
		{config.Sources{Flags: []string{"--x.name"}}, `x.name: from --x.name: it has no value: want --x.name=value`},
		{config.Sources{Flags: []string{"--x.waits=1s,2"}}, `x.waits: "1s,2" from --x.waits: element 2: not a duration: it has no unit; want 2s, for instance`},
		{config.Sources{Flags: []string{"--x.limits=1"}}, `x.limits: "1" from --x.limits: only a file can give it: it is a map`},
		{config.Sources{Flags: []string{"--x.limits.gold=x"}}, `x.limits: "x" from --x.limits.gold: not an integer`},
		{config.Sources{Flags: []string{"--x.rules=1"}}, `x.rules: "1" from --x.rules: element 1: only a file can give it: it is a structure`},
		{config.Sources{Flags: []string{"--x.nmae=n"}}, `x.nmae: from --x.nmae: unknown key; do you mean x.name?`},
		{config.Sources{Flags: []string{"--x.skipped=n"}}, `x.skipped: from --x.skipped: unknown key`},
		{config.Sources{Flags: []string{"--x"}}, `"--x" from the command line: not a key: want --application.key=value`},
		{config.Sources{Env: []string{"X_DB_TIMEOUT=5x"}}, `x.db.timeout: "5x" from X_DB_TIMEOUT: not a duration, such as 1m30s or 250ms`},
		{config.Sources{Env: []string{"X_DB_TIMEUOT=5s"}}, `from X_DB_TIMEUOT: x has no such key; do you mean X_DB_TIMEOUT?`},
		{config.Sources{Env: []string{"X_ADDR=tcp://1.2.3.4:80"}}, `x.addr: "tcp://1.2.3.4:80" from X_ADDR: `},
		{config.Sources{Env: []string{"X_TOKEN=hunter2"}, Flags: []string{"--x.name=n"}}, ""},
		{config.Sources{File: file(t, `{"x": {"size": "8"}}`)}, `x.size: "8" from c.json:1: a string, want a number`},
		{config.Sources{File: file(t, "{\"x\":\n {\"db\":\n  {\"conns\": 1.5}}}")}, `x.db.conns: "1.5" from c.json:3: not an integer`},
		{config.Sources{File: file(t, `{"x": {"db": 3}}`)}, `x.db: "3" from c.json:1: a number, want an object with keys`},
		{config.Sources{File: file(t, `{"x": {"db": {"timeout": 3}}}`)}, `x.db.timeout: "3" from c.json:1: a number, want a duration in quotes: "3s", for instance`},
		{config.Sources{File: file(t, `{"x": {"db": {"tiemout": "3s"}}}`)}, `x.db.tiemout: from c.json:1: unknown key; do you mean x.db.timeout?`},
		{config.Sources{File: file(t, `{"x": {"rules": [{"from": "a", "to": 3}]}}`)}, `x.rules: [1 elements] from c.json:1: element 1: to: unknown key`},
		{config.Sources{File: file(t, `{"x": {"name": null}}`)}, `x.name: null from c.json:1: null is no value: leave the key out`},
		{config.Sources{File: file(t, `{"x": 1}`)}, `x: "1" from c.json:1: not an object with keys`},
		{config.Sources{File: file(t, `{"x": {"name": "a", "name": "b"}}`)}, `line 1: the key "name" is given twice, first in line 1`},
		{config.Sources{File: file(t, "{\"x\":\n")}, `line 1: the file ends in the middle of a value`},
		{config.Sources{File: file(t, `[]`)}, `line 1: a list, want an object whose keys are applications`},
		{config.Sources{File: file(t, `{} {}`)}, `line 1: there is something after the end of the object`},
		{config.Sources{File: file(t, strings.Repeat(`{"x":`, 200))}, `nested more than 100 deep`},
	} {
		var got section
		_, err := resolve(t, &got, tc.src)
		if tc.want == "" {
			assert.NoError(t, err)
			continue
		}
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%v:\n got %v\nwant %s", tc.src, err, tc.want)
		}
	}
}

func TestAllMistakesAtOnce(t *testing.T) {
	var got section
	_, err := resolve(t, &got, config.Sources{
		File: file(t, `{"x": {"size": "8"}}`), Env: []string{"X_RATIO=z"}, Flags: []string{"--x.size=9", "--x.foo=1"},
	})
	es, ok := errors.AsType[config.Errors](err)
	assert.True(t, ok && len(es) == 3, "got %v", err)
}

// Kubernetes sets variables for a service named x: they are no mistakes.
func TestVariablesOfKubernetesAndOfOthers(t *testing.T) {
	var got section
	_, err := resolve(t, &got, config.Sources{Env: []string{
		"X_SERVICE_HOST=10.0.0.1", "X_SERVICE_PORT=80", "X_SERVICE_PORT_HTTP=80", "X_PORT=tcp://10.0.0.1:80",
		"X_PORT_80_TCP_ADDR=10.0.0.1", "X_RAY_SOMETHING=1", "XY=1", "HOME=/",
	}})
	assert.NoError(t, err)

	// What is no key is ignored, and told; but not what looks like one, nor with a prefix.
	r, err := resolve(t, &got, config.Sources{Env: []string{"X_PROXY=1", "X_NO_PROXY=1", "X_SERVICE_HOST=h"}})
	assert.NoError(t, err)
	assert.Equal(t, r.Ignored, []string{"X_NO_PROXY", "X_PROXY"})
	_, err = resolve(t, &got, config.Sources{Env: []string{"X_SIZES=1"}})
	assert.Equal(t, err.Error(), "from X_SIZES: x has no such key; do you mean X_SIZE?")
	_, err = resolve(t, &got, config.Sources{Env: []string{"P_X_PROXY=1"}, Prefix: "P_"})
	assert.Equal(t, err.Error(), "from P_X_PROXY: x has no such key")

	type withPort struct{ Port int }
	var p withPort
	_, err = resolve(t, &p, config.Sources{Env: []string{"X_PORT=tcp://10.0.0.1:80"}})
	assert.True(t, err != nil && strings.Contains(err.Error(), "Kubernetes"), "got %v", err)
}

func TestPrecedenceAndMerging(t *testing.T) {
	got := section{Name: "default", Size: 1, Tags: []string{"a", "b"}, Limits: map[string]int{"a": 1, "b": 1}}
	r, err := resolve(t, &got, config.Sources{
		File:  file(t, `{"x": {"name": "file", "size": 2, "tags": ["c"], "limits": {"b": 2, "c": 2}}}`),
		Env:   []string{"X_NAME=env"},
		Flags: []string{"--x.limits.c=3", "--x.name=one", "--x.name=two", "--x.on"},
	})
	assert.NoError(t, err)
	assert.Equal(t, got.Name, "two") // the last flag
	assert.Equal(t, got.Size, 2)
	assert.Equal(t, got.Tags, []string{"c"})
	assert.Equal(t, got.Limits, map[string]int{"a": 1, "b": 2, "c": 3})
	assert.Equal(t, got.On, true)
	from := map[string]string{}
	for _, s := range r.Settings {
		from[s.Key] = s.Value + " " + s.Source
	}
	assert.Equal(t, from["x.name"], "two --x.name")
	assert.Equal(t, from["x.size"], "2 c.json:1")
	assert.Equal(t, from["x.ratio"], "0 default")
	assert.Equal(t, from["x.limits"], "a=1,b=2,c=3 --x.limits.c")
}

func TestStrangers(t *testing.T) {
	in, err := config.Read(config.Sources{File: file(t, `{"shop": {}, "shpo": {}}`), Flags: []string{"--stok.x=1", "--shop.x=1"}})
	assert.NoError(t, err)
	err = in.Strangers([]string{"shop", "stock"})
	assert.Equal(t, err.Error(), "shpo: from c.json:1: there is no application shpo; do you mean shop?\n"+
		"stok.x: from --stok.x: there is no application stok; do you mean stock?")
	in, err = config.Read(config.Sources{})
	assert.NoError(t, err)
	assert.NoError(t, in.Strangers(nil))
}

type (
	checked struct {
		Port  int `config:",required"`
		Low   int
		High  int
		Part  part
		Token string `config:",secret"`
	}
	part struct{ N int }
)

func (c *checked) Validate() error {
	var err error
	if c.Low > c.High {
		err = &config.Invalid{Key: "low", Why: "above high"}
	}
	if c.Token == "bad" {
		err = errors.Join(err, &config.Invalid{Key: "token", Why: "too easy"}, errors.New("in general"))
	}
	return err
}

func (p *part) Validate() error {
	if p.N < 0 {
		return &config.Invalid{Key: "n", Why: "negative"}
	}
	return nil
}

func TestValidate(t *testing.T) {
	got := checked{Low: 5}
	_, err := resolve(t, &got, config.Sources{Flags: []string{"--x.part.n=-1", "--x.token=bad"}})
	assert.Equal(t, err.Error(), `x.port: it is required: set it in the file, as X_PORT, or with --x.port
x.part.n: "-1" from --x.part.n: negative
x.low: "5" from its default: above high
x.token: (secret) from --x.token: too easy`)

	got = checked{Low: 5}
	_, err = resolve(t, &got, config.Sources{Flags: []string{"--x.part.n=-1", "--x.token=bad", "--x.port=1"}})
	assert.Equal(t, err.Error(), `x.part.n: "-1" from --x.part.n: negative
x.low: "5" from its default: above high
x.token: (secret) from --x.token: too easy
x: in general`)

	got = checked{}
	_, err = resolve(t, &got, config.Sources{Flags: []string{"--x.port=x"}}) // said once, not also as missing
	assert.Equal(t, err.Error(), `x.port: "x" from --x.port: not an integer`)
}

func TestSecretsAreNotTold(t *testing.T) {
	type numeric struct {
		PIN int `config:",secret"`
	}
	var got numeric
	_, err := resolve(t, &got, config.Sources{Flags: []string{"--x.pin=12a4"}})
	assert.True(t, err != nil && !strings.Contains(err.Error(), "12a4"), "got %v", err)
	r, err := resolve(t, &got, config.Sources{Flags: []string{"--x.pin=1234"}})
	assert.NoError(t, err)
	assert.Equal(t, got.PIN, 1234)
	assert.True(t, !strings.Contains(fmt.Sprintf("%+v", r.Settings), "1234"), "got %+v", r.Settings)
}

func TestTypesThatCannotBeConfigured(t *testing.T) {
	type loop struct{ Next []loop }
	type clash struct {
		AB int `config:"a_b"`
		A  struct{ B int }
	}
	for _, v := range []any{
		struct{ C chan int }{},
		struct{ F func() }{},
		struct{ A any }{},
		struct{ P *inner }{},
		struct{ M map[int]string }{},
		struct {
			A int `config:"Big"`
		}{},
		struct {
			A int `config:"a,secrte"`
		}{},
		struct {
			A int `config:"b"`
			B int
		}{},
		loop{},
		clash{},
		7,
	} {
		if _, err := config.Of(reflect.TypeOf(v)); err == nil {
			t.Errorf("%T is said to be good", v)
		}
	}
	if _, err := config.Of(nil); err == nil {
		t.Error("nil is said to be good")
	}
}

func TestCompare(t *testing.T) {
	state := func(flags ...string) config.Resolved {
		got := section{Name: "n"}
		r, err := resolve(t, &got, config.Sources{Flags: flags})
		assert.NoError(t, err)
		return r
	}
	changed, added, removed := config.Compare(
		state("--x.size=1", "--x.on", "--x.limits.a=1", "--x.limits.b=1", "--x.tags=a,b", "--x.token=t"),
		state("--x.size=2", "--x.ratio=0", "--x.limits.a=2", "--x.limits.c=1", "--x.tags=a,b", "--x.token=u"))
	assert.Equal(t, changed, []string{"limits.a", "size", "token"})
	assert.Equal(t, added, []string{"limits.c", "ratio"})
	assert.Equal(t, removed, []string{"limits.b", "on"})
}

func TestOtherFormats(t *testing.T) {
	var got section
	_, err := resolve(t, &got, config.Sources{
		File: file(t, "size = 3"),
		Parse: func(data []byte) (map[string]any, error) {
			assert.Equal(t, string(data), "size = 3")
			return map[string]any{"x": map[string]any{"size": int64(3), "ratio": 0.5, "tags": []any{"a"}, "on": true}}, nil
		},
	})
	assert.NoError(t, err)
	assert.Equal(t, got.Size, 3)
	assert.Equal(t, got.Tags, []string{"a"})
	for _, bad := range []func([]byte) (map[string]any, error){
		func([]byte) (map[string]any, error) { return nil, errors.New("syntax") },
		func([]byte) (map[string]any, error) { return map[string]any{"x": make(chan int)}, nil },
		func([]byte) (map[string]any, error) { return map[string]any{"x": map[string]any{"size": "3"}}, nil },
	} {
		if _, err := resolve(t, &got, config.Sources{File: file(t, ""), Parse: bad}); err == nil {
			t.Error("no error")
		}
	}
}

// Whatever a file or a flag says, there is an error or a section, and no panic.
func FuzzFile(f *testing.F) {
	for _, seed := range []string{
		`{"x": {"name": "n", "db": {"timeout": "5s"}, "tags": ["a"], "rules": [{"limit": 3}], "limits": {"a": 1}}}`,
		`{"x": [1, 2, {}]}`, `{"x": {"db": {"db": {}}}}`, `{`, `null`, "",
	} {
		f.Add([]byte(seed), "--x.limits.a=1")
	}
	schema, err := config.Of(reflect.TypeFor[section]())
	if err != nil {
		f.Fatal(err)
	}
	path := filepath.Join(f.TempDir(), "c.json")
	f.Fuzz(func(t *testing.T, text []byte, flag string) {
		if os.WriteFile(path, text, 0o600) != nil {
			t.Skip()
		}
		in, err := config.Read(config.Sources{File: path, Flags: []string{flag}, Env: []string{"X_" + flag}})
		if err != nil {
			return
		}
		var got section
		r, err := in.Resolve("x", schema, &got, []string{"x"})
		if (err == nil) != (len(r.Settings) > 0) {
			t.Errorf("%v, and %d settings", err, len(r.Settings))
		}
		_ = in.Strangers([]string{"x"})
	})
}
