package builder

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/containerd/errdefs"
	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/pbrx-go/pbrx-go/images/naming"
)

// One store has the blobs of every image that was opened, also of those that were opened after it was offered.
func TestSharedStore(t *testing.T) {
	shared := newSharedStore()
	store := shared.stores()[storeName]
	first, second := digest.FromString("first"), digest.FromString("second")
	file := filepath.Join(t.TempDir(), "second")
	if err := os.WriteFile(file, []byte("second"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Info(t.Context(), first); !errdefs.IsNotFound(err) {
		t.Errorf("an empty store says %v", err)
	}
	shared.add(func(d digest.Digest) (string, []byte, bool) { return "", []byte("first"), d == first })
	shared.add(func(d digest.Digest) (string, []byte, bool) { return file, nil, d == second })
	for _, d := range []digest.Digest{first, second} {
		r, err := store.ReaderAt(t.Context(), v1.Descriptor{Digest: d})
		if err != nil {
			t.Fatal(err)
		}
		data := make([]byte, r.Size())
		if _, err := r.ReadAt(data, 0); err != nil || digest.FromBytes(data) != d {
			t.Errorf("%s has %q, %v", d, data, err)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, err := store.Info(t.Context(), digest.FromString("third")); !errdefs.IsNotFound(err) {
		t.Errorf("a blob that no image has: %v", err)
	}
}

// An image that is not the base is not said to be it, and --base is no way out.
func TestOtherImagesError(t *testing.T) {
	at := naming.Location{Transport: naming.Registry, Name: "node:22"}
	got := (&BaseError{Location: at, Other: true, Err: errors.New("no answer within 12s")}).Error()
	if want := "reading the image docker://node:22: no answer within 12s: name another (docker://NAME, oci:DIR[:REF], rootfs:FILE|DIR), or see `pbrx-go doctor`"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got := (&BaseError{Location: at, Err: errors.New("x")}).Error(); !strings.HasPrefix(got, "reading the base image docker://node:22: x: name another with --base ") {
		t.Errorf("%q", got)
	}
}
