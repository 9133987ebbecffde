package lock

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"text/scanner"

	"github.com/pbrx-go/pbrx-go/setupcfg"
)

// A file is stale where the tool that wrote it would say so. Only what can be computed exactly as the tool does it
// counts; where pyproject.toml or Pipfile is missing or has what cannot be told, nothing is said.

// stale reports a file that is older than what it was made of.
func (r *reader) stale(pos scanner.Position, of string) {
	r.fail(pos, r.renewHint(), "%s changed after this file was made", of)
}

// source is a decoded TOML file of the project, nil where it cannot be read.
func (r *reader) source(name string) map[string]any {
	src, err := fs.ReadFile(r.fsys, name)
	if err != nil {
		return nil
	}
	data, problem := decodeTOML(name, src)
	if problem != nil {
		return nil // which is said where the file is read for itself
	}
	return data
}

// below is a table at a path, nil where there is none.
func below(data map[string]any, keys ...string) map[string]any {
	for _, key := range keys {
		data, _ = data[key].(map[string]any)
	}
	return data
}

// poetryFresh compares the content hash as Locker.is_fresh does, with the rules of all releases to 2.5.
func (r *reader) poetryFresh(meta table) {
	data := r.source("pyproject.toml")
	hash := meta.str("content-hash")
	if data == nil || hash == "" {
		return
	}
	for _, rule := range []struct{ project, groups bool }{{true, true}, {true, false}, {false, false}} {
		text, ok := pythonJSON(poetryContent(data, rule.project, rule.groups), ", ", ": ")
		if !ok || sha(text) == hash {
			return
		}
	}
	r.stale(meta.pos("content-hash"), "pyproject.toml")
}

// poetryContent is what the hash is made of.
func poetryContent(data map[string]any, withProject, withGroups bool) map[string]any {
	project, groups := map[string]any{}, map[string]any{}
	if withProject {
		for _, key := range []string{"requires-python", "dependencies", "optional-dependencies"} {
			if value, ok := below(data, "project")[key]; ok {
				project[key] = value
			}
		}
	}
	if withGroups {
		groups = below(data, "dependency-groups")
	}
	poetry, tool := map[string]any{}, below(data, "tool", "poetry")
	for _, key := range []string{"dependencies", "source", "extras", "dev-dependencies", "group"} {
		value, ok := tool[key]
		if ok || key != "group" && len(project) == 0 && len(groups) == 0 {
			poetry[key] = value // nil where it is missing
		}
	}
	if len(project) == 0 && len(groups) == 0 {
		return poetry
	}
	out := map[string]any{"tool": map[string]any{"poetry": poetry}}
	if len(project) > 0 {
		out["project"] = project
	}
	if len(groups) > 0 {
		out["dependency-groups"] = groups
	}
	return out
}

// pdmFresh compares the content hash as PyProject.content_hash makes it, from 4.4 (pdm 2.8) to 4.5.
func (r *reader) pdmFresh(meta table, version string) {
	data := r.source("pyproject.toml")
	hash, isSHA := strings.CutPrefix(meta.str("content_hash"), "sha256:")
	if data == nil || !isSHA || !regexp.MustCompile(`^4\.[45](\.|$)`).MatchString(version) {
		return
	}
	get := func(t map[string]any, key string, missing any) any {
		if value, ok := t[key]; ok {
			return value
		}
		return missing
	}
	project, tool := below(data, "project"), below(data, "tool", "pdm")
	groups := map[string]any{}
	for _, from := range []map[string]any{below(data, "dependency-groups"), below(tool, "dev-dependencies")} {
		for name, list := range from {
			name = setupcfg.Canonical(name)
			items, ok := list.([]any)
			if !ok {
				return
			}
			before, _ := groups[name].([]any)
			groups[name] = append(slices.Clone(before), items...)
		}
	}
	content := map[string]any{
		"sources":               get(tool, "source", []any{}),
		"dependencies":          get(project, "dependencies", []any{}),
		"dev-dependencies":      groups,
		"optional-dependencies": get(project, "optional-dependencies", map[string]any{}),
		"requires-python":       get(project, "requires-python", ""),
		"resolution":            get(tool, "resolution", map[string]any{}),
	}
	text, ok := pythonJSON(content, ", ", ": ")
	if !ok || sha(text) == hash {
		return
	}
	delete(content, "resolution") // which older releases did not look at but for its overrides
	content["overrides"] = get(below(tool, "resolution"), "overrides", map[string]any{})
	if text, _ = pythonJSON(content, ", ", ": "); sha(text) == hash {
		return
	}
	r.stale(meta.pos("content_hash"), "pyproject.toml")
}

