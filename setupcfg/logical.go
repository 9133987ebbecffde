package setupcfg

import (
	"fmt"
	"strings"
	"text/scanner"
	"unicode"
	"unicode/utf8"
)

// The exceptions of Python's configparser that a text can cause.
const (
	classDecode           = "UnicodeDecodeError"
	classNoSection        = "MissingSectionHeaderError"
	classDuplicateSection = "DuplicateSectionError"
	classDuplicateOption  = "DuplicateOptionError"
	classParsing          = "ParsingError"
)

// defaultSection is the section whose keys every other section has too.
const defaultSection = "DEFAULT"

// valueLine is one physical line of a value, stripped.
type valueLine struct {
	text string
	pos  scanner.Position
}

// logicalLine is a section header, or a key with all lines of its value. Continuations are
// joined, comments gone, blank lines inside the value kept.
type logicalLine struct {
	header bool
	name   string // section, or folded key
	pos    scanner.Position
	value  []valueLine
}

// logicalPass turns physical lines into logical ones, by the rules of configparser's _read
// (CPython 3.10 and later, strict, no inline comments). It goes on after a problem so that all are reported.
type logicalPass struct {
	fold     func(string) string
	filename string
	lines    []logicalLine
	errs     ErrorList

	anchor   int    // indentation of the last header or option
	open     bool   // the last logical line is an option that continuations belong to
	lost     bool   // as open, for an option that is an error: its continuations are dropped
	section  string // current section
	inside   bool   // there is a current section
	headless bool   // a missing header was reported
	sections map[string]scanner.Position
	keys     map[[2]string]scanner.Position
}

// logicalLines splits a text into logical lines; fold makes the key of what is written.
func logicalLines(filename string, src []byte, fold func(string) string) ([]logicalLine, ErrorList) {
	if !utf8.Valid(src) {
		return nil, ErrorList{decodeError(filename, src)}
	}
	p := &logicalPass{fold: fold, filename: filename, sections: map[string]scanner.Position{}, keys: map[[2]string]scanner.Position{}}
	for n, line := range physicalLines(string(src)) {
		p.line(n+1, line)
	}
	return p.lines, p.errs
}

// physicalLines splits with universal newlines: CRLF, LF and a lone CR, and nothing else.
func physicalLines(text string) []string {
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text)
	if text == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(text, "\n"), "\n")
}

// isSpace is Python's str.isspace: Unicode's White_Space and the four separators U+001C to U+001F.
func isSpace(r rune) bool { return unicode.IsSpace(r) || r >= 0x1c && r <= 0x1f }

func strip(s string) string { return strings.TrimFunc(s, isSpace) }

func (p *logicalPass) line(number int, line string) {
	text := strip(line)
	if text == "" {
		p.extend(valueLine{pos: p.at(number, 1)})
		return
	}
	if text[0] == '#' || text[0] == ';' {
		return // a comment neither ends nor extends a value, wherever it begins
	}
	// A tab is one character of indentation, as in Python.
	indent := utf8.RuneCountInString(line[:strings.IndexFunc(line, func(r rune) bool { return !isSpace(r) })])
	pos := p.at(number, indent+1)
	if (p.open || p.lost) && indent > p.anchor {
		p.extend(valueLine{text, pos})
		return
	}
	p.anchor = indent
	if end := strings.LastIndexByte(text, ']'); text[0] == '[' && end > 1 {
		p.header(text[1:end], pos)
		return
	}
	if !p.inside {
		p.missingHeader(text, pos)
		return
	}
	p.option(text, pos)
}

func (p *logicalPass) at(line, column int) scanner.Position {
	return scanner.Position{Filename: p.filename, Line: line, Column: column}
}

func (p *logicalPass) extend(v valueLine) {
	if p.open {
		last := &p.lines[len(p.lines)-1]
		last.value = append(last.value, v)
	}
}

func (p *logicalPass) header(name string, pos scanner.Position) {
	p.open, p.lost, p.inside, p.section = false, false, true, name
	first, seen := p.sections[name]
	if seen && name != defaultSection {
		p.fail(classDuplicateSection, pos, "put its lines under the first one", "section [%s] exists already, at line %d", name, first.Line)
		return
	}
	if !seen {
		p.sections[name] = pos
	}
	p.lines = append(p.lines, logicalLine{header: true, name: name, pos: pos})
}

func (p *logicalPass) missingHeader(text string, pos scanner.Position) {
	if p.headless {
		return // said once, not for every line up to the first header
	}
	p.headless = true
	if strings.HasPrefix(text, "\ufeff") {
		p.fail(classNoSection, pos, "remove it (save the file as UTF-8 without BOM)", "the file begins with a byte order mark, which Python takes for text")
		return
	}
	p.fail(classNoSection, pos, "begin the file with a section such as [metadata]", "%q stands before the first section header", shorten(text))
}

func (p *logicalPass) option(text string, pos scanner.Position) {
	cut := strings.IndexAny(text, "=:")
	if cut < 0 {
		// The option before stays open, as in Python: its value may go on below.
		p.fail(classParsing, pos, "write key = value, or indent the line to make it part of the value above", "%q is neither a section header nor an option", shorten(text))
		return
	}
	key := p.fold(strings.TrimRightFunc(text[:cut], isSpace))
	where := [2]string{p.section, key}
	first, seen := p.keys[where]
	if !seen {
		p.keys[where] = pos
	}
	p.open, p.lost = false, seen && key != ""
	if key == "" {
		p.fail(classParsing, pos, "write key = value", "%q has no key", shorten(text))
	}
	if seen {
		p.fail(classDuplicateOption, pos, "keep one of them", "option %q exists already in section [%s], at line %d", key, p.section, first.Line)
	}
	if seen || key == "" {
		return
	}
	p.open = true
	rest := text[cut+1:]
	skipped := utf8.RuneCountInString(text[:cut+1]) + utf8.RuneCountInString(rest) - utf8.RuneCountInString(strings.TrimLeftFunc(rest, isSpace))
	value := valueLine{strip(rest), p.at(pos.Line, pos.Column+skipped)}
	p.lines = append(p.lines, logicalLine{name: key, pos: pos, value: []valueLine{value}})
}

func (p *logicalPass) fail(class string, pos scanner.Position, hint, format string, args ...any) {
	p.errs = append(p.errs, &Error{Pos: pos, class: class, Hint: hint, Msg: fmt.Sprintf(format, args...)})
}

// decodeError is the error for the first byte that is not UTF-8.
func decodeError(filename string, src []byte) *Error {
	pos := scanner.Position{Filename: filename, Line: 1, Column: 1}
	for len(src) > 0 {
		r, size := utf8.DecodeRune(src)
		if r == utf8.RuneError && size == 1 {
			break
		}
		pos.Column++
		if r == '\n' || r == '\r' && (len(src) == 1 || src[1] != '\n') {
			pos.Line, pos.Column = pos.Line+1, 1
		}
		src = src[size:]
	}
	return &Error{Pos: pos, class: classDecode, Msg: fmt.Sprintf("byte 0x%02x is not UTF-8", src[:1]), Hint: "save the file as UTF-8"}
}

// shorten keeps a quoted line of an error message readable.
func shorten(text string) string {
	const most = 60
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return text
}
