package setupcfg

import (
	"slices"
	"strconv"
	"strings"
	"text/scanner"
	"unicode/utf8"
)

// tomlIndex says where the keys of a TOML document stand, which the decoder does not tell:
// tables at their header, keys at their name, items of arrays (path + "[0]") at the item.
// It presumes a document that BurntSushi/toml accepted; of any other it finds what it finds.
type tomlIndex struct {
	filename string
	src      string
	at       int
	line     int
	bol      int // start of the line
	places   map[string]scanner.Position
	order    map[string][]string // keys below a path, as written
	arrays   map[string]int      // how many [[path]] there were

	names    map[string]scanner.Position // of the key itself, also within a header or a dotted key
	values   map[string]int              // offsets at which values begin
	sequence [][]string                  // keys as the decoder lists them
	newer    []scanner.Position          // what only TOML 1.1 allows
}

// tomlPath joins keys so that no key can look like two.
func tomlPath(keys ...string) string { return strings.Join(keys, "\x00") }

func indexTOML(filename string, src []byte) *tomlIndex {
	x := &tomlIndex{filename: filename, src: string(src), line: 1, places: map[string]scanner.Position{}, order: map[string][]string{}, arrays: map[string]int{},
		names: map[string]scanner.Position{}, values: map[string]int{}}
	x.skipByteOrderMark()
	var table, plain []string
	for x.blank(true); x.at < len(x.src); x.blank(true) {
		start := x.at
		if x.src[x.at] == '[' {
			table, plain = x.tableHeader()
		} else {
			x.keyValue(table, plain)
		}
		if x.at == start {
			x.next() // not TOML
		}
	}
	return x
}

func (x *tomlIndex) peek() byte {
	if x.at < len(x.src) {
		return x.src[x.at]
	}
	return 0
}

func (x *tomlIndex) next() {
	if x.peek() == '\n' {
		x.line, x.bol = x.line+1, x.at+1
	}
	x.at++
}

func (x *tomlIndex) pos() scanner.Position {
	return scanner.Position{Filename: x.filename, Line: x.line, Column: 1 + utf8.RuneCountInString(x.src[x.bol:min(x.at, len(x.src))])}
}

// blank skips blanks and comments, and line ends if asked.
func (x *tomlIndex) blank(lines bool) {
	for x.at < len(x.src) {
		switch c := x.peek(); {
		case c == ' ' || c == '\t' || c == '\r' || lines && c == '\n':
			x.next()
		case c == '#':
			for x.at < len(x.src) && x.peek() != '\n' {
				x.at++
			}
		default:
			return
		}
	}
}

// tableHeader reads [a.b] or [[a.b]]; plain is the path without items of arrays.
func (x *tomlIndex) tableHeader() (keys, plain []string) {
	pos := x.pos()
	array := strings.HasPrefix(x.src[x.at:], "[[")
	for x.peek() == '[' {
		x.next()
	}
	plain, at := x.dottedKey()
	for x.peek() == ']' {
		x.next()
	}
	x.sequence = append(x.sequence, plain)
	keys = x.within(plain, !array)
	x.nameParts(keys, plain, at)
	if array {
		path := tomlPath(keys...)
		keys = append(keys, "["+strconv.Itoa(x.arrays[path])+"]")
		x.arrays[path]++
		x.name(keys, at[len(at)-1])
	}
	x.note(keys, pos)
	return keys, plain
}

// within says of which item of an array of tables a header speaks: the last one so far.
func (x *tomlIndex) within(keys []string, last bool) []string {
	var path []string
	for n, key := range keys {
		path = append(path, key)
		if count := x.arrays[tomlPath(path...)]; count > 0 && (last || n < len(keys)-1) {
			path = append(path, "["+strconv.Itoa(count-1)+"]")
		}
	}
	return path
}

// note keeps the first place of a path and of the tables that it makes.
func (x *tomlIndex) note(keys []string, pos scanner.Position) {
	for n := 1; n <= len(keys); n++ {
		path := tomlPath(keys[:n]...)
		if _, seen := x.places[path]; !seen {
			x.places[path] = pos
			parent := tomlPath(keys[:n-1]...)
			x.order[parent] = append(x.order[parent], keys[n-1])
		}
	}
}

// dottedKey reads a.b, with the places of the parts.
func (x *tomlIndex) dottedKey() (keys []string, at []scanner.Position) {
	for {
		x.blank(false)
		at = append(at, x.pos())
		keys = append(keys, x.key())
		x.blank(false)
		if x.peek() != '.' {
			return keys, at
		}
		x.next()
	}
}

func (x *tomlIndex) key() string {
	if c := x.peek(); c == '"' || c == '\'' {
		return x.str()
	}
	start := x.at
	for c := x.peek(); alphanumeric(c) || c == '-' || c == '_' || c >= 0x80; c = x.peek() {
		x.next()
	}
	return x.src[start:x.at]
}

// str reads a string and returns its value.
func (x *tomlIndex) str() string {
	quote := x.src[x.at : x.at+1]
	if long := strings.Repeat(quote, 3); strings.HasPrefix(x.src[x.at:], long) {
		quote = long
	}
	start := x.at
	x.at += len(quote)
	for x.at < len(x.src) && !strings.HasPrefix(x.src[x.at:], quote) {
		if quote[0] == '"' && x.peek() == '\\' {
			x.newerEscape()
			x.next()
		}
		x.next()
	}
	x.at = min(x.at+len(quote), len(x.src))
	for n := 0; n < 2 && len(quote) == 3 && x.peek() == quote[0]; n++ { // up to two quotes may stand before the closing three
		x.at++
	}
	var b strings.Builder
	eachCharacter(x.src[start:x.at], func(_ int, c string) { b.WriteString(c) })
	return b.String()
}

func (x *tomlIndex) keyValue(table, plain []string) {
	pos := x.pos()
	own, at := x.dottedKey()
	keys := slices.Concat(table, own)
	x.note(keys, pos)
	plain = slices.Concat(plain, own)
	x.sequence = append(x.sequence, plain)
	x.nameParts(keys, own, at)
	if x.peek() == '=' {
		x.next()
		x.value(keys, plain)
	}
}

// value skips a value and notes what is in it.
func (x *tomlIndex) value(keys, plain []string) {
	x.blank(true)
	if path := tomlPath(keys...); x.values[path] == 0 {
		x.values[path] = x.at
	}
	switch x.peek() {
	case '"', '\'':
		x.str()
	case '[':
		x.next()
		for n := 0; x.item(']'); n++ {
			item := slices.Concat(keys, []string{"[" + strconv.Itoa(n) + "]"})
			x.note(item, x.pos())
			x.name(item, x.pos())
			start := x.at
			if x.value(item, plain); x.at == start {
				return // not TOML
			}
		}
	case '{':
		x.inlineTable(keys, plain)
	default:
		start := x.at
		for c := x.peek(); c != 0 && !strings.ContainsRune(",]}#\n", rune(c)); c = x.peek() {
			x.next()
		}
		x.newerTime(start)
	}
}

// item goes to the next item of an array or inline table, or past its end.
func (x *tomlIndex) item(end byte) bool {
	for x.blank(true); x.peek() == ','; x.blank(true) {
		x.next()
	}
	if x.peek() == end {
		x.next()
		return false
	}
	return x.at < len(x.src)
}
