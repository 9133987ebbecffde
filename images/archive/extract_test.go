package archive_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/pbrx-go/pbrx-go/images/archive"
	"github.com/pbrx-go/pbrx-go/images/layout"
)

// What other programs wrote (testdata/README.md): every image is found by its names, with the
// configuration it had there, and with layers that are what the configuration says.
func TestExtractWhatOthersWrote(t *testing.T) {
	const one, two = "sha256:4a55b1bbe6ffd060255ee87ab6df2c2d7c6ad152d3092fa7622ad405b0b90083", "sha256:18a9c405e591a1e06390159b4701255655812da6967f4c4938e880631d5dfcff"
	const converted = "sha256:6ae8e4c6483eadf9171404091c1c61448a937a71aa42c21273e6511d3d2730d5"
	layers := []digest.Digest{
		"sha256:a28d2ec5f8251c1e431fab4e0c9bdca40918407ebbf65579621a1d8047ceb589",
		"sha256:d1e89e08b558ea76aa0b0095dc2e28c9bd4c567a99c8343342eb38dda603f41a",
	}
	for _, c := range []struct {
		file   string
		config map[string]digest.Digest // by name
	}{
		{"docker-20.10.tar.xz", map[string]digest.Digest{"h3/one:1": one, "h3/two:1": two, "docker.io/h3/two:latest": two}},
		{"podman-4.3.tar.gz", map[string]digest.Digest{"localhost/h3/one:1": one, "localhost/h3/two:1": two}},
		{"skopeo-1.9-docker.tar", map[string]digest.Digest{"h3/two:latest": converted, "docker.io/h3/two:extra": converted}},
		{"skopeo-1.9-oci.tar.zst", map[string]digest.Digest{"h3/two:latest": converted}},
	} {
		for _, compression := range []string{"", "gzip", "zstd"} {
			t.Run(c.file+" "+compression, func(t *testing.T) {
				f, err := os.Open(filepath.Join("testdata", c.file))
				if err != nil {
					t.Fatal(err)
				}
				defer f.Close()
				dir := t.TempDir()
				if err := archive.Extract(f, dir, archive.ExtractOptions{Compression: compression}); err != nil {
					t.Fatal(err)
				}
				for name, want := range c.config {
					img, err := layout.Find(dir, name, "linux/amd64")
					if err != nil {
						t.Fatal(err)
					}
					if img.Manifest.Config.Digest != want || digest.FromBytes(img.RawConfig) != want {
						t.Errorf("%s has configuration %s, want %s", name, img.Manifest.Config.Digest, want)
					}
					if got := diffIDs(t, dir, img); !slices.Equal(got, layers) || !slices.Equal(img.Config.RootFS.DiffIDs, layers) {
						t.Errorf("%s has layers %s, want %s", name, got, layers)
					}
				}
				onlyBlobs(t, dir)
			})
		}
	}
}

// diffIDs are the digests of an image's layers, decompressed.
func diffIDs(t *testing.T, dir string, img *layout.Image) []digest.Digest {
	t.Helper()
	var out []digest.Digest
	for _, l := range img.Manifest.Layers {
		raw, err := os.ReadFile(layout.BlobPath(dir, l.Digest))
		if err != nil {
			t.Fatal(err)
		}
		if digest.FromBytes(raw) != l.Digest || int64(len(raw)) != l.Size {
			t.Errorf("blob %s has other content", l.Digest)
		}
		out = append(out, digest.FromBytes(unpack(t, l.MediaType, raw)))
	}
	return out
}

