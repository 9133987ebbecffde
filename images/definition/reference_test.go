package definition

import (
	"encoding/json"
	"flag"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write docs/configuration.md anew")

func TestReference(t *testing.T) {
	const page = "../../docs/configuration.md"
	want := Reference()
	if *update {
		if err := os.WriteFile(page, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("%s is stale, run `go test ./images/definition -run Reference -args -update`: %s", page, diff)
	}
}

// Every key is in the section of each table that has it.
func TestReferenceSections(t *testing.T) {
	page, rows := Reference(), newSchema()
	for _, in := range []table{project, user, repository, oneRun, oneOrigin} {
		_, section, _ := strings.Cut(page, heading(in))
		section, _, _ = strings.Cut(section, "\n## ")
		for key := range rows[in] {
			if !strings.Contains(section, "| `"+key+"` |") {
				t.Errorf("%s is not in the section of %s", key, in)
			}
		}
	}
}

// The keys are those of section 3 (and 2.5) of the specification, each where it says, and once.
func TestKeys(t *testing.T) {
	content := []string{"packages", "profiles", "requirements", "extras", "repository", "file", "env", "labels", "volumes", "workdir", "run-as", "entrypoint", "run",
		"args", "command", "wsgi"}
	set := []string{"base", "builder", "python", "venv", "system-site-packages", "constraints", "constraints-exclude", "resolver", "init", "check", "prefix", "platforms",
		"bindep", "scripts", "build-env", "project", "user", "image"}
	origin := []string{"path", "url", "git", "image", "project", "text", "ref", "sha256", "arch"}
	for in, want := range map[table][]string{
		topLevel:   slices.Concat([]string{"extends", "name", "default-release", "release"}, set, content),
		overlay:    slices.Concat(set, content),
		oneImage:   append([]string{"script"}, content...),
		project:    {"git", "ref", "path", "subdirectory", "patches", "extras"},
		user:       {"name", "uid", "gid", "group", "groups", "home", "shell", "comment", "directories"},
		repository: {"uri", "suite", "components", "key", "arch", "keep"},
		oneFile:    append([]string{"mode", "owner", "replace", "link", "directory"}, origin...),
		oneOrigin:  origin,
		onePackage: {"line", "path", "url", "git", "image", "project", "ref", "sha256", "arch"},
		oneRun:     {"commands", "in", "source", "out", "env", "cache", "network", "arch"},
	} {
		var got []string
		for _, r := range rows() {
			if slices.Contains(r.in, in) {
				got = append(got, r.key)
			}
		}
		slices.Sort(got)
		slices.Sort(want)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", in, diff)
		}
	}
	if tables := newSchema(); len(tables) != 10 {
		t.Errorf("%d kinds of tables", len(tables))
	}
}

// Every key says what it is, and has an example that is right.
func TestRows(t *testing.T) {
	for _, r := range rows() {
		if r.meaning == "" || r.example == "" {
			t.Errorf("%s %v has no meaning or example", r.key, r.in)
			continue
		}
		p := &problems{}
		d := parse("x.toml", []byte(r.key+" = "+r.example+"\n"), p)
		if d != nil {
			findRoots([]*document{d})
			d.roots = []string{"/"} // examples may lead to the folder above
			(&checker{p, newSchema(), map[string]string{"name": "x", "release": ""}}).value(d.top.get(r.key), r)
		}
		if err := p.err(nil); err != nil {
			t.Errorf("the example of %s: %v", r.key, err)
		}
	}
}

func TestSchema(t *testing.T) {
	src, err := Schema()
	if err != nil {
		t.Fatal(err)
	}
	var schema struct {
		Properties map[string]struct{ Description string }
		Defs       map[string]struct{ Properties map[string]any } `json:"$defs"`
	}
	if err := json.Unmarshal(src, &schema); err != nil {
		t.Fatal(err)
	}
	if schema.Properties["venv"].Description == "" || schema.Defs["user"].Properties["uid"] == nil || schema.Defs["origin"].Properties["git"] == nil || len(schema.Defs) != 9 {
		t.Errorf("%s", src)
	}
}
