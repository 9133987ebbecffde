package host

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// gitPatience is how long git may take for one repository.
const gitPatience = 5 * time.Minute

// close removes what was fetched.
func (f *fetcher) close() {
	for _, dir := range f.clones {
		os.RemoveAll(dir) // a folder for temporary files, on which nothing depends
	}
}

// gitFile reads one file of a commit that the host's git fetches, without its history, into a folder that goes with us.
func (f *fetcher) gitFile(ctx context.Context, at place) ([]byte, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, gitPatience, fmt.Errorf("git took more than %s", gitPatience))
	defer cancel()
	dir, err := f.clone(ctx, at)
	if err != nil {
		return nil, err
	}
	data, err := f.git(ctx, at.repo, dir, "cat-file", "blob", "FETCH_HEAD:"+at.path)
	if err != nil {
		return nil, &FetchError{What: at.String(), Err: err, Hint: "correct the path, from the top folder of the repository"}
	}
	return data, nil
}

// clone fetches one commit of a repository, once.
func (f *fetcher) clone(ctx context.Context, at place) (string, error) {
	if dir, ok := f.clones[at.repo]; ok {
		return dir, nil
	}
	if err := f.prepare(); err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp("", "pbrx-go-constraints-*")
	if err != nil {
		return "", fmt.Errorf("making a folder to fetch constraints to: %w", err)
	}
	if f.clones == nil {
		f.clones = map[repository]string{}
	}
	f.clones[at.repo] = dir
	if err := f.fetch(ctx, at.repo, dir); err != nil {
		delete(f.clones, at.repo)
		return "", errors.Join(f.gitError(ctx, at.String(), err), os.RemoveAll(dir))
	}
	return dir, nil
}

// fetch gets what REF names: a branch or tag, else a commit. Servers may give a commit by its full name only, or not at
// all; then all commits are looked through, without their files.
func (f *fetcher) fetch(ctx context.Context, repo repository, dir string) error {
	if _, err := f.git(ctx, repo, dir, "init", "--quiet", "--bare", "."); err != nil {
		return err
	}
	address := repo.address
	if !strings.Contains(address, "://") {
		absolute, err := filepath.Abs(address)
		if err != nil {
			return err
		}
		address = absolute
	}
	_, err := f.git(ctx, repo, dir, "fetch", "--quiet", "--no-tags", "--depth=1", "--", address, repo.ref)
	if err == nil || ctx.Err() != nil || !regexp.MustCompile(`^[0-9a-f]{4,64}$`).MatchString(repo.ref) {
		return err
	}
	if _, again := f.git(ctx, repo, dir, "fetch", "--quiet", "--no-tags", "--", address, "+refs/heads/*:refs/all/heads/*", "+refs/tags/*:refs/all/tags/*"); again != nil {
		return err
	}
	commit, again := f.git(ctx, repo, dir, "rev-parse", "--verify", "--quiet", repo.ref+"^{commit}")
	if again != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "FETCH_HEAD"), commit, 0o600)
}

// gitError says what git said last, and what to do.
func (f *fetcher) gitError(ctx context.Context, what string, err error) error {
	if ctx.Err() != nil {
		if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) && strings.HasPrefix(cause.Error(), "git took") {
			return &FetchError{What: what, Err: cause, Hint: "mend the network, or run again"}
		}
		return context.Cause(ctx)
	}
	hint := "mend the network or the address, or run again"
	said := strings.ToLower(err.Error())
	switch {
	case errors.Is(err, exec.ErrNotFound):
		hint = "install git, or name a file or an http(s) URL"
	case strings.Contains(said, "couldn't find remote ref") || strings.Contains(said, "not our ref"):
		hint = "correct the commit, tag or branch behind the @"
	case strings.Contains(said, "authentication failed") || strings.Contains(said, "could not read username") ||
		strings.Contains(said, "could not read password") || strings.Contains(said, "permission denied"):
		hint = "put credentials where git or netrc has them"
	case strings.Contains(said, "dubious ownership"):
		hint = "have it belong to you, or name it in git's safe.directory"
	case strings.Contains(said, "does not appear to be a git repository") || strings.Contains(said, "not found"):
		hint = "correct the address of the repository"
	}
	return &FetchError{What: what, Err: err, Hint: hint}
}

