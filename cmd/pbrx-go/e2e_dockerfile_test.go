package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// mooring is a project with a script that a Dockerfile makes the image of, and one that has none.
func mooring(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"pyproject.toml": `[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"

[project]
name = "mooring"
version = "1.0"

[project.optional-dependencies]
moor = []

[project.scripts]
moor = "mooring:main"
cast-off = "mooring:main"

[tool.setuptools]
packages = ["mooring"]
`,
		"mooring/__init__.py": "import os, sys\n\ndef main(): print(sys.argv[1:], os.environ.get('ROPES'), os.getuid(), os.path.exists('/srv/conf/ropes.txt') and open('/srv/conf/ropes.txt').read())\n",
		"conf/ropes.txt":      "hemp",
		"conf/secret.txt":     "hush",
		"Dockerfile.moor":     mooringDockerfile(),

		"Dockerfile.moor.dockerignore": "**/secret.txt\n",
	} {
		write(t, filepath.Join(dir, name), text)
	}
	git(t, dir, "init", "-q") // what git does not track is not sent to the wheel, and is copied all the same
	git(t, dir, "add", "pyproject.toml", "mooring")
	return dir
}

func mooringDockerfile() string {
	return `# syntax=docker/dockerfile:1
ARG BASE=registry.example.org/team/mooring-base:3
FROM $BASE AS knots
WORKDIR /knots
RUN echo bowline > knot.txt

FROM mooring-base
COPY . /srv/
COPY --from=knots /knots/knot.txt /srv/
RUN test "$(cat /srv/knot.txt)" = bowline && test ! -e /srv/conf/secret.txt && test ! -e /srv/.git && \
    echo tested > /srv/tested
RUN <<EOF
cast-off --heredoc
EOF
ENV ROPES=4
USER 33
CMD ["moor", "--quietly"]
`
}

// dockerfileSteps are the first lines of the names of the Dockerfile's steps that ran.
func dockerfileSteps(t *testing.T, o outcome) (ran []string) {
	t.Helper()
	for _, name := range o.ran(t) {
		if strings.HasPrefix(name, "[Dockerfile.") {
			ran = append(ran, strings.SplitN(name, "\n", 2)[0])
		}
	}
	return ran
}

// A Dockerfile makes the image of its script on top of the base image that was just built, and nothing of it runs twice.
func TestDockerfile(t *testing.T) {
	base, project, layout := testBase(t), mooring(t), filepath.Join(t.TempDir(), "layout")
	args := buildArgs(project, base, layout, "--engine", "embedded", "--format", "json")
	out := command{args: args}.succeed(t)
	for _, want := range []string{
		"warning: Dockerfile.moor:1: # syntax=docker/dockerfile:1 is not used: pbrx-go compiles the file itself",
		`warning: pyproject.toml:10:1: the extra "moor" is not installed in moor, which Dockerfile.moor:1 makes: install in it what the script needs of the extra`,
	} {
		if !slices.Contains(out.said(t), want) {
			t.Errorf("it does not say %q but %q", want, out.said(t))
		}
	}
	checkMooring(t, out, readLayout(t, layout))
	scriptRun{args: []string{"moor"}, stdout: `\['--quietly'\] 4 33 hemp` + "\n"}.check(t, layout)

	later := time.Now().Add(time.Hour) // a checkout of another time has the same files
	if err := os.Chtimes(filepath.Join(project, "conf/ropes.txt"), later, later); err != nil {
		t.Fatal(err)
	}
	checkAgain(t, command{args: args}, layout)

	write(t, filepath.Join(project, "conf/ropes.txt"), "nylon")
	changed := command{args: args}.succeed(t)
	ran := dockerfileSteps(t, changed)
	if len(ran) != 4 || !slices.Contains(ran, "[Dockerfile.moor:8] COPY . /srv/") || len(changed.ran(t)) != len(ran) {
		t.Errorf("a changed file made run %q", changed.ran(t))
	}
	scriptRun{args: []string{"moor"}, stdout: `\['--quietly'\] 4 33 nylon` + "\n"}.check(t, layout)

	prefixed := command{args: append(args, "--prefix", "harbour/north", "--tag", "v1", "--only", "moor")}.succeed(t)
	if names := readLayout(t, layout).names(); !slices.Contains(names, "harbour/north/moor:v1") || len(prefixed.ran(t)) > 0 {
		t.Errorf("with a prefix there are %q, and %q ran", names, prefixed.ran(t))
	}
}

