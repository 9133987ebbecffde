package definition

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pbrx-go/pbrx-go/bindep"
)

// fill puts values in place of the words in braces that it has one for; others stay, and so do double braces, which stand for one.
// problem says what is wrong, in whole words, and is empty if nothing is.
func fill(text string, allowed []string, values map[string]string) (filled string, problem string) {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		two := text[i:min(i+2, len(text))]
		switch {
		case two == "{{" || two == "}}":
			b.WriteString(two)
			i++
		case text[i] == '{':
			end := strings.IndexByte(text[i:], '}')
			if end < 0 {
				return text, "there is a { without }; write {{ for the character"
			}
			word := text[i+1 : i+end]
			if problem = wordProblem(word, allowed, values); problem != "" {
				return text, problem
			}
			if value, ok := values[word]; ok {
				b.WriteString(value)
			} else {
				b.WriteString("{" + word + "}")
			}
			i += end
		case text[i] == '}':
			return text, "there is a } without {; write }} for the character"
		default:
			b.WriteByte(text[i])
		}
	}
	return b.String(), ""
}

// wordProblem says what is wrong with a word in braces.
func wordProblem(word string, allowed []string, values map[string]string) string {
	if slices.Contains(allowed, word) {
		if _, ok := values[word]; word == "name" && !ok {
			return "{name} has no value; set name"
		}
		return ""
	}
	for _, known := range append(ofBase(), ofPython()...) {
		if word == known {
			return fmt.Sprintf("{%s} has no value here; allowed are {%s}", word, strings.Join(allowed, "}, {"))
		}
	}
	if near, ok := bindep.Nearest(word, allowed); ok {
		return fmt.Sprintf("{%s} is unknown; did you mean {%s}? Write {{ for the character", word, near)
	}
	return fmt.Sprintf("{%s} is unknown; allowed are {%s}, and {{ for the character", word, strings.Join(allowed, "}, {"))
}

// plain makes double braces single ones, when nothing is left to be filled in.
func plain(text string) string { return strings.NewReplacer("{{", "{", "}}", "}").Replace(text) }

// typical fills in what a base might be, for checks of strings whose base is not known yet.
func typical(text string) string {
	filled, _ := fill(text, append(ofBase(), ofPython()...), Facts{Arch: "amd64", Machine: "x86_64", Codename: "bookworm", VersionID: "12",
		Prefix: "/usr/local", SitePackages: "/usr/local/lib/site-packages"}.values())
	return plain(filled)
}

// values are the facts by their words.
func (f Facts) values() map[string]string {
	return map[string]string{"arch": f.Arch, "machine": f.Machine, "codename": f.Codename, "version-id": f.VersionID,
		"prefix": f.Prefix, "site-packages": f.SitePackages}
}

// waits says whether strings of a row have words that only the base gives.
func (r row) waits() bool { return len(r.braces) > len(ofSet()) }
