package definition

import (
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/pbrx-go/pbrx-go/bindep"
	"github.com/pbrx-go/pbrx-go/images/naming"
	"github.com/pbrx-go/pbrx-go/setupcfg"
)

// checkTag is for releases, which become tags.
func checkTag(s string) string {
	if naming.CheckTag(s) != nil {
		return "cannot be a tag; write letters, digits, _ . and -"
	}
	return ""
}

// checkDestination is for where files go.
func checkDestination(s string) string {
	if problem := checkFolder(s); problem != "" {
		return problem
	}
	if strings.HasSuffix(s, "/") {
		return "ends with /; name the file or directory itself"
	}
	if path.Clean(s) != s {
		return "has more in it than it needs; write " + path.Clean(s)
	}
	if regexp.MustCompile(`/python[0-9]+\.[0-9]+(?:/|$)`).MatchString(s) {
		return "names a version of Python, which the next base does not have; write {site-packages}/…"
	}
	return ""
}

// checkEntry is the check of an entry of a table of strings: its name and its value, each in whole words.
func checkEntry(r row, name, value string) (ofName, ofValue string) {
	switch r.key {
	case "env":
		if name == "PATH" {
			return "PATH is the business of venv and init; leave it out: the programs of a venv are found first", ""
		}
		return variableProblem(name), secretProblem(name, value)
	case "build-env":
		if regexp.MustCompile(`^(?:PIP_|UV_)|(?:TOKEN|PASSWORD|SECRET|KEY)$`).MatchString(strings.ToUpper(name)) {
			return fmt.Sprintf("%s would end in the keys of wheels; use pip configuration or a secret", name), ""
		}
		return variableProblem(name), secretProblem(name, value)
	case "labels":
		if problem := matches(`[A-Za-z0-9](?:[A-Za-z0-9._/-]*[A-Za-z0-9])?`, "is no name of a label; write letters, digits and . _ / -")(name); problem != "" {
			return fmt.Sprintf("%q %s", name, problem), ""
		}
		return "", secretProblem(name, value)
	case "sha256":
		if problem := checkArch(name); problem != "" {
			return fmt.Sprintf("%q %s", name, problem), ""
		}
	case "out":
		return outProblems(name, value)
	}
	return "", ""
}

func variableProblem(name string) string {
	if problem := checkVariable(name); problem != "" {
		return fmt.Sprintf("%q %s", name, problem)
	}
	return ""
}

// secretProblem says whether a value looks like a secret, which everybody could read in the image.
func secretProblem(name, value string) string {
	const hint = "; hand it in when the container runs"
	if regexp.MustCompile(`-----BEGIN [A-Z ]*PRIVATE KEY|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|\bgh[pousr]_[A-Za-z0-9]{20,}|\bgithub_pat_\w{20,}|\bglpat-[\w-]{16,}|` +
		`\bxox[abprs]-[\w-]{10,}|\bsk_live_\w{10,}|\bpypi-[\w-]{20,}|\beyJ[\w-]{10,}\.[\w-]{10,}\.`).MatchString(value) {
		return "the value looks like a secret, which everybody could read in the image" + hint
	}
	if m := regexp.MustCompile(`://[^/\s:@]*:([^/\s@]+)@`).FindStringSubmatch(value); m != nil {
		return "the value has a password, which everybody could read in the image" + hint
	}
	if regexp.MustCompile(`(?:^|_)(?:TOKEN|PASSWORD|PASSWD|SECRET|SECRET_KEY|API_?KEY|ACCESS_KEY|PRIVATE_KEY)$`).MatchString(strings.ToUpper(name)) && len(value) >= 8 {
		return "the value looks like a secret, which everybody could read in the image" + hint
	}
	return ""
}

// outProblems checks what a run makes of a path.
func outProblems(from, to string) (ofName, ofValue string) {
	if from == "" || slices.Contains(strings.Split(from, "/"), "..") {
		ofName = fmt.Sprintf("%q is neither a path below /src nor an absolute one; write it without ..", from)
	}
	to = typical(to)
	problem := checkInside(to)
	if strings.HasPrefix(to, "/") {
		problem = checkDestination(to)
	}
	if problem != "" {
		ofValue = fmt.Sprintf("%q %s", to, problem)
	}
	return ofName, ofValue
}

// lines checks the lines of bindep.txt in a list, with bindep's own reader.
func (c *checker) lines(list *node) {
	var lines []*node
	var text strings.Builder
	starts := []int{}
	for _, n := range list.items {
		if n.kind == isTable {
			n = n.get("line")
		}
		switch {
		case n == nil || n.kind != isString:
		case strings.ContainsAny(n.text, "\n\r\x00"):
			n.kind = isBad
			c.add(n.within(strings.IndexAny(n.text, "\n\r\x00")), "packages: more than one line; write each as a string of its own")
		case strings.HasPrefix(strings.TrimSpace(n.text)+"#", "#"):
			n.kind = isBad
			c.add(n.within(0), "packages: the line names no package; leave it out")
		default:
			starts = append(starts, text.Len())
			lines = append(lines, n)
			text.WriteString(n.text + "\n")
		}
	}
	if len(lines) == 0 {
		return
	}
	_, err := bindep.Parse("", []byte(text.String()))
	var wrong bindep.ErrorList
	errors.As(err, &wrong)
	for _, e := range wrong {
		i := e.Pos.Line - 1
		lines[i].kind = isBad
		c.add(lines[i].within(e.Pos.Offset-starts[i]), "packages: %s", strings.TrimSuffix(e.Msg+"; "+e.Hint, "; "))
	}
}

// samePackage is the name of the package of an entry of packages, by which a later file takes the place of an earlier one.
func samePackage(n *node) string {
	if n.kind == isTable {
		n = n.get("line")
	}
	if n == nil || n.kind != isString {
		return ""
	}
	name, _, _ := strings.Cut(strings.TrimSpace(n.text), " ")
	return name
}

// sameRequirement is the canonical name of a requirement.
func sameRequirement(n *node) string {
	if n.kind != isString {
		return ""
	}
	spec, err := setupcfg.ParseSpecification(n.text)
	if err != nil {
		return ""
	}
	return setupcfg.Canonical(spec.Name)
}
