package gen_test

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/kista-go/kista/contract"
	"github.com/kista-go/kista/contract/gen"
	"github.com/kista-go/kista/internal/assert"
)

// What is checked in was written by this generator.
func TestUpToDate(t *testing.T) {
	dir := filepath.Join("..", "..", "examples", "fileserver")
	c, err := contract.ParseFile(filepath.Join(dir, "file_server.con"))
	assert.NoError(t, err)
	want, err := gen.Generate(c, gen.Options{Package: "fileclient", Source: "file_server.con"})
	assert.NoError(t, err)
	got, err := os.ReadFile(filepath.Join(dir, "fileclient", "fileclient.go"))
	assert.NoError(t, err)
	assert.True(t, string(got) == string(want), "fileclient/fileclient.go is not what the generator writes: run 'make generate'")
}

// odd is a contract with what is awkward in Go.
const odd = `+NAME("odd-one").
+VSN("1").
+TYPES
type() :: type;
func() :: {func, var(), integer(), 'a b'};
var() :: 'Var' | 'VAR' | range | '';
term() :: any();
client() :: {client, [[pos_integer()]], {nested, 1..3}, client()?};
start() :: {1, 2, <<"x">>, "text"};
record() :: #record{type::integer(), term::float(), 'x-y'::boolean()};
ubfplus() :: ubfproplist();
empty() :: {};
big() :: 0..99999999999999999999999;
tick() :: {tick, atom()}.
+STATE start
func() => var() & start | var() & type | record() & type;
client() => start() & start;
EVENT => tick();
EVENT <= tick().
+STATE type
record() => empty() & stop;
func() => type() & type.
+ANYSTATE
type() => ubfplus() | big();
term() => record();
EVENT => record().
`

// hostile is a contract whose texts have in them what would end a comment or a string in Go.
const hostile = "% a\rb\x00\xff\n+NAME(\"h\ni\xe9`\").\n+VSN(\"1\r\xff\").\n+TYPES\n" +
	"'a\nb'() :: {q, 'x\n}\nfunc init() { panic(1) }\ntype Z struct { //', \"\r\n`\x00\xff\", <<\"\n\xff\">>} \"no\nte\x00\xff\";\n" +
	"''() :: 'a\nb' | '\x00'; '\n'() :: '\n'; start_handler() :: start_handler.\n" +
	"+STATE start\nstart_handler() => ''() & 's\nt' | '\n'() & stop; EVENT => '\n'(); EVENT <= 'a\nb'().\n" +
	"+STATE 's\nt'\n'a\nb'() => ''() & stop.\n+ANYSTATE\n'\n'() => '\n'().\n"

// Whatever contract: the code compiles, says what the contract says and nothing else, and is the same each time.
func TestGeneratedCodeCompiles(t *testing.T) {
	if testing.Short() {
		t.Skip("it runs the compiler")
	}
	var vectors struct {
		Cases []struct{ Text, Contract, Verdict string }
	}
	texts := []string{odd, hostile}
	for _, file := range []string{"contract_malformed.json", "contract_semantics.json"} {
		b, err := os.ReadFile(filepath.Join("..", "testdata", file))
		assert.NoError(t, err)
		assert.NoError(t, json.Unmarshal(b, &vectors))
		for _, c := range vectors.Cases {
			texts = append(texts, c.Text, c.Contract)
		}
	}
	root, err := filepath.Abs(filepath.Join("..", ".."))
	assert.NoError(t, err)
	dir := module(t, root)
	n := 0
	for _, text := range texts {
		c, err := contract.Parse("x.con", []byte(text))
		if err != nil || len(c.States)+len(c.AnyState) == 0 {
			continue
		}
		code, err := gen.Generate(c, gen.Options{Package: "p"})
		assert.NoError(t, err)
		again, err := gen.Generate(c, gen.Options{Package: "p"})
		assert.NoError(t, err)
		assert.True(t, string(code) == string(again), "the same contract gives other code")
		said := said(t, code)
		assert.True(t, said == c.String(), "the code has the contract\n%s\nwant\n%s", said, c)
		n++
		pkg := filepath.Join(dir, fmt.Sprint("p", n))
		assert.NoError(t, os.Mkdir(pkg, 0o700))
		assert.NoError(t, os.WriteFile(filepath.Join(pkg, "contract.go"), code, 0o600))
	}
	assert.True(t, n > 5, "only %d contracts", n)
	out, err := goCommand(t, dir, "vet", "./...")
	assert.True(t, err == nil, "%v\n%s", err, out)
	t.Logf("%d contracts", n)
}

// said is the contract that generated code has in it, which has no function init.
func said(t *testing.T, code []byte) (text string) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "", code, 0)
	assert.NoError(t, err)
	for _, d := range file.Decls {
		if f, ok := d.(*ast.FuncDecl); ok {
			assert.True(t, f.Name.Name != "init", "there is code that nobody has asked for")
		}
		g, ok := d.(*ast.GenDecl)
		if !ok {
			continue
		}
		if v, is := g.Specs[0].(*ast.ValueSpec); is && v.Names[0].Name == "Text" {
			text, err = strconv.Unquote(v.Values[0].(*ast.BasicLit).Value)
			assert.NoError(t, err)
		}
	}
	return text
}

