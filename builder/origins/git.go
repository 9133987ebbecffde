package origins

import (
	"bytes"
	"context"
	"io"
	"os"
	"strings"

	"github.com/pbrx-go/pbrx-go/builder/host"
)

// gitRun is one call of git in a folder, which needs nobody else: nothing but our options and the repository decides what it does.
type gitRun struct {
	dir   string
	stdin io.Reader
	// out gets what it prints; nil: git returns it.
	out io.Writer
	env []string
}

// git runs git on something of ours and returns what it printed. Errors hold what git said.
func (f *Fetcher) git(ctx context.Context, run gitRun, argv ...string) (string, error) {
	var out, said bytes.Buffer
	if run.out == nil {
		run.out = &out
	}
	if err := f.gitInto(ctx, run, &said, argv...); err != nil {
		return "", host.GitSays(said.String(), err)
	}
	return out.String(), nil
}

// gitInto is git with what it says of errors in said.
func (f *Fetcher) gitInto(ctx context.Context, run gitRun, said io.Writer, argv ...string) error {
	remote, err := f.remote()
	if err != nil {
		return err
	}
	options := []string{"-c", "safe.directory=*", "-c", "pack.threads=1", "-c", "pack.writeReverseIndex=false", "-c", "core.logAllRefUpdates=false",
		"-c", "core.fsmonitor=false", "-c", "core.autocrlf=false", "-c", "core.symlinks=true", "-c", "core.fileMode=true"}
	cmd := remote.Git(ctx, "", run.dir, append(options, argv...)...)
	cmd.Env = append(cmd.Env, "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_SYSTEM="+os.DevNull, "GIT_CONFIG_NOSYSTEM=1", "GIT_ATTR_NOSYSTEM=1", "GIT_CONFIG_COUNT=0",
		"GIT_CONFIG_PARAMETERS=", "GIT_LITERAL_PATHSPECS=1", "GIT_OPTIONAL_LOCKS=0", "GIT_NO_REPLACE_OBJECTS=1", "GIT_EXTERNAL_DIFF=", "GIT_DEFAULT_HASH=sha1", "XDG_CONFIG_HOME="+os.DevNull)
	cmd.Env = append(cmd.Env, run.env...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = run.stdin, run.out, said
	err = cmd.Run()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// word is output of one line.
func word(out string) string { return strings.TrimSpace(out) }
