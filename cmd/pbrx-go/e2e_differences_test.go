package main

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/moby/patternmatcher"
)

// How two images differ, and whether that was expected.

// facts are what is compared of an image, each by a name: a path of its file system, FILE:ROW of what is read by rows,
// config:KEY of how it is run.
type facts map[string]string

// factsOf reads an image. Times are left out, and with them what is in files of byte code: each begins with the time of its
// source, which is compared, and some hold traces of what the compiler had in memory.
func factsOf(t *testing.T, img ociImage) facts {
	t.Helper()
	all := facts{}
	for name, f := range treeOf(t, img) {
		all[name] = f.what
		if path.Ext(name) == ".pyc" {
			all[name] = withoutContent(f.what)
		}
	}
	for name, text := range contents(t, img, slices.Collect(maps.Keys(rowFiles()))) {
		all[name] = withoutContent(all[name]) // it is in the rows
		for row, value := range rowFiles()[name](text) {
			all[name+":"+row] = value
		}
	}
	maps.Copy(all, configFacts(img))
	return all
}

// withoutContent is what a file is, without the last word, which stands for its content.
func withoutContent(what string) string { return what[:strings.LastIndexByte(what, ' ')] }

// configFacts are how the image is run.
func configFacts(img ociImage) facts {
	config := img.config.Config
	all := facts{
		"config:entrypoint": fmt.Sprintf("%q", config.Entrypoint),
		"config:cmd":        fmt.Sprintf("%q", config.Cmd),
		"config:user":       config.User,
		"config:workdir":    config.WorkingDir,
		"config:stopsignal": config.StopSignal,
	}
	for _, e := range config.Env {
		name, value, _ := strings.Cut(e, "=")
		all["config:env:"+name] = value
	}
	for name, value := range config.Labels {
		all["config:label:"+name] = value
	}
	for name := range config.Volumes {
		all["config:volume:"+name] = ""
	}
	for name := range config.ExposedPorts {
		all["config:port:"+name] = ""
	}
	return all
}

// rowFiles are the files of which each row is a fact, and how they are read.
func rowFiles() map[string]func(string) map[string]string {
	files := map[string]func(string) map[string]string{"var/lib/dpkg/status": stanzas}
	for _, name := range []string{"passwd", "group", "shadow", "gshadow", "subuid", "subgid"} {
		files["etc/"+name] = accounts
	}
	return files
}

// accounts are the lines of a file such as /etc/passwd by their first field.
func accounts(text string) map[string]string {
	rows := map[string]string{}
	for line := range strings.Lines(text) {
		name, rest, _ := strings.Cut(strings.TrimSpace(line), ":")
		rows[name] = rest
	}
	return rows
}

// stanzas are dpkg's packages by their names.
func stanzas(text string) map[string]string {
	rows := map[string]string{}
	for stanza := range strings.SplitSeq(strings.TrimSpace(text), "\n\n") {
		name, _, _ := strings.Cut(strings.TrimPrefix(stanza, "Package: "), "\n")
		rows[name] = stanza
	}
	return rows
}

// contents are the contents of the named files that the image has.
func contents(t *testing.T, img ociImage, names []string) map[string]string {
	t.Helper()
	found := map[string]string{}
	for n := range img.manifest.Layers {
		img.walk(t, n, func(h *tar.Header, r io.Reader) {
			if dir, base := path.Split(cleaned(h.Name)); strings.HasPrefix(base, ".wh.") {
				delete(found, dir+strings.TrimPrefix(base, ".wh."))
			}
			if h.Typeflag != tar.TypeReg || !slices.Contains(names, cleaned(h.Name)) {
				return
			}
			var b bytes.Buffer
			if _, err := io.Copy(&b, r); err != nil {
				t.Fatal(err)
			}
			found[cleaned(h.Name)] = b.String()
		})
	}
	return found
}

// difference is a fact that is not the same of two images.
type difference struct {
	// kind is + for what only the one at hand has, - for what only the other one has, ~ for what both have.
	kind        byte
	name        string
	ours, other string
}

func (d difference) String() string {
	switch d.kind {
	case '+':
		return fmt.Sprintf("+ %s  (%s)", d.name, short(d.ours))
	case '-':
		return fmt.Sprintf("- %s  (%s)", d.name, short(d.other))
	}
	return fmt.Sprintf("~ %s  (%s, there %s)", d.name, short(d.ours), short(d.other))
}

