package lock

import (
	"fmt"
	"strings"
	"unicode/utf16"
)

// pythonJSON is what Python's json.dumps makes of a value with sorted keys; not of dates and fractions, which none of
// these tables has.
func pythonJSON(value any, item, key string) (string, bool) {
	var parts []string
	join := func(open, shut string) (string, bool) { return open + strings.Join(parts, item) + shut, true }
	switch v := value.(type) {
	case nil:
		return "null", true
	case string:
		return pythonString(v), true
	case bool:
		return fmt.Sprint(v), true
	case int64:
		return fmt.Sprint(v), true
	case []map[string]any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = v[i]
		}
		return pythonJSON(list, item, key)
	case []any:
		for _, x := range v {
			text, ok := pythonJSON(x, item, key)
			if !ok {
				return "", false
			}
			parts = append(parts, text)
		}
		return join("[", "]")
	case map[string]any:
		for _, name := range (table{data: v}).keys() {
			text, ok := pythonJSON(v[name], item, key)
			if !ok {
				return "", false
			}
			parts = append(parts, pythonString(name)+key+text)
		}
		return join("{", "}")
	}
	return "", false
}

// pythonString escapes all that is not ASCII.
func pythonString(s string) string {
	short := map[rune]string{'"': `\"`, '\\': `\\`, '\n': `\n`, '\r': `\r`, '\t': `\t`, '\f': `\f`, '\b': `\b`}
	var b strings.Builder
	for _, c := range s {
		switch {
		case short[c] != "":
			b.WriteString(short[c])
		case c >= ' ' && c <= '~':
			b.WriteRune(c)
		case c > 0xffff:
			high, low := utf16.EncodeRune(c)
			fmt.Fprintf(&b, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&b, `\u%04x`, c)
		}
	}
	return `"` + b.String() + `"`
}
