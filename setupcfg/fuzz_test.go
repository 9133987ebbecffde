package setupcfg

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
)

// checkErrors fails unless err is nil or a list in which every problem says where it is and what it is.
func checkErrors(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		return
	}
	var list ErrorList
	if !errors.As(err, &list) || len(list) == 0 {
		t.Fatalf("%T %v is no list of errors", err, err)
	}
	for _, e := range list {
		if e.Msg == "" || strings.Contains(e.Error(), "\n") && !strings.Contains(e.Msg, "\\n") || strings.Contains(e.Hint, "mistake of pbrx-go") {
			t.Errorf("error %q", e.Error())
		}
	}
}

func FuzzParseConfig(f *testing.F) {
	f.Add([]byte("[a]\nk = v\n  w\n\n# c\n  %(k)s\n[DEFAULT]\nx:y\n"))
	f.Add([]byte("[a]\n = \n\ue000s=\ue000e\r\n"))
	f.Fuzz(func(t *testing.T, src []byte) {
		for _, reading := range readings() {
			c, err := ParseConfig("setup.cfg", src, reading)
			checkErrors(t, err)
			if err != nil {
				continue
			}
			for _, section := range c.Sections() {
				for _, key := range c.Keys(section) {
					if _, ok, _ := c.Value(section, key); !ok || c.Pos(section, key).Line == 0 {
						t.Errorf("[%q] %q is listed, but has no value or no place", section, key)
					}
				}
			}
			c.brokenValues()
		}
	})
}

func FuzzLoad(f *testing.F) {
	files, err := filepath.Glob("testdata/load/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		_, archive := readArchive(f, file)
		texts := map[string]string{}
		for _, a := range archive {
			texts[a.name] = a.text
		}
		f.Add(texts["setup.py"], texts["setup.cfg"], texts["pyproject.toml"], texts["requirements.txt"])
	}
	f.Fuzz(func(t *testing.T, py, cfg, toml, requirements string) {
		p, err := Load(fstest.MapFS{
			"setup.py":         &fstest.MapFile{Data: []byte(py)},
			"setup.cfg":        &fstest.MapFile{Data: []byte(cfg)},
			"pyproject.toml":   &fstest.MapFile{Data: []byte(toml)},
			"requirements.txt": &fstest.MapFile{Data: []byte(requirements)},
		})
		checkErrors(t, err)
		if err != nil {
			return
		}
		for _, s := range p.ConsoleScripts.Value {
			if !ValidScriptName(s.Name) || !s.Pos.IsValid() {
				t.Errorf("script %+v", s)
			}
		}
		describe(p, nil)
	})
}

func FuzzIndexTOML(f *testing.F) {
	f.Add("a = [1, {b = 'c'}]\n[[x.\"y\"]]\n")
	f.Add("a = {!}\n[[")
	f.Fuzz(func(t *testing.T, src string) {
		lines := strings.Count(src, "\n") + 1
		for path, pos := range indexTOML("f", []byte(src)).places {
			if pos.Line < 1 || pos.Line > lines || pos.Column < 1 {
				t.Errorf("%q at %s of %d lines", path, pos, lines)
			}
		}
	})
}

func FuzzParseWheel(f *testing.F) {
	f.Add([]byte(demoMetadata), []byte(demoEntryPoints))
	f.Fuzz(func(t *testing.T, metadata, entryPoints []byte) {
		w, err := ParseWheel(metadata, entryPoints)
		checkErrors(t, err)
		if err == nil {
			_, err = (&Project{}).Complete(w)
			checkErrors(t, err)
			normalVersion(w.Version)
		}
	})
}

func FuzzParseEntryPoints(f *testing.F) {
	f.Add([]byte(demoEntryPoints))
	f.Fuzz(func(t *testing.T, src []byte) {
		console, gui, err := ParseEntryPoints(src)
		checkErrors(t, err)
		for _, s := range append(console, gui...) {
			if again, problem := newScript(s.Name, s.Value, groupConsole, s.Pos); problem != nil || again.Value != s.Value {
				t.Errorf("%+v: %v", s, problem)
			}
		}
	})
}
