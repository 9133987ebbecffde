package embedded_test

import (
	"archive/zip"
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/moby/buildkit/client/llb"
	gateway "github.com/moby/buildkit/frontend/gateway/client"

	"github.com/pbrx-go/pbrx-go/builder/plan2llb"
	"github.com/pbrx-go/pbrx-go/images"
)

// wheelFile writes a wheel with one module into the local source.
func (b *bench) wheelFile() {
	b.Helper()
	if err := os.MkdirAll(filepath.Join(b.files, "wheels"), 0o755); err != nil {
		b.Fatal(err)
	}
	f, err := os.Create(filepath.Join(b.files, "wheels", "harbour-1.0-py3-none-any.whl"))
	if err != nil {
		b.Fatal(err)
	}
	z := zip.NewWriter(f)
	for _, e := range [][2]string{
		{"harbour/__init__.py", ""}, {"harbour/pier.py", "WORD = 'old'\n"},
		{"harbour-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: harbour\nVersion: 1.0\n"},
		{"harbour-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nGenerator: a test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"},
		{"harbour-1.0.dist-info/RECORD", "harbour/__init__.py,,\nharbour/pier.py,,\nharbour-1.0.dist-info/METADATA,,\nharbour-1.0.dist-info/WHEEL,,\nharbour-1.0.dist-info/RECORD,,\n"},
	} {
		w, err := z.Create(e[0])
		if err == nil {
			_, err = w.Write([]byte(e[1]))
		}
		if err != nil {
			b.Fatal(err)
		}
	}
	if err := errors.Join(z.Close(), f.Close()); err != nil {
		b.Fatal(err)
	}
}

// installed is a root file system with that wheel, and where its Python is.
func (b *bench) installed(compiler *plan2llb.Compiler, environment string) (llb.State, plan2llb.Target) {
	target := plan2llb.Target{Python: b.base.Python.Executable, Environment: environment}
	over := compiler.Trees(target, []plan2llb.Group{{Content: "project", Name: "[project] install",
		Wheels: []plan2llb.Wheel{{Name: "project", State: llb.Local("files", llb.SharedKeyHint("files")), Dir: "/wheels"}}}})
	return compiler.Lay(b.state(), over), target
}

// failing is what a step with these files says when it fails.
func (b *bench) failing(environment string, files ...images.File) string {
	b.Helper()
	err := b.solve(func(ctx context.Context, c gateway.Client, compiler *plan2llb.Compiler) error {
		root, target := b.installed(compiler, environment)
		_, err := ref(ctx, c, compiler.Files(root, target, files, nil, "late"))
		return err
	})
	if err == nil {
		return "(success)"
	}
	return b.said("pbrx-go: ")
}

