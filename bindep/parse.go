package bindep

import (
	"bytes"
	"strings"
	"text/scanner"
	"unicode/utf8"

	"github.com/alecthomas/participle/v2"
	"github.com/alecthomas/participle/v2/lexer"
)

// Parse reads a bindep.txt. The filename is used for positions only.
//
// Lines end with LF, CRLF or CR, the last one also without. The error is an
// ErrorList with every problem of the file, at most one a line, except that a
// text that is not UTF-8 has just that one; no rule is returned with an error.
func Parse(filename string, src []byte) (*File, error) {
	return reader{ends: anyEnd}.whole(filename, src)
}

// ParseStrict reads what bindep reads and refuses what bindep refuses: on standard input only
// LF ends a line, and a comment may hold the character NUL. Otherwise it is Parse.
func ParseStrict(filename string, src []byte, stdin bool) (*File, error) {
	r := reader{ends: anyEnd, nul: true}
	if stdin {
		r.ends = "\n"
	}
	return r.whole(filename, src)
}

// Check reads a bindep.txt like Parse and gives what Lint finds in the lines that are right,
// with the problems of those that are not: all that is to be said about a file in one go.
func Check(filename string, src []byte) ([]Warning, error) {
	file, err := reader{ends: anyEnd}.read(filename, src)
	return Lint(file), err
}

// anyEnd are the line ends of a file: CRLF, lone CR, LF.
const anyEnd = "\r\n"

// reader is what one may read differently from another.
type reader struct {
	// ends holds the characters that end a line.
	ends string
	// nul lets comments hold the character NUL.
	nul bool
	// parser is nil where one is to be made: for few lines that takes longer than parsing.
	parser *participle.Parser[lineNode]
}

// whole gives a file without problems, or the problems.
func (r reader) whole(filename string, src []byte) (*File, error) {
	file, err := r.read(filename, src)
	if err != nil {
		return nil, err
	}
	return file, nil
}

// read gives the rules of the lines that are right, with the problems of the others.
func (r reader) read(filename string, src []byte) (*File, error) {
	file := &File{Name: filename}
	if e := r.notText(filename, src); e != nil {
		return file, ErrorList{e}
	}
	parser := r.parser
	if parser == nil {
		var err error
		if parser, err = newParser(); err != nil {
			return file, err
		}
	}
	var problems ErrorList
	for _, l := range splitLines(filename, string(src), r.ends) {
		rest, ok := strings.CutPrefix(l.text, byteOrderMark)
		if ok && l.start.Line == 1 {
			problems = append(problems, l.errorAt(0, "byte order mark at the start of the file", "save the file as UTF-8 without one"))
			l.text = rest
			l.start.Offset += len(byteOrderMark)
		}
		rule, e := l.parse(parser)
		switch {
		case e != nil:
			problems = append(problems, e)
		case rule != nil:
			file.Rules = append(file.Rules, *rule)
		}
	}
	return file, problems.err()
}

const byteOrderMark = "\ufeff"

// line is the text of a line without its end, and where it starts.
type line struct {
	start scanner.Position
	text  string
}

// splitLines does what Python's universal newlines do when ends is CR and LF.
func splitLines(filename, src, ends string) []line {
	var lines []line
	for offset := 0; offset < len(src); {
		text, next := src[offset:], len(src)
		if i := strings.IndexAny(text, ends); i >= 0 {
			next = offset + i + 1
			if strings.HasPrefix(text[i:], "\r\n") {
				next++
			}
			text = text[:i]
		}
		start := scanner.Position{Filename: filename, Offset: offset, Line: len(lines) + 1, Column: 1}
		lines = append(lines, line{start: start, text: text})
		offset = next
	}
	return lines
}

// of is the position of a token of the line. The lexer has counted its characters
// already: counting them for each token would take the square of a line's length.
func (l line) of(token lexer.Position) scanner.Position {
	pos := l.start
	pos.Offset += token.Offset
	pos.Column += token.Column - 1
	return pos
}

