package setupcfg

import (
	"strings"
	"text/scanner"
)

// setupPy is what can be seen of setup.py from outside.
type setupPy struct {
	// keywords are those of the one call of setup(); the value's text is set where it
	// is a plain string literal.
	keywords map[string]keyword
	// opaque says that the call may set anything: none or several calls, positional
	// arguments, or **keywords. opaquePos is where.
	opaque    bool
	opaquePos scanner.Position
	// pbr is where pbr is switched on; pbrFile the file it reads if not setup.cfg.
	pbr     bool
	pbrPos  scanner.Position
	pbrFile string
	// raw says that d2to1, which does not interpolate, reads the file.
	raw bool
}

type keyword struct {
	literal bool
	value   string
	pos     scanner.Position
}

// parseSetupPy looks at the tokens of setup.py. It never fails: what it does not understand is opaque.
func parseSetupPy(filename string, src []byte) *setupPy {
	tokens := pythonTokens(filename, string(src))
	s := &setupPy{keywords: map[string]keyword{}, opaquePos: linePos(filename, 1)}
	s.findPBR(tokens)
	calls := 0
	for i := range tokens {
		if tokens[i].is("setup") && i+1 < len(tokens) && tokens[i+1].is("(") && (i == 0 || !tokens[i-1].is("def")) {
			calls++
			s.opaquePos = tokens[i].pos
			s.readCall(tokens[i+2:])
		}
	}
	if calls != 1 {
		s.opaque = true
	}
	return s
}

// findPBR applies the test for pbr: pbr=True, pbr=1, pbr="file", the same in a dict, or
// the name setup_cfg_to_args.
func (s *setupPy) findPBR(tokens []pyToken) {
	for i, t := range tokens {
		if t.is("setup_cfg_to_args") && !s.pbr {
			s.pbr, s.pbrPos = true, t.pos
		}
		if (t.text != "pbr" && t.text != "d2to1") || i+2 >= len(tokens) {
			continue
		}
		assign, value := tokens[i+1], tokens[i+2]
		if !(!t.str && assign.is("=") || t.str && assign.is(":")) {
			continue
		}
		if value.str && !value.odd || value.is("True") || value.is("1") {
			s.pbr, s.pbrPos = !value.str || value.text != "", t.pos
			s.raw = t.text == "d2to1"
			if value.str {
				s.pbrFile = value.text
			}
		}
	}
}

// readCall reads the keywords of a call up to its closing bracket.
func (s *setupPy) readCall(tokens []pyToken) {
	depth := 0
	start := 0
	for i, t := range tokens {
		switch {
		case t.is("(") || t.is("[") || t.is("{"):
			depth++
		case depth == 0 && (t.is(")") || t.is(",")):
			s.argument(tokens[start:i])
			start = i + 1
			if t.is(")") {
				return
			}
		case t.is(")") || t.is("]") || t.is("}"):
			depth--
		}
	}
	s.opaque = true // the call is never closed
}

func (s *setupPy) argument(tokens []pyToken) {
	if len(tokens) == 0 {
		return
	}
	if len(tokens) < 3 || tokens[0].str || !tokens[1].is("=") {
		s.opaque = true
		return
	}
	k := keyword{pos: tokens[0].pos}
	if len(tokens) == 3 && tokens[2].str && !tokens[2].odd {
		k.literal, k.value = true, tokens[2].text
	}
	s.keywords[tokens[0].text] = k
}

// sets says whether the call may set a keyword, and where.
func (s *setupPy) sets(names ...string) (scanner.Position, bool) {
	if s == nil {
		return scanner.Position{}, false
	}
	for _, name := range names {
		if k, ok := s.keywords[name]; ok {
			return k.pos, true
		}
	}
	return s.opaquePos, s.opaque
}

// pyToken is a name, number, operator or string of Python; comments and white space are none.
type pyToken struct {
	text string
	str  bool
	odd  bool // a string whose value is not simply its text: f"", b"", with backslashes
	pos  scanner.Position
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
				token.odd = token.odd || !strings.EqualFold(out[n-1].text, "u")
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
