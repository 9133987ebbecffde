package siblings

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/pbrx-go/pbrx-go/setupcfg"
)

//go:embed environment.py
var environmentProgram string

// Environment is the virtual environment that siblings are installed into.
type Environment struct {
	// Python is its interpreter, Prefix its folder.
	Python, Prefix string
	// Chosen says what it was found by.
	Chosen string

	env map[string]string
}

// facts are the answer of environment.py.
type facts struct {
	Prefix    string                  `json:"prefix"`
	Virtual   bool                    `json:"virtual"`
	Pip       string                  `json:"pip"`
	Installed map[string]distribution `json:"installed"`
	Required  [][]string              `json:"required"`
	Clashes   []struct {
		By          string `json:"by"`
		Requirement string `json:"requirement"`
		Version     string `json:"version"`
	} `json:"clashes"`
}

// distribution is one that an environment has.
type distribution struct {
	Version  string   `json:"version"`
	Requires []string `json:"requires"`
}

// question is what environment.py is asked.
type question struct {
	Requirements [][]string `json:"requirements"`
	Siblings     []string   `json:"siblings"`
	Project      string     `json:"project"`
}

// Find finds the current virtual environment: the one that VIRTUAL_ENV of env names, else that of the first python3 on
// the PATH. Errors say that there is none, or none with pip, and what to do.
func Find(ctx context.Context, env map[string]string) (*Environment, error) {
	e := &Environment{env: env}
	if dir := env["VIRTUAL_ENV"]; dir != "" {
		e.Chosen, e.Python = "VIRTUAL_ENV", filepath.Join(dir, "bin", "python")
		if runtime.GOOS == "windows" {
			e.Python = filepath.Join(dir, "Scripts", "python.exe")
		}
		if _, err := os.Stat(e.Python); err != nil {
			return nil, fmt.Errorf("finding the virtual environment: VIRTUAL_ENV is %s: %w: activate one that is there", dir, err)
		}
	} else {
		e.Chosen = "python3 on the PATH"
		if e.Python = onPath(env["PATH"]); e.Python == "" {
			return nil, errors.New("finding the virtual environment: VIRTUAL_ENV is not set and there is no python3 on the PATH: activate a virtual environment")
		}
	}
	f, err := e.ask(ctx, question{})
	if err != nil {
		return nil, fmt.Errorf("finding the virtual environment: %w: activate one whose Python runs", err)
	}
	if !f.Virtual {
		return nil, fmt.Errorf("finding the virtual environment: %s is not in one: activate one, or set VIRTUAL_ENV to its folder (python3 -m venv makes one)", e.Python)
	}
	if e.Prefix = f.Prefix; f.Pip == "" {
		return nil, fmt.Errorf("finding the virtual environment: %s has no pip: run `%s -m ensurepip`", e.Prefix, e.Python)
	}
	return e, nil
}

// onPath is the first python3 of a search path.
func onPath(path string) string {
	for _, dir := range filepath.SplitList(path) {
		file := filepath.Join(dir, "python3")
		if fi, err := os.Stat(file); err == nil && fi.Mode().IsRegular() && fi.Mode()&0o111 != 0 {
			return file
		}
	}
	return ""
}

// command is a call of the environment's Python. Variables are put over the user's.
func (e *Environment) command(ctx context.Context, variables map[string]string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, e.Python, args...)
	env := maps.Clone(e.env)
	maps.Copy(env, variables)
	cmd.Env = []string{}
	for _, name := range slices.Sorted(maps.Keys(env)) {
		cmd.Env = append(cmd.Env, name+"="+env[name])
	}
	// pip puts back what it had removed when it is interrupted, not when it is killed.
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	return cmd
}

// ask runs environment.py.
func (e *Environment) ask(ctx context.Context, q question) (f facts, err error) {
	for _, list := range []*[]string{&q.Siblings} { // null is no list
		*list = append([]string{}, *list...)
	}
	q.Requirements = append([][]string{}, q.Requirements...)
	for n := range q.Requirements {
		q.Requirements[n] = append([]string{}, q.Requirements[n]...)
	}
	in, err := json.Marshal(q)
	if err != nil {
		return f, fmt.Errorf("asking %s: %w", e.Python, err)
	}
	cmd := e.command(ctx, nil, "-I", "-B", "-c", environmentProgram)
	cmd.Stdin = bytes.NewReader(in)
	out, err := output(cmd)
	if err == nil {
		err = json.Unmarshal(out, &f)
	}
	if err != nil {
		return f, fmt.Errorf("asking %s: %w", e.Python, err)
	}
	return f, nil
}

// output runs a program; where it fails the error ends with the last line that it printed.
func output(cmd *exec.Cmd) ([]byte, error) {
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		lines := strings.Split(strings.TrimSpace(stderr.String()), "\n")
		if last := strings.TrimSpace(lines[len(lines)-1]); last != "" {
			err = fmt.Errorf("%w: %s", err, last)
		}
		return nil, err
	}
	return stdout.Bytes(), nil
}

// nameOf asks a checkout's build backend what it is called, by way of pip (22.2 or newer).
func (e *Environment) nameOf(ctx context.Context, dir string) (string, error) {
	full, err := filepath.Abs(dir) // a bare word would be the name of a project
	if err != nil {
		return "", err
	}
	cmd := e.command(ctx, map[string]string{"PIP_CONSTRAINT": os.DevNull}, "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
		"--dry-run", "--no-deps", "--ignore-installed", "--report", "-", full)
	out, err := output(cmd)
	var report struct {
		Install []struct {
			Metadata struct {
				Name string `json:"name"`
			} `json:"metadata"`
		} `json:"install"`
	}
	if err == nil {
		err = json.Unmarshal(out, &report)
	}
	if err == nil && len(report.Install) != 1 {
		err = errors.New("pip did not say")
	}
	if err != nil {
		return "", fmt.Errorf("asking the build backend of %s for its name: %w: say the name in setup.cfg or pyproject.toml", dir, err)
	}
	return report.Install[0].Metadata.Name, nil
}

// texts are requirements as they are written.
func texts(list []setupcfg.Requirement) []string {
	var out []string
	for _, r := range list {
		out = append(out, r.Text)
	}
	return out
}
