package main

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/kista-go/kista/etf"
	"github.com/kista-go/kista/internal/assert"
	"github.com/kista-go/kista/internal/erltest"
	"github.com/kista-go/kista/internal/termtest"
	"github.com/kista-go/kista/term"
)

// termRun runs "kista term" on lines and returns the lines that it prints and its status.
func termRun(t *testing.T, lines []string, args ...string) (out []string, status int) {
	t.Helper()
	cmd := command(t, append([]string{"term"}, args...)...)
	cmd.Stdin = strings.NewReader(strings.Join(lines, "\n") + "\n")
	text, err := cmd.Output()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if len(lines) == 0 {
		return nil, cmd.ProcessState.ExitCode()
	}
	out = strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	assert.Equal(t, len(out), len(lines))
	return out, cmd.ProcessState.ExitCode()
}

// load reads a file of golden data.
func load(t *testing.T, v any, path ...string) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(append([]string{"..", ".."}, path...)...))
	assert.NoError(t, err)
	assert.NoError(t, json.Unmarshal(b, v))
}

// isError tells whether a line is one, with its place.
var isError = regexp.MustCompile(`^error.*byte \d+`)

// nodes are the first numbers of pids, ports and references, which every printing node has its own of.
var nodes = regexp.MustCompile(`(#Ref<|#Port<|<)(\d+\.|\d+>$)`)

func anyNode(text string) string {
	return nodes.ReplaceAllStringFunc(text, func(s string) string {
		if strings.HasPrefix(s, "<") && strings.HasSuffix(s, ">") { // of a binary
			return s
		}
		return s[:strings.IndexByte(s, '<')] + "<N" + s[len(s)-1:]
	})
}

// All of etf.json: what is valid is printed as Erlang printed it, and encoded again as Erlang encoded it; everything else is
// refused, with its place.
func TestTermVectorsETF(t *testing.T) {
	type vector struct {
		Why, Hex, Term, B2T, Safe, Re string
		MV2, MV1, MV0, Det, Zip       string
		Used                          int
	}
	var v struct {
		Valid, Malformed, Safe []vector
		DecodeOnly             []vector `json:"decode_only"`
		Order                  []vector
	}
	load(t, &v, "etf", "testdata", "etf.json")
	var ins, texts, encoded, old []string
	for _, e := range v.Valid {
		for _, form := range []string{e.MV2, e.MV1, e.MV0, e.Det, e.Zip} {
			if form == "" {
				continue
			}
			ins, texts = append(ins, form), append(texts, e.Term)
			if e.Det != "" {
				encoded, old = append(encoded, e.Det), append(old, "")
				continue
			}
			encoded = append(encoded, e.MV2)
			if old = append(old, e.MV1); e.MV1 == "" {
				old[len(old)-1] = e.MV2
			}
		}
	}
	text, status := termRun(t, ins, "--from", "etf", "--hex")
	assert.Equal(t, status, 0)
	again, status := termRun(t, ins, "--from", "etf", "--to", "etf", "--hex")
	assert.Equal(t, status, 0)
	older, status := termRun(t, ins, "--from", "etf", "--to", "etf", "--hex", "--minor1")
	assert.Equal(t, status, 0)
	hashed := 0 // maps of more than 32 pairs, which OTP 25 prints and encodes in the order of a hash
	for i := range ins {
		got, want := anyNode(text[i]), anyNode(texts[i])
		if got != want {
			a, err := term.Parse(got)
			assert.NoError(t, err)
			if b, err := term.Parse(want); err != nil || !term.Identical(a, b) {
				t.Errorf("%s: printed\n%s\nwant\n%s", ins[i], got, want)
			}
			hashed++
		}
		if again[i] != encoded[i] {
			t.Errorf("%s: encoded\n%s\nwant\n%s", ins[i], again[i], encoded[i])
		}
		if old[i] != "" && got == want && older[i] != old[i] {
			t.Errorf("%s: minor version 1:\n%s\nwant\n%s", ins[i], older[i], old[i])
		}
	}
	t.Logf("etf.json, valid: %d terms in %d forms, %d of them large maps in another order", len(v.Valid), len(ins), hashed)

	refused := func(name string, vs []vector, verdict func(vector) string, args ...string) {
		t.Helper()
		var ins []string
		bad, good := 0, 0
		for _, e := range vs {
			ins = append(ins, e.Hex)
		}
		out, status := termRun(t, ins, append([]string{"--from", "etf", "--hex"}, args...)...)
		for i, e := range vs {
			ok := verdict(e) == "ok" && (e.Used == 0 || 2*e.Used >= len(e.Hex))
			if ok == isError.MatchString(out[i]) {
				t.Errorf("%s: %s: %s: %s", name, e.Why, e.Hex, out[i])
			}
			if ok && e.Term != "" {
				assert.Equal(t, anyNode(out[i]), anyNode(e.Term))
			}
			if ok {
				good++
			} else {
				bad++
			}
		}
		assert.Equal(t, status, min(bad, 1))
		t.Logf("etf.json, %s: %d taken, %d refused", name, good, bad)
	}
	b2t := func(v vector) string { return v.B2T }
	refused("decode only", v.DecodeOnly, b2t)
	refused("malformed", v.Malformed, b2t)
	refused("safe", v.Safe, b2t)
	refused("safe, with --safe", v.Safe, func(v vector) string { return v.Safe }, "--safe")
}

