package rootfs_test

import (
	"archive/tar"
	"bytes"
	"compress/bzip2"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/ulikunitz/xz"
	"golang.org/x/sys/unix"

	"github.com/pbrx-go/pbrx-go/images/rootfs"
)

func platform() v1.Platform { return v1.Platform{OS: "linux", Architecture: "amd64"} }

// tarball is a small one, as tar makes it.
func tarball(t *testing.T) []byte {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	if err := w.WriteHeader(&tar.Header{Name: "etc/", Typeflag: tar.TypeDir, Mode: 0o755, ModTime: time.Unix(1, 0)}); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func compress(t *testing.T, w io.WriteCloser, err error, data []byte) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

// write puts data into a file of its own.
func write(t *testing.T, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "base")
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func open(t *testing.T, path string) *rootfs.Image {
	t.Helper()
	img, err := rootfs.Open(path, t.TempDir(), platform())
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// layerOf is the image's one layer and what it holds.
func layerOf(t *testing.T, img *rootfs.Image) (v1.Descriptor, []byte) {
	t.Helper()
	_, raw, ok := img.Source(img.Manifest.Digest)
	if !ok || digest.FromBytes(raw) != img.Manifest.Digest || int64(len(raw)) != img.Manifest.Size {
		t.Fatalf("the manifest is not what its descriptor says: %s", raw)
	}
	var m v1.Manifest
	if err := json.Unmarshal(raw, &m); err != nil {
		t.Fatal(err)
	}
	if _, config, ok := img.Source(m.Config.Digest); !ok || !bytes.Equal(config, img.RawConfig) || len(m.Layers) != 1 {
		t.Fatalf("the manifest is %s, the configuration %s", raw, config)
	}
	path, _, ok := img.Source(m.Layers[0].Digest)
	data, err := os.ReadFile(path)
	if !ok || err != nil || digest.FromBytes(data) != m.Layers[0].Digest || int64(len(data)) != m.Layers[0].Size {
		t.Fatalf("the layer at %s is not what its descriptor says: %v", path, err)
	}
	return m.Layers[0], data
}

func TestTarballs(t *testing.T) {
	plain := tarball(t)
	var gz, zst, xzed bytes.Buffer
	g := gzip.NewWriter(&gz)
	compress(t, g, nil, plain)
	z, err := zstd.NewWriter(&zst)
	compress(t, z, err, plain)
	x, err := xz.NewWriter(&xzed)
	compress(t, x, err, plain)
	bz, err := base64.StdEncoding.DecodeString(bzip2Tarball)
	if err != nil {
		t.Fatal(err)
	}
	unpacked, err := io.ReadAll(bzip2.NewReader(bytes.NewReader(bz)))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		data, stored, plain []byte
		mediaType           string
	}{
		"plain": {plain, plain, plain, v1.MediaTypeImageLayer},
		"gzip":  {gz.Bytes(), gz.Bytes(), plain, v1.MediaTypeImageLayerGzip},
		"zstd":  {zst.Bytes(), zst.Bytes(), plain, v1.MediaTypeImageLayerZstd},
		"xz":    {xzed.Bytes(), plain, plain, v1.MediaTypeImageLayer},
		"bzip2": {bz, unpacked, unpacked, v1.MediaTypeImageLayer},
	} {
		t.Run(name, func(t *testing.T) {
			path := write(t, c.data)
			img := open(t, path)
			desc, data := layerOf(t, img)
			if desc.MediaType != c.mediaType || !bytes.Equal(data, c.stored) {
				t.Errorf("the layer is %s of %d bytes, want %s of %d", desc.MediaType, len(data), c.mediaType, len(c.stored))
			}
			if want := []digest.Digest{digest.FromBytes(c.plain)}; !slices.Equal(img.Config.RootFS.DiffIDs, want) {
				t.Errorf("the diff IDs are %s, want %s", img.Config.RootFS.DiffIDs, want)
			}
			if again := open(t, path); again.Manifest.Digest != img.Manifest.Digest {
				t.Error("another digest the second time")
			}
			if img.Config.OS != "linux" || img.Config.Architecture != "amd64" || img.Config.RootFS.Type != "layers" {
				t.Errorf("the configuration is %s", img.RawConfig)
			}
		})
	}
}

// bzip2Tarball is a tarball of one folder, made by tar and bzip2: no library of ours writes that.
const bzip2Tarball = "QlpoOTFBWSZTWVvKQO8AAG37gMiAABBAANOAAARqAB4AAAggAFQygAAHqCKKepoDQB9bSRQzpESO6sZFYoJAQdTtCYQJxKGyuzGXwPhriSUiSB8XckU4UJBbykDv"

func TestNoTarballs(t *testing.T) {
	gz := []byte("\x1f\x8b\x08\x00 and then nothing of the kind")
	for _, c := range []struct{ name, text, want string }{
		{"text", strings.Repeat("no tarball ", 100), "it is no tarball (bare, gzip, zstd, xz or bzip2) and no folder"},
		{"short", "x", "it is no tarball (bare, gzip, zstd, xz or bzip2) and no folder"},
		{"empty", "", "it is no tarball (bare, gzip, zstd, xz or bzip2) and no folder"},
		{"broken gzip", string(gz), "flate: corrupt input before offset 5"},
		{"broken bzip2", "BZhello", "bzip2 data invalid: invalid compression level"},
	} {
		path := write(t, []byte(c.text))
		_, err := rootfs.Open(path, t.TempDir(), platform())
		if want := "reading the root file system " + path + ": " + c.want; err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", c.name, err, want)
		}
	}
	_, err := rootfs.Open("/no/such/file", t.TempDir(), platform())
	if want := "reading the root file system: stat /no/such/file: no such file or directory"; err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}