// pipfileFresh compares the hash as plette's Pipfile.get_hash makes it.
func (r *reader) pipfileFresh(hash string, pos scanner.Position) {
	data := r.source("Pipfile")
	if data == nil || data["source"] == nil || hash == "" {
		return
	}
	content := map[string]any{"_meta": map[string]any{"sources": data["source"], "requires": orEmpty(data["requires"])},
		"default": orEmpty(data["packages"]), "develop": orEmpty(data["dev-packages"])}
	for name, value := range data {
		if !slices.Contains([]string{"source", "packages", "dev-packages", "requires", "scripts", "pipfile", "pipenv", "default", "develop"}, name) {
			content[name] = value
		}
	}
	if text, ok := pythonJSON(content, ",", ":"); ok && sha(text) != hash {
		r.stale(pos, "Pipfile")
	}
}

func orEmpty(value any) any {
	if value == nil {
		return map[string]any{}
	}
	return value
}

// uvFresh compares the project's requirements with those that the file says it was made of. uv writes conditions in ways of
// its own: so each requirement without one must be there with its extras and
// specifiers, and nothing may be there that the project does not name.
func (r *reader) uvFresh(t table) {
	data := r.source("pyproject.toml")
	project := below(data, "project")
	if project == nil || below(data, "tool", "uv", "sources") != nil || slices.ContainsFunc(anyList(project["dynamic"]), func(f any) bool { return f == "dependencies" || f == "optional-dependencies" }) {
		return
	}
	declared, ok := uvDeclared(project)
	if !ok {
		return
	}
	name, _ := project["name"].(string)
	for _, p := range t.tables("package") {
		if setupcfg.Canonical(p.str("name")) != setupcfg.Canonical(name) || !p.has("metadata") {
			continue
		}
		locked, named := map[string]bool{}, map[string]bool{}
		for _, d := range p.sub("metadata").tables("requires-dist") {
			named[setupcfg.Canonical(d.str("name"))] = true
			if key, ok := uvKey(d.str("name"), d.strs("extras"), d.str("specifier")); ok {
				locked[key] = true
			}
		}
		for name, keys := range declared {
			if !named[name] || slices.ContainsFunc(keys, func(k string) bool { return !locked[k] }) {
				r.stale(p.pos("metadata"), "the dependencies in pyproject.toml")
				return
			}
			delete(named, name)
		}
		if len(named) > 0 {
			r.stale(p.pos("metadata"), "the dependencies in pyproject.toml")
		}
	}
}

// uvDeclared are the requirements of [project] by their names, with the keys of those that are comparable. It is
// false where one of them cannot be read.
func uvDeclared(project map[string]any) (map[string][]string, bool) {
	lists := [][]any{anyList(project["dependencies"])}
	optional, _ := project["optional-dependencies"].(map[string]any)
	for _, list := range optional {
		lists = append(lists, anyList(list))
	}
	out := map[string][]string{}
	for n, list := range lists {
		for _, item := range list {
			text, _ := item.(string)
			s, err := setupcfg.ParseSpecification(text)
			if err != nil {
				return nil, false
			}
			name := setupcfg.Canonical(s.Name)
			specifiers := regexp.MustCompile(`^[^[(<>=!~]*(\[[^\]]*\])?`).ReplaceAllString(text, "")
			key, ok := uvKey(s.Name, s.Extras, specifiers)
			if out[name] = append(out[name], nil...); ok && n == 0 && s.Marker == "" && s.URL == "" {
				out[name] = append(out[name], key)
			}
		}
	}
	return out, true
}

// uvKey is a requirement in one spelling. Versions with letters are not compared: there are many ways of writing one.
func uvKey(name string, extras []string, specifiers string) (string, bool) {
	var parts, names []string
	for _, part := range strings.Split(strings.Trim(specifiers, "() \t"), ",") {
		if part = strings.Join(strings.Fields(part), ""); part == "" {
			continue
		}
		m := regexp.MustCompile(`^(===|[<>=!~]=|[<>])(\d+(?:\.\d+)*(?:\.\*)?)$`).FindStringSubmatch(part)
		if m == nil {
			return "", false
		}
		numbers := strings.Split(m[2], ".")
		for i, n := range numbers {
			if n = strings.TrimLeft(n, "0"); n == "" {
				n = "0"
			}
			numbers[i] = n
		}
		parts = append(parts, m[1]+strings.Join(numbers, "."))
	}
	slices.Sort(parts)
	for _, e := range extras {
		names = append(names, setupcfg.Canonical(e))
	}
	slices.Sort(names)
	return fmt.Sprintf("%s%q%q", setupcfg.Canonical(name), names, slices.Compact(parts)), true
}

func anyList(value any) []any {
	list, _ := value.([]any)
	return list
}

func sha(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}
