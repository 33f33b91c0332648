package guard

import (
	"path"
	"regexp"
	"slices"
	"strings"
)

var noReplace = Rule{
	Name: "no replace",
	Why:  "a replace directive works here and breaks go install for everybody else",
	// The benchmark is the exception: it measures the tree that it lies in, is
	// run from there only, and is a module of its own so that what it compares
	// with is required by nobody else.
	Check: func(t *Tree) []Problem {
		var ps problems
		for _, f := range t.Files {
			if path.Base(f.Path) != "go.mod" {
				continue
			}
			for i, line := range strings.Split(f.Text, "\n") {
				if f.Path == "bench/go.mod" && line == "replace "+t.Module+" => .." {
					continue
				}
				if words := strings.Fields(line); len(words) > 0 && strings.HasPrefix(words[0], "replace") {
					ps.add(lineOf(f, i), "a replace directive: require a released version, or use go.work while developing")
				}
			}
		}
		return ps
	},
}

// machine matches what belongs to one computer or one company's network. The
// words are put together from halves so that this file does not match itself.
var machine = regexp.MustCompile(strings.Join([]string{
	`(^|[\s"'(=:` + "`" + `])/(wo` + `rk|ro` + `ot|ho` + `me|Us` + `ers)/`,
	`pro` + `xy\.golang`,
	`regis` + `try\.npmjs`,
	`deb\.deb` + `ian`,
}, "|"))

var noMachine = Rule{
	Name: "no machine",
	Why:  "the tree must mean the same on every computer",
	Check: func(t *Tree) []Problem {
		var ps problems
		for _, f := range t.Files {
			for i, line := range strings.Split(f.Text, "\n") {
				if found := machine.FindString(line); found != "" {
					ps.add(lineOf(f, i), "%q names a place on one machine or a registry's host: use a relative path, t.TempDir or a tool's default", strings.TrimSpace(found))
				}
			}
		}
		return ps
	},
}

// link matches an inline link or image of Markdown, and the definition of a
// reference link; the target is in the first group that took part.
var link = regexp.MustCompile(`\]\(([^)\s]+)[^)]*\)|^\[[^\]]+\]:\s+(\S+)`)

// scheme matches the beginning of an absolute URL.
var scheme = regexp.MustCompile(`^[a-z][a-z0-9+.-]*:`)

var links = Rule{
	Name: "links",
	Why:  "a page that points nowhere loses its reader",
	Check: func(t *Tree) []Problem {
		var ps problems
		for _, f := range t.Files {
			if path.Ext(f.Path) != ".md" {
				continue
			}
			prose(f, func(i int, line string) {
				for _, m := range link.FindAllStringSubmatch(line, -1) {
					target := m[1] + m[2]
					if !scheme.MatchString(target) {
						checkLink(t, &ps, f, i, target)
					}
				}
			})
		}
		return ps
	},
}

func checkLink(t *Tree, ps *problems, f File, i int, target string) {
	name, anchor, _ := strings.Cut(target, "#")
	page := path.Join(path.Dir(f.Path), name)
	if name == "" {
		page = f.Path
	}
	if !t.has(page) {
		ps.add(lineOf(f, i), "link to %s, which does not exist", target)
		return
	}
	if anchor != "" && path.Ext(page) == ".md" && !slices.Contains(anchors(t.text(page)), anchor) {
		ps.add(lineOf(f, i), "link to %s: %s has no heading with that anchor", target, page)
	}
}

// anchors returns the anchors that the headings of a page get.
func anchors(text string) []string {
	var all []string
	prose(File{Text: text}, func(_ int, line string) {
		if heading := strings.TrimLeft(line, "#"); heading != line && strings.HasPrefix(heading, " ") {
			heading = strings.ToLower(strings.TrimSpace(heading))
			heading = regexp.MustCompile(`[^\p{L}\p{N} _-]`).ReplaceAllString(heading, "")
			all = append(all, strings.ReplaceAll(heading, " ", "-"))
		}
	})
	return all
}

// code matches inline code.
var code = regexp.MustCompile("`[^`]*`")

// prose calls do for each line of a page that is not in a fence, without its
// inline code; i counts from 0.
func prose(f File, do func(i int, line string)) {
	fenced := false
	for i, line := range strings.Split(f.Text, "\n") {
		switch {
		case strings.HasPrefix(strings.TrimSpace(line), "```"):
			fenced = !fenced
		case !fenced && strings.HasPrefix(line, "#"):
			do(i, line) // a heading's code is part of its anchor
		case !fenced:
			do(i, code.ReplaceAllString(line, ""))
		}
	}
}

var commands = Rule{
	Name: "commands",
	Why:  "what a page tells the reader to type must work",
	Check: func(t *Tree) []Problem {
		var ps problems
		for _, f := range t.Files {
			if path.Ext(f.Path) != ".md" {
				continue
			}
			shell := false
			for i, line := range strings.Split(f.Text, "\n") {
				line = strings.TrimSpace(line)
				if info, ok := strings.CutPrefix(line, "```"); ok {
					shell = !shell && slices.Contains([]string{"sh", "bash", "shell", "console"}, info)
					continue
				}
				if shell {
					for command := range strings.SplitSeq(strings.TrimPrefix(line, "$ "), "&&") {
						if why := refuseCommand(t, strings.Fields(command)); why != "" {
							ps.add(lineOf(f, i), "%s", why)
						}
					}
				}
			}
		}
		return ps
	},
}

// assignment matches VAR=value, before a command or among make's arguments.
var assignment = regexp.MustCompile(`^[A-Za-z_]+=`)

// target matches the targets of a rule in a makefile.
var target = regexp.MustCompile(`(?m)^([A-Za-z0-9_ -]+):([^=]|$)`)

// refuseCommand says what is wrong with a command, "" if nothing.
func refuseCommand(t *Tree, words []string) string {
	for len(words) > 0 && assignment.MatchString(words[0]) {
		words = words[1:]
	}
	switch {
	case len(words) > 1 && words[0] == "make":
		var targets []string
		for _, m := range target.FindAllStringSubmatch(t.text("Makefile"), -1) {
			targets = append(targets, strings.Fields(m[1])...)
		}
		for _, word := range words[1:] {
			if word[0] == '#' {
				break
			}
			if word[0] != '-' && !assignment.MatchString(word) && !slices.Contains(targets, word) {
				return "make " + word + ": the Makefile has no such target"
			}
		}
	case len(words) > 2 && words[0] == "go" && (words[1] == "run" || words[1] == "install"):
		for _, word := range words[2:] {
			dir, ours := strings.CutPrefix(word, "./")
			if !ours {
				dir, ours = strings.CutPrefix(word, t.Module+"/")
				dir, _, _ = strings.Cut(dir, "@")
			}
			if ours {
				return refuseProgram(t, words[1], path.Clean(dir))
			}
		}
	}
	return ""
}

// refuseProgram says why dir cannot be run, "" if it can.
func refuseProgram(t *Tree, verb, dir string) string {
	for _, p := range t.Packages {
		if p.Dir == dir && p.Command() {
			return ""
		}
	}
	return "go " + verb + " " + dir + ": there is no such program in the tree"
}