// folder is a root file system with one of everything; devices take root.
func folder(t *testing.T) (dir string, want []string) {
	t.Helper()
	dir = t.TempDir()
	steps := []error{
		os.Mkdir(dir+"/bin", 0o755),
		os.WriteFile(dir+"/bin/a", []byte("text"), 0o644),
		os.Chmod(dir+"/bin/a", os.ModeSetuid|0o755),
		os.Link(dir+"/bin/a", dir+"/bin/b"),
		os.Symlink("../bin/a", dir+"/bin/c"),
		os.Mkdir(dir+"/tmp", 0o700),
		os.Chmod(dir+"/tmp", os.ModeSticky|0o777),
		unix.Mkfifo(dir+"/pipe", 0o600),
	}
	uid := fmt.Sprintf("%d:%d", os.Getuid(), os.Getgid())
	want = []string{
		"bin/ 5 755 " + uid + "  0",
		"bin/a 0 4755 " + uid + "  4",
		"bin/b 1 4755 " + uid + " bin/a 0",
		"bin/c 2 777 " + uid + " ../bin/a 0",
		"pipe 6 600 " + uid + "  0",
		"tmp/ 5 1777 " + uid + "  0",
	}
	if os.Getuid() == 0 {
		steps = append(steps, unix.Mknod(dir+"/null", unix.S_IFCHR|0o666, int(unix.Mkdev(1, 3))), os.Chmod(dir+"/null", 0o666), os.Lchown(dir+"/pipe", 12, 34))
		want[4] = "pipe 6 600 12:34  0"
		want = slices.Insert(want, 4, "null 3 666 0:0  0 1,3")
	}
	for n, err := range steps {
		if err != nil {
			t.Fatalf("step %d: %v", n, err)
		}
	}
	for _, name := range []string{"bin/c", "bin/a", "bin", "tmp", "pipe"} {
		when := []unix.Timeval{{Sec: 1000000000}, {Sec: 1000000000}}
		if err := unix.Lutimes(filepath.Join(dir, name), when); err != nil {
			t.Fatal(err)
		}
	}
	return dir, want
}