func TestTermVectorsUBFA(t *testing.T) {
	type vector struct {
		Name, Erlang, Hex, Result string
		Rest                      string `json:"rest_hex"`
	}
	var v struct{ Encode, Decode, Unencodable []vector }
	load(t, &v, "ubfa", "testdata", "ubfa.json")
	var terms, bytes []string
	for _, e := range v.Encode {
		if e.Hex != "" && e.Erlang != "" {
			terms, bytes = append(terms, e.Erlang), append(bytes, e.Hex)
		}
	}
	out, status := termRun(t, terms, "--to", "ubfa", "--hex", "--compat")
	assert.Equal(t, status, 0)
	text, _ := termRun(t, terms)
	back, _ := termRun(t, bytes, "--from", "ubfa", "--hex", "--compat")
	lossy := 0
	for i := range terms {
		if out[i] != bytes[i] {
			t.Errorf("%s: %s, want %s", terms[i], out[i], bytes[i])
		}
		if back[i] != text[i] { // the encoder of UBF 2.2.4 writes what nobody reads
			lossy++
		}
	}
	t.Logf("ubfa.json, encode: %d the same bytes; %d of them do not read back", len(terms), lossy)
	var ins []string
	for _, e := range v.Decode {
		ins = append(ins, e.Hex)
	}
	out, status = termRun(t, ins, "--from", "ubfa", "--hex", "--compat")
	assert.Equal(t, status, 1)
	counts := map[string]int{}
	for i, e := range v.Decode {
		rest, _ := hex.DecodeString(e.Rest)
		ok := e.Result == "done" && strings.Trim(string(rest), " \t\r\n,") == ""
		if ok == isError.MatchString(out[i]) {
			t.Errorf("%s: %s: %s: %s", e.Name, e.Hex, e.Result, out[i])
		}
		counts[e.Result]++
	}
	t.Logf("ubfa.json, decode: %v", counts)
	ins = nil
	for _, e := range v.Unencodable {
		if e.Name != "pid" {
			ins = append(ins, e.Erlang)
		}
	}
	out, _ = termRun(t, ins, "--to", "ubfa")
	for i, line := range out {
		assert.True(t, strings.HasPrefix(line, "error: ubfa: cannot encode"), "%s: %s", ins[i], line)
	}
}

func TestTermVectorsJSF(t *testing.T) {
	var v struct {
		Encode []struct{ Erlang, JSON string }
		Decode []struct{ JSON, Result string }
	}
	load(t, &v, "jsf", "testdata", "jsf.json")
	latin1 := func(s string) string {
		var b []byte
		for _, r := range s {
			b = append(b, byte(r))
		}
		return string(b)
	}
	var terms, texts []string
	records := 0
	for _, e := range v.Encode {
		if strings.HasPrefix(e.JSON, `{"$R"`) { // of a contract, which is not here
			records++
			continue
		}
		terms, texts = append(terms, e.Erlang), append(texts, latin1(e.JSON))
	}
	out, status := termRun(t, terms, "--to", "jsf")
	assert.Equal(t, status, 0)
	for i := range terms {
		assert.Equal(t, out[i], texts[i])
	}
	t.Logf("jsf.json, encode: %d the same bytes, %d records of a contract left out", len(terms), records)
	var ins []string
	for _, e := range v.Decode {
		ins = append(ins, hex.EncodeToString([]byte(latin1(e.JSON))))
	}
	out, status = termRun(t, ins, "--from", "jsf", "--hex")
	assert.Equal(t, status, 1)
	for i, e := range v.Decode {
		text, done := strings.CutPrefix(e.Result, "done ")
		if !done || strings.Contains(e.JSON, "$R") {
			assert.True(t, isError.MatchString(out[i]), "%s: %s", e.JSON, out[i])
			continue
		}
		want, _ := termRun(t, []string{text})
		assert.Equal(t, out[i], want[0])
	}
}

