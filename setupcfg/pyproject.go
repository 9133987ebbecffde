package setupcfg

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"text/scanner"

	"github.com/BurntSushi/toml"
)

// pyproject is a decoded pyproject.toml. Its getters note an error where a value has the
// wrong type, so that all of them are reported.
type pyproject struct {
	filename string
	data     map[string]any
	index    *tomlIndex
	errs     ErrorList
}

func parsePyproject(filename string, src []byte) (*pyproject, ErrorList) {
	p := &pyproject{filename: filename, data: map[string]any{}}
	if _, err := toml.Decode(string(src), &p.data); err != nil {
		e := &Error{Pos: filePos(filename), Msg: strings.TrimPrefix(err.Error(), "toml: "), Hint: "correct the TOML", cause: err}
		var parse toml.ParseError
		if errors.As(err, &parse) {
			e.Pos.Line, e.Pos.Column = parse.Position.Line, max(parse.Position.Col, 1)
			e.Msg = "TOML: " + strings.TrimSuffix(parse.Message, ".")
		}
		return nil, ErrorList{e}
	}
	p.index = indexTOML(filename, src)
	return p, nil
}

// get finds a value by its path; table names may contain dots.
func (p *pyproject) get(keys ...string) (any, bool) {
	if p == nil {
		return nil, false
	}
	var value any = p.data
	for _, key := range keys {
		table, ok := value.(map[string]any)
		if !ok {
			return nil, false
		}
		if value, ok = table[key]; !ok {
			return nil, false
		}
	}
	return value, true
}

// pos is where a path stands, else the nearest table that holds it.
func (p *pyproject) pos(keys ...string) scanner.Position {
	for ; len(keys) > 0; keys = keys[:len(keys)-1] {
		if pos, ok := p.index.places[tomlPath(keys...)]; ok {
			return pos
		}
	}
	return filePos(p.filename)
}

func (p *pyproject) wrong(want, hint string, keys ...string) {
	p.errs.add(p.pos(keys...), hint, "%s must be %s", strings.Join(keys, "."), want)
}

// table is a table's keys in the order of the file, whether it is there, and in no case nil.
func (p *pyproject) table(keys ...string) (names []string, ok bool) {
	value, ok := p.get(keys...)
	if !ok {
		return nil, false
	}
	table, isTable := value.(map[string]any)
	if !isTable {
		p.wrong("a table", "write ["+strings.Join(keys, ".")+"] and its keys below", keys...)
		return nil, false
	}
	for _, name := range p.index.order[tomlPath(keys...)] {
		if _, ok := table[name]; ok {
			names = append(names, name)
		}
	}
	var rest []string // what the index missed, in a stable order
	for name := range table {
		if !slices.Contains(names, name) {
			rest = append(rest, name)
		}
	}
	slices.Sort(rest)
	return append(names, rest...), true
}

func (p *pyproject) str(keys ...string) (string, bool) {
	value, ok := p.get(keys...)
	if !ok {
		return "", false
	}
	s, ok := value.(string)
	if !ok {
		p.wrong("a string", "put it into quotes", keys...)
	}
	return s, ok
}

// strings is an array of strings with the places of its items.
func (p *pyproject) strings(keys ...string) ([]Requirement, bool) {
	value, ok := p.get(keys...)
	if !ok {
		return nil, false
	}
	list, ok := value.([]any)
	if !ok {
		p.wrong("an array of strings", "put it into [ ]", keys...)
		return nil, false
	}
	out := []Requirement{}
	for i, item := range list {
		path := append(append([]string{}, keys...), fmt.Sprintf("[%d]", i))
		s, ok := item.(string)
		if !ok {
			p.errs.add(p.pos(path...), "put it into quotes", "item %d of %s must be a string", i+1, strings.Join(keys, "."))
			continue
		}
		out = append(out, Requirement{Text: s, Pos: p.pos(path...)})
	}
	return out, true
}

// dynamic says whether [project] leaves a field to the backend, and where.
func (p *pyproject) dynamic(field string) (scanner.Position, bool) {
	list, _ := p.get("project", "dynamic")
	items, _ := list.([]any)
	for i, item := range items {
		if item == field {
			return p.pos("project", "dynamic", fmt.Sprintf("[%d]", i)), true
		}
	}
	return scanner.Position{}, false
}

// hasTable says whether a table is there, without complaining of its type.
func (p *pyproject) hasTable(keys ...string) bool {
	value, _ := p.get(keys...)
	_, ok := value.(map[string]any)
	return ok
}

// scriptTable reads a table "name = module:attr".
func (p *pyproject) scriptTable(group string, out []Script, keys ...string) []Script {
	names, _ := p.table(keys...)
	for _, name := range names {
		path := append(append([]string{}, keys...), name)
		object, ok := p.str(path...)
		if !ok {
			continue
		}
		s, problem := newScript(name, object, group, p.pos(path...))
		if problem != nil {
			p.errs = append(p.errs, problem)
			continue
		}
		out = appendScript(out, s, group, &p.errs)
	}
	return out
}

// extraTable reads a table of name = [requirements]; names that are one extra (PEP 685) are put together.
func (p *pyproject) extraTable(keys ...string) []Extra {
	out := []Extra{}
	names, _ := p.table(keys...)
	for _, name := range names {
		path := append(append([]string{}, keys...), name)
		requirements, _ := p.strings(path...)
		if !validProjectName(name) {
			p.errs.add(p.pos(path...), `use ASCII letters, digits, ".", "_" and "-"`, "%q cannot be the name of an extra", name)
			continue
		}
		out = mergeExtra(out, Extra{Name: name, Requirements: requirements, Pos: p.pos(path...)})
	}
	return out
}

// mergeExtra adds an extra, or its requirements to one of the same canonical name.
func mergeExtra(out []Extra, e Extra) []Extra {
	for i := range out {
		if Canonical(out[i].Name) == Canonical(e.Name) {
			out[i].Requirements = append(out[i].Requirements, e.Requirements...)
			return out
		}
	}
	return append(out, e)
}
