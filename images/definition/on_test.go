package definition

import (
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const onBase = `
packages = ["curl", { line = "daxio", arch = ["amd64"] }, { url = "https://h/x_{codename}_{arch}.deb", sha256 = { amd64 = "` + someHash + `" }, arch = ["amd64"] }]
command = ["{prefix}/bin/x", "{{literal}}"]
env.X = "{site-packages}"
labels.l = "{{{{release}}}} {{"
[repository.r]
uri = "https://h/{machine}"
suite = "{codename}-updates"
key = { url = "https://h/{version-id}.asc", sha256 = "` + someHash + `" }
[file]
"{site-packages}/m.py" = { path = "m-{arch}.py" }
"/only" = { text = "{arch}", arch = ["s390x"] }
"/text" = { text = "{arch} {{" }
"/link" = { link = "{prefix}/bin/x" }
[[run]]
commands = [["{prefix}/bin/python", "-c", "print({{}})"]]
in = "tool:1"
out = { "a" = "{site-packages}/a" }
[[run]]
commands = [["x"]]
arch = ["arm64"]
`

func TestOn(t *testing.T) {
	dir := write(t, map[string]string{"pbrx-go.toml": onBase})
	set := load(t, dir, "", Options{})
	before := load(t, dir, "", Options{})
	s, err := set.On(debian())
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(before, set) {
		t.Error("On changed the set itself:", cmp.Diff(before, set))
	}
	got := []string{s.Packages[2].Origin.Where.Value, s.Command.Words[0], s.Command.Words[1], s.Env[0].Value, s.Labels[0].Value, s.Repositories[0].URI.Value,
		s.Repositories[0].Suite.Value, s.Repositories[0].Key.Where.Value, s.Content.Files[0].Dest, s.Content.Files[0].Link.Value, s.Content.Files[1].Dest, s.Content.Files[2].Origin.Where.Value,
		s.Content.Files[1].Origin.Where.Value, s.Runs[0].Commands[0].Words[0], s.Runs[0].Commands[0].Words[2], s.Runs[0].Out[0].Value}
	want := []string{"https://h/x_noble_amd64.deb", "/opt/venv/bin/x", "{literal}", "/opt/venv/lib/python3.12/site-packages", "{{release}} {", "https://h/x86_64",
		"noble-updates", "https://h/24.04.asc", "/link", "/opt/venv/bin/x", "/opt/venv/lib/python3.12/site-packages/m.py", "{arch} {{", "m-amd64.py", "/opt/venv/bin/python", "print({})",
		"/opt/venv/lib/python3.12/site-packages/a"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	leftOut := strings.ReplaceAll(strings.Join(s.LeftOut, "\n"), dir+"/", "")
	if leftOut != "pbrx-go.toml:12:1: /only is for s390x, and left out on amd64\npbrx-go.toml:19:3: run is for arm64, and left out on amd64" {
		t.Error(leftOut)
	}
	arm := debian()
	arm.Arch, arm.Machine = "arm64", "aarch64"
	if s, err = set.On(arm); err != nil || len(s.Packages) != 1 || len(s.Runs) != 2 || s.Repositories[0].URI.Value != "https://h/aarch64" {
		t.Errorf("%+v, %v", s, err)
	}
}

func TestOnErrors(t *testing.T) {
	for text, want := range map[string]string{
		`file."/x" = { url = "https://h/x", sha256 = { amd64 = "` + someHash + `" } }`:           `1:21: no sha256 for arm64; add it, or arch = ["amd64"] to leave the file out there`,
		`repository.x = { uri = "https://h/{codename}", key = { path = "k" } }`:                  `1:24: {codename} has no value on this base; write it out`,
		"file.\"{prefix}/x\" = { text = \"\" }\nfile.\"{site-packages}/../x\" = { text = \"\" }": "",
		"file.\"{prefix}/x\" = { text = \"\" }\nfile.\"/usr/x\" = { text = \"\" }\n":             `1:6: "/usr/x" is the destination of D/pbrx-go.toml:2:6 as well; keep one`,
	} {
		dir := write(t, map[string]string{"pbrx-go.toml": text + "\n"})
		set, err := Load(dir, "", Options{})
		if want == "" {
			if err == nil {
				t.Error(text, "is refused when it is read")
			}
			continue
		}
		if err == nil {
			_, err = set.On(Facts{Arch: "arm64", Machine: "aarch64", Prefix: "/usr", SitePackages: "/usr/lib/site-packages"})
		}
		if err == nil || strings.ReplaceAll(err.Error(), dir, "D") != "D/pbrx-go.toml:"+want {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestScripts(t *testing.T) {
	set := load(t, write(t, map[string]string{"pbrx-go.toml": "scripts = [\"zuul-*\", \"!zuul-bwrap\", \"nix\"]\n[image.zuul-excutor]\npackages = [\"git\"]\n" +
		"[image.zuul-bwrap]\n[image.other]\nscript = \"zuul-bwrap\"\n[image.wrong]\nscript = \"zull-web\"\n[image.zuul-web]\n[image.new]\ncommand = [\"x\"]\n[image.zuul-executor]\nscript = \"zuul-web\"\n"}), "", Options{})
	var scripts []Text
	for i, name := range []string{"zuul-executor", "zuul-bwrap", "zuul-web"} {
		script := Text{Value: name}
		script.At.Filename, script.At.Line, script.At.Column = "setup.cfg", 26+i, 5
		scripts = append(scripts, script)
	}
	warnings, err := set.CheckScripts(scripts)
	want := `pbrx-go.toml:2:8: "zuul-excutor" is no console script (setup.cfg:26: zuul-executor); mend the name or give command
pbrx-go.toml:4:8: "zuul-bwrap" is a console script (setup.cfg:27), which scripts leaves out by "!zuul-bwrap" (pbrx-go.toml:1); change one of them
pbrx-go.toml:8:10: "zull-web" is no console script (setup.cfg:28: zuul-web); mend the name or give command
pbrx-go.toml:13:10: image.zuul-executor is the image of the console script zuul-executor (setup.cfg:26); leave script out, or call the image otherwise`
	if got := strings.ReplaceAll(err.Error(), set.Dir+"/", ""); got != want {
		t.Error(cmp.Diff(want, got))
	}
	if len(warnings) != 1 || warnings[0].Msg != `scripts: "nix" fits no console script` {
		t.Error(warnings)
	}
	for name, want := range map[string]bool{"zuul-web": true, "zuul-bwrap": false, "other": false} {
		if got, _ := set.Chooses(name); got != want {
			t.Error(name, got)
		}
	}
}

// An image is that of the script it is called by; patterns that only leave out choose none.
func TestScriptsOfOthers(t *testing.T) {
	scripts := []Text{{Value: "zuul-web"}, {Value: "zuul-bwrap"}}
	for text, want := range map[string]string{
		"image.zuul-web.script = \"zuul-bwrap\"": `pbrx-go.toml:1:25: image.zuul-web is the image of the console script zuul-web (); leave script out, or call the image otherwise`,
		"image.zuul-web.script = \"zuul-web\"":   "",
		"scripts = [\"!zuul-bwrap\"]":            `pbrx-go.toml:1:12: scripts: no console script is chosen, begin the list with "*" to leave some out, or write [] for none`,
		"scripts = [\"*\", \"!zuul-bwrap\"]":     "",
	} {
		set := load(t, write(t, map[string]string{"pbrx-go.toml": text + "\n"}), "", Options{})
		warnings, err := set.CheckScripts(scripts)
		got := ""
		if err != nil {
			got = err.Error()
		}
		for _, w := range warnings {
			got += w.String()
		}
		if got = strings.ReplaceAll(got, set.Dir+"/", ""); got != want {
			t.Errorf("%s: %s", text, got)
		}
	}
}

func TestWarnings(t *testing.T) {
	set := load(t, write(t, map[string]string{"pbrx-go.toml": "platforms = [\"linux/amd64\", \"linux/arm64\"]\nbase = \"python:latest\"\nbuilder = \"docker://h.example.org:5000/python\"\n" +
		"run = [{ commands = [[\"x\"]], in = \"node@sha256:" + someHash + "\", out = { a = \"/a\" } }]\n" +
		"file.\"/x\" = { url = \"https://h/x-amd64\", sha256 = \"" + someHash + "\" }\nfile.\"/y\" = { url = \"https://h/x-amd64\", sha256 = \"" + someHash + "\", arch = [\"amd64\"] }\n"}), "", Options{})
	var got []string
	for _, w := range set.Warnings {
		got = append(got, strings.ReplaceAll(w.String(), set.Dir+"/", ""))
	}
	want := []string{"pbrx-go.toml:5:21: the URL is that of amd64, and platforms has more, write {arch} or {machine}, or arch = […]",
		"pbrx-go.toml:2:8: python:latest is another image tomorrow, name a version",
		"pbrx-go.toml:3:11: docker://h.example.org:5000/python is another image tomorrow, name a version"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
