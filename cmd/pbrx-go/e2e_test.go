package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// The end-to-end tests run the binary that users get, against a real engine, distribution and
// package index. What they share lives in one folder that goes with the test process.

// workDir is that folder, set by TestMain.
var workDir string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "pbrx-go-e2e-*")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	workDir = dir
	code := m.Run()
	if err := stopDaemons(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = max(code, 1)
	}
	if err := os.RemoveAll(dir); err != nil {
		fmt.Fprintln(os.Stderr, "something was left behind:", err)
		code = max(code, 1)
	}
	os.Exit(code)
}

// buildBinary builds pbrx-go once, as make build does.
var buildBinary = sync.OnceValues(func() (string, error) {
	path := filepath.Join(workDir, "pbrx-go")
	cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-o", path, ".")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return path, nil
})

func binary(t *testing.T) string {
	t.Helper()
	path, err := buildBinary()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// testBase is the base image that make test makes: Debian with Python, as a --base reference.
func testBase(t *testing.T) string {
	t.Helper()
	return given(t, "PBRX_GO_TEST_BASE")
}

// given is what a test needs of its surroundings, by the name of its variable.
func given(t *testing.T, name string) string {
	t.Helper()
	value := os.Getenv(name)
	if value == "" {
		t.Skipf("e2e: %s is not set", name)
	}
	return value
}

// sharedState is the state directory of all tests that do not need one of their own.
func sharedState() string { return filepath.Join(workDir, "state") }

// command is one call of pbrx-go.
type command struct {
	args []string
	// state is the state directory, sharedState where it is empty.
	state string
	// env is put over the environment of the test; NAME alone takes a variable out.
	env []string
	// dir is the current directory, the repository's root where it is empty.
	dir   string
	stdin string
}

// outcome is what became of a call.
type outcome struct {
	stdout, stderr string
	code           int
	took           time.Duration
}

// cmd prepares the process, for tests that watch or kill it.
func (c command) cmd(t *testing.T) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(binary(t), c.args...)
	cmd.Dir = c.dir
	if cmd.Dir == "" {
		cmd.Dir = repository(t)
	}
	state := c.state
	if state == "" {
		state = sharedState()
	}
	env := slices.DeleteFunc(os.Environ(), func(e string) bool { return strings.HasPrefix(e, "PBRX_GO_") })
	env = append(env, "PBRX_GO_STATE="+state, "XDG_DATA_HOME="+filepath.Join(workDir, "data"))
	for _, e := range c.env {
		name, _, set := strings.Cut(e, "=")
		env = slices.DeleteFunc(env, func(old string) bool { return strings.HasPrefix(old, name+"=") })
		if set {
			env = append(env, e)
		}
	}
	cmd.Env = env
	cmd.Stdin = strings.NewReader(c.stdin)
	return cmd
}

// run runs pbrx-go to its end; every exit code is an outcome.
func (c command) run(t *testing.T) outcome {
	t.Helper()
	return run(t, c.cmd(t))
}

// run runs a prepared process to its end.
func run(t *testing.T, cmd *exec.Cmd) outcome {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	started := time.Now()
	err := cmd.Run()
	args := strings.Join(cmd.Args[1:], " ")
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("pbrx-go %s: %v", args, err)
	}
	took := time.Since(started)
	t.Logf("%.1fs, status %d: pbrx-go %s", took.Seconds(), cmd.ProcessState.ExitCode(), args)
	return outcome{stdout: stdout.String(), stderr: stderr.String(), code: cmd.ProcessState.ExitCode(), took: took}
}

// succeed runs pbrx-go and fails the test where its exit code is not 0.
func (c command) succeed(t *testing.T) outcome {
	t.Helper()
	out := c.run(t)
	if out.code != 0 {
		t.Fatalf("pbrx-go %s: status %d\n%s", strings.Join(c.args, " "), out.code, tail(out.stderr))
	}
	return out
}

// buildArgs is a build with the list of steps on stderr.
func buildArgs(project, base, layout string, more ...string) []string {
	return append([]string{"build-images", project, "--base", base, "--output", "oci:" + layout, "--progress", "rawjson"}, more...)
}

// tail is the end of a long output; lines of raw progress say nothing to a reader.
func tail(s string) string {
	lines := slices.DeleteFunc(strings.Split(s, "\n"), func(l string) bool { return strings.HasPrefix(l, "{") })
	return strings.Join(lines[max(0, len(lines)-40):], "\n")
}

// step is one step of a build and whether it ran.
type step struct {
	name   string
	cached bool
	failed bool
}

