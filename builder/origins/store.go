package origins

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/pbrx-go/pbrx-go/builder/host"
	"github.com/pbrx-go/pbrx-go/images/definition"
)

// storePatience is how long git may take for one repository; servers that send nothing are given up much earlier.
const storePatience = 2 * time.Hour

// store is a bare repository with all branches and tags of another, and their whole history.
type store struct {
	*Fetcher
	// address is what it is fetched from, who what people call it.
	address, who string
	// dir is its folder in the state, repo the repository in that.
	dir, repo string
	origin    definition.Origin
}

// openStore locks the store of a repository until unlock is called.
func (f *Fetcher) openStore(ctx context.Context, o definition.Origin, who string) (s *store, unlock func(), err error) {
	if err := checkRef(o); err != nil {
		return nil, nil, err
	}
	address, err := f.gitAddress(o)
	if err != nil {
		return nil, nil, err
	}
	if who == "" {
		who = lastOf(o)
	}
	sum := sha256.Sum256([]byte(address))
	dir := filepath.Join(f.StateDir, "repositories", hex.EncodeToString(sum[:16]))
	s = &store{Fetcher: f, address: address, who: who, dir: dir, repo: filepath.Join(dir, "store.git"), origin: o}
	unlock, err = f.lock(ctx, filepath.Join(dir, "lock"), address)
	if err != nil {
		return nil, nil, err
	}
	return s, unlock, nil
}

// exists says whether anything was ever fetched.
func (s *store) exists() bool {
	_, err := os.Stat(s.repo)
	return err == nil
}

// run runs git in the store.
func (s *store) run(ctx context.Context, argv ...string) (string, error) {
	return s.git(ctx, gitRun{dir: s.repo}, argv...)
}

// init makes the store, with the names of objects that the other side has: sha1 or sha256.
func (s *store) init(ctx context.Context, format string) error {
	if s.exists() {
		return nil
	}
	beside, err := s.beside()
	if err != nil {
		return err
	}
	defer os.RemoveAll(beside) // where it is still there, it is of no use
	if _, err := s.git(ctx, gitRun{dir: beside}, "init", "--quiet", "--bare", "--initial-branch=main", "--object-format="+format, "."); err != nil {
		return err
	}
	return os.Rename(beside, s.repo)
}

// fetch gets what refspecs name, with its whole history. Errors are *host.FetchError behind the position of the repository.
func (s *store) fetch(ctx context.Context, refspecs ...string) error {
	if err := s.init(ctx, "sha1"); err != nil {
		return err
	}
	err := s.ask(ctx, refspecs)
	if err != nil && strings.Contains(err.Error(), "mismatched algorithms: client sha1; server sha256") { // git learns it no earlier
		if err := errors.Join(os.RemoveAll(s.repo), s.init(ctx, "sha256")); err != nil {
			return err
		}
		err = s.ask(ctx, refspecs)
	}
	return err
}

// ask has git fetch.
func (s *store) ask(ctx context.Context, refspecs []string) error {
	remote, err := s.remote()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, storePatience, fmt.Errorf("git took more than %s", storePatience))
	defer cancel()
	argv := []string{"-c", "fetch.unpackLimit=1", "fetch", "--quiet", "--no-tags", "--prune", "--force", "--no-write-fetch-head", "--no-recurse-submodules", "--no-auto-maintenance", "--", s.address}
	cmd := remote.Git(ctx, s.address, s.repo, append(argv, refspecs...)...)
	said := &limited{most: 1 << 20}
	cmd.Stderr = said
	if err := cmd.Run(); err != nil {
		return positioned(s.origin.Where.At, remote.GitFailure(ctx, s.address, host.GitSays(said.String(), err)))
	}
	return nil
}

// fetchAll gets all branches and tags, once a run.
func (s *store) fetchAll(ctx context.Context) error {
	if s.wasAsked(s.address) {
		return nil
	}
	s.Note("fetching " + s.address + ", with its history")
	if err := s.fetch(ctx, "+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"); err != nil {
		return err
	}
	s.nowAsked(s.address)
	return nil
}

// wasAsked says whether this run has asked for something.
func (f *Fetcher) wasAsked(what string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.asked[what]
}

func (f *Fetcher) nowAsked(what string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked[what] = true
}

// commit is the full name of what a revision names in the store, empty where that is none.
func (s *store) commit(ctx context.Context, revision string) (string, error) {
	if !s.exists() {
		return "", nil
	}
	out, err := s.run(ctx, "rev-parse", "--verify", "--quiet", "--end-of-options", revision+"^{commit}")
	if err != nil && ctx.Err() != nil {
		return "", context.Cause(ctx)
	}
	if err != nil { // which git does not explain when it is quiet
		return "", nil
	}
	return word(out), nil
}

// limited keeps the first bytes of what is written.
type limited struct {
	data []byte
	most int
}

func (l *limited) Write(p []byte) (int, error) {
	l.data = append(l.data, p[:min(len(p), l.most-len(l.data))]...)
	return len(p), nil
}

func (l *limited) String() string { return string(l.data) }

// readIfThere is the content of a file, nil where it is not there.
func readIfThere(file string) ([]byte, error) {
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return data, err
}