// git runs git in a folder of ours and returns what it prints.
func (f *fetcher) git(ctx context.Context, repo repository, dir string, argv ...string) ([]byte, error) {
	cmd := f.gitCommand(ctx, repo, dir, argv...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return nil, gitSays(stderr.String(), err)
	}
	return stdout.Bytes(), nil
}

// gitSays is why git failed: the first of its errors, else how it ended.
func gitSays(stderr string, err error) error {
	for line := range strings.Lines(stderr) {
		line = strings.TrimSpace(line)
		for _, begin := range []string{"fatal: ", "error: "} {
			if said, ok := strings.CutPrefix(line, begin); ok {
				return errors.New("git says: " + said)
			}
		}
	}
	return fmt.Errorf("running git: %w", err)
}

// gitCommand is git in a folder of ours, with nothing that could ask a question or run a hook. The environment has the
// credentials, which argv shows to everybody.
func (f *fetcher) gitCommand(ctx context.Context, repo repository, dir string, argv ...string) *exec.Cmd {
	const helper = `!f() { test "$1" = get && printf 'username=%s\npassword=%s\n' "$PBRX_GO_GIT_LOGIN" "$PBRX_GO_GIT_PASSWORD"; }; f`
	options := []string{"-c", "core.hooksPath=" + os.DevNull, "-c", "gc.auto=0", "-c", "maintenance.auto=false", "-c", "protocol.ext.allow=never",
		"-c", "http.lowSpeedLimit=100", "-c", "http.lowSpeedTime=30"}
	env := f.gitEnvironment()
	if u, err := url.Parse(repo.address); err == nil && (u.Scheme == "https" || u.Scheme == "http") {
		if login, password, ok := f.login(u.Hostname(), repo.user); ok {
			options = append(options, "-c", "credential."+u.Scheme+"://"+u.Host+".helper="+helper) // for nobody that it sends us on to
			env = append(env, "PBRX_GO_GIT_LOGIN="+login, "PBRX_GO_GIT_PASSWORD="+password)
		}
	}
	cmd := exec.CommandContext(ctx, "git", append(options, argv...)...)
	cmd.Dir, cmd.Env, cmd.WaitDelay = dir, env, 5*time.Second
	return cmd
}

// gitEnvironment is the host's, without what would have git work elsewhere or ask somebody.
func (f *fetcher) gitEnvironment() []string {
	var env []string
	for name, value := range f.env {
		switch name {
		case "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_COMMON_DIR", "GIT_NAMESPACE",
			"GIT_CEILING_DIRECTORIES", "GIT_TERMINAL_PROMPT", "SSH_ASKPASS", "GIT_TRACE", "GIT_TRACE_CURL", "GIT_CURL_VERBOSE", "GIT_TEMPLATE_DIR", "LC_ALL", "LANGUAGE":
			continue
		}
		env = append(env, name+"="+value)
	}
	env = append(env, "GIT_TERMINAL_PROMPT=0", "GIT_TEMPLATE_DIR=", "LC_ALL=C.UTF-8")
	if f.env["GIT_SSH_COMMAND"] == "" && f.env["GIT_SSH"] == "" {
		env = append(env, "GIT_SSH_COMMAND=ssh -o BatchMode=yes")
	}
	if ca := f.env["SSL_CERT_FILE"]; ca != "" && f.env["GIT_SSL_CAINFO"] == "" {
		env = append(env, "GIT_SSL_CAINFO="+ca)
	}
	slices.Sort(env)
	return env
}