func TestFilesOfDebian(t *testing.T) {
	b := newBench(t, debian(t))
	b.wheelFile()
	plain, program := b.write("plain", "text\n", 0o600), b.write("program", "#!/bin/sh\n", 0o700)
	b.write("tree/a/program", "#!/bin/sh\n", 0o755)
	b.write("tree/b", "b\n", 0o644)
	if err := os.Symlink("../b", filepath.Join(b.files, "tree/a/link")); err != nil {
		t.Fatal(err)
	}
	tree := images.Content{Origin: "tree", Local: "files", Path: "tree", Folder: true}
	pier := b.write("pier.py", "WORD = 'new'\n", 0o644)
	const site = "/opt/x/lib/python3.11/site-packages/"
	files := []images.File{
		{Dest: "/usr/share/tree", Content: tree, Owner: "www-data"},
		{Dest: "/etc/plain", Content: plain}, {Dest: "/bin/program", Content: program},
		{Dest: "/usr/bin/as-root", Content: program, Mode: "4755", Owner: "1:adm"}, {Dest: "/etc/hostname", Content: plain, Replace: true, Mode: "0440"},
		{Dest: "/etc/link", Link: "../nowhere"}, {Dest: "/srv/runner", Directory: true, Owner: "1000:0", Mode: "0775"}, {Dest: "/srv/runner/plain", Content: plain},
		{Dest: "/usr/bin/of-image", Content: images.Content{Image: "docker://tool", Path: "/tool/program"}},
		{Dest: site + "harbour/pier.py", Content: pier, Replace: true}, {Dest: site + "harbour/quay.py", Content: pier},
	}
	want := map[string]string{
		"/usr/share/tree": "drwxr-xr-x 33:33 315532800", "/usr/share/tree/a": "drwxr-xr-x 33:33 315532800", "/usr/share/tree/a/program": "-rwxr-xr-x 33:33 315532800",
		"/usr/share/tree/a/link": "Lrwxrwxrwx 33:33 315532800 ../b", "/usr/share/tree/b": "-rw-r--r-- 33:33 315532800",
		"/etc/plain": "-rw-r--r-- 0:0 315532800", "/usr/bin/program": "-rwxr-xr-x 0:0 315532800", "/usr/bin/as-root": "urwxr-xr-x 1:4 315532800",
		"/etc/hostname": "-r--r----- 0:0 315532800", "/etc/link": "Lrwxrwxrwx 0:0 315532800 ../nowhere", "/srv/runner": "drwxrwxr-x 1000:0 315532800", "/srv/runner/plain": "-rw-r--r-- 0:0 315532800",
		"/usr/bin/of-image": "-rwxr-xr-x 0:0 315532800", "/srv": "drwxr-xr-x 0:0", "/etc": "drwxr-xr-x 0:0",
		site + "harbour/pier.py": "-rw-r--r-- 0:0 315532800", site + "harbour/__pycache__/pier.cpython-311.pyc": "-rw-r--r-- 0:0 315532800",
		site + "harbour/quay.py": "-rw-r--r-- 0:0 315532800", site + "harbour/__pycache__/quay.cpython-311.pyc": "-rw-r--r-- 0:0 315532800",
	}
	var layers []map[string]string
	for _, b.merge = range []bool{true, false} {
		b.mustSolve(func(ctx context.Context, c gateway.Client, compiler *plan2llb.Compiler) error {
			root, target := b.installed(compiler, "/opt/x")
			tool := llb.Scratch().File(llb.Copy(llb.Local("files", llb.SharedKeyHint("files")), "/program", "/tool/program", &llb.CopyInfo{CreateDestPath: true}))
			over := compiler.Overlay(root, compiler.Files(root, target, files, map[string]llb.State{"docker://tool": tool}, "late"))
			added, err := layer(ctx, c, root, over)
			if err != nil {
				return err
			}
			layers = append(layers, added)
			for name, said := range want {
				if !strings.HasPrefix(added[name], said) {
					t.Errorf("merged %t: %s is %q, want %q", b.merge, name, added[name], said)
				}
			}
			for _, name := range filesOf(added) {
				if want[name] == "" {
					t.Errorf("merged %t: there is %s", b.merge, name)
				}
			}
			if _, there := added["/bin"]; there {
				t.Errorf("merged %t: /bin is %q", b.merge, added["/bin"])
			}
			ran := llb.Scratch().WithOutput(over.Output()).Run(llb.Args([]string{"/opt/x/bin/python", "-c", "import harbour.pier, harbour.quay; open('/out/word', 'w').write(harbour.pier.WORD + harbour.quay.__cached__)"}))
			if word, err := readOf(ctx, c, ran.AddMount("/out", llb.Scratch()), "word"); err != nil || word != "new"+site+"harbour/__pycache__/quay.cpython-311.pyc" {
				t.Errorf("merged %t: imported is %q, %v", b.merge, word, err)
			}
			return nil
		})
	}
	if !maps.Equal(layers[0], layers[1]) {
		t.Errorf("merged it is %q, copied %q", layers[0], layers[1])
	}
	b.merge = true
	broken := b.write("broken.py", "x = 1\ndef\n", 0o644)
	t.Run("errors", func(t *testing.T) {
		for want, files := range map[string][]images.File{
			`file."/etc/passwd": /etc/passwd is there already; add replace = true if that is meant`:                                               {{Dest: "/etc/passwd", Content: plain}},
			`file."/usr/bin/tar": /usr/bin/tar is a file of the package tar; add replace = true if that is meant`:                                 {{Dest: "/usr/bin/tar", Content: plain}},
			`file."` + site + `harbour/pier.py": ` + site + `harbour/pier.py is a file of harbour; add replace = true if that is meant`:           {{Dest: site + "harbour/pier.py", Content: pier}},
			`file."` + site + `harbour/new.py": ` + site + `harbour/new.py does not compile: line 2: invalid syntax`:                              {{Dest: site + "harbour/new.py", Content: broken}},
			`file."` + site + `habour/new.py": there is no folder ` + site + `habour; correct the path, or make the folder with directory = true`: {{Dest: site + "habour/new.py", Content: pier}},
			`file."/etc": /etc is a folder; choose another place`:                                                                                 {{Dest: "/etc", Content: plain}},
			`file."/etc/passwd/x": /etc/passwd is a file, not a folder; choose another place`:                                                     {{Dest: "/etc/passwd/x", Content: plain}},
			`file."/tmp/x": /tmp/x is not kept in an image; choose another place`:                                                                 {{Dest: "/tmp/x", Content: plain}},
			`file."/etc/x": there is no user nosuch: declare it as [user.nosuch], or write its number`:                                            {{Dest: "/etc/x", Content: plain, Owner: "nosuch"}},
			`/etc/way is a link here, and has to be a folder`:                                                                                     {{Dest: "/etc/way", Link: "/etc"}, {Dest: "/etc/way/x", Content: plain}},
		} {
			if got := b.sub(t).failing("/opt/x", files...); got != want {
				t.Errorf("it says %q, want %q", got, want)
			}
		}
	})
}

// Where the base's Python has no virtual environment, its libraries are what is guarded.
func TestFilesOfAlpine(t *testing.T) {
	b := newBench(t, alpine(t))
	b.wheelFile()
	const site = "/usr/local/lib/python3.13/site-packages/"
	pier, tool := b.write("pier.py", "WORD = 'new'\n", 0o644), b.write("tool", "#!/bin/sh\n", 0o755)
	files := []images.File{{Dest: site + "harbour/quay.py", Content: pier}, {Dest: "/usr/local/share/new/tool.py", Content: tool}}
	b.mustSolve(func(ctx context.Context, c gateway.Client, compiler *plan2llb.Compiler) error {
		root, target := b.installed(compiler, "")
		added, err := layer(ctx, c, root, compiler.Overlay(root, compiler.Files(root, target, files, nil, "late")))
		want := []string{site + "harbour/__pycache__/quay.cpython-313.pyc", site + "harbour/quay.py", "/usr/local/share/new/tool.py"}
		if got := filesOf(added); !slices.Equal(got, want) {
			t.Errorf("%v: it adds %q, want %q", err, got, want)
		}
		return err
	})
	for want, file := range map[string]images.File{
		`file."` + site + `harbour/pier.py": ` + site + `harbour/pier.py is a file of harbour; add replace = true if that is meant`: {Dest: site + "harbour/pier.py", Content: pier},
		`file."/bin/busybox": /bin/busybox is a file of the package busybox; add replace = true if that is meant`:                   {Dest: "/bin/busybox", Content: tool},
	} {
		if got := b.sub(t).failing("", file); got != want {
			t.Errorf("it says %q, want %q", got, want)
		}
	}
}
