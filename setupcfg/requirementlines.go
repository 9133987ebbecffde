package setupcfg

import (
	"bytes"
	"errors"
	"regexp"
	"strings"
	"unicode/utf8"
)

// RequirementLine is what pip makes of one line of a requirements or constraints file, or of several that are
// joined by "\": without comments, and perhaps empty.
type RequirementLine struct {
	Text string
	// Line and Column are where it begins, counted from 1 and in characters.
	Line, Column int
}

// RequirementLines takes a requirements file apart as pip's req_file.py does: a comment ends the joining. The text is
// UTF-8, with or without a mark at its beginning; anything else is an error.
func RequirementLines(src []byte) ([]RequirementLine, error) {
	src = bytes.TrimPrefix(src, []byte("\xef\xbb\xbf"))
	if !utf8.Valid(src) {
		return nil, errors.New("it is not UTF-8")
	}
	// Python ends lines at all of these.
	text := regexp.MustCompile("\r\n|[\r\v\f\x1c\x1d\x1e\u0085\u2028\u2029]").ReplaceAllString(string(src), "\n")
	comment := regexp.MustCompile(`(^|\s+)#.*$`)
	lines := strings.Split(text, "\n")
	var out []RequirementLine
	joined, start, open := "", 0, false
	keep := func(text string) {
		first := lines[start]
		column := utf8.RuneCountInString(first) - utf8.RuneCountInString(strings.TrimLeft(first, " \t")) + 1
		out = append(out, RequirementLine{strings.TrimSpace(comment.ReplaceAllString(text, "")), start + 1, column})
	}
	for n, line := range lines {
		isComment := strings.HasPrefix(strings.TrimSpace(line), "#")
		if !open {
			joined, start = "", n
		}
		if open = strings.HasSuffix(line, `\`) && !isComment; open {
			joined += strings.Trim(line, `\`)
			continue
		}
		if isComment {
			line = " " + line // it is removed, whatever it was joined to
		}
		keep(joined + line)
	}
	if open {
		keep(joined)
	}
	return out, nil
}
