package origins

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"text/scanner"

	"github.com/pbrx-go/pbrx-go/images/definition"
)

// ChangedError says that a download is not what its digest says: the definition, or who serves the file, is to mend it.
type ChangedError struct {
	// At is where the digest is.
	At scanner.Position
	// Got and Want are hexadecimal digits.
	Got, Want string
}

// Error is one line.
func (e *ChangedError) Error() string {
	text := fmt.Sprintf("downloaded %s but sha256 says %s; the file at the URL has changed", e.Got, e.Want)
	if e.At.Filename == "" {
		return text
	}
	return e.At.String() + ": " + text
}

// url is a download, or a part of the archive that it is.
func (f *Fetcher) url(ctx context.Context, o definition.Origin, arch string) (Content, error) {
	sum, err := sumFor(o, arch)
	if err != nil {
		return Content{}, err
	}
	u, err := downloadable(o)
	if err != nil {
		return Content{}, err
	}
	dir, err := f.download(ctx, o, u, sum)
	if err != nil {
		return Content{}, err
	}
	file := filepath.Join(dir, Name)
	if !o.Part.IsSet() && o.Part.Value == "" {
		c, err := local(ctx, file, plain)
		c.Base = path.Base(u.Path)
		return c, positioned(o.At, err)
	}
	return f.member(ctx, o, file, sum.Value)
}

// sumFor is the digest that a download for an architecture has to have.
func sumFor(o definition.Origin, arch string) (definition.Text, error) {
	sum, ok := o.SHA256[arch]
	if !ok {
		sum, ok = o.SHA256[definition.AnyArch]
	}
	switch {
	case len(o.SHA256) == 0:
		return sum, problem(o.Where.At, "", `url without sha256; add sha256 = "…", 64 hexadecimal digits`)
	case !ok:
		return sum, problem(o.Where.At, "", "no sha256 for %s; add it, or arch = [%q] to leave the file out there", arch, otherArch(o))
	case !regexp.MustCompile(`^[0-9a-f]{64}$`).MatchString(sum.Value):
		return sum, problem(sum.At, "write the 64 digits that sha256sum prints", "%q is no sha256", sum.Value)
	}
	return sum, nil
}

// otherArch is one that there is a digest for.
func otherArch(o definition.Origin) string {
	first := ""
	for arch := range o.SHA256 {
		if first == "" || arch < first {
			first = arch
		}
	}
	return first
}

// downloadable is the address of a download.
func downloadable(o definition.Origin) (*url.URL, error) {
	u, err := url.Parse(o.Where.Value)
	switch {
	case err != nil:
		return nil, problem(o.Where.At, "write an https URL", "the address is no URL") // err would show all of it
	case u.User != nil:
		return nil, problem(o.Where.At, "leave them out: they are taken from netrc", "the URL has credentials")
	case u.Scheme == "file" && (u.Host == "" || u.Host == "localhost") && u.Path != "":
		return u, nil
	case u.Scheme != "https" && u.Scheme != "http" || u.Host == "":
		return nil, problem(o.Where.At, "write an https, http or file URL", "%q is not downloaded", u.Redacted())
	}
	return u, nil
}

// download is a folder of the state with a file of that digest.
func (f *Fetcher) download(ctx context.Context, o definition.Origin, u *url.URL, sum definition.Text) (string, error) {
	unlock, err := f.lock(ctx, filepath.Join(f.StateDir, "downloads", sum.Value+".lock"), path.Base(u.Path))
	if err != nil {
		return "", err
	}
	defer unlock()
	return f.keep("downloads", sum.Value, func(dir string) error {
		file, err := os.OpenFile(filepath.Join(dir, Name), os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o644)
		if err != nil {
			return err
		}
		defer file.Close()
		if err := f.get(ctx, o, u, file); err != nil {
			return err
		}
		if _, err := file.Seek(0, io.SeekStart); err != nil {
			return err
		}
		hash := sha256.New()
		if _, err := io.Copy(hash, file); err != nil {
			return err
		}
		if got := hex.EncodeToString(hash.Sum(nil)); got != sum.Value {
			return &ChangedError{At: sum.At, Got: got, Want: sum.Value}
		}
		return file.Sync() // what is kept by its digest is never looked at again
	})
}

// get writes what is behind a URL into a file.
func (f *Fetcher) get(ctx context.Context, o definition.Origin, u *url.URL, into *os.File) error {
	if u.Scheme == "file" {
		name := filepath.FromSlash(u.Path)
		info, err := os.Stat(name)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return problem(o.Where.At, "correct the path", "%s does not exist", u.Path)
		case err == nil && !info.Mode().IsRegular(): // a pipe or device may never end
			return problem(o.Where.At, "correct the path", "%s is no file", u.Path)
		}
		from, err := os.Open(name)
		if err != nil {
			return positioned(o.Where.At, err)
		}
		defer from.Close()
		_, err = io.Copy(into, from)
		return positioned(o.Where.At, err)
	}
	remote, err := f.remote()
	if err != nil {
		return err
	}
	bare := *u
	bare.Fragment, bare.RawFragment = "", ""
	f.Note("downloading " + path.Base(u.Path) + " from " + u.Host)
	return positioned(o.Where.At, remote.Download(ctx, &bare, into))
}
