package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// fleet are two definitions without a project that extend one parent, with everything that files may come from. It
// returns what a web server was asked for.
func fleet(t *testing.T) (dir string, asked *requests) {
	t.Helper()
	dir, asked = filepath.Join(t.TempDir(), "fleet"), &requests{}
	served := filepath.Join(t.TempDir(), "served")
	server := serveFolder(served, asked)
	t.Cleanup(server.Close)
	write(t, filepath.Join(served, "map.txt"), "north is up\n")
	client := writeClient(t, filepath.Join(served, "client.tar.gz"))
	tools := writeZip(t, filepath.Join(served, "tools.zip"), map[string]string{"tools-1.0/bin/knot": "#!/bin/sh\n", "tools-1.0/share/knots": "bowline\n", "tools-1.0-notes": "not asked for\n"})

	write(t, filepath.Join(dir, "lanterns/light/red"), "port\n")
	beginRepository(t, filepath.Join(dir, "lanterns"), "main", "1.0")
	for name, text := range map[string]string{"pyproject.toml": flitProject("chart", ""), "chart.py": "\"\"\"Charts.\"\"\"\n", "chart.cfg": "[chart]\nscale = 10\n"} {
		write(t, filepath.Join(dir, "chart", name), text)
	}
	write(t, filepath.Join(dir, "rootfs/usr/share/anchor/kind"), "admiralty\n")
	write(t, filepath.Join(dir, "one/local.txt"), "moored\n")

	write(t, filepath.Join(dir, "shared/words"), "of the parent\n")
	write(t, filepath.Join(dir, "parent.toml"), `packages = ["hello"]
requirements = ["iniconfig"]
command = ["/usr/bin/hello"]
user.keeper = { uid = 10001, gid = 10100, group = "keepers", groups = ["audio"], home = "/var/lib/keeper", comment = "Keeps the light", directories = ["/var/lib/keeper", "/var/log/keeper"] }
file."/srv/fleet/words" = { path = "shared/words" }
user.service = { name = "{name}", uid = 10002, directories = ["/var/lib/{name}"] }
`)
	write(t, filepath.Join(dir, "two/pbrx-go.toml"), "extends = \"../parent.toml\"\nname = \"two\"\n")
	write(t, filepath.Join(dir, "one/pbrx-go.toml"), strings.NewReplacer("SERVER", server.URL, "MAP", sha256Of("north is up\n"), "CLIENT", client, "TOOLS", tools,
		"ROOTFS", filepath.Join(dir, "rootfs"), "ELSEWHERE", map[bool]string{true: "arm64", false: "amd64"}[runtime.GOARCH == "amd64"]).Replace(`extends = "../parent.toml"
name = "one"
[project.chart]
path = "../chart"
[file]
"/srv/fleet/map" = { url = "SERVER/map.txt", sha256 = "MAP" }
"/srv/fleet/oc" = { url = "SERVER/client.tar.gz", path = "oc", sha256 = "CLIENT", mode = "4755" }
"/srv/fleet/tools" = { url = "SERVER/tools.zip", path = "tools-1.0", sha256 = "TOOLS" }
"/srv/fleet/red" = { git = "../lanterns", ref = "1.0", path = "light/red" }
"/srv/fleet/text" = { text = "{name} is \"{{here}}\"\n", mode = "0440", owner = "keeper" }
"/srv/fleet/local" = { path = "local.txt", owner = "one" }
"/srv/fleet/chart" = { project = "chart", path = "chart.cfg" }
"/srv/fleet/anchor" = { image = "rootfs:ROOTFS", path = "/usr/share/anchor" }
"/srv/fleet/link" = { link = "tools/bin/knot" }
"/srv/fleet/logs" = { directory = true, owner = "keeper:audio", mode = "2775" }
"{prefix}/bin/knot" = { text = "#!/bin/sh\n", mode = "0755" }
"/srv/fleet/other" = { url = "SERVER/nothing", arch = ["ELSEWHERE"], sha256 = "MAP" }
`))
	return dir, asked
}

// flitProject is a pyproject.toml of a project without dependencies; more are tables at its end.
func flitProject(name, more string) string {
	return `[build-system]
requires = ["flit_core>=3.4"]
build-backend = "flit_core.buildapi"

[project]
name = "` + name + `"
version = "1.0"
description = "Floats"
` + more
}

func sha256Of(text string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(text))) }

