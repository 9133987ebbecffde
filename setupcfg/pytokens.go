package setupcfg

import (
	"strings"
	"text/scanner"
)

// pyToken is a name, number, operator or string of Python; comments and white space are none.
type pyToken struct {
	text string
	str  bool
	odd  bool // a string whose value is not simply its text: f"", b"", with backslashes
	// prefix is that of a string, in lower case.
	prefix string
	pos    scanner.Position
}

func (t pyToken) is(text string) bool { return !t.str && t.text == text }

// pythonTokens splits Python source well enough to find names, brackets and string literals.
func pythonTokens(filename, src string) []pyToken {
	var out []pyToken
	src = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(src)
	line, lineStart := 1, 0
	for i := 0; i < len(src); {
		c := src[i]
		pos := scanner.Position{Filename: filename, Line: line, Column: 1 + len([]rune(src[lineStart:i]))}
		switch {
		case c == '\n':
			line, lineStart = line+1, i+1
			i++
		case c == '#':
			if end := strings.IndexByte(src[i:], '\n'); end >= 0 {
				i += end
			} else {
				i = len(src)
			}
		case c == '"' || c == '\'':
			text, length := pythonString(src[i:])
			token := pyToken{text: text, str: true, odd: strings.Contains(text, `\`), pos: pos}
			if n := len(out); n > 0 && stringPrefix(out[n-1], pos) {
				token.prefix = strings.ToLower(out[n-1].text)
				token.odd = token.odd || token.prefix != "u"
				token.pos = out[n-1].pos
				out = out[:n-1]
			}
			out = append(out, token)
			if skipped := src[i : i+length]; strings.Contains(skipped, "\n") {
				line += strings.Count(skipped, "\n")
				lineStart = i + strings.LastIndexByte(skipped, '\n') + 1
			}
			i += length
		case wordByte(c):
			end := i
			for end < len(src) && wordByte(src[end]) {
				end++
			}
			out = append(out, pyToken{text: src[i:end], pos: pos})
			i = end
		case strings.HasPrefix(src[i:], "=="):
			out = append(out, pyToken{text: "==", pos: pos})
			i += 2
		case c == ' ' || c == '\t' || c == '\f' || c == '\\':
			i++
		default:
			out = append(out, pyToken{text: string(c), pos: pos})
			i++
		}
	}
	return out
}

// pythonString reads a string literal without its prefix; length counts the quotes too.
func pythonString(src string) (text string, length int) {
	quote := src[:1]
	if strings.HasPrefix(src, strings.Repeat(quote, 3)) {
		quote = src[:3]
	}
	for i := len(quote); i < len(src); i++ {
		switch {
		case src[i] == '\\':
			i++
		case strings.HasPrefix(src[i:], quote):
			return src[len(quote):i], i + len(quote)
		case src[i] == '\n' && len(quote) == 1:
			return src[1:i], i // not closed: Python refuses the file
		}
	}
	return src[min(len(quote), len(src)):], len(src)
}

// stringPrefix says whether a name directly before a string belongs to it.
func stringPrefix(t pyToken, pos scanner.Position) bool {
	return !t.str && t.pos.Line == pos.Line && t.pos.Column+len(t.text) == pos.Column && len(t.text) <= 2 &&
		strings.Trim(strings.ToLower(t.text), "rbuf") == ""
}

func wordByte(c byte) bool { return alphanumeric(c) || c == '_' || c >= 0x80 }
