package bindep

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// Holds says whether an installed version satisfies the constraint.
//
// As in bindep, == and != compare the texts, so that 1.0 is not 1, and 4.0.0-r1 is not 4.0.0;
// the others order the versions as dpkg does, on all distributions. The error is that of an
// installed version that dpkg's order does not cover: rpm's may hold "_" or "^".
func (c Constraint) Holds(installed string) (bool, error) {
	switch c.Op {
	case "==":
		return installed == c.Version, nil
	case "!=":
		return installed != c.Version, nil
	}
	a, err := parseVersion(installed)
	if err != nil {
		return false, err
	}
	b, err := parseVersion(c.Version)
	if err != nil {
		return false, err
	}
	switch d := a.compare(b); c.Op {
	case "<":
		return d < 0, nil
	case "<=":
		return d <= 0, nil
	case ">":
		return d > 0, nil
	case ">=":
		return d >= 0, nil
	}
	return false, fmt.Errorf("comparing versions: unknown operator %q", c.Op)
}

// version is a Debian version, taken apart.
type version struct {
	epoch, upstream, revision []rune
}

// parseVersion takes apart what checkVersion accepts.
func parseVersion(s string) (version, error) {
	why := checkVersion(s)
	if why == "" && strings.ContainsFunc(s, notOfVersion) {
		why = "it holds another character than letters, decimal digits and . + ~ : -"
	}
	if why != "" {
		return version{}, fmt.Errorf("comparing versions: %q is no version: %s", s, why)
	}
	var v version
	if i := strings.IndexFunc(s, notDigit); i > 0 && s[i] == ':' {
		v.epoch, s = []rune(s[:i]), s[i+1:]
	}
	if i := strings.LastIndexByte(s, '-'); i >= 0 {
		s, v.revision = s[:i], []rune(s[i+1:])
	}
	v.upstream = []rune(s)
	return v, nil
}

func notOfVersion(r rune) bool {
	if isDigit(r) {
		return !unicode.IsDigit(r)
	}
	return !unicode.IsLetter(r) && !unicode.IsNumber(r) && !strings.ContainsRune(".+~:-", r)
}

// compare is negative when v is the older one, positive when it is the newer one.
func (v version) compare(w version) int {
	return cmp.Or(compareNumbers(v.epoch, w.epoch), compareParts(v.upstream, w.upstream), compareParts(v.revision, w.revision))
}

// compareParts compares, in turn, what is before a number and the number.
// See https://www.debian.org/doc/debian-policy/ch-controlfields.html#version.
func compareParts(a, b []rune) int {
	for len(a) > 0 || len(b) > 0 {
		for rank(a) != endOfPart || rank(b) != endOfPart {
			if d := cmp.Compare(rank(a), rank(b)); d != 0 {
				return d
			}
			a, b = a[1:], b[1:]
		}
		m, n := leadingDigits(a), leadingDigits(b)
		if d := compareNumbers(a[:m], b[:n]); d != 0 {
			return d
		}
		a, b = a[m:], b[n:]
	}
	return 0
}

const endOfPart = 1

// rank is the order of the first character: "~" before the end, or a number, before letters
// before all others.
func rank(s []rune) rune {
	switch {
	case len(s) == 0 || isDigit(s[0]):
		return endOfPart
	case s[0] == '~':
		return 0
	case s[0] < 'A':
		return s[0] + 100
	}
	return s[0]
}

func leadingDigits(s []rune) int {
	if i := slices.IndexFunc(s, notDigit); i >= 0 {
		return i
	}
	return len(s)
}

// compareNumbers compares decimal numbers of any length and script.
func compareNumbers(a, b []rune) int {
	a, b = significant(a), significant(b)
	return cmp.Or(cmp.Compare(len(a), len(b)), slices.Compare(a, b))
}

// significant gives the values of the digits without leading zeros.
func significant(digits []rune) []rune {
	values := make([]rune, len(digits))
	for i, d := range digits {
		values[i] = decimal(d)
	}
	if i := slices.IndexFunc(values, func(v rune) bool { return v != 0 }); i >= 0 {
		return values[i:]
	}
	return nil
}

// decimal is the value of a decimal digit of any script: Unicode has the ten of each
// in order, and ranges of them begin with a zero.
func decimal(r rune) rune {
	for _, t := range unicode.Nd.R16 {
		if r >= rune(t.Lo) && r <= rune(t.Hi) {
			return (r - rune(t.Lo)) % 10
		}
	}
	for _, t := range unicode.Nd.R32 {
		if r >= rune(t.Lo) && r <= rune(t.Hi) {
			return (r - rune(t.Lo)) % 10
		}
	}
	return 0
}