// checkAgain builds again what nothing changed of.
func checkAgain(t *testing.T, c command, layout string) {
	t.Helper()
	before := readLayout(t, layout).images(t)
	again := c.succeed(t)
	for n, img := range readLayout(t, layout).images(t) {
		if img.descriptor.Digest != before[n].descriptor.Digest {
			t.Errorf("%s is another now", img.name)
		}
	}
	if ran := again.ran(t); len(ran) > 0 {
		t.Errorf("the unchanged build ran %q", ran)
	}
}

// checkMooring looks at the image that the Dockerfile made.
func checkMooring(t *testing.T, out outcome, l ociLayout) {
	t.Helper()
	img, other := l.image(t, "moor:latest"), l.image(t, "mooring-base:latest")
	config := img.config.Config
	if config.User != "33" || !slices.Contains(config.Env, "ROPES=4") || !slices.Contains(config.Env, "VIRTUAL_ENV=/opt/mooring") ||
		!slices.Equal(config.Cmd, []string{"moor", "--quietly"}) || !slices.Equal(config.Entrypoint, other.config.Config.Entrypoint) ||
		config.Labels["org.opencontainers.image.title"] != "moor" || !img.config.Created.Equal(*other.config.Created) {
		t.Errorf("it is configured as %s", img.rawConfig)
	}
	shared := len(other.manifest.Layers)
	if !slices.Equal(img.layerDigests()[:shared], other.layerDigests()) {
		t.Errorf("its layers %q do not lie on those of the base image, %q", img.layerDigests(), other.layerDigests())
	}
	for _, h := range img.config.History {
		if h.Created == nil || !h.Created.Equal(*other.config.Created) {
			t.Errorf("the history has %+v", h)
		}
	}
	checkString(t, "/srv/conf/ropes.txt", string(img.file(t, "srv/conf/ropes.txt")), "hemp")
	var report struct {
		Images []struct {
			Name   string
			Layers []struct{ Content string }
		}
	}
	if err := json.Unmarshal([]byte(out.stdout), &report); err != nil {
		t.Fatal(err)
	}
	for _, i := range report.Images {
		var own []string
		for n, l := range i.Layers {
			if n >= shared {
				own = append(own, l.Content)
			}
		}
		if want := slices.Repeat([]string{"dockerfile"}, 4); i.Name == "moor" && !slices.Equal(own, want) {
			t.Errorf("its layers beyond the base image are %q, want %q", own, want)
		}
	}
}

