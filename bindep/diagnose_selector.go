package bindep

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// atSelector is about what stands between the brackets.
func (s stop) atSelector() *Error {
	if e := s.badBlank(s.at); e != nil {
		return e
	}
	if s.at == len(s.text) {
		return s.unclosed()
	}
	afterBang := s.last() == "Bang"
	switch r := first(s.rest()); {
	case r == '#':
		return s.errorAt(s.at, `"#" between the brackets`, `close the "[" before the comment`)
	case r == '!' && afterBang:
		return s.errorAt(s.at, `second "!"`, "write one")
	case r == '(' && afterBang:
		return s.errorAt(s.at-1, `"!" before a group`, "negate its members one by one")
	case r == ' ' && afterBang:
		return s.errorAt(s.at, `blank after "!"`, "remove it")
	case afterBang && strings.ContainsRune("])[", r):
		return s.errorAt(s.at-1, `"!" without a profile`, "write the profile after it or remove it")
	case r == '(':
		return s.errorAt(s.at, "group inside a group", `close the "(" first`)
	case r == ')':
		return s.errorAt(s.at, `")" without "("`, "remove it")
	case r == ']':
		return s.errorAt(s.groupStart(), `"(" is not closed`, `write ")" before the "]"`)
	case r == '[':
		return s.errorAt(s.at, `"[" between the brackets`, "write ( ) around profiles that must hold together")
	case r == ',' || r == ';' || r == '|' || r == '&':
		return s.errorAt(s.at, quote(string(r))+" between selectors", "separate them by spaces")
	}
	return s.inProfile()
}

// inProfile is about a character that no profile has.
func (s stop) inProfile() *Error {
	r, name := first(s.rest()), s.profileAround()
	switch {
	case unicode.IsUpper(r) && r <= unicode.MaxASCII:
		return s.errorAt(s.at, "upper case in the profile "+quote(name), "write "+quote(strings.ToLower(name)))
	case r == '_':
		return s.errorAt(s.at, `"_" in the profile `+quote(name), "write "+quote(strings.ToLower(strings.ReplaceAll(name, "_", "-"))))
	}
	return s.errorAt(s.at, glyph(r)+" in the profile "+quote(name), `profiles hold a-z, digits, ":", "-" and "."`)
}

// profileAround is the name, as it was meant, that the stop lies in.
func (s stop) profileAround() string {
	const ends = " \t[]()!,#"
	begin := strings.LastIndexAny(s.text[:s.at], ends) + 1
	end := len(s.text)
	if i := strings.IndexAny(s.text[s.at+utf8.RuneLen(first(s.rest())):], ends); i >= 0 {
		end = s.at + utf8.RuneLen(first(s.rest())) + i
	}
	return s.text[begin:end]
}

// unclosed is about a line that ends between the brackets.
func (s stop) unclosed() *Error {
	for i := len(s.before) - 1; i >= 0; i-- {
		if s.before[i] == "Open" {
			at := s.starts[i] + spaces(s.text[s.starts[i]:])
			return s.errorAt(at, `"[" is not closed`, `write "]" on the same line`)
		}
	}
	return s.errorAt(s.at, "the line ends too early", "complete it")
}

// groupStart is where the open group begins.
func (s stop) groupStart() int {
	for i := len(s.before) - 1; i >= 0; i-- {
		if s.before[i] == "LParen" {
			return s.starts[i]
		}
	}
	return s.at
}
