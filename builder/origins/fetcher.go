package origins

import (
	"context"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/pbrx-go/pbrx-go/builder/host"
	"github.com/pbrx-go/pbrx-go/images/definition"
)

// Options say where a Fetcher works and what it may do.
type Options struct {
	// StateDir keeps what was fetched between runs; it is made when needed.
	StateDir string
	// TempDir is where folders that go with the Fetcher are made; empty for the system's.
	TempDir string
	// Env is the environment: proxies, certificates, netrc, git's configuration.
	Env map[string]string
	// Root is the folder that no path of a definition may lead out of (definition.Set.Root).
	Root string
	// HostRoot is put before the absolute paths of the host's well-known files; empty but in tests.
	HostRoot string
	// Refresh has branches and tags asked for again.
	Refresh bool
	// Note is told, a line each, what takes time; nil is nobody.
	Note func(string)
}

// Fetcher fetches origins. Several goroutines may use it, and several processes one StateDir.
type Fetcher struct {
	Options
	remote func() (*host.Remote, error)
	// now is the clock, which only tells when a branch was asked for.
	now func() time.Time

	mu       sync.Mutex
	temp     string
	projects map[string]Checkout
	// asked are the repositories and refs that this run has asked for.
	asked map[string]bool
}

// New makes a Fetcher. Nothing is read or written before it is asked for something.
func New(o Options) *Fetcher {
	if o.Note == nil {
		o.Note = func(string) {}
	}
	f := &Fetcher{Options: o, now: time.Now, asked: map[string]bool{}}
	f.remote = sync.OnceValues(func() (*host.Remote, error) { return host.NewRemote(o.Env, o.HostRoot) })
	return f
}

// Close removes what goes with the Fetcher; contents and checkouts of it are not to be used any more.
func (f *Fetcher) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.temp == "" {
		return nil
	}
	err := os.RemoveAll(f.temp)
	f.temp = ""
	return err
}

// Projects tells what the checkouts of projects are, by handle, for origins that name one.
func (f *Fetcher) Projects(all map[string]Checkout) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.projects = all
}

// Fetch returns what an origin is, for an architecture as in amd64. Errors are a setupcfg.ErrorList where the definition is wrong (its
// position in front), *ChangedError, *host.FetchError behind the origin's position where others cannot be reached, or of reading and
// writing files. Origins of the kind image are not for the host to fetch, and an error.
func (f *Fetcher) Fetch(ctx context.Context, o definition.Origin, arch string) (Content, error) {
	switch o.Kind {
	case definition.Path:
		return f.path(ctx, o)
	case definition.URL:
		return f.url(ctx, o, arch)
	case definition.Git:
		return f.gitContent(ctx, o)
	case definition.FromProject:
		return f.project(ctx, o)
	case definition.LiteralText:
		return textContent(o.Where.Value), nil
	}
	return Content{}, problem(o.At, "", "an origin of the kind %q is not fetched by the host", o.Kind)
}

// tempDir is a new folder that goes with the Fetcher.
func (f *Fetcher) tempDir() (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.temp == "" {
		dir, err := os.MkdirTemp(f.TempDir, "pbrx-go-origins-*")
		if err != nil {
			return "", fmt.Errorf("making a folder for what a definition names: %w", err)
		}
		f.temp = dir
	}
	return os.MkdirTemp(f.temp, "*")
}
