package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"path"
	"strings"
)

// laptopOnly marks skips that are in order on a developer's machine, not in CI.
const laptopOnly = "laptop-only"

// expectation is a line of the list: tests of a package, and why they may be skipped.
type expectation struct {
	pkg, tests, reason string
	laptopOnly         bool
}

// readExpected reads lines of the form
//
//	package test-pattern [laptop-only]  # reason
//
// where package is a path in the module and the pattern is one of path.Match.
func readExpected(name, module string) ([]expectation, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	var list []expectation
	var problems []error
	lines := bufio.NewScanner(bytes.NewReader(data))
	for number := 1; lines.Scan(); number++ {
		rule, reason, _ := strings.Cut(lines.Text(), "#")
		fields := strings.Fields(rule)
		if len(fields) == 0 {
			continue // a comment or an empty line
		}
		e, err := parseExpectation(fields, strings.TrimSpace(reason), module)
		if err != nil {
			problems = append(problems, fmt.Errorf("%s:%d:1: %w", name, number, err))
			continue
		}
		list = append(list, e)
	}
	return list, errors.Join(append(problems, lines.Err())...)
}

func parseExpectation(fields []string, reason, module string) (expectation, error) {
	if reason == "" {
		return expectation{}, errors.New("a skip without a reason: end the line with # and why")
	}
	if len(fields) < 2 || len(fields) > 3 || len(fields) == 3 && fields[2] != laptopOnly {
		return expectation{}, errors.New("no expected skip: write package test-pattern [laptop-only]  # reason")
	}
	if _, err := path.Match(fields[1], ""); err != nil {
		return expectation{}, fmt.Errorf("the pattern %q: %w", fields[1], err)
	}
	return expectation{
		pkg: path.Join(module, fields[0]), tests: fields[1], reason: reason, laptopOnly: len(fields) == 3,
	}, nil
}

// allows says whether the test may be skipped, and if not, why.
func allows(list []expectation, pkg, test string, ci bool) (bool, string) {
	for _, e := range list {
		if match, _ := path.Match(e.tests, test); e.pkg != pkg || !match {
			continue
		}
		if ci && e.laptopOnly {
			return false, "only laptops may skip it (" + expectedFile + "), and CI=true"
		}
		return true, e.reason
	}
	return false, "not in " + expectedFile
}

// modulePath reads it from go.mod, so that asking for it takes no second go process.
func modulePath(name string) (string, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return "", fmt.Errorf("run this in the module's directory: %w", err)
	}
	for line := range strings.Lines(string(data)) {
		if rest, found := strings.CutPrefix(line, "module "); found {
			return strings.TrimSpace(rest), nil
		}
	}
	return "", fmt.Errorf("%s names no module", name)
}
