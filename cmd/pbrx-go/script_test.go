package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/pbrx-go/pbrx-go/cmd/pbrx-go/internal/cli"
)

var update = flag.Bool("update", false, "write what the scripts of testdata/script compare with anew")

// The scripts hold what users see of commands that need no engine. Beyond testscript's own commands
// they have
//
//	pbrx-go ARG…       runs the command line, which must succeed
//	fails CODE ARG…    runs it; it must end with CODE, print nothing to stdout, and leave no file
//	says LINE…         stderr of the command before is these lines and no other
//	silent             stderr of the command before is empty
//
// Sample projects lie in $WORK/projects.
func TestScripts(t *testing.T) {
	testscript.RunT(sequential{t}, testscript.Params{
		Dir:                 filepath.Join(repository(t), "testdata/script"),
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			// An engine that was started, or an image written, would leave files here.
			env.Setenv("PBRX_GO_STATE", filepath.Join(env.WorkDir, "state"))
			env.Setenv("XDG_DATA_HOME", filepath.Join(env.WorkDir, "data"))
			// An engine that was dialled would not be there, whatever this machine has.
			env.Setenv("BUILDKIT_HOST", "unix:///nowhere/buildkitd.sock")
			env.Setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
			return os.CopyFS(filepath.Join(env.WorkDir, "projects"), os.DirFS(filepath.Join(repository(t), "testdata/projects")))
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"pbrx-go": scriptSucceeds,
			"fails":   scriptFails,
			"says":    scriptSays,
			"silent":  func(ts *testscript.TestScript, neg bool, args []string) { scriptSays(ts, neg || len(args) > 0, nil) },
		},
	})
}

// sequential runs scripts one after the other: the command line reads the process's current directory.
type sequential struct{ *testing.T }

func (sequential) Parallel()     {}
func (sequential) Verbose() bool { return testing.Verbose() }

func (s sequential) Run(name string, script func(testscript.T)) {
	s.T.Run(name, func(t *testing.T) { script(sequential{t}) })
}

func scriptSucceeds(ts *testscript.TestScript, neg bool, args []string) {
	if neg {
		ts.Fatalf("write: fails CODE ARG…")
	}
	if code, _ := inProcess(ts, args); code != 0 {
		ts.Fatalf("pbrx-go %s: status %d", strings.Join(args, " "), code)
	}
}

func scriptFails(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 {
		ts.Fatalf("usage: fails CODE ARG…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	before := tree(ts, ts.Getenv("WORK"))
	code, stdout := inProcess(ts, args[1:])
	if code != want {
		ts.Fatalf("pbrx-go %s: status %d, want %d", strings.Join(args[1:], " "), code, want)
	}
	if stdout != "" {
		ts.Fatalf("a failure printed to stdout: %q", stdout)
	}
	if after := tree(ts, ts.Getenv("WORK")); !slices.Equal(before, after) {
		ts.Fatalf("files changed from\n%s\nto\n%s", strings.Join(before, "\n"), strings.Join(after, "\n"))
	}
}

func scriptSays(ts *testscript.TestScript, neg bool, args []string) {
	if neg {
		ts.Fatalf("usage: says LINE… or silent")
	}
	var want strings.Builder
	for _, line := range args {
		want.WriteString(line + "\n")
	}
	if got := ts.ReadFile("stderr"); got != want.String() {
		ts.Fatalf("stderr is\n%swant\n%s", got, want.String())
	}
}

// inProcess is what main does, less the signals. What it prints becomes the script's stdout and stderr.
func inProcess(ts *testscript.TestScript, args []string) (code int, stdout string) {
	back, err := os.Getwd()
	ts.Check(err)
	ts.Check(os.Chdir(ts.MkAbs(".")))
	defer func() { ts.Check(os.Chdir(back)) }()
	var env []string
	for _, name := range scriptVariables {
		if value := ts.Getenv(name); value != "" {
			env = append(env, name+"="+value)
		}
	}
	var out, errOut bytes.Buffer
	code = cli.Main(context.Background(), args, cli.Streams{In: strings.NewReader(""), Out: &out, Err: &errOut}, env)
	fmt.Fprint(ts.Stdout(), out.String())
	fmt.Fprint(ts.Stderr(), errOut.String())
	return code, out.String()
}

// scriptVariables are those of a script's environment that reach the command line; a
// script cannot list its environment.
var scriptVariables = []string{
	"BUILDKIT_HOST", "DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG", "PBRX_GO_ENGINE_TLS", "PBRX_GO_CACHE_FROM", "PBRX_GO_PUSH",
	"HOME", "PBR_VERSION", "PBRX_GO_STATE", "XDG_DATA_HOME", "SOURCE_DATE_EPOCH", "PBRX_GO_CACHE_BUDGET",
	"PBRX_GO_BASE", "PBRX_GO_ENGINE", "PBRX_GO_OUTPUT", "PBRX_GO_PREFIX", "PBRX_GO_TAG", "PBRX_GO_ONLY",
	"PBRX_GO_MIRROR", "PBRX_GO_INIT_PATH", "PBRX_GO_NO_CACHE", "PBRX_GO_PROGRESS", "PBRX_GO_FORMAT",
	"PBRX_GO_GUI_SCRIPTS", "PBRX_GO_DRY_RUN", "PBRX_GO_QUIET", "PBRX_GO_OS_RELEASE", "PBRX_GO_DISTRO", "PBRX_GO_FILE",
}

// tree lists every file below a folder with what it holds.
func tree(ts *testscript.TestScript, root string) []string {
	var list []string
	ts.Check(filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			list = append(list, name)
			return err
		}
		data, err := os.ReadFile(name)
		list = append(list, fmt.Sprintf("%s %x", name, sha256.Sum256(data)))
		return err
	}))
	return list
}
