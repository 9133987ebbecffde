package main

import (
	"fmt"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// harbour is a project with a definition that has everything: accounts, files below and above Python, requirements, commands in
// another image and in its own, and images with packages, an extra, a command and an application of their own.
func harbour(t *testing.T) (dir string, asked *requests) {
	t.Helper()
	dir, asked = filepath.Join(t.TempDir(), "harbour"), &requests{}
	server := serveFolder(t.TempDir(), asked)
	t.Cleanup(server.Close)
	for name, text := range map[string]string{
		"pyproject.toml": flitProject("harbour", `
[project.scripts]
harbour-master = "harbour:main"
harbour-pilot = "harbour:main"

[project.optional-dependencies]
bell = ["iniconfig"]
`),
		"harbour/__init__.py": `"""Ships come and go."""
import os
import sys
from pathlib import Path


def main():
    print(Path(sys.argv[0]).name, *sys.argv[1:], "as", os.getuid())
    print((Path(__file__).parent / "charts/map.txt").read_text(), end="")
`,
		"harbour/wsgi.py":   "import os\n\nif os.environ.get('HARBOUR') != 'open':\n    raise RuntimeError('closed')\n\n\ndef application(environ, start_response):\n    start_response('200 OK', [])\n    return [b'moored']\n",
		"harbour/broken.py": "raise RuntimeError('no water')\n",
		"late.txt":          "late\n",
		"charts/draw.py": `import os, pathlib
pathlib.Path("dist").mkdir()
pathlib.Path("dist/map.txt").write_text("north\n")
os.makedirs("/var/lib/drawn")
pathlib.Path("/var/lib/drawn/ink").write_text("black\n")
`,
		"tools/finish.py": `import os, pathlib, sys, urllib.request
for dir in "/tmp", "/run", "/root":
    pathlib.Path(dir, "scratch").write_text("not kept\n")
pathlib.Path(sys.prefix, "finished").write_text(os.environ["WHO"] + "\n")
try:
    urllib.request.urlopen("` + server.URL + `/", timeout=10)
    said = "fetched"
except OSError:
    said = "refused"
pathlib.Path("/var/lib/keeper/network").write_text(said + "\n")
pathlib.Path("/var/lib/keeper/source").write_text(" ".join(sorted(os.listdir("/src") + os.listdir("."))) + "\n")
`,
		"pbrx-go.toml": `args = ["--tide"]
run-as = "keeper"
requirements = ["gunicorn"]
user.keeper = { uid = 10001, home = "/var/lib/keeper", directories = ["/var/lib/keeper"] }
file."/etc/harbour/early" = { text = "early\n" }
file."/var/lib/keeper/tool" = { text = "#!/bin/sh\n", mode = "0700", owner = "keeper" }
file."/etc/harbour/late" = { path = "late.txt", owner = "keeper" }
[[run]]
in = "` + testBase(t) + `"
source = "charts"
commands = [["python3", "draw.py"]]
out = { "dist" = "harbour/charts", "dist/map.txt" = "/usr/share/harbour/map.txt", "/var/lib/drawn" = "/usr/share/harbour/drawn" }
[[run]]
source = "tools"
env = { WHO = "keeper" }
commands = [["python3", "finish.py"]]
[image.harbour-master]
args = ["--storm"]
[image.harbour-pilot]
packages = ["hello"]
run = [{ commands = [["mkdir", "/srv/pilot"], ["cp", "/usr/bin/hello", "/srv/pilot/"]] }]
[image.harbour-web]
wsgi = "harbour.wsgi:application"
env = { HARBOUR = "open" }
workdir = "/var/spool/harbour"
[image.harbour-bell]
extras = ["bell"]
command = ["python3", "-m", "harbour.wsgi"]
env = { HARBOUR = "open" }
`,
	} {
		write(t, filepath.Join(dir, name), text)
	}
	return dir, asked
}

// harbourImages are what the definition comes to: the words for the layers on top of the base, and the command.
func harbourImages() map[string]struct{ words, cmd []string } {
	base := []string{"accounts", "files", "environment", "dependencies", "project", "files", "run"}
	pilot := append([]string{"accounts", "distro"}, base[1:]...)
	return map[string]struct{ words, cmd []string }{
		"harbour-base":   {base, nil},
		"harbour-master": {base, []string{"harbour-master", "--storm"}},
		"harbour-pilot":  {append(slices.Clone(pilot), "run"), []string{"harbour-pilot", "--tide"}},
		"harbour-web":    {base, []string{"gunicorn", "--bind", "0.0.0.0:8000", "harbour.wsgi:application"}},
		"harbour-bell":   {append(slices.Clone(base), "extra"), []string{"python3", "-m", "harbour.wsgi"}},
	}
}

// The images of a definition are what it says on the embedded engine, and on one that has neither Merge nor Diff; and nothing
// runs twice.
func TestDefinitionImages(t *testing.T) {
	base := testBase(t)
	dir, asked := harbour(t)
	layout := filepath.Join(t.TempDir(), "layout")
	args := func(engine, layout string, more ...string) []string {
		return buildArgs(dir, base, layout, append([]string{"--engine", engine, "--init-path", "none", "--format", "json"}, more...)...)
	}
	first := command{args: args("embedded", layout)}.succeed(t)
	t.Run("images", func(t *testing.T) { checkHarbour(t, first, readLayout(t, layout)) })
	t.Run("run", func(t *testing.T) {
		checkHarbourRuns(t, readLayout(t, layout))
		if asked.count("") > 0 {
			t.Errorf("commands without a network reached a server: %q", asked.all())
		}
	})
	t.Run("start", func(t *testing.T) {
		for _, r := range []scriptRun{
			{args: []string{"harbour-master"}, stdout: "harbour-master --storm as 10001\nnorth\n"},
			{args: []string{"harbour-pilot"}, stdout: "harbour-pilot --tide as 10001\nnorth\n"},
			{args: []string{"harbour-bell"}},
			{args: []string{"harbour-web", "--version"}, stdout: `gunicorn \(version .*\)\n`},
		} {
			r.check(t, layout)
		}
	})
	t.Run("again", func(t *testing.T) {
		if ran := (command{args: args("embedded", layout)}).succeed(t).ran(t); len(ran) > 0 {
			t.Errorf("the unchanged build ran %q", ran)
		}
	})
	t.Run("without Merge", func(t *testing.T) { compareWithoutMerge(t, layout, args) })
	t.Run("another source", func(t *testing.T) { // runs what is above it, and neither packages nor what is made elsewhere
		edit(t, filepath.Join(dir, "harbour/__init__.py"), "Ships come and go.", "Ships come.")
		want := []string{"[files] all images, over Python", "[project] install", "[project] wheel", "[run harbour-base] python3 finish.py",
			"[run harbour-pilot] mkdir /srv/pilot; cp /usr/bin/hello /srv/pilot/"}
		if ran := (command{args: args("embedded", layout)}).succeed(t).ran(t); !slices.Equal(ran, want) {
			t.Errorf("a changed source made run %q, want %q", ran, want)
		}
	})
	t.Run("variants", func(t *testing.T) { harbourVariants(t, dir, args) })
}

// checkHarbour compares what the build says of the images with what they are.
func checkHarbour(t *testing.T, out outcome, l ociLayout) {
	t.Helper()
	words := layerWords(t, out)
	for name, want := range harbourImages() {
		img := l.image(t, name+":latest")
		if got := words[name]; len(got) == 0 || !slices.Equal(got[1:], want.words) {
			t.Errorf("%s has the layers %q, want %q on top of the base", name, got, want.words)
		}
		if got := img.config.Config; !slices.Equal(got.Cmd, want.cmd) || got.User != "10001:10001" {
			t.Errorf("%s runs %q as %q, want %q", name, got.Cmd, got.User, want.cmd)
		}
	}
	shared := map[string]bool{}
	for n, image := range documentOf(t, out).Images { // own are the layers that the base image does not have
		var own int64
		for m, l := range image.Layers {
			if m > 0 && !shared[l.Digest] {
				own += l.Size
			}
		}
		if image.OwnSize != own || n > 0 && (own == 0) == slices.Contains([]string{"harbour-pilot", "harbour-bell"}, image.Name) {
			t.Errorf("the own size of %s is %d, that of its layers %d", image.Name, image.OwnSize, own)
		}
		if n == 0 {
			for _, l := range image.Layers {
				shared[l.Digest] = true
			}
		}
	}
}

// checkHarbourRuns looks at what commands made: in the image, one layer; elsewhere, files of the image and of the wheel.
func checkHarbourRuns(t *testing.T, l ociLayout) {
	t.Helper()
	base := l.image(t, "harbour-base:latest")
	var written []string
	for path, what := range entriesOf(t, base, len(base.manifest.Layers)-1) {
		if !strings.HasPrefix(what, "5 ") {
			written = append(written, fmt.Sprintf("%s %s", path, what))
		}
	}
	slices.Sort(written)
	if want := []string{"opt/harbour/finished 0 0:0 644 keeper", "var/lib/keeper/network 0 0:0 644 refused", "var/lib/keeper/source 0 0:0 644 finish.py finish.py"}; !slices.Equal(written, want) {
		t.Errorf("the commands wrote %q, want %q", written, want)
	}
	pilot := l.image(t, "harbour-pilot:latest")
	for path := range entriesOf(t, pilot, len(pilot.manifest.Layers)-1) {
		if !slices.Contains([]string{"srv", "srv/pilot", "srv/pilot/hello"}, path) {
			t.Errorf("the commands of the pilot wrote %s", path)
		}
	}
	names := []string{"usr/share/harbour/map.txt", "usr/share/harbour/drawn/ink", "opt/harbour/lib/python3.11/site-packages/harbour/charts/map.txt", "etc/harbour/early", "etc/harbour/late"}
	if got, want := contents(t, base, names), map[string]string{names[0]: "north\n", names[1]: "black\n", names[2]: "north\n", names[3]: "early\n", names[4]: "late\n"}; !reflect.DeepEqual(got, want) {
		t.Errorf("the image has %q, want %q", got, want)
	}
}

// compareWithoutMerge builds on a Docker Engine without Merge, and compares the file systems with those in a layout.
func compareWithoutMerge(t *testing.T, layout string, args func(engine, layout string, more ...string) []string) {
	host := dockerHost(t)
	if keepsSnapshots(t, host) {
		t.Skip("the Docker Engine has Merge")
	}
	docker := filepath.Join(t.TempDir(), "docker")
	c := command{args: args("docker", docker), env: []string{"DOCKER_HOST=" + host, "BUILDKIT_HOST"}}
	out := c.succeed(t)
	one, other := readLayout(t, layout), readLayout(t, docker)
	checkNames(t, other.names(), one.names()...)
	checkHarbour(t, out, other)
	comparison{}.compareFiles(t, one, other)
	if ran := c.succeed(t).ran(t); len(ran) > 0 {
		t.Errorf("the unchanged build ran %q", ran)
	}
}

// harbourVariants changes the definition: what is not used is not opened, and what cannot start has no name.
func harbourVariants(t *testing.T, dir string, args func(engine, layout string, more ...string) []string) {
	definition := filepath.Join(dir, "pbrx-go.toml")
	whole := readFile(t, definition)
	build := func(more ...string) (outcome, string) {
		layout := filepath.Join(t.TempDir(), "layout")
		return command{args: args("embedded", layout, more...)}.run(t), layout
	}
	t.Run("unused", func(t *testing.T) {
		edit(t, definition, `run = [{ `, `run = [{ in = "rootfs:/nowhere/at-all", commands = [["true"]], out = { "/a" = "/b" } }, { `)
		if out, layout := build("--only", "harbour-master"); out.code != 0 {
			t.Errorf("status %d: %s", out.code, tail(out.stderr))
		} else {
			checkNames(t, readLayout(t, layout).names(), "harbour-base:latest", "harbour-master:latest")
		}
		if out, _ := build(); out.code != 3 || !strings.Contains(lastError(out), "/nowhere/at-all") {
			t.Errorf("status %d, %q", out.code, lastError(out))
		}
	})
	for _, v := range []struct{ name, old, replacement, want string }{
		{"no folder", `source = "tools"`, `source = "tools/finish.py"`, "run: source is a file; name the folder that it is in"},
		{"no module", "harbour.wsgi:", "harbour.broken:", "pbrx-go.toml:23:8: harbour.broken:application would die at start: RuntimeError: no water"},
		{"no variable", `HARBOUR = "open"`, `HARBOUR = "shut"`, "pbrx-go.toml:23:8: harbour.wsgi:application would die at start: RuntimeError: closed"},
		{"no program", `command = ["python3",`, `command = ["nosuch",`, "pbrx-go.toml:28:11: nosuch would die at start: the image has no program of that name on its PATH: correct the command, or add what has the program to requirements, packages or files"},
		{"no executable", `command = ["python3",`, `command = ["/etc/harbour/late",`, "pbrx-go.toml:28:11: /etc/harbour/late would die at start: /etc/harbour/late is not executable for the image's user: give the file a mode such as 0755, or run as another user"},
		{"another's program", `command = ["python3",`, `run-as = "daemon"` + "\n" + `command = ["/var/lib/keeper/tool",`, "pbrx-go.toml:29:11: /var/lib/keeper/tool would die at start: /var/lib/keeper/tool is not executable for the image's user: give the file a mode such as 0755, or run as another user"},
		{"a command that fails", `["python3", "finish.py"]`, `["sh", "-c", "echo said; exit 3"]`, "building [run harbour-base] sh -c echo said; exit 3: run: sh -c echo said; exit 3 ended with status 3: said: asked for by DIR/pbrx-go.toml:13:3"},
		{"a command elsewhere that fails", `["python3", "draw.py"]`, `["sh", "-c", "echo said; exit 3"]`, "building [run harbour-base] sh -c echo said; exit 3: said: asked for by DIR/pbrx-go.toml:8:3"},
		{"another machine", `text = "early\n"`, `text = "\u007fELF\u0002\u0001\u0001` + strings.Repeat(`\u0000`, 9) + `\u0002\u0000\u0016\u0000"`, `DIR/pbrx-go.toml:5:6: file."/etc/harbour/early": it is a program for s390x, and the images are for ` + runtime.GOARCH +
			`; write {arch} or {machine} where it comes from, or arch = ["s390x"]`},
		{"nothing made", `"/var/lib/drawn" =`, `"/var/lib/drown" =`, `pbrx-go.toml:8:3: "/var/lib/drown" is not there to be copied; correct the path`},
		{"no server", `requirements = ["gunicorn"]`, `requirements = []`, "pbrx-go.toml:23:8: harbour-web has no server that could run harbour.wsgi:application: add gunicorn or uwsgi to requirements, or give command"},
	} {
		t.Run(v.name, func(t *testing.T) {
			write(t, definition, whole)
			edit(t, definition, v.old, v.replacement)
			out, layout := build()
			v.want = strings.ReplaceAll(v.want, "DIR", dir)
			if out.code == 0 || !strings.Contains(lastError(out), v.want) || exists(layout) || out.stdout != "" {
				t.Errorf("status %d, the layout exists: %t, %q, want %q", out.code, exists(layout), lastError(out), v.want)
			}
		})
	}
	t.Run("no scripts", func(t *testing.T) {
		write(t, definition, strings.NewReplacer(`args = ["--tide"]`, `scripts = []`+"\n"+`wsgi = "harbour.wsgi:application"`+"\n"+`env = { HARBOUR = "open" }`).Replace(whole[:strings.Index(whole, "[image.")]))
		out, layout := build()
		if out.code != 0 {
			t.Fatalf("status %d: %s", out.code, tail(out.stderr))
		}
		l := readLayout(t, layout)
		checkNames(t, l.names(), "harbour:latest")
		if got := l.image(t, "harbour:latest").config.Config.Cmd; !slices.Equal(got, harbourImages()["harbour-web"].cmd) {
			t.Errorf("it runs %q", got)
		}
	})
}
