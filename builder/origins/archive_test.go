package origins_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
)

// member is a member of an archive that is made.
type member struct {
	name, text string
	kind       byte
	mode       int64
}

func tarOf(t *testing.T, members ...member) []byte {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, m := range members {
		h := &tar.Header{Name: m.name, Typeflag: m.kind, Mode: m.mode, Uid: 1000, Gid: 1000, Format: tar.FormatPAX}
		if m.kind == tar.TypeReg {
			h.Size = int64(len(m.text))
		} else {
			h.Linkname = m.text
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if m.kind == tar.TypeReg {
			if _, err := io.WriteString(w, m.text); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func zipOf(t *testing.T, members ...member) []byte {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, m := range members {
		h := &zip.FileHeader{Name: m.name}
		switch m.kind {
		case tar.TypeReg:
			h.SetMode(os.FileMode(m.mode))
		case tar.TypeSymlink:
			h.SetMode(os.ModeSymlink | 0o777)
		}
		part, err := w.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(part, m.text); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// Members of archives keep their permissions, whatever the format, and lose what gives rights.
func TestMembers(t *testing.T) {
	s := newServer(t)
	members := []member{
		{"./", "", tar.TypeDir, 0o755}, {"./bin/oc", "client\n", tar.TypeReg, 0o755}, {"./bin/kubectl", "oc", tar.TypeSymlink, 0o777},
		{"./share/", "", tar.TypeDir, 0o555}, {"./share/secret", "x\n", tar.TypeReg, 0o440}, {"./bin/su", "su\n", tar.TypeReg, 0o4755}, {"./bin/su2", "bin/su", tar.TypeLink, 0o755},
	}
	plain := tarOf(t, members...)
	pack := map[string][]byte{"/a.tar": plain}
	for name, open := range map[string]func(io.Writer) (io.WriteCloser, error){
		"/a.tar.gz":  func(w io.Writer) (io.WriteCloser, error) { return gzip.NewWriter(w), nil },
		"/a.tar.xz":  func(w io.Writer) (io.WriteCloser, error) { return xz.NewWriter(w) },
		"/a.tar.zst": func(w io.Writer) (io.WriteCloser, error) { return zstd.NewWriter(w) },
	} {
		var out bytes.Buffer
		w, err := open(&out)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(plain); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		pack[name] = out.Bytes()
	}
	const binaries = "drwxr-xr-x content\nLrwxrwxrwx content/kubectl\n-rwxr-xr-x content/oc client\n-rwxr-xr-x content/su su\n-rwxr-xr-x content/su2 su\n"
	pack["/a.zip"] = zipOf(t, member{"bin/oc", "client\n", tar.TypeReg, 0o755}, member{"bin/kubectl", "oc", tar.TypeSymlink, 0}, member{"bin/su", "su\n", tar.TypeReg, 0o755}, member{"bin/su2", "su\n", tar.TypeReg, 0o755})
	state, dir := t.TempDir(), t.TempDir()
	f := fetcher(t, state, dir, s.trusted(t))
	var pins []string
	for name, data := range pack {
		sum := s.serve(name, data)
		for part, want := range map[string]string{"bin/": binaries, "./bin/oc": "-rwxr-xr-x content client\n", "bin/kubectl": "-rwxr-xr-x content client\n",
			"share": "drwxr-xr-x content\n-r--r----- content/secret x\n", ".": "drwxr-xr-x content\ndrwxr-xr-x content/bin\n" + strings.ReplaceAll(binaries[strings.Index(binaries, "\n")+1:], "content/", "content/bin/") + "drwxr-xr-x content/share\n-r--r----- content/share/secret x\n"} {
			if strings.HasSuffix(name, ".zip") && (part == "share" || part == ".") {
				continue
			}
			c, err := f.Fetch(context.Background(), urlOrigin(s.URL+name, part, "", sum), "amd64")
			if err != nil {
				t.Errorf("%s of %s: %v", part, name, err)
				continue
			}
			if got := shown(t, c); got != want {
				t.Errorf("%s of %s is\n%s\nwant\n%s", part, name, got, want)
			}
			if part == "bin/" {
				pins = append(pins, c.Pin)
			}
		}
	}
	if len(slices.Compact(pins)) != 1 {
		t.Errorf("one content has the pins %q", pins)
	}
	_, err := f.Fetch(context.Background(), urlOrigin(s.URL+"/a.tar", "oc", "", s.serve("/a.tar", plain)), "amd64")
	refused(t, err, dir, `pbrx-go.toml:13:7: a.tar has no "oc", it has bin/oc`)
}

// Archives that would write elsewhere are refused as a whole.
func TestHostileArchives(t *testing.T) {
	s := newServer(t)
	dir := t.TempDir()
	reg := func(name string) member { return member{name, "evil\n", tar.TypeReg, 0o644} }
	link := func(name, target string) member { return member{name, target, tar.TypeSymlink, 0o777} }
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"above":             {tarOf(t, reg("../evil")), `its member "../evil" would be outside of it`},
		"above, within":     {tarOf(t, reg("a/../../evil")), `its member "a/../../evil" would be outside of it`},
		"absolute":          {tarOf(t, reg(dir+"/evil")), `its member "DIR/evil" would be outside of it`},
		"zip above":         {zipOf(t, reg("../evil")), `its member "../evil" would be outside of it`},
		"zip absolute":      {zipOf(t, reg("/evil")), `its member "/evil" would be outside of it`},
		"zip back slash":    {zipOf(t, reg(`..\evil`)), `its member "..\\evil" would be outside of it`},
		"link":              {tarOf(t, link("a", dir)), `its link "a" leads out of it, to "DIR"`},
		"link above":        {tarOf(t, link("a/b", "../../x")), `its link "a/b" leads out of it, to "../../x"`},
		"zip link":          {zipOf(t, link("a", "../x")), `its link "a" leads out of it, to "../x"`},
		"through links":     {tarOf(t, link("a", "."), link("b", "a/.."), reg("b/evil")), `its member "b/evil": mkdirat b: statat b: path escapes from parent`},
		"through two links": {tarOf(t, member{"d/e/", "", tar.TypeDir, 0o755}, link("l", "d/e"), link("m", "d/../l/../../.."), reg("m/evil")), `its link "m" leads out of it, to "d/../l/../../.."`},
		"links of links":    {tarOf(t, link("x/y/up", ".."), link("out", "x/y/up/up/up/../../.."), reg("out/evil")), `its member "out/evil": mkdirat out: file exists`},
		"hard link":         {tarOf(t, member{"a", "/etc/passwd", tar.TypeLink, 0o644}), `its link "a" leads out of it, to "/etc/passwd"`},
		"hard link above":   {tarOf(t, member{"a", "../../x", tar.TypeLink, 0o644}), `its link "a" leads out of it, to "../../x"`},
		"hard link to link": {tarOf(t, link("a/b", "../x"), member{"c", "a/b", tar.TypeLink, 0o777}), `its link "c" leads out of it, to "../x"`},
		"device":            {tarOf(t, member{"a", "", tar.TypeChar, 0o644}), `its member "a" is a device, pipe or something else that no image is given`},
		"pipe":              {tarOf(t, member{"a", "", tar.TypeFifo, 0o644}), `its member "a" is a device, pipe or something else that no image is given`},
		"damaged":           {tarOf(t, reg("a"))[:515], `its member "a": unexpected EOF`},
	} {
		t.Run(name, func(t *testing.T) {
			sum := s.serve("/x.tar", c.data)
			state := t.TempDir()
			_, err := fetcher(t, state, dir, s.trusted(t)).Fetch(context.Background(), urlOrigin(s.URL+"/x.tar", ".", "", sum), "amd64")
			refused(t, err, dir, "pbrx-go.toml:11:7: x.tar: "+c.want+", name another file")
			for _, d := range []string{dir, state, filepath.Dir(state)} {
				if _, err := os.Lstat(filepath.Join(d, "evil")); err == nil {
					t.Errorf("%s has the file", d)
				}
			}
			if left, _ := os.ReadDir(filepath.Join(state, "members")); len(left) > 0 {
				t.Errorf("%v is kept", left)
			}
		})
	}
}

// bzip2 has no writer in Go.
func TestBzip2(t *testing.T) {
	s := newServer(t)
	data, err := base64.StdEncoding.DecodeString("QlpoOTFBWSZTWeNSz5oAAG57gMmQAAhAAOaAABB6JZ4ACAggAFRGqPUyNMEGmjynoJKamjQ000aBoH1MRkIIPQhEa53k44QQIcHjFZvFY4RRgWp9ZbnwbhDlGRUua/K1maoAIsC7kinChIcalnzQ")
	if err != nil {
		t.Fatal(err)
	}
	sum := s.serve("/a.tar.bz2", data)
	c, err := fetcher(t, t.TempDir(), t.TempDir(), s.trusted(t)).Fetch(context.Background(), urlOrigin(s.URL+"/a.tar.bz2", "bin/oc", "", sum), "amd64")
	if err != nil {
		t.Fatal(err)
	}
	if got := shown(t, c); got != "-rwxr-xr-x content client\n" || c.Base != "oc" {
		t.Errorf("%s: %s", c.Base, got)
	}
}
