package setupcfg

import (
	"errors"
	"strings"
)

// Specification is a requirement taken apart, as dependency specifiers are written.
type Specification struct {
	// Name is spelled as the requirement spells it.
	Name   string
	Extras []string
	// URL is that of "name @ URL", Marker the condition after the ";".
	URL, Marker string
	// Pin is the one version that "==" or "===" leaves, in normal form; empty where others fit as well.
	Pin string
}

// ParseSpecification reads a requirement as the library packaging does. Errors say what is wrong with it.
func ParseSpecification(text string) (Specification, error) {
	d, problem := parseDependency(text)
	if problem != "" {
		return Specification{}, errors.New(problem)
	}
	s := Specification{Name: d.name, Extras: d.extras, URL: d.url, Marker: d.marker}
	for _, c := range d.specifiers {
		if (c.operator == "==" || c.operator == "===") && !strings.HasSuffix(c.version, ".*") {
			s.Pin = normalVersion(c.version)
		}
	}
	return s, nil
}
