package contract_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/kista-go/kista/contract"
	"github.com/kista-go/kista/internal/assert"
)

const heading = "+NAME(\"t\").\n+VSN(\"1\").\n"

// places returns "line:column code" of each diagnostic of a severity.
func places(ds []contract.Diagnostic, sev contract.Severity) []string {
	var at []string
	for _, d := range ds {
		if d.Severity == sev {
			at = append(at, fmt.Sprintf("%d:%d %s", d.Pos.Line, d.Pos.Column, d.Code))
		}
	}
	return at
}

func TestErrorsHavePlaces(t *testing.T) {
	for _, c := range []struct{ src, want string }{
		{heading + "+TYPES\na() :: {x, };\nb() :: [y;\nc() = 5.\n+STATE S a() => b() & s.\n", "4:12 syntax 5:10 syntax 6:5 syntax 7:8 syntax"},
		{heading + "+TYPES\na() :: \"abc;\nb() :: b.\n", "4:8 lexical 5:1 syntax"},
		{heading + "+TYPES a() :: ^; b() :: ^.\n", "3:15 lexical 3:25 lexical"},
		{
			heading + "+TYPES a() :: b(); a() :: int().\n+STATE s a() => a() & nowhere.\n+STATE s a() => a() & stop.\n",
			"3:15 missing-type 3:20 duplicate-type 3:27 missing-type 4:17 missing-state 5:8 duplicate-state",
		},
		{heading + "+TYPES a() :: atom(ascii,asciiprintable) | integer(nonempty) | #r{x::a(), x::a()}.\n", "3:15 attribute 3:44 attribute 3:75 duplicate-field"},
		{heading + "+TYPES nil() :: x; atom() :: y.\n+STATE s nil() => nil() & stop.\n", "3:8 conflicting-type 3:20 unused-type"},
		{"+NAME(\"t\").\n", "1:1 forms"},
		{heading + "+VSN(\"2\").\n", "3:1 forms"},
		{heading + "+TYPES a() :: 1.0" + strings.Repeat("0", 5000) + ".\n", ""},
		{heading + "+TYPES a() :: 1" + strings.Repeat("0", 5000) + ".\n", "3:15 limit"},
		{heading + "+TYPES a() :: " + strings.Repeat("[", 600) + "x" + strings.Repeat("]", 600) + ".\n", "3:515 limit"},
		{heading + "+IMPORT(\"x.con\").\n", "3:1 import"},
		{heading + "+TYPES a() :: a", "3:16 syntax"},
		{heading + "+TYPES a() :: a.", "3:16 lexical"},
	} {
		_, err := contract.Parse("t.con", []byte(c.src))
		var perr *contract.ParseError
		var got []string
		if errors.As(err, &perr) {
			got = places(perr.Diagnostics, contract.Error)
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%.80q: %v\nwant %v", c.src, got, c.want)
		}
	}
}

func TestHints(t *testing.T) {
	for src, want := range map[string]string{
		"+TYPES a() :: fileHandel(); fileHandle() :: 1.\n":    "did you mean fileHandle()?",
		"+TYPES a() :: int().\n":                              "UBF 2.x calls it integer()",
		"+TYPES a() :: a.\n+STATE redy a() => a() & ready.\n": "did you mean redy?",
		"+TYPES a() :: a; b() = b.\n":                         `writes "::"`,
		"+STATE Start a() => a() & s.\n":                      "begin with a small letter",
		"+TYPES a() :: 'it\\'s'.\n":                           "no escapes",
	} {
		if _, err := contract.Parse("t.con", []byte(heading+src)); err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "contract: t.con:") {
			t.Errorf("%q: %v, want %q", src, err, want)
		}
	}
}

