package host

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"time"
)

const (
	// stallLimit is how long a download may stand still.
	stallLimit = time.Minute
	// downloadLimit is more than anything for an image has, and less than what fills a disk.
	downloadLimit = 16 << 30
)

// Remote reaches other machines as the programs of this one do: with its certificate authorities, proxies, netrc and git.
// Several goroutines may use it.
type Remote struct{ fetcher }

// NewRemote reads what the host says of reaching others; env and root are as for Read. Errors are files that are named and cannot
// be read.
func NewRemote(env map[string]string, root string) (*Remote, error) {
	r := &Remote{fetcher{env: env, root: root}}
	if err := r.open(); err != nil {
		return nil, err
	}
	r.client.Timeout = 0 // large files take as long as they take, as long as something comes
	return r, nil
}

// Download writes what is behind an http(s) URL into a file, which it empties first. Errors are *FetchError, or of writing.
func (r *Remote) Download(ctx context.Context, u *url.URL, into *os.File) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	return r.ask(ctx, place{url: u}, func(resp *http.Response, fail failure) error {
		large := fail("name another file", fmt.Errorf("it has more than %d GB", downloadLimit>>30))
		if resp.ContentLength > downloadLimit {
			return large
		}
		if err := into.Truncate(0); err != nil {
			return err
		}
		if _, err := into.Seek(0, io.SeekStart); err != nil {
			return err
		}
		body := &watched{Reader: resp.Body, timer: time.AfterFunc(stallLimit, func() { cancel(errStalled) })}
		defer body.timer.Stop()
		size, err := io.Copy(into, io.LimitReader(body, downloadLimit+1))
		switch {
		case size > downloadLimit: // of a server that does not say how much there is
			return large
		case body.err != nil && errors.Is(context.Cause(ctx), errStalled):
			return fail("mend the network, or run again", errStalled)
		case body.err != nil && ctx.Err() != nil:
			return context.Cause(ctx)
		case body.err != nil:
			return fail("mend the network, or run again", &passingError{body.err})
		}
		return err
	})
}

// errStalled is why a download was given up.
const errStalled = stalled("nothing came for a minute")

type stalled string

func (s stalled) Error() string { return string(s) }

// watched is a reader that puts a timer off whenever something comes, and remembers its own failure, to be told from that of
// the writer.
type watched struct {
	io.Reader
	timer *time.Timer
	err   error
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.Reader.Read(p)
	if n > 0 {
		w.timer.Reset(stallLimit)
	}
	if err != nil && err != io.EOF {
		w.err = err
	}
	return n, err
}

// Git is a command of the host's git in a folder, with nothing that could ask a question or run a hook, and with the credentials for
// address in its environment. It sets neither streams nor more.
func (r *Remote) Git(ctx context.Context, address, dir string, argv ...string) *exec.Cmd {
	return r.gitCommand(ctx, repository{address: address}, dir, argv...)
}

// GitSays is why git failed: the first of the errors it printed, else how it ended.
func GitSays(stderr string, err error) error { return gitSays(stderr, err) }

// GitFailure is the *FetchError of a git that could not fetch what, for the reason that GitSays tells; or why ctx ended.
func (r *Remote) GitFailure(ctx context.Context, what string, reason error) error {
	return r.gitError(ctx, what, reason)
}
