package setupcfg

import (
	"errors"
	"fmt"
	"strings"
	"text/scanner"

	"gopkg.in/ini.v1"
)

// Reading is the way in which one of Python's programs reads a configuration file.
type Reading string

// The readings.
const (
	// ReadRaw is RawConfigParser: keys in lower case, "%" is an ordinary character.
	ReadRaw Reading = "raw"
	// ReadSetuptools keeps the case of keys and interpolates.
	ReadSetuptools Reading = "setuptools"
	// ReadPBR puts keys in lower case, makes "_" of "-", and interpolates.
	ReadPBR Reading = "pbr"
)

// Config is a configuration file as Python's configparser reads it.
type Config struct {
	reading  Reading
	file     *ini.File // has what the logical lines say, encoded
	sections []string  // in file order, without DEFAULT
	keys     map[string][]string
	index    map[[2]string]logicalLine // where each key and each line of its value stands
	headers  map[string]scanner.Position
}

// ParseConfig reads a configuration file. The error is an ErrorList with all problems.
func ParseConfig(filename string, src []byte, reading Reading) (*Config, error) {
	fold := strings.ToLower
	if reading == ReadSetuptools {
		fold = func(key string) string { return key }
	}
	lines, errs := logicalLines(filename, src, fold)
	if err := errs.err(); err != nil {
		return nil, err
	}
	text := encodeLines(lines)
	file, err := ini.LoadSources(ini.LoadOptions{
		IgnoreInlineComment:   true,
		KeyValueDelimiters:    "=",
		ChildSectionDelimiter: "\x00",
		ReaderBufferSize:      len(text) + 1,
	}, []byte(text))
	if err != nil {
		return nil, ErrorList{{Pos: scanner.Position{Filename: filename}, Msg: err.Error(), Hint: "this is a mistake of pbrx-go's, please report it with the file", cause: err}}
	}
	c := &Config{reading: reading, file: file, keys: map[string][]string{}, index: map[[2]string]logicalLine{}, headers: map[string]scanner.Position{}}
	for _, section := range file.Sections() {
		if name, ours := strings.CutPrefix(section.Name(), markSection); ours {
			name = decode(strings.TrimSuffix(name, markSection))
			for _, key := range section.KeyStrings() {
				c.keys[name] = append(c.keys[name], decode(strings.TrimPrefix(key, markKey)))
			}
			if name != defaultSection {
				c.sections = append(c.sections, name)
			}
		}
	}
	section := ""
	for _, line := range lines {
		if line.header {
			section = line.name
			if _, again := c.headers[section]; !again {
				c.headers[section] = line.pos
			}
			continue
		}
		c.index[[2]string{section, line.name}] = line
	}
	return c, nil
}

// The marks keep ini.v1 from seeing anything special in what they enclose: quotes, blanks at the
// ends, a key "-", a section DEFAULT. The escape character stands for itself as escape+"e".
const (
	escape      = "\ue000"
	markSection = escape + "s"
	markKey     = escape + "k"
	markValue   = escape + "v"
	markNewline = escape + "n"
)

func encode(s string) string { return strings.ReplaceAll(s, escape, escape+"e") }

func decode(s string) string {
	return strings.NewReplacer(markNewline, "\n", escape+"e", escape).Replace(s)
}

// encodeLines writes logical lines as the text that ini.v1 splits into sections, keys and values.
func encodeLines(lines []logicalLine) string {
	var b strings.Builder
	for _, line := range lines {
		if line.header {
			fmt.Fprintf(&b, "[%s%s%s]\n", markSection, encode(line.name), markSection)
			continue
		}
		parts := make([]string, len(line.value))
		for i, v := range line.value {
			parts[i] = encode(v.text)
		}
		fmt.Fprintf(&b, "%s%s=%s%s%s\n", markKey, encode(line.name), markValue, strings.Join(parts, markNewline), markValue)
	}
	return b.String()
}

// Sections are the names of the sections in the order of the file, without DEFAULT.
func (c *Config) Sections() []string { return c.sections }

// has says whether the file has the section.
func (c *Config) has(section string) bool {
	_, ok := c.headers[section]
	return ok && section != defaultSection
}

// Keys are the keys of a section, in the order in which configparser's items() gives them:
// those of DEFAULT first. With ReadPBR they are in pbr's form.
func (c *Config) Keys(section string) []string {
	var keys []string
	seen := map[string]bool{}
	for _, list := range [][]string{c.keys[defaultSection], c.keys[section]} {
		for _, key := range list {
			if key = c.name(key); !seen[key] {
				seen[key] = true
				keys = append(keys, key)
			}
		}
	}
	return keys
}

// name is what the reading makes of a key after configparser has read it.
func (c *Config) name(key string) string {
	if c.reading == ReadPBR {
		return strings.ReplaceAll(key, "-", "_")
	}
	return key
}

// find gives the key of the file that a name means, and the section it stands in: the
// section's own before DEFAULT's; of "a-b" and "a_b" with ReadPBR the later one.
func (c *Config) find(section, name string) (where [2]string, ok bool) {
	for _, s := range []string{defaultSection, section} {
		for _, key := range c.keys[s] {
			if c.name(key) == name {
				where, ok = [2]string{s, key}, true
			}
		}
	}
	return where, ok
}

// raw is the value before interpolation, as ini.v1 has it. Not Key.String, which has an
// interpolation of its own.
func (c *Config) raw(where [2]string) string {
	section := c.file.Section(markSection + encode(where[0]) + markSection)
	value := section.Key(markKey + encode(where[1])).Value()
	value = strings.TrimSuffix(strings.TrimPrefix(value, markValue), markValue)
	return strings.TrimRightFunc(decode(value), isSpace)
}

// Value is the value of a key as the reading gives it. The error is an *Error with the
// class of configparser's interpolation error.
func (c *Config) Value(section, key string) (value string, ok bool, err error) {
	where, ok := c.find(section, key)
	if !ok {
		return "", false, nil
	}
	value = c.raw(where)
	if c.reading == ReadRaw {
		return value, true, nil
	}
	value, problem := c.interpolate(section, where, value, 1)
	if problem != nil {
		return "", true, problem
	}
	return value, true, nil
}

// Pos is where a key stands, the zero Position if it does not.
func (c *Config) Pos(section, key string) scanner.Position {
	where, _ := c.find(section, key)
	return c.index[where].pos
}

// lines gives the lines of a value with their places. A value that interpolation made longer
// or shorter has the place of its key.
func (c *Config) lines(section, key string) ([]valueLine, *Error) {
	value, ok, err := c.Value(section, key)
	if !ok || err != nil {
		var problem *Error
		errors.As(err, &problem)
		return nil, problem
	}
	where, _ := c.find(section, key)
	line := c.index[where]
	var out []valueLine
	for i, text := range strings.Split(value, "\n") {
		v := valueLine{text, line.pos}
		if i < len(line.value) {
			v.pos = line.value[i].pos
		}
		out = append(out, v)
	}
	return out, nil
}
