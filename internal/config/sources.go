package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
)

// Sources say where configuration comes from, besides the defaults. The zero value has none.
type Sources struct {
	File   string // path of a file; empty: none
	From   string // who named it, for errors
	Parse  func(data []byte) (map[string]any, error)
	Env    []string // KEY=value, as os.Environ; nil: none
	Prefix string   // before the names in Env
	Flags  []string // --key=value
}

// Input is what the sources say.
type Input struct {
	file   *node  // nil: none
	path   string // its name, for people
	prefix string
	env    map[string]string
	flags  []flagged
}

type flagged struct {
	key, text string
	bare      bool // without a value
}

// Read asks the sources. It does not look at names and types yet. The error is an [*Error] or an [Errors].
func Read(s Sources) (*Input, error) {
	in := &Input{prefix: s.Prefix, env: map[string]string{}}
	for _, kv := range s.Env {
		if key, val, ok := strings.Cut(kv, "="); ok {
			in.env[key] = val
		}
	}
	var wrong Errors
	for _, f := range s.Flags {
		name, long := strings.CutPrefix(f, "--")
		key, val, has := strings.Cut(name, "=")
		if !long || !strings.Contains(key, ".") {
			wrong = append(wrong, &Error{Value: quote(f), Source: "the command line", Why: "not a key: want --application.key=value"})
			continue
		}
		in.flags = append(in.flags, flagged{key: key, text: val, bare: !has})
	}
	if s.File != "" {
		in.path = filepath.Base(s.File)
		var err error
		if in.file, err = readFile(s); err != nil {
			source := s.File
			if s.From != "" {
				source += ", which " + s.From + " names"
			}
			wrong = append(wrong, &Error{Source: source, Why: err.Error()})
		}
	}
	return in, wrong.or()
}

func readFile(s Sources) (*node, error) {
	data, err := contents(s.File)
	if err != nil {
		return nil, err
	}
	data = bytes.TrimPrefix(data, []byte("\xEF\xBB\xBF")) // what some editors put before UTF-8
	if s.Parse == nil {
		return parseJSON(data)
	}
	m, err := s.Parse(data)
	if err != nil {
		return nil, err
	}
	return fromAny(m, 0)
}

// contents reads a file that ends. A pipe may not, and is empty when it is read again.
func contents(path string) ([]byte, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, errors.New("there is no such file")
	case err != nil:
		return nil, err
	case info.IsDir():
		return nil, errors.New("it is a directory: want a file")
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("it is no regular file (%v): want one, since it is read again when it changes", info.Mode().Type())
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(data) > maxFile {
		err = fmt.Errorf("it is larger than the %d MiB that are read", maxFile>>20)
	}
	return data, err
}

func (in *Input) line(n *node) string {
	if n.line == 0 {
		return in.path
	}
	return fmt.Sprintf("%s:%d", in.path, n.line)
}

// Strangers are the mistakes of sources that speak of none of the applications: sections of a file, and flags. Variables
// belong to nobody, so those of unknown applications are not among them.
func (in *Input) Strangers(known []string) error {
	is := map[string]bool{}
	for _, name := range known {
		is[name] = true
	}
	var wrong Errors
	why := func(name string) string {
		return fmt.Sprintf("there is no application %s%s", name, nearest(name, known))
	}
	if in.file != nil {
		for _, name := range in.file.keys {
			if !is[name] {
				wrong = append(wrong, &Error{Key: name, Source: in.line(in.file.vals[name]), Why: why(name)})
			}
		}
	}
	for _, f := range in.flags {
		if name, _, _ := strings.Cut(f.key, "."); !is[name] {
			wrong = append(wrong, &Error{Key: f.key, Source: "--" + f.key, Why: why(name)})
		}
	}
	return wrong.or()
}

// own returns the variables of one application: those with its prefix that no application with a longer name claims.
func (in *Input) own(app string, known []string) (names []string) {
	prefix := in.prefix + strings.ToUpper(app) + "_"
	for name := range in.env {
		mine := strings.HasPrefix(name, prefix)
		for _, other := range known {
			p := in.prefix + strings.ToUpper(other) + "_"
			if len(p) > len(prefix) && strings.HasPrefix(name, p) {
				mine = false
			}
		}
		if mine {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	return names
}

// kubernetes reports whether a variable is one that Kubernetes sets for a service, which may have an application's name.
func kubernetes(rest string) bool {
	return strings.HasPrefix(rest, "SERVICE_HOST") || strings.HasPrefix(rest, "SERVICE_PORT") ||
		rest == "PORT" || strings.HasPrefix(rest, "PORT_")
}

// nearest suggests the name that somebody may have meant.
func nearest(name string, known []string) string {
	best, least := "", 3
	for _, k := range known {
		if d := distance(strings.ToLower(name), strings.ToLower(k)); d < least && d < len(name) {
			best, least = k, d
		}
	}
	if best == "" {
		return ""
	}
	return "; do you mean " + best + "?"
}

// distance is the number of letters to change, insert or remove.
func distance(a, b string) int {
	const long = 200
	if len(a) > long || len(b) > long {
		return long
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diag := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diag
			if a[i] != b[j] {
				cost++
			}
			diag = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