func TestFolder(t *testing.T) {
	dir, want := folder(t)
	img := open(t, dir)
	desc, data := layerOf(t, img)
	if desc.MediaType != v1.MediaTypeImageLayer {
		t.Errorf("the layer is %s", desc.MediaType)
	}
	var got []string
	for tr := tar.NewReader(bytes.NewReader(data)); ; {
		h, err := tr.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		line := fmt.Sprintf("%s %c %o %d:%d %s %d", h.Name, h.Typeflag, h.Mode, h.Uid, h.Gid, h.Linkname, h.Size)
		if h.Typeflag == tar.TypeChar {
			line += fmt.Sprintf(" %d,%d", h.Devmajor, h.Devminor)
		}
		if h.Typeflag != tar.TypeChar && h.ModTime.Unix() != 1000000000 {
			t.Errorf("%s is of %v", h.Name, h.ModTime)
		}
		if h.Uname != "" || h.Gname != "" {
			t.Errorf("%s has the name %q of somebody here", h.Name, h.Uname+h.Gname)
		}
		got = append(got, line)
	}
	if !slices.Equal(got, want) {
		t.Errorf("the layer holds\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if again := open(t, dir); again.Manifest.Digest != img.Manifest.Digest {
		t.Error("another digest the second time")
	}
	if err := os.WriteFile(dir+"/bin/a", []byte("txet"), 0o755); err != nil {
		t.Fatal(err)
	}
	if again := open(t, dir); again.Manifest.Digest == img.Manifest.Digest {
		t.Error("the same digest although a file has changed")
	}
}

func TestRemembered(t *testing.T) {
	path, memory := write(t, tarball(t)), filepath.Join(t.TempDir(), "new", "memory.json")
	remembered := func() *rootfs.Image {
		t.Helper()
		img, err := rootfs.OpenRemembered(path, t.TempDir(), memory, platform())
		if err != nil {
			t.Fatal(err)
		}
		layerOf(t, img)
		return img
	}
	first := remembered()
	raw, err := os.ReadFile(memory)
	if err != nil || !bytes.Contains(raw, []byte(path)) {
		t.Fatalf("the memory is %s, %v", raw, err)
	}
	if again := remembered(); again.Manifest.Digest != first.Manifest.Digest || !slices.Equal(again.Config.RootFS.DiffIDs, first.Config.RootFS.DiffIDs) {
		t.Errorf("remembered as %+v, was %+v", again, first)
	}
	// What is remembered is believed: that is what makes it quick.
	other := strings.ReplaceAll(string(raw), `"size":`, `"size":1`)
	if err := os.WriteFile(memory, []byte(other), 0o600); err != nil {
		t.Fatal(err)
	}
	img, err := rootfs.OpenRemembered(path, t.TempDir(), memory, platform())
	if err != nil || img.Manifest.Digest == first.Manifest.Digest {
		t.Errorf("the memory was not asked: %v", err)
	}
	for name, text := range map[string]string{"damaged": "{", "of something else": `{"/x": {}}`} {
		if err := os.WriteFile(memory, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := remembered(); got.Manifest.Digest != first.Manifest.Digest {
			t.Errorf("with a memory that is %s: another digest", name)
		}
	}
	// Another tarball in its place, of the same size and time, is another tarball.
	fi, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	data := bytes.Replace(tarball(t), []byte("etc/"), []byte("etd/"), 1)
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(path, fi.ModTime(), fi.ModTime()); err != nil {
		t.Fatal(err)
	}
	if got := remembered(); got.Manifest.Digest == first.Manifest.Digest {
		t.Error("another tarball has the digest that is remembered of the first")
	}
}

// A folder, and what is unpacked first, have no digests to remember.
func TestNotRemembered(t *testing.T) {
	dir, _ := folder(t)
	memory := filepath.Join(t.TempDir(), "memory.json")
	if _, err := rootfs.OpenRemembered(dir, t.TempDir(), memory, platform()); err != nil {
		t.Fatal(err)
	}
	var xzed bytes.Buffer
	x, err := xz.NewWriter(&xzed)
	compress(t, x, err, tarball(t))
	if _, err := rootfs.OpenRemembered(write(t, xzed.Bytes()), t.TempDir(), memory, platform()); err != nil {
		t.Fatal(err)
	}
	if raw, err := os.ReadFile(memory); err == nil {
		t.Errorf("the memory is %s", raw)
	}
}
