package setupcfg

import (
	"regexp"
	"strconv"
	"strings"
	"text/scanner"
	"unicode/utf8"
)

// TOML says where the keys and values of a TOML document stand. A path is its keys; items of arrays are "[0]" and so on. The
// document is one that a TOML decoder accepted; of any other it finds what it finds.
type TOML struct{ index *tomlIndex }

// ScanTOML reads a document; the filename is for positions only.
func ScanTOML(filename string, src []byte) *TOML { return &TOML{indexTOML(filename, src)} }

// Key is the place of the key itself, also where it is a part of a header or of a dotted key; of an item of an array that of the
// item. A path that is not there has the place of the nearest table that would hold it, else the file's.
func (t *TOML) Key(path ...string) scanner.Position {
	for ; len(path) > 0; path = path[:len(path)-1] {
		if pos, ok := t.index.names[tomlPath(path...)]; ok {
			return pos
		}
	}
	return filePos(t.index.filename)
}

// Value is the place where a value begins; that of the key for a table with a header.
func (t *TOML) Value(path ...string) scanner.Position {
	if at, ok := t.index.values[tomlPath(path...)]; ok {
		return t.index.place(at)
	}
	return t.Key(path...)
}

// Within is the place of a byte of the string at the path, counted in its value.
func (t *TOML) Within(offset int, path ...string) scanner.Position {
	start, ok := t.index.values[tomlPath(path...)]
	if !ok {
		return t.Key(path...)
	}
	found := start
	eachCharacter(t.index.src[start:], func(at int, c string) {
		if offset >= 0 {
			found = start + at
		}
		offset -= len(c)
	})
	return t.index.place(found)
}

// Keys are the keys in the order of the document, as MetaData.Keys of the decoder has them: headers and keys, also those within
// inline tables, with all they are in, but without the items of arrays.
func (t *TOML) Keys() [][]string { return t.index.sequence }

// Below are the keys of a table in the order of the document.
func (t *TOML) Below(path ...string) []string { return t.index.order[tomlPath(path...)] }

// Newer are the places of what TOML 1.1 allows and 1.0, which Python reads, does not: inline tables on several lines or with a
// comma at the end, the escapes \e and \x, times without seconds.
func (t *TOML) Newer() []scanner.Position { return t.index.newer }

// byteOrderMark may stand at the start of a document, and is no character of it.
const byteOrderMark = "\ufeff"

// place is the place of an offset.
func (x *tomlIndex) place(at int) scanner.Position {
	bol := strings.LastIndexByte(x.src[:at], '\n') + 1
	if bol == 0 && at >= len(byteOrderMark) && strings.HasPrefix(x.src, byteOrderMark) {
		bol = len(byteOrderMark)
	}
	return scanner.Position{Filename: x.filename, Line: 1 + strings.Count(x.src[:bol], "\n"), Column: 1 + utf8.RuneCountInString(x.src[bol:at])}
}

// skipByteOrderMark skips one at the start.
func (x *tomlIndex) skipByteOrderMark() {
	if strings.HasPrefix(x.src, byteOrderMark) {
		x.at = len(byteOrderMark)
		x.bol = x.at
	}
}

// name keeps the first place of a key.
func (x *tomlIndex) name(keys []string, pos scanner.Position) {
	path := tomlPath(keys...)
	if _, seen := x.names[path]; !seen {
		x.names[path] = pos
	}
}

// nameParts keeps the places of the parts of a dotted key, which are the last ones of keys but for items of arrays.
func (x *tomlIndex) nameParts(keys, parts []string, at []scanner.Position) {
	n := len(keys)
	for i := len(parts) - 1; i >= 0; i-- {
		for n > 0 && keys[n-1] != parts[i] {
			n--
		}
		if n == 0 {
			return
		}
		x.name(keys[:n], at[i])
		n--
	}
}

// inlineTable reads what is in braces, and notes what of it is newer than TOML 1.0.
func (x *tomlIndex) inlineTable(keys, plain []string) {
	x.next()
	for {
		comma, pos, line := false, x.pos(), x.line
		for x.blank(true); x.peek() == ','; x.blank(true) {
			comma, pos = true, x.pos()
			x.next()
		}
		if x.line > line || comma && x.peek() == '}' {
			x.newer = append(x.newer, pos)
		}
		if x.peek() == '}' {
			x.next()
			return
		}
		start := x.at
		if x.at >= len(x.src) {
			return
		}
		if x.keyValue(keys, plain); x.at == start {
			return // not TOML
		}
	}
}

func (x *tomlIndex) newerEscape() {
	if next := x.at + 1; next < len(x.src) && (x.src[next] == 'e' || x.src[next] == 'x') {
		x.newer = append(x.newer, x.pos())
	}
}

func (x *tomlIndex) newerTime(start int) {
	text := strings.TrimSpace(x.src[start:min(x.at, len(x.src))])
	if regexp.MustCompile(`^([0-9-]{10}[Tt ])?[0-9]{2}:[0-9]{2}($|[^:0-9])`).MatchString(text) {
		x.newer = append(x.newer, x.place(start))
	}
}

// eachCharacter goes through the value of the string that text begins with: offsets count in text, c is what stands there for in the
// value, so empty for the line end after an opening """.
func eachCharacter(text string, do func(at int, c string)) {
	if text == "" || text[0] != '"' && text[0] != '\'' {
		return
	}
	quote, at := text[:1], 1
	if long := strings.Repeat(quote, 3); strings.HasPrefix(text, long) {
		quote, at = long, 3
		if strings.HasPrefix(text[at:], "\r\n") {
			at++
		}
		if strings.HasPrefix(text[at:], "\n") {
			at++
		}
	}
	for at < len(text) {
		if strings.HasPrefix(text[at:], quote) && (len(quote) == 1 || !strings.HasPrefix(text[at+1:], quote)) {
			return
		}
		_, size := utf8.DecodeRuneInString(text[at:])
		c := text[at : at+size]
		if text[at] == '\\' && quote[0] == '"' {
			c, size = unescape(text[at:])
		}
		do(at, c)
		at += size
	}
}

// unescape is the value of an escape and its length; a backslash at the end of a line stands for nothing, with the blanks after it.
func unescape(text string) (value string, size int) {
	if len(text) < 2 {
		return "", 1
	}
	digits := map[byte]int{'x': 2, 'u': 4, 'U': 8}[text[1]]
	if digits > 0 {
		if len(text) < 2+digits {
			return "", len(text)
		}
		code, err := strconv.ParseUint(text[2:2+digits], 16, 32)
		if err != nil {
			return "", 2
		}
		return string(rune(code)), 2 + digits
	}
	if i := strings.IndexByte("btnfre\"\\", text[1]); i >= 0 {
		return "\b\t\n\f\r\x1b\"\\"[i : i+1], 2
	}
	rest := strings.TrimLeft(text[1:], " \t\r\n")
	return "", len(text) - len(rest)
}
