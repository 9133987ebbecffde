package projectfiles

import (
	"regexp"
	"strings"
)

// expression is the regular expression, without anchors, of a pattern as Python's tools have them: * and ? stay within a
// folder, ** goes through many, [] are classes.
func expression(pattern string) string {
	var out strings.Builder
	for i := 0; i < len(pattern); i++ {
		rest := pattern[i:]
		class := strings.IndexByte(rest, ']')
		switch {
		case strings.HasPrefix(rest, "**/"):
			out.WriteString("(?:.*/)?")
			i += 2
		case strings.HasPrefix(rest, "**"):
			out.WriteString(".*")
			i++
		case rest[0] == '*':
			out.WriteString("[^/]*")
		case rest[0] == '?':
			out.WriteString("[^/]")
		case rest[0] == '[' && class > 1:
			body, not := strings.CutPrefix(rest[1:class], "!")
			out.WriteString("[")
			if not {
				out.WriteString("^")
			}
			out.WriteString(strings.NewReplacer(`\`, `\\`, "[", `\[`, "^", `\^`).Replace(body) + "]")
			i += class
		default:
			out.WriteString(regexp.QuoteMeta(rest[:1]))
		}
	}
	return out.String()
}

// anyOf matches paths that any of the patterns matches, or a folder above them; nil where there are no
// patterns. before is the expression of what may stand before the pattern. Patterns that cannot be read match nothing, as with
// Python's tools.
func anyOf(before string, patterns []string) *regexp.Regexp {
	var all []string
	for _, p := range patterns {
		if e := expression(p); valid(e) {
			all = append(all, e)
		}
	}
	if len(all) == 0 {
		return nil
	}
	return regexp.MustCompile("(?s)^" + before + "(?:" + strings.Join(all, "|") + ")(?:/.*)?$")
}

func valid(expression string) bool {
	_, err := regexp.Compile(expression)
	return err == nil
}