// module makes a module that uses this one, as it is.
func module(t *testing.T, root string) string {
	t.Helper()
	dir := t.TempDir()
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	assert.NoError(t, err)
	_, requires, _ := strings.Cut(string(mod), "\n") // without the name
	mod = []byte("module example.com/user\n" + requires + "\nrequire github.com/kista-go/kista v0.0.0\nreplace github.com/kista-go/kista => " + root + "\n")
	assert.NoError(t, os.WriteFile(filepath.Join(dir, "go.mod"), mod, 0o600))
	sum, err := os.ReadFile(filepath.Join(root, "go.sum"))
	assert.NoError(t, err)
	assert.NoError(t, os.WriteFile(filepath.Join(dir, "go.sum"), sum, 0o600))
	return dir
}

func goCommand(t *testing.T, dir string, args ...string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOPROXY=off", "GOFLAGS=-mod=mod", "GOWORK=off")
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// silly is the program of the talk: it reads from a file that it has closed.
const silly = `package main

import (
	"context"

	"example.com/user/file"
)

func silly(ctx context.Context, ready file.Ready) {
	handle := int64(1)
	closed, _, _ := ready.Close(ctx, file.Close{FileHandle: handle})
	_, _ = %s.ReadLine(ctx, file.ReadLine{FileHandle: handle})
	_ = closed
}

func main() {}
`

// With what close has returned, the silly program does not compile; with the old value, the compiler has nothing to say, and
// kista vet has. (That it fails all the same, before anything is sent, is shown in examples/fileserver.)
func TestSilly(t *testing.T) {
	if testing.Short() {
		t.Skip("it runs the compiler")
	}
	root, err := filepath.Abs(filepath.Join("..", ".."))
	assert.NoError(t, err)
	c, err := contract.ParseFile(filepath.Join(root, "examples", "fileserver", "file_server.con"))
	assert.NoError(t, err)
	code, err := gen.Generate(c, gen.Options{Package: "file"})
	assert.NoError(t, err)
	dir := module(t, root)
	assert.NoError(t, os.Mkdir(filepath.Join(dir, "file"), 0o700))
	assert.NoError(t, os.WriteFile(filepath.Join(dir, "file", "contract.go"), code, 0o600))
	write := func(variable string) {
		assert.NoError(t, os.WriteFile(filepath.Join(dir, "main.go"), fmt.Appendf(nil, silly, variable), 0o600))
	}
	write("closed")
	out, err := goCommand(t, dir, "build", "-o", os.DevNull, ".")
	assert.True(t, err != nil, "it compiles")
	const want = "closed.ReadLine undefined (type file.Stop has no field or method ReadLine)"
	assert.True(t, strings.Contains(out, want), "the compiler says\n%s\nwant %q", out, want)
	t.Log(strings.TrimSpace(out))

	write("ready")
	out, err = goCommand(t, dir, "build", "-o", os.DevNull, ".")
	assert.True(t, err == nil, "%v\n%s", err, out)
	tool := filepath.Join(t.TempDir(), "kista")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", tool, "./cmd/kista")
	build.Dir = root
	text, err := build.CombinedOutput()
	assert.True(t, err == nil, "%v\n%s", err, text)
	out, err = goCommand(t, dir, "vet", "-vettool="+tool, ".")
	assert.True(t, err != nil && strings.Contains(out, "linear: ready is used up by ready.Close"), "%v\n%s", err, out)
	t.Log(strings.TrimSpace(out))
}

// What the contract's comments say, the code's do too, at what they are about.
func TestComments(t *testing.T) {
	c, err := contract.Parse("x.con", []byte(`% A lamp
% for the desk.
+NAME("lamp").
+VSN("1").
+TYPES
% asks for light
on() :: {on, integer()}; % in lumen
ok() :: ok;
tick() :: tick.
% There is no light.
+STATE dark
  % Takes a second.
  on() => ok() & stop;
  %% once an hour
  EVENT <= tick();
  EVENT => tick(). % or not
`))
	assert.NoError(t, err)
	code, err := gen.Generate(c, gen.Options{})
	assert.NoError(t, err)
	for _, want := range []string{
		"//\n// A lamp\n// for the desk.\npackage lamp\n",
		"//\n// asks for light\n// in lumen\ntype On struct",
		"//\n// There is no light.\ntype Dark struct",
		"//\n// Takes a second.\nfunc (s Dark) On(",
		"//\n\t// Takes a second.\n\tDarkOn(",
		"//\n// once an hour\nfunc (s Dark) SendTick(",
		"//\n\t// or not\n\tTick(",
	} {
		assert.True(t, strings.Contains(string(code), want), "%q is not in\n%s", want, code)
	}
}

func TestMistakes(t *testing.T) {
	c, err := contract.Parse("x.con", []byte("+NAME(\"x\").\n+VSN(\"1\").\n+TYPES a() :: a.\n"))
	assert.NoError(t, err)
	_, err = gen.Generate(c, gen.Options{})
	assert.True(t, err != nil && strings.Contains(err.Error(), "no rules"), "%v", err)
	c, err = contract.Parse("x.con", []byte(odd))
	assert.NoError(t, err)
	_, err = gen.Generate(c, gen.Options{Package: "a-b"})
	assert.True(t, err != nil && strings.Contains(err.Error(), "no name of a package"), "%v", err)
	code, err := gen.Generate(c, gen.Options{})
	assert.NoError(t, err)
	assert.True(t, strings.Contains(string(code), "\npackage oddone\n"), "%.300s", code)
}
