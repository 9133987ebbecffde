package bindep

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// atStart is about a line whose beginning is no package name.
func (s stop) atStart() *Error {
	if e := s.badBlank(0); e != nil {
		return e
	}
	if n := spaces(s.text); n > 0 {
		return s.afterLeadingBlank(n)
	}
	r := first(s.text)
	switch {
	case r == '[':
		return s.errorAt(0, "selectors without a package name", "write them on the line of their package")
	case strings.ContainsRune("<>=!", r):
		return s.errorAt(0, "version constraint without a package name", "write it on the line of its package")
	case r == '@':
		return s.errorAt(0, `"@" cannot start a package name`, "groups of packages cannot be named, name the packages")
	case !isNameStart(r):
		return s.errorAt(0, glyph(r)+" cannot start a package name", `start it with a letter, a digit or "/"`)
	}
	after := s.text[utf8.RuneLen(r):]
	if after == "" || strings.ContainsRune(" \t#[<>=!", first(after)) {
		return s.errorAt(0, "package name "+quote(string(r))+" of one character", "name a package of two or more characters, or a file of it by its full path")
	}
	return s.inName(utf8.RuneLen(r))
}

func (s stop) afterLeadingBlank(n int) *Error {
	if e := s.badBlank(n); e != nil {
		return e
	}
	if s.text[n] == '[' {
		return s.errorAt(0, "selectors without a package name", "write them on the line of their package, rules cannot be continued")
	}
	return s.errorAt(0, "blank before the package name", "start the name in column 1")
}

func isNameStart(r rune) bool {
	return r == '/' || unicode.IsLetter(r) || unicode.IsNumber(r)
}

// atRule is about what follows the package name, outside of the brackets.
func (s stop) atRule() *Error {
	n := spaces(s.rest())
	next := s.at + n
	if e := s.badBlank(next); e != nil {
		return e
	}
	if s.last() == "FirstOp" || s.last() == "NextOp" {
		return s.afterOperator(n)
	}
	if next == len(s.text) {
		return s.errorAt(s.at, "blank at the end of the line", "remove it")
	}
	switch r := first(s.text[next:]); {
	case r == '[':
		return s.moreSelectors(n)
	case r == ']':
		return s.errorAt(next, `"]" without "["`, "remove it")
	case r == ',':
		return s.atComma(n, next)
	case strings.ContainsRune("<>=!~", r) && (r != '~' || n > 0):
		return s.atOperator(n, next)
	case r == '\\':
		return s.errorAt(next, `"\" does not continue a line`, "write the whole rule on one line")
	case n > 0 || s.last() == "Close":
		return s.errorAt(next, "unexpected "+quote(word(s.text[next:]))+" after "+s.what(),
			`write one package a line, profiles in "[ ]", an operator before a version, "#" before a comment`)
	case s.last() == "Version":
		return s.errorAt(next, glyph(r)+" in a version", `versions hold letters, digits, ".", "+", "~", ":" and "-"`)
	}
	return s.inName(next)
}

// what names the part of the rule in front of the stop.
func (s stop) what() string {
	switch s.last() {
	case "Close":
		return "the selectors"
	case "Version":
		return "the version"
	}
	return "the package name"
}

// word is the text up to the next blank or comment.
func word(text string) string {
	if i := strings.IndexAny(text, " \t#"); i > 0 {
		return text[:i]
	}
	return text
}

func (s stop) moreSelectors(n int) *Error {
	at := s.at + n
	switch {
	case s.has("Version"):
		return s.errorAt(at, "selectors after a version constraint", "write them before it")
	case s.has("Close"):
		return s.errorAt(at, `second "["`, `write all selectors of a rule in one "[ ]"`)
	}
	return s.errorAt(at, `no space before "["`, "add one")
}

func (s stop) atComma(n, at int) *Error {
	after := s.text[at+1:]
	switch {
	case s.last() != "Version":
		return s.errorAt(at, `"," after `+s.what(), "write one package a line")
	case n > 0:
		return s.errorAt(s.at, `blank before ","`, "remove it")
	case strings.Trim(after, " ") == "" || strings.HasPrefix(strings.TrimLeft(after, " "), "#"):
		return s.errorAt(at, `nothing after ","`, "remove it or add a constraint")
	case after[0] == ' ':
		return s.errorAt(at+1, `blank after ","`, "remove it")
	case after[0] == ',':
		return s.errorAt(at+1, `second ","`, "remove it")
	case strings.ContainsRune("<>=!~", rune(after[0])):
		return s.unknownOperator(at + 1)
	}
	return s.errorAt(at+1, "no operator before "+quote(word(after)), `write one of <, <=, ==, !=, >=, > there`)
}

// atOperator is about an operator that is glued to what precedes it, comes a
// second time, or is none of bindep's.
func (s stop) atOperator(n, at int) *Error {
	op := operatorAt(s.text[at:])
	switch {
	case instead(op) != "":
		return s.unknownOperator(at)
	case s.last() == "Version":
		return s.errorAt(s.at, "second constraint", `join constraints by "," without blanks`)
	case n == 0:
		return s.errorAt(at, "no space before "+quote(op), "add one")
	}
	return s.errorAt(at, "unexpected "+quote(op), "remove it")
}

func (s stop) unknownOperator(at int) *Error {
	op := operatorAt(s.text[at:])
	return s.errorAt(at, "unknown operator "+quote(op), "write "+instead(op))
}

func operatorAt(text string) string {
	return text[:len(text)-len(strings.TrimLeft(text, "<>=!~"))]
}

// instead is what to write for an operator of another language; "" for ours.
func instead(op string) string {
	switch op {
	case "<", "<=", "!=", "==", ">=", ">":
		return ""
	case "=", "===":
		return "=="
	case "~=", "~", "=>", "~>":
		return ">="
	case "=<":
		return "<="
	case "<<":
		return "<"
	case ">>":
		return ">"
	case "!", "<>", "!==":
		return "!="
	}
	return "one of <, <=, ==, !=, >=, >"
}

// afterOperator is about what stands where a version should.
func (s stop) afterOperator(n int) *Error {
	begin := s.starts[len(s.starts)-1]
	begin += len(s.text[begin:s.at]) - len(strings.TrimLeft(s.text[begin:s.at], " ,"))
	op := operatorAt(s.text[begin:])
	next := s.at + n
	switch {
	case len(op) > s.at-begin:
		return s.unknownOperator(begin)
	case next == len(s.text) || s.text[next] == '#':
		return s.errorAt(s.at, "no version after "+quote(op), "add one or remove the operator")
	case n > 0:
		return s.errorAt(s.at, "blank after "+quote(op), "remove it")
	}
	return s.errorAt(s.at, quote(word(s.rest()))+" is no version", "write it as [EPOCH:]VERSION[-REVISION], such as 1.2 or 1:1.2-3")
}

// inName is about a character that no package name has.
func (s stop) inName(at int) *Error {
	r := first(s.text[at:])
	hint := `names hold letters, digits and ".", "+", "-", "_", "/"`
	switch r {
	case ':':
		hint = "architectures cannot be named, write the package alone"
	case '(':
		hint = "capabilities cannot be named, write the package that has it"
	case '*', '?':
		hint = "patterns are not expanded, write every package on its own line"
	case ',':
		hint = "write one package a line"
	}
	return s.errorAt(at, glyph(r)+" in a package name", hint)
}