// The talk shows one protocol in several notations. All are the file server.
func TestSlidesAreTheFileServer(t *testing.T) {
	functions := `+type start x file_server_slides:open(fileName(), read | write) ->
  {ok, fileHandle()} x ready
  | {error, string()} x stop.
+type ready x file_server_slides:read_line(fileHandle()) ->
  {ok, string()} × ready
  | eof x atEof.
+type ready | atEof x file_server_slides:close(fileHandle()) -> true x stop.
+type ready | atEof x file_server_slides:rewind(fileHandle()) -> true x ready.
+deftype fileName() = [int()]
+deftype string()   = [int()].
+deftype fileHandle() = pid().
`
	protocol, err := contract.ParseFile("testdata/file_server_slides.con")
	assert.NoError(t, err)
	api := parse(t, functions)
	assert.Equal(t, api.Dialect, contract.Slides)
	one, _, _ := strings.Cut(protocol.String(), "+STATE")
	two, _, _ := strings.Cut(api.String(), "+STATE")
	sorted := func(s string) string {
		lines := strings.Split(strings.NewReplacer(";", "", ".\n", "\n").Replace(s), "\n")
		slices.Sort(lines)
		return strings.Join(lines, "\n")
	}
	assert.Equal(t, sorted(two), sorted(one))
	for _, pair := range [][2]*contract.Contract{{protocol, api}, {api, protocol}} {
		if res := contract.Compare(pair[0], pair[1]); !res.Safe {
			t.Errorf("%v %v", res.Breaks, res.Undecided)
		}
	}
	// It can be given to the compiler of UBF 2.x.
	if _, err := (contract.Parser{Dialect: contract.UBF2}).Parse("t.con", []byte(protocol.String())); err != nil {
		t.Error(err)
	}
}

func TestSlideBlock(t *testing.T) {
	c := parse(t, "+state active\n {play, string()} => yes    x  playing;\n                  |  no    x  active\n+state playing\n stop => ok x active; pause => ok x playing.\n")
	var rules []string
	for _, s := range c.States {
		for _, r := range s.Rules {
			rules = append(rules, string(s.Name)+": "+r.String())
		}
	}
	assert.Equal(t, rules, []string{
		"active: play() => yes() & playing | no() & active", "playing: stop() => ok() & active", "playing: pause() => ok() & playing",
	})
	assert.Equal(t, contract.TypeString(c.Lookup("play").Type), "{play, ubfstring()}")
}

func TestOldNotation(t *testing.T) {
	src := "+NAME(\"irc\").\n+VSN(\"ubf1.0\").\n+TYPES\nnick() = string() \"who\"; n() = int() | constant(); v() = void(); timeout() = bin().\n" +
		"+STATE start {join, nick()} => n() & start | v() & stop; EVENT => timeout().\n+ANYSTATE n() => n().\n"
	c := parse(t, src)
	assert.Equal(t, c.Dialect, contract.UBF1)
	for name, want := range map[string]string{
		"nick": "ubfstring()", "n": "integer() | atom()", "v": "none()", "timeout_2": "binary()", "join": "{join, nick()}",
	} {
		if d := c.Lookup(name); d == nil || contract.TypeString(d.Type) != want {
			t.Errorf("%s is %v, want %s", name, d, want)
		}
	}
	// UBF 1.x wants all four forms.
	_, err := contract.Parse("t.con", []byte("+NAME(\"t\").\n+VSN(\"1\").\n+TYPES a() = a.\n"))
	if err == nil || !strings.Contains(err.Error(), "+ANYSTATE") {
		t.Errorf("%v", err)
	}
	if _, err := (contract.Parser{Dialect: contract.UBF2}).Parse("t.con", []byte(src)); err == nil {
		t.Error("UBF 2.x takes the notation of 1.x")
	}
}