// writeZip writes an archive, in which programs are files below bin, and returns its digest.
func writeZip(t *testing.T, file string, files map[string]string) string {
	t.Helper()
	var data bytes.Buffer
	z := zip.NewWriter(&data)
	for name, text := range files {
		h := &zip.FileHeader{Name: name}
		h.SetMode(map[bool]fs.FileMode{true: 0o755, false: 0o644}[strings.Contains(name, "/bin/")])
		w, err := z.CreateHeader(h)
		if err == nil {
			_, err = w.Write([]byte(text))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, data.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	return sha256Of(data.String())
}

// Accounts and files are in the layers as they are declared, services that extend one file share its layers, and nothing
// depends on when and where they are built.
func TestDefinitionLayers(t *testing.T) {
	base := testBase(t)
	dir, asked := fleet(t)
	build := func(service, state string) (ociImage, outcome) {
		layout := filepath.Join(t.TempDir(), service)
		out := command{args: buildArgs(filepath.Join(dir, service), base, layout, "--engine", "embedded", "--init-path", "none", "--format", "json"), state: state}.succeed(t)
		l := readLayout(t, layout)
		checkNames(t, l.names(), service+":latest")
		return l.image(t, service+":latest"), out
	}
	one, out := build("one", "")
	words := []string{"base", "accounts", "distro", "accounts", "accounts", "files", "environment", "dependencies", "sibling", "files"}
	if got := layerWords(t, out)["one"]; !slices.Equal(got, words) {
		t.Fatalf("the layers are %q, want %q", got, words)
	}
	t.Run("user", func(t *testing.T) { checkFleetAccounts(t, one) })
	t.Run("file", func(t *testing.T) {
		checkFleetFiles(t, one)
		said := regexp.MustCompile(`(?m)^left out: .*one/pbrx-go\.toml:\d+:\d+: /srv/fleet/other is for \w+, and left out on \w+$`)
		if asked.count("/nothing") > 0 || asked.count("/map.txt") != 1 || !said.MatchString(out.stderr) {
			t.Errorf("asked for was %q, and of what is for another architecture is said\n%s", asked.all(), tail(out.stderr))
		}
	})
	t.Run("extends", func(t *testing.T) {
		two, out := build("two", "")
		a, b := one.layerDigests(), two.layerDigests()
		if !slices.Equal(a[:4], b[:4]) || a[4] == b[4] {
			t.Errorf("one has the layers\n%q\nand two\n%q", a, b)
		}
		checkString(t, "the file of the parent", string(two.file(t, "srv/fleet/words")), "of the parent\n")
		for _, name := range out.ran(t) {
			if strings.HasPrefix(name, "[distro] ") || strings.HasPrefix(name, "[accounts] keeper") {
				t.Errorf("the second service ran %s", name)
			}
		}
	})
	t.Run("elsewhere and later", func(t *testing.T) {
		again, _ := build("one", filepath.Join(t.TempDir(), "state"))
		if a, b := one.layerDigests(), again.layerDigests(); !slices.Equal(a, b) || one.descriptor.Digest != again.descriptor.Digest {
			t.Errorf("with another state directory the layers are\n%q\nand not\n%q", b, a)
		}
	})
	t.Run("wrong digest", func(t *testing.T) {
		definition := filepath.Join(dir, "one/pbrx-go.toml")
		edit(t, definition, sha256Of("north is up\n"), sha256Of("south is up\n"))
		line := strings.Split(readFile(t, definition), "\n")[5]
		out := command{args: buildArgs(filepath.Join(dir, "one"), base, filepath.Join(t.TempDir(), "layout"), "--engine", "embedded", "--init-path", "none")}.run(t)
		want := fmt.Sprintf("%s:6:%d: downloaded %s but sha256 says %s; the file at the URL has changed",
			definition, 1+strings.Index(line, `"`+sha256Of("south is up\n")), sha256Of("north is up\n"), sha256Of("south is up\n"))
		if out.code != 1 || lastError(out) != want {
			t.Errorf("status %d, %q; want %q", out.code, lastError(out), want)
		}
	})
}

// documentOf is what a build with --format json printed.
func documentOf(t *testing.T, out outcome) document {
	t.Helper()
	var doc document
	if err := json.Unmarshal([]byte(out.stdout), &doc); err != nil {
		t.Fatalf("%v: %s", err, out.stdout)
	}
	return doc
}

// layerWords are the words for the layers of the images that a build made, by the images' names.
func layerWords(t *testing.T, out outcome) map[string][]string {
	t.Helper()
	words := map[string][]string{}
	for _, image := range documentOf(t, out).Images {
		for _, l := range image.Layers {
			words[image.Name] = append(words[image.Name], l.Content)
		}
	}
	return words
}

// entriesOf are the entries of a layer by their paths: owner, mode, and target or content.
func entriesOf(t *testing.T, img ociImage, n int) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, e := range img.layer(t, n) {
		found[e.path] = strings.TrimSpace(fmt.Sprintf("%c %d:%d %o %s%s", e.Typeflag, e.Uid, e.Gid, e.Mode&0o7777, e.Linkname, e.content))
	}
	return found
}

// checkEntries compares some entries of a layer.
func checkEntries(t *testing.T, got, want map[string]string) {
	t.Helper()
	for path, w := range want {
		if got[path] != w {
			t.Errorf("%s is %q, want %q", path, got[path], w)
		}
	}
}

// checkFleetAccounts looks at the accounts of the parent, in layer 1, and at that with the service's name, in layer 4. Layer 3 is where accounts
// would join groups that a package made.
func checkFleetAccounts(t *testing.T, one ociImage) {
	parent, own := entriesOf(t, one, 1), entriesOf(t, one, 4)
	checkEntries(t, parent, map[string]string{"var/lib/keeper": "5 10001:10100 755", "var/log/keeper": "5 10001:10100 755", "var/lib/one": ""})
	checkEntries(t, own, map[string]string{"var/lib/one": "5 10002:10002 755", "var/lib/keeper": ""})
	rows := contents(t, one, []string{"etc/passwd", "etc/group", "etc/shadow"})
	for file, want := range map[string]map[string]string{
		"etc/passwd": {"keeper": "x:10001:10100:Keeps the light:/var/lib/keeper:/usr/sbin/nologin", "one": "x:10002:10002::/:/usr/sbin/nologin"},
		"etc/group":  {"keepers": "x:10100:", "audio": "x:29:keeper", "one": "x:10002:"},
		"etc/shadow": {"keeper": "!:::::::", "one": "!:::::::"}, // locked, and without a date
	} {
		checkEntries(t, accounts(rows[file]), want)
		if parent[file] == "" || own[file] == "" || strings.Contains(parent[file], "\none:") {
			t.Errorf("%s is in the parent's layer as %q, in the service's as %q", file, parent[file], own[file])
		}
	}
	for _, n := range []int{1, 4} {
		for _, e := range one.layer(t, n) {
			if e.Typeflag == tar.TypeReg && !e.ModTime.Equal(epoch) {
				t.Errorf("%s is of %s", e.path, e.ModTime)
			}
		}
	}
}

// checkFleetFiles looks at the files that nothing but a pin changes, in layer 5, and at those of this folder, in the last one.
func checkFleetFiles(t *testing.T, one ociImage) {
	early, late := entriesOf(t, one, 5), entriesOf(t, one, len(one.manifest.Layers)-1)
	checkEntries(t, early, map[string]string{
		"srv/fleet":                   "5 0:0 755",
		"srv/fleet/map":               "0 0:0 644 north is up",
		"srv/fleet/oc":                "0 0:0 4755 #!/bin/sh\necho \"oc $1 4.11.20\"",
		"srv/fleet/tools":             "5 0:0 755",
		"srv/fleet/tools/bin/knot":    "0 0:0 755 #!/bin/sh",
		"srv/fleet/tools/share/knots": "0 0:0 644 bowline",
		"srv/fleet/red":               "0 0:0 644 port",
		"srv/fleet/text":              "0 10001:10100 440 {name} is \"{{here}}\"", // nothing is put into texts
		"srv/fleet/anchor":            "5 0:0 755",
		"srv/fleet/anchor/kind":       "0 0:0 644 admiralty",
		"srv/fleet/link":              "2 0:0 777 tools/bin/knot",
		"srv/fleet/logs":              "5 10001:29 2775",
		"srv/fleet/local":             "",
		"srv/fleet/other":             "",
	})
	checkEntries(t, late, map[string]string{
		"srv/fleet/local":  "0 10002:10002 644 moored",
		"opt/one/bin/knot": "0 0:0 755 #!/bin/sh", // Python's folders have to be there
		"srv/fleet/words":  "0 0:0 644 of the parent",
		"srv/fleet/chart":  "0 0:0 644 [chart]\nscale = 10",
		"srv/fleet/map":    "",
		"srv/fleet/other":  "",
	})
}
