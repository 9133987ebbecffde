package bindep

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/alecthomas/participle/v2"
	"github.com/alecthomas/participle/v2/lexer"
)

// The grammar has decided that a line is wrong before anything here runs. What
// follows finds the words for it: it asks the grammar's own lexer what the line
// holds before the place where the grammar stopped, and looks at what stands there.

// stop is the place in a line where the grammar stopped.
type stop struct {
	line
	at int
	// before names the kinds of tokens in front of it.
	before []string
	// starts is where the token of the same index begins.
	starts []int
}

// diagnose says what is wrong with a line that the grammar rejected.
func (l line) diagnose(parser *participle.Parser[lineNode], cause error) *Error {
	if strings.Contains(cause.Error(), "too many iterations") {
		return &Error{
			Pos: l.start, Msg: "a line of more than " + strconv.Itoa(participle.MaxIterations/2) + " selectors or versions",
			Hint: "shorten it", cause: cause,
		}
	}
	s := l.stopAt(parser, cause)
	var e *Error
	switch {
	case len(s.before) == 0:
		e = s.atStart()
	case s.inSelectors():
		e = s.atSelector()
	default:
		e = s.atRule()
	}
	e.cause = cause
	return e
}

// stopAt finds the first place that is wrong. The lexer reads the whole line
// before the grammar sees a token, so that its error can hide one further left.
func (l line) stopAt(parser *participle.Parser[lineNode], cause error) stop {
	s := stop{line: l, at: offsetOf(cause)}
	if _, err := parser.ParseString("", l.text[:s.at]+"\n"); err != nil {
		s.at = min(s.at, offsetOf(err))
	}
	kinds := map[lexer.TokenType]string{}
	for name, kind := range parser.Lexer().Symbols() {
		kinds[kind] = name
	}
	tokens := lexUntilError(parser, l.text+"\n")
	for _, t := range tokens {
		if t.Pos.Offset >= s.at {
			break
		}
		s.before = append(s.before, kinds[t.Type])
		s.starts = append(s.starts, t.Pos.Offset)
	}
	return s
}

// lexUntilError gives the tokens in front of the place where the lexer gives up.
func lexUntilError(parser *participle.Parser[lineNode], text string) []lexer.Token {
	lex, err := parser.Lexer().Lex("", strings.NewReader(text))
	if err != nil {
		return nil
	}
	var tokens []lexer.Token
	for {
		t, err := lex.Next()
		if err != nil || t.EOF() {
			return tokens
		}
		tokens = append(tokens, t)
	}
}

// offsetOf is where in its line the grammar stopped.
func offsetOf(err error) int {
	if e, ok := err.(interface{ Position() lexer.Position }); ok {
		return e.Position().Offset
	}
	return 0
}

// last is the kind of the token in front of the stop.
func (s stop) last() string { return s.before[len(s.before)-1] }

// inSelectors is true between the brackets.
func (s stop) inSelectors() bool {
	for i := len(s.before) - 1; i >= 0; i-- {
		switch s.before[i] {
		case "Close":
			return false
		case "Open":
			return true
		}
	}
	return false
}

func (s stop) has(kind string) bool {
	for _, k := range s.before {
		if k == kind {
			return true
		}
	}
	return false
}

// rest is what stands at the stop.
func (s stop) rest() string { return s.text[s.at:] }

func first(text string) rune {
	r, _ := utf8.DecodeRuneInString(text)
	return r
}

// badBlank is the error about a blank other than the space at offset, or nil.
func (s stop) badBlank(offset int) *Error {
	if offset >= len(s.text) {
		return nil
	}
	r := first(s.text[offset:])
	switch {
	case r == '\r':
		return s.errorAt(offset, "carriage return", "end lines with a newline alone, bindep takes no other on standard input")
	case r == '\t':
		return s.errorAt(offset, "tab", "write spaces, the only blank of this format")
	case unicode.IsSpace(r) && r != ' ', unicode.Is(unicode.Cf, r), unicode.IsControl(r):
		return s.errorAt(offset, "invisible character "+codePoint(r), "remove it or write a space")
	}
	return nil
}

// spaces is the number of spaces at the start of text.
func spaces(text string) int { return len(text) - len(strings.TrimLeft(text, " ")) }

// quote also keeps control characters of the input off the terminal.
func quote(s string) string { return strconv.Quote(s) }

func codePoint(r rune) string { return fmt.Sprintf("%U", r) }

// glyph shows a character so that a combining or unusual one can be found.
func glyph(r rune) string {
	if r > ' ' && r <= unicode.MaxASCII {
		return quote(string(r))
	}
	if unicode.IsLetter(r) || unicode.IsNumber(r) {
		return quote(string(r)) + " (" + codePoint(r) + ")"
	}
	return codePoint(r)
}
