package builder

import (
	"encoding/json"
	"slices"
	"testing"
	"text/scanner"

	"github.com/pbrx-go/pbrx-go/builder/plan2llb"
	"github.com/pbrx-go/pbrx-go/images"
	"github.com/pbrx-go/pbrx-go/setupcfg"
)

// What an image starts with is what is tried, once.
func TestStarts(t *testing.T) {
	scripts := []setupcfg.Script{{Name: "sail", Value: "boat.sail : Main.run", Pos: scanner.Position{Filename: "setup.cfg", Line: 12, Column: 5}}}
	sail := start{plan2llb.EntryPoint{Name: "sail", Module: "boat.sail", Attribute: "Main.run"}, "setup.cfg:12:5"}
	tar := start{plan2llb.EntryPoint{Name: "/bin/tar", Kind: plan2llb.Command}, "a.toml:1:1"}
	api := start{plan2llb.EntryPoint{Name: "boat.api:app", Kind: plan2llb.WSGI, Module: "boat.api", Attribute: "app"}, "a.toml:2:1"}
	uwsgi := start{plan2llb.EntryPoint{Name: "uwsgi", Kind: plan2llb.Command}, "a.toml:1:1"}
	entry := start{tar.EntryPoint, "a.toml:3:1"}
	entered := func(words ...string) images.Image {
		return images.Image{Cmd: []string{"uwsgi"}, From: "a.toml:1:1", Config: images.Config{Entrypoint: &words, EntrypointFrom: "a.toml:3:1"}}
	}
	for name, c := range map[string]struct {
		image images.Image
		want  []start
	}{
		"base":                       {images.Image{}, nil},
		"script":                     {images.Image{Script: "sail", Cmd: []string{"sail", "-f"}}, []start{sail}},
		"file":                       {images.Image{Script: "data", Cmd: []string{"data"}}, nil},
		"command":                    {images.Image{Cmd: []string{"/bin/tar", "x"}, From: "a.toml:1:1"}, []start{tar}},
		"script, commanded":          {images.Image{Script: "sail", Cmd: []string{"/bin/tar"}, From: "a.toml:1:1"}, []start{tar}},
		"command of a script":        {images.Image{Cmd: []string{"sail", "x"}, From: "a.toml:1:1"}, []start{sail}},
		"argument of an entry point": {images.Image{Cmd: []string{"sail"}, Config: entered("/bin/tar").Config}, []start{entry}},
		"entry point":                {entered("/bin/tar"), []start{entry}},
		"entry point, and then":      {entered("/bin/tar", "--"), []start{entry, uwsgi}},
		"no init":                    {entered(), []start{uwsgi}},
		"where the command is":       {images.Image{Cmd: []string{"uwsgi"}, CmdFrom: "a.toml:1:1", From: "setup.cfg:1:1"}, []start{uwsgi}},
		"application":                {images.Image{WSGI: "boat.api:app", WSGIFrom: "a.toml:2:1", Cmd: []string{"uwsgi"}, From: "a.toml:1:1"}, []start{api, uwsgi}},
	} {
		if got := startsOf(c.image, scripts); !slices.Equal(got, c.want) {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

// What check.py says of programs and applications becomes an error that says what to do.
func TestJudgeStarts(t *testing.T) {
	for said, c := range map[string]struct {
		start start
		want  string
	}{
		`{"script": "uwsgi", "of": "command", "kind": "absent"}`: {start{plan2llb.EntryPoint{Name: "uwsgi", Kind: plan2llb.Command}, "a.toml:1:1"},
			"a.toml:1:1: uwsgi would die at start: the image has no program of that name on its PATH: correct the command, or add what has the program to requirements, packages or files"},
		`{"script": "/bin/x", "of": "command", "kind": "absent"}`: {start{plan2llb.EntryPoint{Name: "/bin/x", Kind: plan2llb.Command}, "a.toml:1:1"},
			"a.toml:1:1: /bin/x would die at start: the image has no such file: correct the command, or add what has the program to requirements, packages or files"},
		`{"script": "x", "of": "command", "kind": "forbidden", "path": "/bin/x"}`: {start{plan2llb.EntryPoint{Name: "x", Kind: plan2llb.Command}, "a.toml:1:1"},
			"a.toml:1:1: x would die at start: /bin/x is not executable for the image's user: give the file a mode such as 0755, or run as another user"},
		`{"script": "a:b", "of": "wsgi", "kind": "raised", "type": "TypeError", "message": "b of a is str, which cannot be called"}`: {start{plan2llb.EntryPoint{Name: "a:b", Kind: plan2llb.WSGI, Module: "a"}, "a.toml:2:1"},
			"a.toml:2:1: a:b would die at start: TypeError: b of a is str, which cannot be called: name a WSGI application, which is called for each request"},
		`{"script": "x", "of": "", "kind": "absent"}`: {start{plan2llb.EntryPoint{Name: "x", Kind: plan2llb.Command}, ""}, ""}, // of a script of that name
	} {
		b := &build{Run: &Run{}, plan: &images.Plan{}}
		var l loaded
		if err := json.Unmarshal([]byte(said), &l); err != nil {
			t.Fatal(err)
		}
		b.judge(&setupcfg.Project{}, []start{c.start, c.start}, []loaded{l}) // which two images share
		if len(b.failed) > 1 {
			t.Errorf("said twice: %v", b.failed)
		}
		got := ""
		if len(b.failed) > 0 {
			got = b.failed[0].String()
		}
		if got != c.want || len(b.warnings) > 0 {
			t.Errorf("%s: %q, want %q; warnings %q", said, got, c.want, b.warnings)
		}
	}
}
