package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// event is a line of go test -json (go doc test2json). Build events have an ImportPath.
type event struct {
	Action      string
	Package     string
	ImportPath  string
	Test        string
	Elapsed     float64
	Output      string
	FailedBuild string
}

// test is one that has started, by package and name; the package itself has no name.
type test struct{ pkg, name string }

// report counts results and prints them as packages end.
type report struct {
	expected []expectation
	ci       bool
	out      io.Writer

	output  map[test][]string
	builds  map[string][]string
	running map[string][]string
	ran     map[string]int
	// failures are the failed tests of a package.
	failures map[string]int

	passed, failed, skipped int
	// broken is what fails although no test says so.
	broken []string
}

func newReport(expected []expectation, ci bool, out io.Writer) *report {
	return &report{
		expected: expected, ci: ci, out: out,
		output: map[test][]string{}, builds: map[string][]string{},
		running: map[string][]string{}, ran: map[string]int{},
		failures: map[string]int{},
	}
}

// read takes events until go test has no more.
func (r *report) read(events *bufio.Reader) error {
	for {
		line, err := events.ReadBytes('\n')
		if len(line) > 0 {
			var e event
			if json.Unmarshal(line, &e) != nil {
				fmt.Fprintf(r.out, "%s", line) // go itself, about go.mod for one
			} else {
				r.take(e)
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (r *report) take(e event) {
	at := test{e.Package, e.Test}
	switch e.Action {
	case "build-output":
		r.builds[e.ImportPath] = append(r.builds[e.ImportPath], e.Output)
	case "output":
		if !isProgress(e.Output) {
			r.output[at] = append(r.output[at], e.Output)
		}
	case "run":
		r.running[e.Package] = append(r.running[e.Package], e.Test)
	case "pass", "fail", "skip":
		if e.Test == "" {
			r.packageEnded(e)
		} else {
			r.testEnded(e)
		}
		delete(r.output, at)
	}
}

// isProgress is true of lines that only say what runs now.
func isProgress(line string) bool {
	for _, prefix := range []string{"=== RUN ", "=== PAUSE ", "=== CONT ", "=== NAME "} {
		if strings.HasPrefix(line, prefix) {
			return true
		}
	}
	return false
}

func (r *report) testEnded(e event) {
	r.running[e.Package] = slices.DeleteFunc(r.running[e.Package], func(name string) bool { return name == e.Test })
	r.ran[e.Package]++
	said := r.output[test{e.Package, e.Test}]
	switch e.Action {
	case "pass":
		r.passed++
	case "fail":
		r.countFailure(e.Package)
		fmt.Fprintf(r.out, "FAIL: %s %s\n%s", e.Package, e.Test, strings.Join(said, ""))
	case "skip":
		r.skipped++
		reason := skipReason(said)
		allowed, why := allows(r.expected, e.Package, e.Test, r.ci)
		if allowed {
			fmt.Fprintf(r.out, "skip: %s %s: %s (expected: %s)\n", e.Package, e.Test, reason, why)
			return
		}
		fmt.Fprintf(r.out, "FAIL: %s %s was skipped: %s: %s\n", e.Package, e.Test, reason, why)
		r.broken = append(r.broken, e.Package+" "+e.Test+" was skipped")
	}
}

func (r *report) countFailure(pkg string) {
	r.failed++
	r.failures[pkg]++
}

// skipReason is what the test said when it gave up, on one line.
func skipReason(said []string) string {
	var lines []string
	for _, line := range said {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "--- SKIP: ") {
			lines = append(lines, line)
		}
	}
	if len(lines) == 0 {
		return "no reason given"
	}
	return strings.Join(lines, " ")
}

func (r *report) packageEnded(e event) {
	said := strings.Join(r.output[test{e.Package, ""}], "")
	for _, name := range r.running[e.Package] {
		r.countFailure(e.Package)
		fmt.Fprintf(r.out, "FAIL: %s %s did not end\n%s", e.Package, name, strings.Join(r.output[test{e.Package, name}], ""))
	}
	unfinished := len(r.running[e.Package]) > 0
	delete(r.running, e.Package)
	switch e.Action {
	case "fail":
		fmt.Fprint(r.out, strings.Join(r.builds[e.FailedBuild], ""))
		fmt.Fprint(r.out, said)
		r.broken = append(r.broken, e.Package+" failed")
		if r.failures[e.Package] == 0 {
			r.countFailure(e.Package) // it did not compile, or its TestMain failed
		}
	case "pass":
		if unfinished || r.ran[e.Package] == 0 {
			fmt.Fprintf(r.out, "FAIL: %s ended well, but not all of its tests ran\n%s", e.Package, said)
			r.broken = append(r.broken, e.Package+" ran no test")
			return
		}
		fmt.Fprintf(r.out, "ok    %s %.1fs\n", e.Package, e.Elapsed)
	case "skip":
		fmt.Fprintf(r.out, "?     %s has no tests\n", e.Package)
	}
}

// finish prints the sum. It is true when nothing is wrong.
func (r *report) finish() bool {
	if r.passed+r.failed == 0 {
		r.broken = append(r.broken, "no test ran")
	}
	for _, what := range r.broken {
		fmt.Fprintf(r.out, "FAIL: %s\n", what)
	}
	fmt.Fprintf(r.out, "%d passed, %d failed, %d skipped\n", r.passed, r.failed, r.skipped)
	return r.failed == 0 && len(r.broken) == 0
}
