package bindep

import (
	"regexp"
	"strings"
	"text/scanner"
	"unicode/utf8"
)

// assignment is one NAME=value of an os-release file.
type assignment struct {
	pos        scanner.Position
	key, value string
}

// ParseOSRelease reads an os-release file. The filename is used for positions only.
//
// The file is read like Python's distro library reads it: as shell words, names in
// any case, the last of a name wins. The error, an ErrorList, is that of a file
// without an ID, with an open quote, or without a version number on a
// distribution that has bindep's base-py2 and base-py3.
func ParseOSRelease(filename string, src []byte) (Distro, error) {
	if e := (reader{ends: anyEnd}).notText(filename, src); e != nil {
		return Distro{}, ErrorList{e}
	}
	words, e := shellWords(filename, string(src))
	if e != nil {
		return Distro{}, ErrorList{e}
	}
	fields := map[string]assignment{}
	for _, w := range words {
		if key, value, ok := strings.Cut(w.value, "="); ok {
			key = strings.ToLower(key)
			fields[key] = assignment{pos: w.pos, key: key, value: value}
		}
	}
	id := fields["id"]
	if strings.TrimSpace(id.value) == "" {
		pos := id.pos
		if !pos.IsValid() {
			pos = scanner.Position{Filename: filename, Line: 1, Column: 1}
		}
		return Distro{}, ErrorList{{Pos: pos, Msg: "no ID, the distribution is unknown", Hint: "add a line such as ID=debian"}}
	}
	d := Distro{
		ID:       normalID(id.value),
		Version:  strings.ToLower(osVersion(fields)),
		Codename: strings.ToLower(osCodename(fields)),
		Name:     fields["name"].value,
	}
	if msg, hint := d.missingVersion(); msg != "" {
		pos := id.pos
		if v, ok := fields["version_id"]; ok {
			pos = v.pos
		}
		return Distro{}, ErrorList{{Pos: pos, Msg: msg, Hint: hint}}
	}
	return d, nil
}

// osVersion prefers VERSION_ID to a version at the end of PRETTY_NAME.
func osVersion(fields map[string]assignment) string {
	if v := fields["version_id"].value; v != "" {
		return v
	}
	pretty := regexp.MustCompile(`^.+?(?: *release)? *([0-9][0-9.+\-a-z]*)(?: LTS)? *(?:\(.*\)[^)]*)?$`)
	if m := pretty.FindStringSubmatch(fields["pretty_name"].value); m != nil {
		return m[1]
	}
	return ""
}

// osCodename takes VERSION_CODENAME even where it is empty, as Fedora's is: that
// line says that the parentheses of VERSION hold something else.
func osCodename(fields map[string]assignment) string {
	for _, key := range []string{"version_codename", "ubuntu_codename"} {
		if f, ok := fields[key]; ok {
			return f.value
		}
	}
	inVersion := regexp.MustCompile(`\(([^0-9]+)\)|,\s*([^0-9]+)`)
	if m := inVersion.FindStringSubmatch(fields["version"].value); m != nil {
		return m[1] + m[2]
	}
	return ""
}

// shellWords splits src as Python's shlex does: blanks part words, "#" starts a
// comment even inside a word, a backslash between double quotes quotes only
// itself and the double quote.
func shellWords(filename, src string) ([]assignment, *Error) {
	var (
		words  []assignment
		word   strings.Builder
		start  scanner.Position
		inWord bool
	)
	pos := scanner.Position{Filename: filename, Line: 1, Column: 1}
	advance := func() rune {
		r, size := utf8.DecodeRuneInString(src[pos.Offset:])
		pos.Offset += size
		pos.Column++
		if r == '\n' {
			pos.Line, pos.Column = pos.Line+1, 1
		}
		return r
	}
	end := func() {
		if inWord {
			words = append(words, assignment{pos: start, value: word.String()})
		}
		word.Reset()
		inWord = false
	}
	for pos.Offset < len(src) {
		at := pos
		r := advance()
		if strings.ContainsRune(" \t\r\n", r) {
			end()
			continue
		}
		if r == '#' {
			end()
			for pos.Offset < len(src) && src[pos.Offset] != '\n' {
				advance()
			}
			continue
		}
		if !inWord {
			inWord, start = true, at
		}
		if r != '\\' && r != '"' && r != '\'' {
			word.WriteRune(r)
			continue
		}
		n, text, ok := quoted(src[at.Offset:])
		if !ok {
			return nil, &Error{Pos: at, Msg: "what " + quote(string(r)) + " begins is not closed", Hint: "close it or remove it"}
		}
		word.WriteString(text)
		for stop := at.Offset + n; pos.Offset < stop; {
			advance()
		}
	}
	end()
	return words, nil
}

// quoted reads what a quote or backslash at the start of src begins: its length
// in bytes and what it stands for.
func quoted(src string) (n int, text string, ok bool) {
	if src[0] == '\\' {
		_, size := utf8.DecodeRuneInString(src[1:])
		return 1 + size, src[1 : 1+size], size > 0
	}
	var b strings.Builder
	for i := 1; i < len(src); i++ {
		switch c := src[i]; {
		case c == src[0]:
			return i + 1, b.String(), true
		case c == '\\' && src[0] == '"' && i+1 < len(src) && strings.ContainsRune(`"\`, rune(src[i+1])):
			i++
			b.WriteByte(src[i])
		default:
			b.WriteByte(c)
		}
	}
	return 0, "", false
}
