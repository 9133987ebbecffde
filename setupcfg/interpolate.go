package setupcfg

import (
	"errors"
	"fmt"
	"strings"
)

// The exceptions of configparser's BasicInterpolation.
const (
	classInterpolationSyntax  = "InterpolationSyntaxError"
	classInterpolationMissing = "InterpolationMissingOptionError"
	classInterpolationDepth   = "InterpolationDepthError"
)

// maxInterpolation is configparser's MAX_INTERPOLATION_DEPTH.
const maxInterpolation = 10

// maxInterpolated bounds a value: ten levels of doubling and more are an attack, not a project.
const maxInterpolated = 1 << 20

// interpolate is configparser's BasicInterpolation of the value at where, seen from a section:
// %% is %, %(name)s the value of another key of the same section or of DEFAULT.
func (c *Config) interpolate(section string, where [2]string, rest string, depth int) (string, *Error) {
	if depth > maxInterpolation {
		return "", c.interpolationError(classInterpolationDepth, where, "the value refers to itself or to more than 10 others", "write it out")
	}
	var out strings.Builder
	for {
		if out.Len() > maxInterpolated {
			return "", c.interpolationError(classInterpolationDepth, where, "the value grows beyond a megabyte", "write it out")
		}
		i := strings.IndexByte(rest, '%')
		if i < 0 {
			return out.String() + rest, nil
		}
		out.WriteString(rest[:i])
		rest = rest[i:]
		switch {
		case strings.HasPrefix(rest, "%%"):
			out.WriteByte('%')
			rest = rest[2:]
		case strings.HasPrefix(rest, "%("):
			value, after, err := c.reference(section, where, rest, depth)
			if err != nil {
				return "", err
			}
			out.WriteString(value)
			rest = after
		default:
			return "", c.interpolationError(classInterpolationSyntax, where, `a "%" must be followed by "%" or "("`, "write %% for a percent sign")
		}
	}
}

// reference expands the %(name)s that text begins with; after is what follows it.
func (c *Config) reference(section string, where [2]string, text string, depth int) (value, after string, err *Error) {
	name, after, ok := strings.Cut(text[2:], ")")
	if !ok || name == "" || !strings.HasPrefix(after, "s") {
		return "", "", c.interpolationError(classInterpolationSyntax, where, fmt.Sprintf("bad reference %q", shorten(text)), "write %(name)s, or %% for a percent sign")
	}
	other, found := c.findRaw(section, name)
	if !found {
		return "", "", c.interpolationError(classInterpolationMissing, where, fmt.Sprintf("%%(%s)s refers to a key that section [%s] does not have", name, section), "define it, or write %% for a percent sign")
	}
	value = c.raw(other)
	if strings.Contains(value, "%") {
		value, err = c.interpolate(section, other, value, depth+1)
	}
	return value, after[1:], err
}

// findRaw finds a key by configparser's own folding, without pbr's.
func (c *Config) findRaw(section, name string) (where [2]string, ok bool) {
	if c.reading != ReadSetuptools {
		name = strings.ToLower(name)
	}
	for _, s := range []string{section, defaultSection} {
		if _, ok := c.index[[2]string{s, name}]; ok {
			return [2]string{s, name}, true
		}
	}
	return where, false
}

func (c *Config) interpolationError(class string, where [2]string, msg, hint string) *Error {
	line := c.index[where]
	pos := line.pos
	for _, v := range line.value {
		if strings.Contains(v.text, "%") {
			pos = v.pos
			break
		}
	}
	return &Error{Pos: pos, class: class, Msg: msg, Hint: hint}
}

// brokenValues warns of values that fail when setuptools evaluates all of them, though
// nothing here uses them.
func (c *Config) brokenValues() []Warning {
	var out []Warning
	for _, section := range c.sections {
		for _, key := range c.Keys(section) {
			var problem *Error
			if _, _, err := c.Value(section, key); errors.As(err, &problem) {
				out = append(out, Warning{Pos: problem.Pos, Msg: "setuptools will reject the whole file: " + problem.class + ": " + problem.Msg, Hint: problem.Hint})
			}
		}
	}
	return out
}