// What is wrong with a Dockerfile is said with its line.
func TestDockerfileMistakes(t *testing.T) {
	base, project := testBase(t), mooring(t)
	for name, c := range map[string]struct {
		text, want string
		code       int
		// before says that it is found before an engine is started.
		before bool
	}{
		"syntax": {"FROM mooring-base\n\nRUNN true\n", "error: Dockerfile.moor:3:1: unknown instruction: RUNN (did you mean RUN?)\n", 2, true},
		"failing RUN": {"FROM mooring-base\nENV A=b\nRUN echo fraying; exit 4\n",
			"  | fraying\nerror: building [Dockerfile.moor:3] RUN echo fraying; exit 4: fraying\n", 1, false},
		"no such file": {"FROM mooring-base\nCOPY conf/secret.txt /srv/\n",
			"error: building [Dockerfile.moor:2] COPY conf/secret.txt /srv/: \"/conf/secret.txt\" is not there to be copied (what .dockerignore names is not)\n", 1, false},
		"stage": {"FROM mooring-base AS mooring-base\nRUN true\n", "error: Dockerfile.moor:1:1: the stage is called mooring-base, as the base image is: give it another name\n", 2, false},
		"image": {"FROM mooring-base\nCOPY --from=127.0.0.1:1/x /y /z\n", "error: Dockerfile.moor:2:1: reading the image 127.0.0.1:1/x:latest: ", 3, false},
		"check": {"FROM mooring-base\nRUN rm -r /opt/mooring/lib/python3.11/site-packages/mooring\n",
			"error: pyproject.toml:13:1: moor would die at start: ModuleNotFoundError: No module named 'mooring'", 1, false},
	} {
		t.Run(name, func(t *testing.T) {
			layout := filepath.Join(t.TempDir(), "layout")
			write(t, filepath.Join(project, "Dockerfile.moor"), c.text)
			out := command{args: buildArgs(project, base, layout, "--engine", "embedded")}.run(t)
			if out.code != c.code || !strings.Contains(out.stderr, c.want) || exists(layout) || c.before && strings.Contains(out.stderr, "[internal]") {
				t.Errorf("status %d, want %d; the layout exists: %t; stderr\n%s\nwant\n%s", out.code, c.code, exists(layout), tail(out.stderr), c.want)
			}
		})
	}
}

// A Dockerfile that begins with another image, or with none, makes an image all the same.
func TestDockerfileFromElsewhere(t *testing.T) {
	base, project, layout := testBase(t), mooring(t), filepath.Join(t.TempDir(), "layout")
	write(t, filepath.Join(project, "Dockerfile.moor"), "FROM scratch\nCOPY --from=mooring-base /etc/os-release /\nENTRYPOINT [\"/nothing\"]\n")
	out := command{args: buildArgs(project, base, layout, "--engine", "embedded")}.succeed(t)
	want := "warning: pyproject.toml:13:1: whether moor starts is not looked at: Dockerfile.moor does not end in an image that is made from the base image"
	if !slices.Contains(out.said(t), want) {
		t.Errorf("it does not say %q but %q", want, out.said(t))
	}
	if img := readLayout(t, layout).image(t, "moor:latest"); len(img.manifest.Layers) != 1 || len(img.config.Config.Cmd) != 0 {
		t.Errorf("the image is %s", img.rawConfig)
	}
}

// Other engines build the same image, Docker 20.10's BuildKit as well; what that cannot do is said with the line.
func TestDockerfileOnEngines(t *testing.T) {
	base := testBase(t)
	_, docker, buildkitd := engines(t)
	for _, e := range []choiceOf{docker, buildkitd} {
		t.Run(e.name, func(t *testing.T) {
			project, layout := mooring(t), filepath.Join(t.TempDir(), "layout")
			build := command{args: buildArgs(project, base, layout, append(e.args, "--format", "json")...), env: e.env}
			out := build.succeed(t)
			checkMooring(t, out, readLayout(t, layout))
			if run := e.run(t, layout, []string{"moor"}); run.stdout != "['--quietly'] 4 33 hemp\n" {
				t.Errorf("it says %q, %s", run.stdout, tail(run.stderr))
			}
			checkAgain(t, build, layout)
			if !e.ownBuildKit || keepsSnapshots(t, dockerHost(t)) {
				return // it is a newer one, which can do all
			}
			write(t, filepath.Join(project, "Dockerfile.moor"), "FROM mooring-base\n\nCOPY --exclude=*.txt conf /srv/\n")
			want := "error: Dockerfile.moor:3:1: the BuildKit of this engine has no file.copy.includeexcludepatterns: write it otherwise, or use another engine, as with --engine embedded\n"
			if refused := build.run(t); refused.code != 3 || !strings.HasSuffix(refused.stderr, want) {
				t.Errorf("status %d, stderr\n%s\nwant %s", refused.code, tail(refused.stderr), want)
			}
		})
	}
}