// at is the position of a byte of the line.
func (l line) at(offset int) scanner.Position {
	pos := l.start
	pos.Offset += offset
	pos.Column += utf8.RuneCountInString(l.text[:offset])
	return pos
}

func (l line) errorAt(offset int, msg, hint string) *Error {
	return &Error{Pos: l.at(offset), Msg: msg, Hint: hint}
}

// parse gives the line to the grammar; blank lines and comments give no rule.
func (l line) parse(parser *participle.Parser[lineNode]) (*Rule, *Error) {
	node, err := parser.ParseString("", l.text+"\n")
	if err != nil {
		return nil, l.diagnose(parser, err)
	}
	if node.Rule == nil {
		return nil, nil
	}
	return l.rule(node.Rule)
}

// rule turns the syntax tree into a Rule.
func (l line) rule(node *ruleNode) (*Rule, *Error) {
	r := &Rule{Pos: l.of(node.Pos), Name: node.Name}
	if node.Selectors != nil {
		for _, item := range node.Selectors.Items {
			r.Selectors = append(r.Selectors, l.selector(item))
		}
	}
	if node.First == nil {
		return r, nil
	}
	list := append([]*nextNode{(*nextNode)(node.First)}, node.Next...)
	for _, n := range list {
		pos := n.Version.Pos
		if why := checkVersion(n.Version.Text); why != "" {
			return nil, l.errorAt(pos.Offset, quote(n.Version.Text)+" is no version: "+why,
				"write it as [EPOCH:]VERSION[-REVISION], such as 1.2 or 1:1.2-3")
		}
		r.Constraints = append(r.Constraints, Constraint{
			Pos: l.of(pos), Op: strings.Trim(n.Op, " ,"), Version: n.Version.Text,
		})
	}
	return r, nil
}

func (l line) selector(item *itemNode) Selector {
	if item.Profile != nil {
		return l.profile(item.Profile)
	}
	s := Selector{Pos: l.of(item.Pos)}
	for _, m := range item.Group.Members {
		s.Group = append(s.Group, l.profile(m))
	}
	return s
}

func (l line) profile(node *profileNode) Selector {
	return Selector{Pos: l.of(node.Pos), Not: node.Not, Profile: node.Name}
}

// checkVersion says what keeps s from being a Debian version, or "". A number
// before a colon is the epoch even where what follows is then no version.
func checkVersion(s string) string {
	if i := strings.IndexFunc(s, notDigit); i > 0 && s[i] == ':' {
		s = s[i+1:]
	}
	first, _ := utf8.DecodeRuneInString(s)
	if notDigit(first) {
		return "it does not start with a digit"
	}
	parts := strings.Split(s, "-")[1:]
	for i, p := range parts {
		last := i == len(parts)-1
		switch {
		case last && p == "":
			return "it ends with a hyphen"
		case last && strings.Contains(p, ":"):
			return "there is a colon in its revision"
		case i > 0 && (p == "" || p[0] == ':'):
			return "a hyphen must not follow a second hyphen, nor a colon"
		}
	}
	return ""
}

// notText finds the first byte that keeps src from being a text.
func (r reader) notText(filename string, src []byte) *Error {
	bad := -1
	if !r.nul {
		bad = bytes.IndexByte(src, 0)
	}
	msg, hint := "NUL byte, this is no text file", "write the file as plain UTF-8 text"
	for i, c := range string(src) {
		if c != utf8.RuneError || bytes.HasPrefix(src[i:], []byte("\uFFFD")) {
			continue
		}
		if bad < 0 || i < bad {
			bad, msg, hint = i, "not UTF-8 from here", "save the file as UTF-8"
		}
		break
	}
	if bad < 0 {
		return nil
	}
	lines := splitLines(filename, string(src[:bad])+"x", r.ends)
	last := lines[len(lines)-1]
	return last.errorAt(len(last.text)-1, msg, hint)
}
