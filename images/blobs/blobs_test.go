package blobs_test

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/errdefs"
	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/pbrx-go/pbrx-go/images/blobs"
)

// store has one blob in memory, one in a file, and one whose file is gone.
func store(t *testing.T) *blobs.Store {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "file"), []byte("in a file"), 0o600); err != nil {
		t.Fatal(err)
	}
	return blobs.New(func(d digest.Digest) (string, []byte, bool) {
		switch d {
		case digest.FromString("in memory"):
			return "", []byte("in memory"), true
		case digest.FromString("in a file"):
			return filepath.Join(dir, "file"), nil, true
		case digest.FromString("gone"):
			return filepath.Join(dir, "gone"), nil, true
		}
		return "", nil, false
	})
}

func TestRead(t *testing.T) {
	s := store(t)
	for _, text := range []string{"in memory", "in a file"} {
		d := digest.FromString(text)
		info, err := s.Info(t.Context(), d)
		if err != nil || info.Size != int64(len(text)) {
			t.Errorf("Info(%s) = %+v, %v", text, info, err)
		}
		r, err := s.ReaderAt(t.Context(), v1.Descriptor{Digest: d})
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(content.NewReader(r))
		if err != nil || string(data) != text || r.Size() != int64(len(text)) {
			t.Errorf("%q of %d bytes, %v; want %q", data, r.Size(), err, text)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestMissingBlobs(t *testing.T) {
	s := store(t)
	unknown := digest.FromString("unknown")
	_, infoErr := s.Info(t.Context(), unknown)
	_, readErr := s.ReaderAt(t.Context(), v1.Descriptor{Digest: unknown})
	for _, err := range []error{infoErr, readErr} {
		if want := "blob " + unknown.String() + ": not found"; !errdefs.IsNotFound(err) || err.Error() != want {
			t.Errorf("the error is %v, want %s", err, want)
		}
	}
	gone := digest.FromString("gone")
	_, infoErr = s.Info(t.Context(), gone)
	_, readErr = s.ReaderAt(t.Context(), v1.Descriptor{Digest: gone})
	for _, err := range []error{infoErr, readErr} {
		if !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("the error is %v", err)
		}
	}
}

func TestNothingIsWritten(t *testing.T) {
	s := store(t)
	d := digest.FromString("in memory")
	_, writerErr := s.Writer(t.Context())
	_, updateErr := s.Update(t.Context(), content.Info{Digest: d})
	for what, err := range map[string]error{"Writer": writerErr, "Update": updateErr, "Delete": s.Delete(t.Context(), d), "Abort": s.Abort(t.Context(), "x")} {
		if want := what + " on a read-only content store: not implemented"; err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", what, err, want)
		}
	}
	if _, err := s.Status(t.Context(), "x"); !errdefs.IsNotFound(err) {
		t.Errorf("Status: %v", err)
	}
	if _, err := s.Info(t.Context(), d); err != nil {
		t.Errorf("the blob is gone: %v", err)
	}
}
