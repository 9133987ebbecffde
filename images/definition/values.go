package definition

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/pbrx-go/pbrx-go/images/naming"
	"github.com/pbrx-go/pbrx-go/setupcfg"
)

// The functions below say what is wrong with a string, as words that follow it in quotes; empty if nothing is. Braces are filled in
// before, those of the base with what would be typical.

// matches is a check by a pattern.
func matches(pattern, otherwise string) func(string) string {
	return func(s string) string {
		if regexp.MustCompile(`^(?:` + pattern + `)$`).MatchString(s) {
			return ""
		}
		return otherwise
	}
}

// oneOf is a check for a few words.
func oneOf(words ...string) func(string) string {
	return func(s string) string {
		if slices.Contains(words, s) {
			return ""
		}
		return "is none of " + strings.Join(words, ", ")
	}
}

func checkName(s string) string {
	if _, err := naming.ImageName(s); err != nil || strings.ContainsAny(s, "{}") {
		return "cannot name images; write lower-case letters and digits, separated by . _ or -"
	}
	return ""
}

func checkReference(s string) string {
	if _, err := naming.ParseLocation(s); err != nil {
		return "is no image; write it as --base takes it, such as docker://python:3.13-slim"
	}
	return ""
}

func checkProgram(s string) string {
	if strings.Contains(s, "/") {
		return checkAbsolute(s)
	}
	if matches(`[0-9.]+`, "no version")(s) == "" {
		return "is a version, not a program; write python" + s + ", or a base that has it"
	}
	return matches(`[A-Za-z0-9._+-]+`, `is no name of a program; write it such as python3.12, or an absolute path`)(s)
}

func checkAbsolute(s string) string {
	switch {
	case !strings.HasPrefix(s, "/"):
		return "is no absolute path; begin it with /"
	case slices.Contains(strings.Split(s, "/"), ".."):
		return `has a ".."; write the path without`
	case strings.ContainsAny(s, "\x00\n\r"):
		return "has a line end; leave it out"
	}
	return ""
}

// checkNoColon is for paths in lists whose parts colons divide: PATH, and passwd.
func checkNoColon(s string) string {
	if strings.Contains(s, ":") {
		return "has a colon, which divides the parts of PATH and of passwd; choose a path without"
	}
	return checkAbsolute(s)
}

// checkFolder is for a path that must not be the root.
func checkFolder(s string) string {
	if problem := checkAbsolute(s); problem != "" {
		return problem
	}
	if path.Clean(s) == "/" {
		return "is the whole file system; name a folder in it"
	}
	return ""
}

// checkVenv is for a folder that is in PATH.
func checkVenv(s string) string {
	if problem := checkNoColon(s); problem != "" {
		return problem
	}
	return checkFolder(s)
}

// checkPath is for paths beside the file, and for parts of what an origin names.
func checkPath(s string) string {
	if s == "" {
		return `is empty; write "." for the whole folder`
	}
	return ""
}

// checkInside is for a path in a tree.
func checkInside(s string) string {
	if strings.HasPrefix(s, "/") || slices.Contains(strings.Split(s, "/"), "..") {
		return "leads out of the tree; write a path relative to it, without .."
	}
	return ""
}

// CheckRequirement says what is wrong with a requirement, as the end of a sentence that begins with it; empty where nothing is.
func CheckRequirement(s string) string {
	switch {
	case regexp.MustCompile(`^(?:git|hg|svn|bzr)\+`).MatchString(s):
		return `has no name; write NAME @ ` + withoutUser(s) + `, or for a file of a repository { git = "…", ref = "…", path = "…" }`
	case strings.HasPrefix(s, "-"), strings.Contains(s, "://") && !strings.Contains(s, "@"), strings.HasSuffix(s, ".txt"), strings.ContainsAny(s, "\n\r"):
		return `is no requirement; for a file of them write { path = "…" } or { url = "…" }`
	}
	if (setupcfg.Requirement{Text: s}).HasCredentials() {
		return "has credentials; leave them out of the URL: pip finds them in netrc"
	}
	if _, err := setupcfg.ParseSpecification(s); err != nil {
		return "is no requirement: " + err.Error()
	}
	return ""
}

func checkProject(s string) string {
	return matches(`(?i)[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?`, "is no name; write letters and digits, separated by . _ or -")(s)
}

func checkInit(s string) string {
	if s == "none" || checkAbsolute(s) == "" {
		return ""
	}
	return "is neither an absolute path nor none"
}

func checkPrefix(s string) string {
	if naming.CheckPrefix(s) != nil {
		return "is no prefix for image names; write it as in registry.example.org/team, in lower-case letters"
	}
	return ""
}

func checkPlatform(s string) string {
	return matches(`linux/[a-z0-9]+(?:/v[0-9]+)?`, "is no platform; write it as in linux/amd64 or linux/arm/v7")(s)
}

func checkPattern(s string) string {
	pattern := strings.TrimPrefix(s, "!")
	if _, err := path.Match(pattern, ""); err != nil || pattern == "" {
		return `is no pattern; write a name, with * ? or [a-z], and ! before it to leave out`
	}
	return ""
}

func checkProfile(s string) string {
	return matches(`[A-Za-z0-9_.:+-]+`, "is no profile; write it as between the brackets of bindep.txt")(s)
}

func checkScript(s string) string {
	if !setupcfg.ValidScriptName(s) {
		return "is no name of a script"
	}
	return ""
}

func checkOwner(s string) string {
	const one = `(?:[A-Za-z_][A-Za-z0-9_.-]*\$?|[0-9]{1,10})`
	return matches(one+`(?::`+one+`)?`, "is no account; write NAME or UID, with :GROUP or :GID")(s)
}

func checkAccount(s string) string {
	return matches(`[a-z_][a-z0-9_-]{0,31}`, "is no name of an account; write up to 32 lower-case letters, digits, _ and -")(s)
}

func checkComment(s string) string {
	return matches(`[^:\n\r\x00]*`, "has a colon or a line end; leave them out")(s)
}

func checkWSGI(s string) string {
	const dotted = `[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*`
	return matches(dotted+`:`+dotted, "is no WSGI application; write MODULE:ATTRIBUTE, such as nova.wsgi.osapi_compute:application")(s)
}

func checkMode(s string) string {
	return matches(`[0-7]{3,4}`, `is no mode; write three or four octal digits, such as "0755"`)(s)
}

func checkLink(s string) string {
	return matches(`[^\x00\n\r]+`, "is no target of a link")(s)
}

func checkWord(s string) string {
	return matches(`[A-Za-z0-9./_+~-]+`, "has a character that a source of packages may not have; write letters, digits and . / _ + ~ -")(s)
}

// checkArch takes the names that images have for architectures.
func checkArch(s string) string {
	right := map[string]string{"x86_64": "amd64", "x86-64": "amd64", "aarch64": "arm64", "i386": "386", "i686": "386", "armhf": "arm", "ppc64el": "ppc64le"}[s]
	if right != "" {
		return "is no architecture of images; write " + right
	}
	return oneOf("amd64", "arm64", "arm", "386", "ppc64le", "s390x", "riscv64", "loong64", "mips64le")(s)
}

func checkSHA256(s string) string {
	return matches(`[0-9a-f]{64}`, "is no SHA-256; write its 64 hexadecimal digits in lower case")(s)
}

// checkVariable is for names of environment variables.
func checkVariable(s string) string {
	return matches(`[A-Za-z_][A-Za-z0-9_]*`, "is no name of an environment variable; write letters, digits and _")(s)
}
