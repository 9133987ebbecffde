package setupcfg

import (
	"fmt"
	"slices"
	"strings"
	"text/scanner"
	"unicode"
)

// The groups of entry points that installers make commands of.
const (
	groupConsole = "console_scripts"
	groupGUI     = "gui_scripts"
)

// scriptKind is what messages call a script of a group.
func scriptKind(group string) string {
	if group == groupGUI {
		return "GUI script"
	}
	return "console script"
}

// parseScript reads one line "name = module:attr [extra, extra]" of a script group.
func parseScript(line valueLine, group string) (Script, *Error) {
	name, object, ok := strings.Cut(line.text, "=")
	if !ok {
		return Script{}, &Error{Pos: line.pos, Msg: fmt.Sprintf("%q in %s is no entry point", shorten(line.text), group), Hint: "write name = module:function"}
	}
	return newScript(strip(name), strip(object), group, line.pos)
}

// newScript checks the name and the object reference of an entry point of a script group.
func newScript(name, object, group string, pos scanner.Position) (Script, *Error) {
	s := Script{Name: name, Pos: pos, Extras: []string{}}
	if !ValidScriptName(name) {
		return s, &Error{Pos: pos, Msg: fmt.Sprintf("%q in %s cannot be the name of a command", shorten(name), group),
			Hint: `use ASCII letters, digits, ".", "_", "+" and "-", a letter or digit first`}
	}
	value, extras, err := parseObject(object)
	if err != "" {
		hint := "write module:function, optionally followed by [extra]"
		if strings.Contains(object, "#") {
			hint = "there are no comments behind entry points: put the comment on its own line"
		}
		return s, &Error{Pos: pos, Msg: fmt.Sprintf("%s %q: %q is no object reference: %s", scriptKind(group), name, shorten(object), err), Hint: hint}
	}
	s.Value, s.Extras = value, extras
	return s, nil
}

// parseObject splits "module:attr [x, y]" as all of setuptools, pip and importlib accept it.
// The last result says what is wrong, or is empty.
func parseObject(object string) (value string, extras []string, problem string) {
	value, list, bracket := strings.Cut(object, "[")
	extras = []string{}
	if bracket {
		list, after, closed := strings.Cut(list, "]")
		if !closed || strip(after) != "" {
			return "", nil, `the "[" of the extras is not closed by the last "]"`
		}
		for _, extra := range strings.Split(list, ",") {
			if extra = strip(extra); !validProjectName(extra) {
				return "", nil, fmt.Sprintf("%q is no name of an extra", extra)
			}
			extras = append(extras, extra)
		}
	}
	value = strip(value)
	module, attr, colon := strings.Cut(value, ":")
	switch {
	case !colon:
		return "", nil, `it has no ":" and so no function to call`
	case !dotted(module):
		return "", nil, fmt.Sprintf("%q is no module name", module)
	case !dotted(attr):
		return "", nil, fmt.Sprintf("%q is no name in a module", attr)
	}
	return value, extras, ""
}

// dotted says whether s is Python identifiers joined by dots.
func dotted(s string) bool {
	return !slices.ContainsFunc(strings.Split(s, "."), func(part string) bool {
		for i, r := range part {
			if r != '_' && !unicode.IsLetter(r) && (i == 0 || !unicode.IsDigit(r)) {
				return true
			}
		}
		return part == ""
	})
}

// scripts reads all lines of a script group. A name twice is a build error.
func scripts(lines []valueLine, group string, errs *ErrorList) []Script {
	out := []Script{}
	for _, line := range lines {
		s, err := parseScript(line, group)
		if err != nil {
			*errs = append(*errs, err)
			continue
		}
		out = appendScript(out, s, group, errs)
	}
	return out
}

func appendScript(out []Script, s Script, group string, errs *ErrorList) []Script {
	if i := slices.IndexFunc(out, func(o Script) bool { return o.Name == s.Name }); i >= 0 {
		errs.add(s.Pos, "keep one of them", "%s %q exists already, at %s", scriptKind(group), s.Name, out[i].Pos)
		return out
	}
	return append(out, s)
}
