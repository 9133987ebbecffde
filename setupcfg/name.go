package setupcfg

import "strings"

// Canonical is the form in which names of projects and extras are compared (PEP 503):
// lower case, and every run of "-", "_" and "." is one "-".
func Canonical(name string) string {
	var b strings.Builder
	run := false
	for _, r := range strings.ToLower(name) {
		if r == '-' || r == '_' || r == '.' {
			if !run {
				b.WriteByte('-')
			}
			run = true
			continue
		}
		run = false
		b.WriteRune(r)
	}
	return b.String()
}

// ValidScriptName says whether every pip installs a command of exactly this name: ASCII letters,
// digits, ".", "_", "+" and "-", the first a letter or a digit. With other names pip installs something
// else, somewhere else, or nothing, depending on its version.
func ValidScriptName(name string) bool {
	for i := range len(name) {
		c := name[i]
		if !alphanumeric(c) && (i == 0 || !strings.ContainsRune("._+-", rune(c))) {
			return false
		}
	}
	return name != ""
}

// validProjectName is the core metadata's rule for names of projects and extras.
func validProjectName(name string) bool {
	for i := range len(name) {
		if !alphanumeric(name[i]) && !strings.ContainsRune("._-", rune(name[i])) {
			return false
		}
	}
	return name != "" && alphanumeric(name[0]) && alphanumeric(name[len(name)-1])
}

func alphanumeric(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}