func TestImports(t *testing.T) {
	files := fstest.MapFS{
		"base.con":  {Data: []byte(heading + "+TYPES id() :: 1..9; name() :: ubfstring(); user() :: {user, id(), name()}.\n")},
		"mid.con":   {Data: []byte(heading + "+IMPORT(\"base.con\").\n+TYPES pair() :: {id(), id()}.\n")},
		"other.con": {Data: []byte(heading + "+TYPES id() :: atom().\n")},
		"loop.con":  {Data: []byte(heading + "+IMPORT(\"pool.con\").\n")},
		"pool.con":  {Data: []byte(heading + "+IMPORT(\"loop.con\").\n")},
		"bad.con":   {Data: []byte(heading + "+TYPES a() :: .\n")},
	}
	for _, c := range []struct{ src, want string }{
		{"+IMPORT(\"mid.con\").\n+TYPES a() :: {pair(), user()}.\n", ""},
		{"+IMPORT(\"base.con\", [id]).\n+TYPES a() :: id().\n", ""},
		{"+IMPORT(\"base.con\", [user]).\n+TYPES a() :: user().\n", "needs id()"},
		{"+IMPORT(\"base.con\", except [user]).\n+TYPES a() :: {id(), name()}.\n", ""},
		{"+IMPORT(\"base.con\", except [user]).\n+TYPES a() :: user().\n", "user() is not defined"},
		{"+IMPORT(\"base.con\", [nobody]).\n", "has no type nobody()"},
		{"+IMPORT(\"base.con\").\n+IMPORT(\"mid.con\").\n+TYPES a() :: pair().\n", ""},
		{"+IMPORT(\"base.con\").\n+IMPORT(\"other.con\").\n", "two definitions"},
		{"+IMPORT(\"base.con\").\n+TYPES id() :: 1..9.\n", ""},
		{"+IMPORT(\"base.con\").\n+TYPES id() :: 1..8.\n", "another definition"},
		{"+IMPORT(\"loop.con\").\n", "imports itself"},
		{"+IMPORT(\"bad.con\").\n", "bad.con:3:15"},
		{"+IMPORT(\"none.con\").\n", "cannot be imported"},
		{"+IMPORT(\"../secret.con\").\n", "cannot be imported"},
	} {
		p := contract.Parser{FS: files}
		got, err := p.Parse("t.con", []byte(heading+c.src))
		if c.want == "" {
			if err != nil {
				t.Errorf("%q: %v", c.src, err)
				continue
			}
			compiled(t, got)
			again, err := p.Parse("t.con", []byte(got.String()))
			if err != nil || again.String() != got.String() {
				t.Errorf("%q is not read back: %v\n%s", c.src, err, got)
			}
			continue
		}
		var perr *contract.ParseError
		if !errors.As(err, &perr) || !slices.ContainsFunc(perr.Diagnostics, func(d contract.Diagnostic) bool { return strings.Contains(d.String(), c.want) }) {
			t.Errorf("%q: %v, want %q", c.src, err, c.want)
		}
	}
	c, err := contract.Parser{FS: files, Imports: []string{"base.con"}, Dialect: contract.UBF2}.Parse("t.con", []byte(heading+"+TYPES a() :: user().\n"))
	assert.NoError(t, err)
	assert.NoError(t, compiled(t, c).Match("a", tuple("user", 1, ubfString("joe"))))
	_, err = contract.ParseFile("testdata/nothing.con")
	assert.ErrorIs(t, err, fs.ErrNotExist)
}

func TestCommentsStay(t *testing.T) {
	src, err := os.ReadFile("testdata/file_server.con")
	assert.NoError(t, err)
	c, err := contract.Parse("t.con", src)
	assert.NoError(t, err)
	commented := "% head\n" + heading + "\n+TYPES % the types\n% of a\na() :: a; % a is a\n\nbb() :: b. % b\n\n+STATE s\n    % the rule\n    a() => bb() & stop. % ends\n\n% foot\n"
	k := parse(t, commented)
	once := string(k.Format())
	if again := string(parse(t, once).Format()); again != once {
		t.Errorf("formatted twice\n%s\nonce\n%s", again, once)
	}
	for _, comment := range []string{"% head\n+NAME", "+TYPES % the types\n", "% of a\na()  :: a; % a is a\n", "% b\n", "    % the rule\n    a() =>", "% ends\n", "\n% foot\n"} {
		if !strings.Contains(strings.ReplaceAll(once, "a() :: a", "a()  :: a"), comment) {
			t.Errorf("no %q in\n%s", comment, once)
		}
	}
	if !strings.Contains(string(c.Format()), "% The file server of the talk") || strings.Contains(c.String(), "%") {
		t.Error("String has comments, or Format has none")
	}
}
