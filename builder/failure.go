package builder

import (
	"cmp"
	"fmt"
	"regexp"
	"strings"
)

// shownLines is how many of a failed step's last lines a report shows.
const shownLines = 15

// StepError says that a step of the build failed: a package, a wheel, something the
// project has to mend.
type StepError struct {
	// Step is the step's name.
	Step string
	// From are the input lines that asked for the step.
	From []string
	// Lines are the last lines that the step printed.
	Lines []string
	cause string
	// at is the line that is at fault, where the step's own words are about it; said are those words as they suit that line.
	at, said string
	// offline says that commands failed for want of a network, which they do not ask for.
	offline bool
}

// place notes the lines that are at fault, if there is one.
func (e *StepError) place(lines []string) {
	if len(lines) > 0 {
		e.at = strings.Join(lines, ", ")
	}
}

// BadInput says whether a line of an input file is at fault, and stands at the head of the error: an account, a file, a place of the
// definition that the base or a package stands against.
func (e *StepError) BadInput() bool { return e.at != "" && !e.Surroundings() }

// Error is one line: the step, the reason the step gave, and the input line it came from.
func (e *StepError) Error() string {
	if e.at != "" {
		return e.at + ": " + cmp.Or(e.said, e.reason())
	}
	s := "building " + e.Step + ": " + e.reason()
	if from := e.from(); from != "" {
		s += ": asked for by " + from
	}
	if e.offline {
		return s + ": the commands have no network: add network = true, or have what they fetch as source or file"
	}
	if e.Surroundings() && !e.refused() {
		s += ": the network or a disk failed meanwhile: mend that, or run again"
	}
	return s
}

// Tail is the end of the step's output, for people to read.
func (e *StepError) Tail() []string {
	return e.Lines[max(0, len(e.Lines)-shownLines):]
}

// Surroundings says whether the output speaks of a network or disk that failed rather than of the project.
func (e *StepError) Surroundings() bool {
	if e.offline {
		return false
	}
	signs := regexp.MustCompile(`(?i)temporary failure (in name resolution|resolving)|could not resolve|connection (refused|timed out|reset)|` +
		`no space left on device|network is unreachable|failed to establish a new connection|read timed out|certificate verify failed|` +
		`unable to connect to|cannot connect to proxy|certificate required|couldn't (connect to server|resolve (host|proxy))|temporary error \(try again later\)|could not connect to server|network connection aborted|dns lookup error|dns: `)
	return e.refused() || signs.MatchString(strings.Join(e.Lines, "\n"))
}

// diskFull says whether the output speaks of a disk.
func (e *StepError) diskFull() bool {
	return strings.Contains(strings.ToLower(strings.Join(e.Lines, "\n")), "no space left on device")
}

// refused says whether a package index did not let pip in, which says itself what to do about it (common.py).
func (e *StepError) refused() bool {
	return regexp.MustCompile(`the package index \S+ answers 40\d `).MatchString(e.reason())
}

// reason is what the step's program said last about itself, else the last error line of what it ran.
func (e *StepError) reason() string {
	for _, mark := range []string{"E: ", "ERROR: ", "pbrx-go: "} { // apt's, pip's and apk's, and that of our own programs
		for i := len(e.Lines) - 1; i >= 0; i-- {
			if line, ok := strings.CutPrefix(strings.TrimSpace(e.Lines[i]), mark); ok {
				return cmp.Or(conflict(line, e.Lines[:i]), line)
			}
		}
	}
	if len(e.Lines) > 0 {
		return e.Lines[len(e.Lines)-1]
	}
	switch missing := e.missing(); {
	case missing == "":
		return e.cause
	case strings.HasPrefix(e.Step, "[Dockerfile."):
		return fmt.Sprintf("%q is not there to be copied (what .dockerignore names is not)", missing)
	default:
		return fmt.Sprintf("%q is not there to be copied; correct the path", missing)
	}
}

// missing is the path that a step was to be given, and that is not there; empty where that is not why it failed.
func (e *StepError) missing() string {
	for _, said := range []string{`^failed to (?:calculate checksum of ref|compute cache key)\b.*"(.*)": not found`, `did not complete successfully: open (/.*): no such file or directory$`} {
		if m := regexp.MustCompile(said).FindStringSubmatch(e.cause); m != nil && len(e.Lines) == 0 {
			return m[1]
		}
	}
	return ""
}

// conflict is what pip says further up of a conflict that its last line does not describe; empty for other last lines.
func conflict(last string, lines []string) string {
	if !strings.HasPrefix(last, "ResolutionImpossible") {
		return ""
	}
	var causes []string
	inside := false
	for _, line := range lines {
		switch line = strings.TrimSpace(line); {
		case strings.HasPrefix(line, "The conflict is caused by:"):
			inside, causes = true, nil
		case line == "":
			inside = false
		case inside:
			if limit, ok := strings.CutPrefix(line, "The user requested (constraint) "); ok {
				line = "the constraint " + limit
			} else if wanted, ok := strings.CutPrefix(line, "The user requested "); ok {
				line = wanted + " is asked for"
			}
			causes = append(causes, line)
		}
	}
	if len(causes) == 0 {
		return ""
	}
	return "no versions go together: " + strings.Join(causes, "; ")
}

// from names the input lines that asked for the step.
func (e *StepError) from() string {
	return strings.Join(e.From, ", ")
}

// WheelError says that the project's wheel contradicts what the project declares, or cannot be understood.
type WheelError struct {
	// Err is a setupcfg.ErrorList, which names the places.
	Err error
}

// Error is one line per contradiction, which names both places.
func (e *WheelError) Error() string { return e.Err.Error() }

// Unwrap is the list.
func (e *WheelError) Unwrap() error { return e.Err }

// MissingPackageError says that the distribution does not have packages that bindep.txt asks for.
type MissingPackageError struct {
	// Distro is the distribution, such as debian-12.
	Distro string
	// Packages are the missing packages and the lines that ask for them.
	Packages []MissingPackage
}

// MissingPackage is one package that is not to be had.
type MissingPackage struct{ Name, From string }

// Error is one line per package.
func (e *MissingPackageError) Error() string {
	var lines []string
	for _, p := range e.Packages {
		lines = append(lines, fmt.Sprintf("%s: %s has no package %q: correct the name, or limit the line to the platforms that have it, as in [platform:…]", p.From, e.Distro, p.Name))
	}
	return strings.Join(lines, "\n")
}
