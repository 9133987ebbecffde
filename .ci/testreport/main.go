// Command testreport runs all tests and says what became of them: a line for each package,
// the output of what failed, and every skip with its reason.
//
// It is stricter than go test. A skip that expected-skips.txt does not list fails, and so does
// a package whose tests did not run, and a run in which nothing ran. With CI=true the skips
// marked laptop-only fail as well. What follows -- is given to go test, whose packages are
// ./... unless arguments name others.
package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
)

const (
	expectedFile = ".ci/expected-skips.txt"
	modFile      = "go.mod"
	// timeout is for one package. On two cores that do nothing else the longest one takes about 50 minutes.
	timeout = "75m"
)

func main() {
	ok, err := run(os.Args[1:], os.Stdout)
	if err != nil {
		fmt.Fprintf(os.Stderr, "testreport: %v\n", err)
		os.Exit(2)
	}
	if !ok {
		os.Exit(1)
	}
}

// run is true when everything that should have run has, and passed.
func run(args []string, out io.Writer) (bool, error) {
	module, err := modulePath(modFile)
	if err != nil {
		return false, err
	}
	expected, err := readExpected(expectedFile, module)
	if err != nil {
		return false, err
	}
	// Ctrl-C reaches go test as well; its tests clean up and it ends, then so do we.
	interrupts := make(chan os.Signal, 1)
	signal.Notify(interrupts, os.Interrupt, syscall.SIGTERM)

	cmd := exec.Command("go", goTest(args)...)
	cmd.Stderr = os.Stderr
	events, err := cmd.StdoutPipe()
	if err != nil {
		return false, err
	}
	if err := cmd.Start(); err != nil {
		return false, fmt.Errorf("starting go test: %w", err)
	}
	report := newReport(expected, os.Getenv("CI") == "true", out)
	if err := report.read(bufio.NewReader(events)); err != nil {
		return false, fmt.Errorf("reading what go test says: %w", err)
	}
	status := cmd.Wait()
	ok := report.finish()
	if status != nil && ok {
		fmt.Fprintf(out, "FAIL: go test ended with %v, though no test failed\n", status)
		ok = false
	}
	return ok, nil
}

func goTest(args []string) []string {
	line := []string{"test", "-json", "-count=1", "-timeout", timeout}
	if len(args) > 0 && args[0] == "--" {
		args = args[1:]
	}
	if len(args) == 0 {
		args = []string{"./..."}
	}
	return append(line, args...)
}