// steps reads the steps out of --progress rawjson, in the order in which they were begun.
// What the engine does for itself ([internal] and files it sends) is left out. A result in a layer cache elsewhere is said
// to be cached when it is found; then it is fetched, which looks as if the step ran, but for that the step says nothing.
func (o outcome) steps(t *testing.T) []step {
	t.Helper()
	var order []string
	found := map[string]*step{}
	fetched, said := map[string]bool{}, map[string]bool{}
	for line := range strings.Lines(o.stderr) {
		if !strings.HasPrefix(line, "{") {
			continue
		}
		var status struct {
			Vertexes []struct {
				Digest, Name, Error string
				Completed           *time.Time
				Cached              bool
			}
			Logs []struct{ Vertex string }
		}
		if err := json.Unmarshal([]byte(line), &status); err != nil {
			t.Fatalf("reading progress: %v: %s", err, line)
		}
		for _, v := range status.Vertexes {
			fetched[v.Digest] = fetched[v.Digest] || v.Cached
			if !isStepName(v.Name) || v.Completed == nil {
				continue
			}
			if found[v.Digest] == nil {
				order = append(order, v.Digest)
			}
			cached := v.Cached || fetched[v.Digest] && !said[v.Digest]
			found[v.Digest] = &step{name: v.Name, cached: cached, failed: v.Error != ""}
		}
		for _, l := range status.Logs {
			said[l.Vertex] = true
		}
	}
	var steps []step
	for _, d := range order {
		steps = append(steps, *found[d])
	}
	return steps
}

// logs is what the steps printed, which rawjson has in base64.
func (o outcome) logs(t *testing.T) string {
	t.Helper()
	var text strings.Builder
	for line := range strings.Lines(o.stderr) {
		var status struct{ Logs []struct{ Data []byte } }
		if !strings.HasPrefix(line, "{") {
			continue
		}
		if err := json.Unmarshal([]byte(line), &status); err != nil {
			t.Fatalf("reading progress: %v: %s", err, line)
		}
		for _, l := range status.Logs {
			text.Write(l.Data)
		}
	}
	return text.String()
}

func isStepName(name string) bool {
	for _, prefix := range []string{"[base] ", "[distro] ", "[python] ", "[project] ", "[dependencies] ", "[sibling ", "[extra ", "[Dockerfile.", "[accounts] ", "[files] ", "[run "} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

// ran are the names of the steps that ran, sorted.
func (o outcome) ran(t *testing.T) []string {
	t.Helper()
	names := []string{}
	for _, s := range o.steps(t) {
		if !s.cached {
			names = append(names, s.name)
		}
	}
	slices.Sort(names)
	return names
}

// repository is the root of this repository.
func repository(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// projectCopy copies a sample project into a folder of the test's own.
func projectCopy(t *testing.T, name string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), name)
	copyProject(t, name, dir)
	return dir
}

func copyProject(t *testing.T, name, dir string) {
	t.Helper()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join(repository(t), "testdata/projects", name))); err != nil {
		t.Fatal(err)
	}
}

// lightshipRepo copies lightship into a git repository of its own, with the tag 2.3.0. Author
// and date are fixed: two repositories have the same commit.
func lightshipRepo(t *testing.T) string {
	t.Helper()
	dir := projectCopy(t, "lightship")
	beginRepo(t, dir)
	return dir
}

func beginRepo(t *testing.T, dir string) {
	t.Helper()
	git(t, dir, "init", "-q", "-b", "main")
	commitAll(t, dir, "Light the lamps")
	git(t, dir, "tag", "-a", "-m", "2.3.0", "2.3.0")
}

func commitAll(t *testing.T, dir, message string) {
	t.Helper()
	git(t, dir, "add", "-A")
	git(t, dir, "commit", "-q", "-m", message)
}

func git(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_SYSTEM="+os.DevNull,
		"GIT_AUTHOR_NAME=Keeper", "GIT_AUTHOR_EMAIL=keeper@example.org", "GIT_AUTHOR_DATE=2024-05-06T07:08:09Z",
		"GIT_COMMITTER_NAME=Keeper", "GIT_COMMITTER_EMAIL=keeper@example.org", "GIT_COMMITTER_DATE=2024-05-06T07:08:09Z")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

// edit replaces text in a file of a project; the text must be there.
func edit(t *testing.T, path, old, replacement string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(data), old) {
		t.Fatalf("%s does not hold %q", path, old)
	}
	write(t, path, strings.ReplaceAll(string(data), old, replacement))
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), fs.FileMode(0o644)); err != nil {
		t.Fatal(err)
	}
}

func atoi(t *testing.T, s string) int {
	t.Helper()
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
