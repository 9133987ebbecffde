package setupcfg

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// dependency is a requirement taken apart, by the grammar of
// https://packaging.python.org/en/latest/specifications/dependency-specifiers/ and, where that leaves something
// open (a comma after the last version), as the library packaging reads it.
type dependency struct {
	name       string
	extras     []string
	specifiers []specifier
	url        string
	marker     string
	// wanted are the names that the marker compares "extra" with, as spelled.
	wanted []string
}

// specifier is one clause of a version specifier, such as >=1.2.
type specifier struct{ operator, version string }

func (s specifier) String() string { return s.operator + s.version }

// parseDependency reads a requirement. problem says what is wrong, and is empty if nothing is.
func parseDependency(text string) (d dependency, problem string) {
	p := &dependencyParser{rest: text}
	p.blank()
	if d.name = p.identifier(); d.name == "" {
		return d, "it does not begin with the name of a project"
	}
	p.blank()
	d.extras = p.extras()
	p.blank()
	if p.take("@") {
		p.blank()
		if d.url = p.word(); d.url == "" {
			p.fail("there is no URL after the \"@\"")
		}
		if p.rest != "" && !p.blank() {
			p.fail("there must be a blank after the URL")
		}
	} else {
		d.specifiers = p.specifiers()
		p.blank()
	}
	if p.problem == "" && p.rest != "" {
		if !p.take(";") {
			p.fail(fmt.Sprintf("%q is neither a version nor a marker", shorten(p.rest)))
		}
		d.marker = strip(p.rest)
		p.markers(0)
		d.wanted = p.wanted
		if p.rest != "" {
			p.fail(fmt.Sprintf("%q does not belong to the marker", shorten(p.rest)))
		}
	}
	return d, p.problem
}

// dependencyParser reads from the front of rest and notes the first problem.
type dependencyParser struct {
	rest    string
	problem string
	wanted  []string
}

func (p *dependencyParser) fail(problem string) {
	if p.problem == "" {
		p.problem = problem
	}
}

// blank skips spaces and tabs and says whether there were any.
func (p *dependencyParser) blank() bool {
	before := len(p.rest)
	p.rest = strings.TrimLeft(p.rest, " \t")
	return len(p.rest) < before
}

func (p *dependencyParser) take(text string) bool {
	rest, ok := strings.CutPrefix(p.rest, text)
	p.rest = rest
	return ok
}

// word is all up to the next whitespace, as packaging 26.4 has it: releases before end it with a blank or a tab only.
func (p *dependencyParser) word() string {
	end := strings.IndexFunc(p.rest, isSpace)
	if end < 0 {
		end = len(p.rest)
	}
	word := p.rest[:end]
	p.rest = p.rest[end:]
	return word
}

// identifier is the name of a project or an extra, empty if there is none. It ends with a letter or a digit, or
// with "_".
func (p *dependencyParser) identifier() string {
	end := 0
	for end < len(p.rest) && (alphanumeric(p.rest[end]) || end > 0 && strings.IndexByte("._-", p.rest[end]) >= 0) {
		end++
	}
	if end < len(p.rest) && (p.rest[end] >= 0x80) {
		return "" // goes on with what no name may have
	}
	for end > 0 && (p.rest[end-1] == '.' || p.rest[end-1] == '-') {
		end--
	}
	name := p.rest[:end]
	p.rest = p.rest[end:]
	return name
}

func (p *dependencyParser) extras() []string {
	if !p.take("[") {
		return nil
	}
	var out []string
	p.blank()
	for name := p.identifier(); name != ""; name = p.identifier() {
		out = append(out, name)
		p.blank()
		if !p.take(",") {
			break
		}
		p.blank()
		if p.rest == "" || !alphanumeric(p.rest[0]) {
			p.fail("there is no name of an extra after the \",\"")
		}
	}
	p.blank()
	if !p.take("]") {
		p.fail("the extras are not closed by \"]\", or one of them is no name")
	}
	return out
}

func (p *dependencyParser) specifiers() []specifier {
	open := p.take("(")
	p.blank()
	var out []specifier
	for {
		s, ok := p.specifier()
		if !ok {
			break // packaging takes a comma after the last one, too
		}
		out = append(out, s)
		p.blank()
		if !p.take(",") {
			break
		}
		p.blank()
	}
	p.blank()
	if open && !p.take(")") {
		p.fail("the \"(\" of the version is not closed")
	}
	return out
}

// specifier reads one clause, whose version must be one of PEP 440.
func (p *dependencyParser) specifier() (specifier, bool) {
	for _, operator := range []string{"===", "==", "~=", "!=", "<=", ">=", "<", ">"} {
		after, ok := strings.CutPrefix(p.rest, operator)
		if !ok {
			continue
		}
		after = strings.TrimLeftFunc(after, isSpace)
		version := versionPattern(operator).FindString(after)
		if rest := after[len(version):]; version == "" && operator != "===" ||
			rest != "" && !strings.ContainsAny(rest[:1], " \t,;)") && !isSpace(rune(rest[0])) {
			p.fail(fmt.Sprintf("%q is no version that %s can be compared with", shorten(after), operator))
		}
		p.rest = after[len(version):]
		return specifier{operator, version}, true
	}
	return specifier{}, false
}

