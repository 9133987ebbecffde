package bindep

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// release is a distribution's version as bindep reads it to tell the main Python: by PEP 440,
// as if it were the version of a Python package.
type release struct {
	epoch   int
	numbers []int
	// early is true for a pre-release or development release.
	early bool
}

// parseRelease reads a version in lower case. It is not ok where PEP 440 knows no such version.
// See https://packaging.python.org/en/latest/specifications/version-specifiers/#appendix-parsing-version-strings-with-regular-expressions.
func parseRelease(version string) (r release, ok bool) {
	m := regexp.MustCompile(`^v?(?:([0-9]+)!)?([0-9]+(?:\.[0-9]+)*)` +
		`([-_.]?(?:alpha|a|beta|b|preview|pre|c|rc)[-_.]?[0-9]*)?` +
		`(-[0-9]+|[-_.]?(?:post|rev|r)[-_.]?[0-9]*)?` +
		`([-_.]?dev[-_.]?[0-9]*)?` +
		`(?:\+[a-z0-9]+(?:[-_.][a-z0-9]+)*)?$`).FindStringSubmatch(strings.TrimSpace(version))
	if m == nil {
		return release{}, false
	}
	pre, post, dev := m[3] != "", m[4] != "", m[5] != ""
	r = release{epoch: number(m[1]), early: pre || dev && !post}
	for part := range strings.SplitSeq(m[2], ".") {
		r.numbers = append(r.numbers, number(part))
	}
	return r, true
}

// number is 0 for "". One too large for int is large enough for every comparison.
func number(s string) int {
	n, _ := strconv.Atoi(s)
	return n
}

// before is true for a release that comes before the one of these numbers.
func (r release) before(numbers []int) bool {
	if r.epoch > 0 {
		return false
	}
	d := slices.Compare(withoutZeros(r.numbers), withoutZeros(numbers))
	return d < 0 || d == 0 && r.early
}

// withoutZeros leaves out zeros at the end: 8.0 is 8.
func withoutZeros(numbers []int) []int {
	for len(numbers) > 0 && numbers[len(numbers)-1] == 0 {
		numbers = numbers[:len(numbers)-1]
	}
	return numbers
}
