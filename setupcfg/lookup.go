package setupcfg

import (
	"slices"
	"strings"
	"text/scanner"
)

// setuptoolsKey is the form in which setuptools compares the keys of [metadata] and [options].
func setuptoolsKey(key string) string {
	return strings.ReplaceAll(strings.ToLower(key), "-", "_")
}

// lookup finds the last key of a section that is one of the names; names are lower case with "_".
func (c *Config) lookup(section string, names ...string) (key string, ok bool) {
	if c == nil || !c.has(section) {
		return "", false
	}
	for _, k := range c.Keys(section) {
		if slices.Contains(names, setuptoolsKey(k)) {
			key, ok = k, true
		}
	}
	return key, ok
}

// value is the lines of such a key; an interpolation error is noted.
func (l *loader) value(c *Config, section string, names ...string) (lines []valueLine, pos scanner.Position, ok bool) {
	key, ok := c.lookup(section, names...)
	if !ok {
		return nil, pos, false
	}
	lines, problem := c.lines(section, key)
	if problem != nil {
		l.errs = append(l.errs, problem)
		return nil, c.Pos(section, key), true
	}
	return lines, c.Pos(section, key), true
}

// text is a value of one line; an empty one counts as missing.
func (l *loader) text(c *Config, section string, names ...string) Fact[string] {
	lines, pos, ok := l.value(c, section, names...)
	if ok && lines == nil {
		return unknown[string](pos, "the value cannot be read") // and this is an error already
	}
	if text := oneLine(lines); text != "" {
		return known(text, pos)
	}
	return absent[string]()
}

// pbrGroup is the value of a key of a pbr section, as pbr's list. The key has pbr's form.
func (l *loader) pbrGroup(section, key string) (items []valueLine, pos scanner.Position, ok bool) {
	if !slices.Contains(l.pbr.Keys(section), key) {
		return nil, pos, false
	}
	lines, problem := l.pbr.lines(section, key)
	if problem != nil {
		l.errs = append(l.errs, problem)
	}
	return splitMultiline(lines), l.pbr.Pos(section, key), true
}

// directive splits "file: a, b" into its files.
func directive(lines []valueLine, pos scanner.Position) (files []Requirement, ok bool) {
	rest, ok := strings.CutPrefix(oneLine(lines), "file:")
	if !ok {
		return nil, false
	}
	for _, name := range strings.Split(rest, ",") {
		if name = strip(name); name != "" {
			files = append(files, Requirement{Text: name, Pos: pos})
		}
	}
	return files, true
}