func short(s string) string {
	s = strings.ReplaceAll(s, "\n", "|")
	return s[:min(len(s), 200)]
}

// differences are what ours and other do not have in common, by name. Of a folder that only one of them has, what lies in it
// is left out.
func differences(ours, other facts) []difference {
	var all []difference
	for name, value := range ours {
		switch there, ok := other[name]; {
		case !ok && lacks(other, path.Dir(name)) && !lacks(ours, path.Dir(name)):
		case !ok:
			all = append(all, difference{kind: '+', name: name, ours: value})
		case there != value:
			all = append(all, difference{kind: '~', name: name, ours: value, other: there})
		}
	}
	for name, value := range other {
		if _, ok := ours[name]; !ok && (!lacks(ours, path.Dir(name)) || lacks(other, path.Dir(name))) {
			all = append(all, difference{kind: '-', name: name, other: value})
		}
	}
	slices.SortFunc(all, func(a, b difference) int { return strings.Compare(a.name, b.name) })
	return all
}

func lacks(f facts, name string) bool {
	_, ok := f[name]
	return !ok
}

// justified is a line of a list of differences: kinds and a pattern of names, as in .dockerignore.
type justified struct {
	line    int
	kinds   string
	pattern *patternmatcher.PatternMatcher
	text    string
}

// readJustified reads a list of differences. A paragraph begins with the reason, a comment; the lines after it are what is
// so for that reason, each of them kinds, a space and a pattern.
func readJustified(text string) ([]justified, error) {
	var all []justified
	reason := false
	n := 0
	for line := range strings.Lines(text) {
		n++
		line = strings.TrimSpace(line)
		switch {
		case line == "":
			reason = false
			continue
		case strings.HasPrefix(line, "#"):
			reason = true
			continue
		case !reason:
			return nil, fmt.Errorf("%d: %q has no reason before it", n, line)
		}
		kinds, pattern, ok := strings.Cut(line, " ")
		if !ok || strings.Trim(kinds, "+-~") != "" {
			return nil, fmt.Errorf("%d: %q is not one or more of +, - and ~ and a pattern", n, line)
		}
		matcher, err := patternmatcher.New([]string{strings.TrimSpace(pattern)})
		if err != nil {
			return nil, fmt.Errorf("%d: %w", n, err)
		}
		all = append(all, justified{line: n, kinds: kinds, pattern: matcher, text: line})
	}
	return all, nil
}

// unexpected are the differences that no line justifies. used notes the lines that justify one.
func unexpected(found []difference, list []justified, used map[int]bool) ([]difference, error) {
	var left []difference
	for _, d := range found {
		known := false
		for _, j := range list {
			if strings.IndexByte(j.kinds, d.kind) < 0 {
				continue
			}
			matches, err := j.pattern.MatchesOrParentMatches(d.name)
			if err != nil {
				return nil, fmt.Errorf("%d: %w", j.line, err)
			}
			if matches {
				known, used[j.line] = true, true
			}
		}
		if !known {
			left = append(left, d)
		}
	}
	return left, nil
}

// idle are the lines that are not used.
func idle(list []justified, used map[int]bool) []justified {
	return slices.DeleteFunc(slices.Clone(list), func(j justified) bool { return used[j.line] })
}

// imagePair is an image and what it is compared with.
type imagePair struct{ ours, other ociImage }

// checkDifferences compares images with those that a Dockerfile makes: file says in what they may differ. Each of its lines
// must say so of one of them at least.
func checkDifferences(t *testing.T, file string, pairs ...imagePair) {
	t.Helper()
	list, err := readJustified(readFile(t, file))
	if err != nil {
		t.Fatalf("%s:%v", file, err)
	}
	used := map[int]bool{}
	for _, p := range pairs {
		one, two := factsOf(t, p.ours), factsOf(t, p.other)
		if len(one) < 1000 || len(two) < 1000 {
			t.Fatalf("%s has only %d facts, the other one %d", p.ours.name, len(one), len(two))
		}
		all := differences(one, two)
		found, err := unexpected(all, list, used)
		if err != nil {
			t.Fatalf("%s:%v", file, err)
		}
		t.Logf("%s: %d facts, %d differences, %d of them not expected", p.ours.name, len(one), len(all), len(found))
		for _, d := range found[:min(len(found), 200)] {
			t.Errorf("%s: %s", p.ours.name, d)
		}
	}
	for _, j := range idle(list, used) {
		t.Errorf("%s:%d: %s: there is no such difference", file, j.line, j.text)
	}
}