// onlyBlobs makes sure that nothing but a layout is left, readable by others.
func onlyBlobs(t *testing.T, dir string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() && path == dir {
			return err
		}
		rel, _ := filepath.Rel(dir, path)
		fi, _ := d.Info()
		if ok, _ := filepath.Match("blobs/sha256/????????????????????????????????????????????????????????????????", rel); !ok &&
			!slices.Contains([]string{"blobs", "blobs/sha256", "index.json", "oci-layout"}, rel) {
			t.Errorf("left behind: %s", rel)
		}
		if fi.Mode().Perm()&0o444 != 0o444 {
			t.Errorf("%s has mode %v", rel, fi.Mode())
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestExtractIsDeterministic(t *testing.T) {
	for _, compression := range []string{"uncompressed", "gzip", "zstd"} {
		var indexes []string
		for range 2 {
			dir := t.TempDir()
			extract(t, big(t), dir, compression)
			raw, err := os.ReadFile(filepath.Join(dir, "index.json"))
			if err != nil {
				t.Fatal(err)
			}
			indexes = append(indexes, string(raw))
		}
		if indexes[0] != indexes[1] {
			t.Errorf("%s: two runs gave\n%s\n%s", compression, indexes[0], indexes[1])
		}
	}
}

func extract(t *testing.T, data []byte, dir, compression string) {
	t.Helper()
	if err := archive.Extract(bytes.NewReader(data), dir, archive.ExtractOptions{Compression: compression}); err != nil {
		t.Fatal(err)
	}
}

// big is a docker-archive with a layer of some blocks of every compressor.
func big(t *testing.T) []byte {
	layer := bytes.Repeat([]byte("some text that compresses, and a number "), 1<<16)
	for i := 0; i < len(layer); i += 100 {
		layer[i] = byte(i * i / 7)
	}
	return dockerTar(t, string(layer))
}

// file is an entry of a handmade archive.
type file struct {
	name, content, link string
	kind                byte
}

func makeTar(t *testing.T, files ...file) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	for _, f := range files {
		h := &tar.Header{Typeflag: f.kind, Name: f.name, Linkname: f.link, Size: int64(len(f.content)), Mode: 0o600}
		if h.Typeflag == 0 {
			h.Typeflag = tar.TypeReg
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(f.content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// config is the configuration of an image with these layers.
func config(layers ...string) string {
	var ids []string
	for _, l := range layers {
		ids = append(ids, `"`+digest.FromString(l).String()+`"`)
	}
	return `{"os":"linux","architecture":"amd64","unknown":1,"rootfs":{"type":"layers","diff_ids":[` + strings.Join(ids, ",") + `]}}`
}

// dockerFiles are the files of a docker-archive of one image, foo:1, in Docker's older form.
func dockerFiles(layers ...string) []file {
	var files []file
	var paths []string
	for i, l := range layers {
		files = append(files, file{name: fmt.Sprintf("%d/layer.tar", i), content: l})
		paths = append(paths, fmt.Sprintf(`"%d/layer.tar"`, i))
	}
	return append(files, file{name: "c.json", content: config(layers...)},
		file{name: "manifest.json", content: `[{"Config":"c.json","RepoTags":["foo:1"],"Layers":[` + strings.Join(paths, ",") + `]}]`})
}

func dockerTar(t *testing.T, layers ...string) []byte { return makeTar(t, dockerFiles(layers...)...) }

func gz(t *testing.T, data []byte) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := gzip.NewWriter(&buf)
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// Docker 25 and later write a layout with a manifest.json. The latter counts: its layers are
// checked against the configuration, whose order some releases did not keep in the former.
func TestExtractLayoutWithManifestJSON(t *testing.T) {
	blob := func(content string) (file, string) {
		d := digest.FromString(content)
		return file{name: "blobs/sha256/" + d.Encoded(), content: content}, d.String()
	}
	first, firstDigest := blob("first")
	second, secondDigest := blob(string(gz(t, []byte("second"))))
	conf, confDigest := blob(config("first", "second"))
	swapped := fmt.Sprintf(`{"schemaVersion":2,"config":{"digest":"%s","size":%d},"layers":[{"digest":"%s","size":%d},{"digest":"%s","size":5}]}`,
		confDigest, len(conf.content), secondDigest, len(second.content), firstDigest)
	manifest, manifestDigest := blob(swapped)
	files := []file{
		{name: "blobs/", kind: tar.TypeDir}, {name: "./blobs/sha256/", kind: tar.TypeDir},
		first, second, conf, manifest,
		{name: "index.json", content: fmt.Sprintf(`{"schemaVersion":2,"manifests":[{"digest":"%s","size":%d,"annotations":{"org.opencontainers.image.ref.name":"1"}}]}`, manifestDigest, len(swapped))},
		{name: "oci-layout", content: `{"imageLayoutVersion": "1.0.0"}`},
	}
	index := `[{"Config":"` + conf.name + `","RepoTags":["foo:1"],"Layers":["` + first.name + `","` + second.name + `"]}]`
	dir := t.TempDir()
	extract(t, makeTar(t, append(files, file{name: "manifest.json", content: index})...), dir, "")
	img, err := layout.Find(dir, "foo:1", "")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := diffIDs(t, dir, img), []digest.Digest{digest.FromString("first"), digest.FromString("second")}; !slices.Equal(got, want) {
		t.Errorf("layers are %s, want %s", got, want)
	}
	// Docker writes an empty manifest.json when no image is for its own platform.
	dir = t.TempDir()
	extract(t, makeTar(t, append(files, file{name: "manifest.json", content: "[]"})...), dir, "")
	if img, err := layout.Find(dir, "1", ""); err != nil || img.Descriptor.Digest.String() != manifestDigest {
		t.Errorf("the layout's image is %+v, %v", img, err)
	}
}

func TestExtractWithoutNames(t *testing.T) {
	files := dockerFiles("a")
	files[2].content = strings.Replace(files[2].content, `["foo:1"]`, "null", 1)
	dir := t.TempDir()
	extract(t, gz(t, makeTar(t, files...)), dir, "")
	if img, err := layout.Find(dir, "", ""); err != nil || len(img.Descriptor.Annotations) != 0 {
		t.Errorf("Find = %+v, %v", img, err)
	}
}

func TestExtractErrors(t *testing.T) {
	a := digest.FromString("a").Encoded()
	oci := func(index string, files ...file) []byte {
		return makeTar(t, append(files, file{name: "index.json", content: index})...)
	}
	replaced := func(name, old, new string) []byte {
		files := dockerFiles("a", "b")
		for i, f := range files {
			if f.name == name {
				files[i].content = strings.ReplaceAll(f.content, old, new)
			}
		}
		return makeTar(t, files...)
	}
	const top = "unpacking an image archive: "
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"empty":       {nil, top + "it is no tar, neither plain nor compressed with gzip, zstd or xz"},
		"text":        {bytes.Repeat([]byte("text "), 1000), top + "it is no tar, neither plain nor compressed with gzip, zstd or xz"},
		"other tar":   {makeTar(t, file{name: "README", content: "x"}), "this is no image archive, or its end is missing: it has neither a manifest.json (docker save) nor an index.json (OCI layout)"},
		"upwards":     {makeTar(t, file{name: "../x", content: "x"}), top + `its entry "../x" lies outside of the archive`},
		"absolute":    {makeTar(t, file{name: "/etc/x", content: "x"}), top + `its entry "/etc/x" lies outside of the archive`},
		"link out":    {makeTar(t, file{name: "a/b", kind: tar.TypeSymlink, link: "../../etc/passwd"}), top + `its entry "../../etc/passwd" lies outside of the archive`},
		"link abs":    {makeTar(t, file{name: "a/b", kind: tar.TypeSymlink, link: "/etc/passwd"}), top + `its entry "/etc/passwd" lies outside of the archive`},
		"hard link":   {makeTar(t, file{name: "a/b", kind: tar.TypeLink, link: "../x"}), top + `its entry "../x" lies outside of the archive`},
		"device":      {makeTar(t, file{name: "null", kind: tar.TypeChar}), top + `its entry "null" is no file, folder or link: image archives have nothing else`},
		"no config":   {replaced("manifest.json", "c.json", "d.json"), "this docker-archive is damaged: it has no d.json: file does not exist"},
		"no layer":    {replaced("manifest.json", "1/layer.tar", "2/layer.tar"), "this docker-archive is damaged: it has no 2/layer.tar: file does not exist"},
		"other layer": {replaced("1/layer.tar", "b", "x"), "this docker-archive is damaged: 1/layer.tar: the layer has diffID " + digest.FromString("x").String() + ", its configuration says " + digest.FromString("b").String()},
		"one layer":   {replaced("manifest.json", `,"1/layer.tar"`, ""), "this docker-archive is damaged: manifest.json gives c.json 1 layers, its configuration 2"},
		"bad diffID":  {replaced("c.json", "sha256:", "md5:"), `this docker-archive is damaged: c.json: "md5:` + a + `" is no SHA-256 digest of a layer`},
		"bad config":  {replaced("c.json", "}}", "}"), "this docker-archive is damaged: c.json: unexpected end of JSON input"},
		"bad index":   {replaced("manifest.json", "}]", "}"), "this docker-archive cannot be read: manifest.json: unexpected end of JSON input"},
		"bad name":    {replaced("manifest.json", "foo:1", "Foo:1"), `this docker-archive is damaged: "Foo:1" names no image: invalid reference format: repository name (library/Foo) must be lowercase`},
		"link loop": {makeTar(t, file{name: "c.json", kind: tar.TypeSymlink, link: "d.json"}, file{name: "d.json", kind: tar.TypeSymlink, link: "c.json"},
			file{name: "manifest.json", content: `[{"Config":"c.json"}]`}), "this docker-archive is damaged: c.json is a link to itself"},
		"huge config": {replaced("c.json", "linux", strings.Repeat("x", 17<<20)), "this docker-archive is damaged: c.json has 17826024 bytes: that is no metadata of an image"},
		"oci empty":   {oci(`{"manifests":[]}`), "this oci-archive is damaged: index.json names no image"},
		"oci missing": {oci(`{"manifests":[{"digest":"sha256:` + a + `"}]}`), "this oci-archive is damaged: it has no blobs/sha256/" + a + ": file does not exist"},
		"oci digest":  {oci(`{"manifests":[{"digest":"sha256:../../x"}]}`), `this oci-archive is damaged: "sha256:../../x" is no SHA-256 digest of a blob`},
		"oci content": {oci(`{"manifests":[{"digest":"sha256:`+a+`"}]}`, file{name: "blobs/sha256/" + a, content: "b"}),
			"this oci-archive is damaged: blobs/sha256/" + a + " has the content of " + digest.FromString("b").String()},
		"oci size": {oci(`{"manifests":[{"digest":"sha256:`+a+`","size":2}]}`, file{name: "blobs/sha256/" + a, content: "a"}),
			"this oci-archive is damaged: blobs/sha256/" + a + " has 1 bytes, 2 were announced"},
	} {
		t.Run(name, func(t *testing.T) {
			outer := t.TempDir()
			dir := filepath.Join(outer, "layout")
			wantError(t, archive.Extract(bytes.NewReader(c.data), dir, archive.ExtractOptions{}), c.want)
			noLayout(t, dir)
			if entries, err := os.ReadDir(outer); err != nil || len(entries) != 1 {
				t.Errorf("beside the folder there is %v, %v", entries, err)
			}
		})
	}
	wantError(t, archive.Extract(bytes.NewReader(nil), t.TempDir(), archive.ExtractOptions{Compression: "lzma"}),
		`unknown compression "lzma": use uncompressed, gzip or zstd`)
}

func wantError(t *testing.T, err error, want string) {
	t.Helper()
	if err == nil || err.Error() != want {
		t.Errorf("the error is\n%v\nwant\n%s", err, want)
	}
}

func noLayout(t *testing.T, dir string) {
	t.Helper()
	if _, err := os.Stat(filepath.Join(dir, v1.ImageIndexFile)); err == nil {
		t.Error("an index was written all the same")
	}
	if left, err := filepath.Glob(filepath.Join(dir, ".spool-*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %q, %v", left, err)
	}
}

// Wherever an archive is cut off, it is an error.
func TestExtractTruncated(t *testing.T) {
	plain := dockerTar(t, strings.Repeat("a", 700), "b")
	// Nothing is lost with the zeros behind the last file.
	end := bytes.LastIndex(plain, []byte("}]")) + len("}]")
	for name, data := range map[string][]byte{"plain": plain[:end], "gzip": gz(t, plain)} {
		for n := 0; n < len(data); n += 1 + len(data)/400 {
			dir := t.TempDir()
			if err := archive.Extract(bytes.NewReader(data[:n]), dir, archive.ExtractOptions{}); err == nil || strings.Contains(err.Error(), "\n") {
				t.Errorf("%s: of %d bytes %d are enough: %v", name, len(data), n, err)
			}
			noLayout(t, dir)
		}
	}
	err := archive.Extract(bytes.NewReader(plain[:600]), t.TempDir(), archive.ExtractOptions{})
	wantError(t, err, "unpacking an image archive: its end is missing: unexpected EOF")
}

// An index names all platforms of an image; who saved it may have had one of them.
func TestExtractOnePlatformOfAnIndex(t *testing.T) {
	var files []file
	put := func(content string) string {
		d := digest.FromString(content)
		files = append(files, file{name: "blobs/sha256/" + d.Encoded(), content: content})
		return fmt.Sprintf(`"digest":"%s","size":%d`, d, len(content))
	}
	manifest := put(`{"config":{` + put(config("a")) + `},"layers":[{` + put("a") + `}]}`)
	arm := fmt.Sprintf(`"digest":"%s","size":1`, digest.FromString("arm"))
	index := put(`{"manifests":[{` + arm + `,"platform":{"os":"linux","architecture":"arm64"}},{` + manifest + `,"platform":{"os":"linux","architecture":"amd64"}}]}`)
	top := `{"manifests":[{"mediaType":"application/vnd.oci.image.index.v1+json",` + index + `,"annotations":{"io.containerd.image.name":"docker.io/library/foo:1"}}]}`
	dir := t.TempDir()
	extract(t, makeTar(t, append(files, file{name: "index.json", content: top})...), dir, "")
	if img, err := layout.Find(dir, "docker.io/library/foo:1", "linux/amd64"); err != nil || len(img.Manifest.Layers) != 1 {
		t.Errorf("Find = %+v, %v", img, err)
	}
	if raw, err := os.ReadFile(filepath.Join(dir, "index.json")); err != nil || string(raw) != top {
		t.Errorf("index.json is %s, %v; want it as it was", raw, err)
	}
	none := put(`{"manifests":[{` + arm + `}]}`)
	err := archive.Extract(bytes.NewReader(makeTar(t, append(files, file{name: "index.json", content: `{"manifests":[{` + none + `}]}`})...)), t.TempDir(), archive.ExtractOptions{})
	wantError(t, err, "this oci-archive is damaged: it has no blobs/sha256/"+digest.FromString("arm").Encoded()+": file does not exist")
}