// A real node prints the same text of the same bytes.
func TestTermPrintsAsErlang(t *testing.T) {
	node := erltest.Start(t, `fun(B) -> unicode:characters_to_binary(io_lib:format("~tw", [binary_to_term(B)])) end`)
	gen := termtest.Gen{NoIdentifiers: true, MaxPairs: 20, NoNegativeZero: true}.Term()
	var ins, want []string
	for i := range 300 {
		b, err := etf.Encode(gen.Example(i))
		assert.NoError(t, err)
		ins, want = append(ins, hex.EncodeToString(b)), append(want, string(node.Call(t, b)))
	}
	out, status := termRun(t, ins, "--from", "etf", "--hex")
	assert.Equal(t, status, 0)
	for i := range ins {
		assert.Equal(t, out[i], want[i])
	}
}

func TestTermStreams(t *testing.T) {
	run := func(in string, args ...string) (string, int) {
		cmd := command(t, append([]string{"term"}, args...)...)
		cmd.Stdin = strings.NewReader(in)
		var errs bytes.Buffer
		cmd.Stderr = &errs
		out, _ := cmd.Output()
		return string(out) + errs.String(), cmd.ProcessState.ExitCode()
	}
	for name, tt := range map[string]struct {
		in     string
		args   []string
		out    string
		status int
	}{
		"ubfa":       {"'a'$ {1,2}$\n\n3~\n\n\n~$", []string{"--from", "ubfa"}, "a\n{1,2}\n<<10,10,10>>\n", 0},
		"a bad line": {"'a'$\n2}$ 5$\n'b'$\n{1", []string{"--from", "ubfa"}, "a\nerror: ubfa: malformed message at byte 6: a struct is closed, and none is open\nb\nerror: ubfa: message cut short at byte 19: want '}' and '$': 1 structs are open\n", 1},
		"to ubfa":    {"{a,1}\n\"x\"\n", []string{"--to", "ubfa"}, "{'a',1}$\n#120&$\n", 0},
		"etf":        {"\x83a\x01\x83jx", []string{"--from", "etf"}, "1\n[]\nerror: etf: malformed term at byte 5: version byte 120, want 131\n", 1},
		"to etf":     {"1\n{\n[]", []string{"--to", "etf"}, "\x83a\x01\x83jerror: term: syntax error at byte 1: a term cannot begin with end of text\n", 1},
		"jsf":        {"[1]\r\n{\"$A\":\"a\"}", []string{"--from", "jsf", "--to", "ubfa"}, "#1&$\n'a'$\n", 0},
		"lines":      {"1\n\n2\n", nil, "1\nerror: term: syntax error at byte 0: a term cannot begin with end of text\n2\n", 1},
		"no hex":     {"836101\n83610\nxy\n", []string{"--from", "etf", "--hex"}, "1\nerror: hex: half a byte behind byte 2\nerror: hex: 'x' is no hexadecimal digit, behind byte 0\n", 1},
		"jsf in hex": {"5b315d\n[2]\n12\nxyz\n5b31\n", []string{"--from", "jsf", "--hex", "--to", "etf"}, "836b000101\n836b000102\nerror: jsf: malformed text at byte 0: '\\x12' where a value is wanted\nerror: jsf: malformed text at byte 0: 'x' where a value is wanted\nerror: jsf: text cut short at byte 2: the bytes end here\n", 1},
		"hex to jsf": {"836b000101\n", []string{"--from", "etf", "--hex", "--to", "jsf"}, "[1]\n", 0},
		"limits":     {"[1,2,3]\n", []string{"--from", "jsf", "--max-terms", "2"}, "error: jsf: limit exceeded at byte 3: more than 2 terms\n", 1},
		"safe":       {"zz_pop\nok\nzz_top\n", []string{"--safe", "--atom", "zz_top"}, "error: text: unknown atom zz_pop\nok\nzz_top\n", 1},
		"no such":    {"", []string{"--from", "xml"}, "kista: term: there is no encoding \"xml\": take one of etf, jsf, text, ubfa\n", 2},
		"names":      {"835877036140620000002600000000000000018358770361406200000026000000000000000\n", []string{"--from", "etf", "--hex", "--node-names"}, "error: hex: half a byte behind byte 37\n", 1},
		"a name":     {"83587703614062000000260000000000000001\n", []string{"--from", "etf", "--hex", "--node-names"}, "<a@b.38.0>\n", 0},
	} {
		t.Run(name, func(t *testing.T) {
			out, status := run(tt.in, tt.args...)
			assert.Equal(t, out, tt.out)
			assert.Equal(t, status, tt.status)
		})
	}
	path := filepath.Join(t.TempDir(), "terms")
	assert.NoError(t, os.WriteFile(path, []byte("{a, b}."), 0o600))
	out, status := run("", path)
	assert.Equal(t, out, "{a,b}\n")
	assert.Equal(t, status, 0)
	_, status = run("", "no such file")
	assert.Equal(t, status, 2)
}