// versionPattern is PEP 440's form of versions after an operator.
func versionPattern(operator string) *regexp.Regexp {
	const release, suffixes = `^v?(?:[0-9]+!)?[0-9]+(?:\.[0-9]+)`,
		`(?:[-_.]?(?:alpha|beta|preview|pre|a|b|c|rc)[-_.]?[0-9]*)?(?:-[0-9]+|[-_.]?(?:post|rev|r)[-_.]?[0-9]*)?(?:[-_.]?dev[-_.]?[0-9]*)?`
	switch operator {
	case "===":
		return regexp.MustCompile(`^[^\s;),]*`) // packaging splits at commas whatever stands between
	case "==", "!=":
		return regexp.MustCompile(`(?i)` + release + `*(?:\.\*|` + suffixes + `(?:\+[a-z0-9]+(?:[-_.][a-z0-9]+)*)?)`)
	case "~=":
		return regexp.MustCompile(`(?i)` + release + `+` + suffixes)
	}
	return regexp.MustCompile(`(?i)` + release + `*` + suffixes)
}

// maxMarkerDepth bounds brackets within brackets.
const maxMarkerDepth = 100

// markers reads comparisons joined by "and" and "or".
func (p *dependencyParser) markers(depth int) {
	if depth > maxMarkerDepth {
		p.fail("the marker has too many brackets")
		return
	}
	for p.problem == "" {
		p.blank()
		if p.take("(") {
			p.markers(depth + 1)
			if !p.take(")") {
				p.fail("the \"(\" of the marker is not closed")
			}
		} else {
			p.comparison()
		}
		p.blank()
		if !p.keyword("and") && !p.keyword("or") {
			return
		}
	}
}

// keyword takes a word if it is not the beginning of a longer one.
func (p *dependencyParser) keyword(word string) bool {
	rest, ok := strings.CutPrefix(p.rest, word)
	if ok = ok && (rest == "" || !wordByte(rest[0])); ok {
		p.rest = rest
	}
	return ok
}

func (p *dependencyParser) comparison() {
	left, leftName := p.operand()
	p.blank()
	operator := ""
	switch {
	case p.keyword("in"):
		operator = "in"
	case p.keyword("not"):
		operator = "not in"
		if !p.blank() || !p.keyword("in") {
			p.fail("\"not\" must be followed by \"in\"")
		}
	default:
		for _, op := range []string{"===", "==", "~=", "!=", "<=", ">=", "<", ">"} {
			if p.take(op) {
				operator = op
				break
			}
		}
	}
	if operator == "" {
		p.fail(fmt.Sprintf("%q is no comparison", shorten(p.rest)))
	}
	p.blank()
	right, rightName := p.operand()
	switch {
	case leftName == "extra" && rightName == "":
		p.wanted = append(p.wanted, right)
	case rightName == "extra" && leftName == "":
		p.wanted = append(p.wanted, left)
	}
}

// operand is a string in quotes, or the name of a variable.
func (p *dependencyParser) operand() (value, variable string) {
	if p.problem != "" {
		return "", ""
	}
	if p.rest != "" && (p.rest[0] == '"' || p.rest[0] == '\'') {
		value, after, closed := strings.Cut(p.rest[1:], p.rest[:1])
		if !closed || strings.ContainsAny(value, "\n\r") || (len(value)-len(strings.TrimRight(value, `\`)))%2 == 1 {
			p.fail("a quote is not closed")
		}
		if regexp.MustCompile(`\\[xuUN]`).MatchString(value) { // packaging reads it as Python's, where it needs digits
			p.fail(fmt.Sprintf("%q has an escape", shorten(value)))
		}
		p.rest = after
		return value, ""
	}
	m := regexp.MustCompile(`^(?:python_version|python_full_version|os[._]name|sys[._]platform|platform_(?:release|system)|` +
		`platform[._](?:version|machine|python_implementation)|python_implementation|implementation_(?:name|version)|extras?|dependency_groups)`).FindString(p.rest)
	if m == "" || len(m) < len(p.rest) && wordByte(p.rest[len(m)]) {
		p.fail(fmt.Sprintf("%q is neither a variable of markers nor in quotes", shorten(p.rest)))
		return "", ""
	}
	p.rest = p.rest[len(m):]
	return "", m
}

// below says whether the specifiers leave out all versions from major.0 on.
func (d dependency) below(major int) bool {
	for _, s := range d.specifiers {
		m := regexp.MustCompile(`^v?([0-9]+)((?:\.[0-9]+)*)`).FindStringSubmatch(s.version)
		if m == nil {
			continue
		}
		first, err := strconv.Atoi(m[1])
		if err != nil {
			continue
		}
		zero := strings.Trim(m[2], ".0") == ""
		switch s.operator {
		case "<":
			if first < major || first == major && zero {
				return true
			}
		case "<=", "==", "===", "~=":
			if first < major {
				return true
			}
		}
	}
	return false
}
