package lock

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"text/scanner"
	"unicode/utf8"
)

// pipfileLock is Pipfile.lock of specification 6 (pipenv's vendored plette). Only "default" counts: the rest is for
// development.
type pipfileLock struct {
	Meta struct {
		Hash     map[string]string `json:"hash"`
		Spec     int               `json:"pipfile-spec"`
		Requires map[string]string `json:"requires"`
		Sources  []struct {
			Name string `json:"name"`
			URL  string `json:"url"`
		} `json:"sources"`
	} `json:"_meta"`
	Default map[string]pipfileEntry `json:"default"`
}

type pipfileEntry struct {
	Version      string   `json:"version"`
	Hashes       []string `json:"hashes"`
	Markers      string   `json:"markers"`
	Index        string   `json:"index"`
	Git          string   `json:"git"`
	Ref          string   `json:"ref"`
	Subdirectory string   `json:"subdirectory"`
	Path         string   `json:"path"`
	File         string   `json:"file"`
}

func (r *reader) pipfile() {
	var f pipfileLock
	if err := json.Unmarshal(r.src, &f); err != nil {
		pos := r.start()
		var syntax *json.SyntaxError
		var wrong *json.UnmarshalTypeError
		switch {
		case errors.As(err, &syntax):
			pos = r.offset(int(syntax.Offset) - 1) // counts what was read
		case errors.As(err, &wrong):
			pos = r.offset(int(wrong.Offset) - 1)
		}
		r.fail(pos, r.renewHint(), "%s", strings.TrimPrefix(err.Error(), "json: "))
		return
	}
	places := jsonPlaces(r.src)
	if f.Meta.Spec != 6 {
		r.fail(r.offset(places["_meta\x00pipfile-spec"]), "lock with a pipenv that writes 6", "pipfile-spec %d is not known here", f.Meta.Spec)
		return
	}
	indexes := map[string]string{}
	first := ""
	for i, s := range f.Meta.Sources {
		indexes[s.Name] = r.address(r.offset(places["_meta\x00sources"]), s.URL)
		if i == 0 {
			first = indexes[s.Name]
		}
	}
	names := make([]string, 0, len(f.Default))
	for name := range f.Default {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int { return places["default\x00"+a] - places["default\x00"+b] })
	for _, name := range names {
		e := f.Default[name]
		if e.Index == "" {
			indexes[""] = first
		}
		r.pipfilePackage(r.offset(places["default\x00"+name]), name, e, indexes[e.Index])
	}
	r.pipfileFresh(f.Meta.Hash["sha256"], r.offset(places["_meta\x00hash"]))
}

func (r *reader) pipfilePackage(pos scanner.Position, name string, e pipfileEntry, from string) {
	p := Package{Name: name, Marker: r.marker(pos, e.Markers)}
	switch version, pinned := strings.CutPrefix(e.Version, "=="); {
	case pinned:
		p.Version = strings.TrimPrefix(version, "=")
	case e.Version != "" && e.Version != "*": // "*" is of a package that the machine that locked does not need
		r.fail(pos, r.renewHint(), "%s is not pinned: its version is %q", name, e.Version)
		return
	}
	switch {
	case e.Git != "":
		p.Source = Source{Kind: FromVCS, VCS: "git", URL: r.address(pos, strings.TrimPrefix(e.Git, "git+")), Commit: r.commit(pos, e.Ref), Subdirectory: e.Subdirectory}
	case e.Path != "":
		p.Source = local(e.Path)
	case strings.Contains(e.File, "://"):
		p.Source = Source{Kind: FromURL, URL: r.address(pos, e.File), Subdirectory: e.Subdirectory}
	case e.File != "":
		p.Source = local(e.File)
	default:
		p.Source = Source{Kind: FromIndex, URL: from}
	}
	for _, h := range e.Hashes {
		r.hash(pos, &p.Hashes, h)
	}
	r.add(pos, p)
}

// offset is a place in the file by its bytes.
func (r *reader) offset(at int) scanner.Position {
	before := r.src[:max(0, min(at, len(r.src)))]
	line := bytes.Count(before, []byte("\n")) + 1
	return r.place(line, utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:])+1)
}

// jsonPlaces says at which byte the keys of a document stand, the keys of a path joined by zero bytes. The
// document is one that was decoded.
func jsonPlaces(src []byte) map[string]int {
	out := map[string]int{}
	dec := json.NewDecoder(bytes.NewReader(src))
	var value func(path []string)
	value = func(path []string) {
		token, err := dec.Token()
		if err != nil {
			return
		}
		switch token {
		case json.Delim('{'):
			for dec.More() {
				at := int(dec.InputOffset())
				at += bytes.IndexByte(src[at:], '"')
				key, err := dec.Token()
				name, ok := key.(string)
				if err != nil || !ok {
					return
				}
				below := append(slices.Clone(path), name)
				out[strings.Join(below, "\x00")] = at
				value(below)
			}
		case json.Delim('['):
			for dec.More() {
				value(append(slices.Clone(path), "[]"))
			}
		default:
			return
		}
		_, _ = dec.Token() // the end of it, of which the decoder was sure
	}
	value(nil)
	return out
}
