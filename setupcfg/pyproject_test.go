package setupcfg

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/BurntSushi/toml"
	"github.com/google/go-cmp/cmp"
)

// TestTOMLReadsPyproject fails when BurntSushi/toml is taken out: what a broken file is rejected with is its ParseError.
func TestTOMLReadsPyproject(t *testing.T) {
	_, err := Load(fstest.MapFS{"pyproject.toml": &fstest.MapFile{Data: []byte("[project]\nname = 'x'\nversion = 1.2.3\n")}})
	var parse toml.ParseError
	if !errors.As(err, &parse) {
		t.Fatalf("%v does not come from BurntSushi/toml", err)
	}
	if want := "pyproject.toml:3:11: TOML: Invalid float value: \"1.2.3\", correct the TOML"; err.Error() != want {
		t.Errorf("got  %s\nwant %s", err, want)
	}
}

func TestIndexTOML(t *testing.T) {
	const src = "# c\n a . \"b.c\" . 'd' = [ 1, # ]\n  [ 2 ], {x=3 , y = \"}\"},\n\"\"\"z]\n\"\\\"\"\"\"\" , '''q''' ]\n" +
		"[t.\"u\\u0041\"]\né=1\n'k'=1\n[[l]]\nn = 1979-05-27T07:32:00Z # , n2 = 2\n[[l]]\nn = {m.o = {p = []}}\n"
	var data map[string]any
	_, err := toml.Decode(strings.ReplaceAll(src, "é", "e"), &data)
	if err != nil {
		t.Fatal(err)
	}
	x := indexTOML("f", []byte(src))
	var got []string
	for path, pos := range x.places {
		got = append(got, fmt.Sprintf("%02d:%d %s", pos.Line, pos.Column, strings.ReplaceAll(path, "\x00", "/")))
	}
	slices.Sort(got)
	want := []string{
		"02:2 a", "02:2 a/b.c", "02:2 a/b.c/d", "02:22 a/b.c/d/[0]",
		"03:10 a/b.c/d/[2]", "03:11 a/b.c/d/[2]/x", "03:17 a/b.c/d/[2]/y", "03:3 a/b.c/d/[1]", "03:5 a/b.c/d/[1]/[0]",
		"04:1 a/b.c/d/[3]", "05:11 a/b.c/d/[4]",
		"06:1 t", "06:1 t/uA", "07:1 t/uA/é", "08:1 t/uA/k",
		"09:1 l", "09:1 l/[0]", "10:1 l/[0]/n", "11:1 l/[1]", "12:1 l/[1]/n", "12:13 l/[1]/n/m/o/p", "12:6 l/[1]/n/m", "12:6 l/[1]/n/m/o",
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestErasingRules is the table of what setuptools makes of entry points that stand in setup.cfg where
// pyproject.toml has [project].
func TestErasingRules(t *testing.T) {
	const console, gui, plugins = "console_scripts =\n  c = m:c\n", "gui_scripts =\n  g = m:g\n", "p =\n  x = m\n"
	for _, c := range []struct{ dynamic, project, cfg, console, gui string }{
		{``, "", console, "absent", "absent"},
		{`"scripts"`, "", console, "c", "absent"},
		{`"scripts"`, "", console + plugins, "c", "absent"},
		{`"scripts"`, "", console + gui, "absent", "absent"},
		{`"gui-scripts"`, "", console + gui, "absent", "absent"},
		{`"scripts", "gui-scripts"`, "", console + gui, "c", "g"},
		{`"entry-points"`, "", console + plugins, "absent", "absent"},
		{`"scripts", "entry-points"`, "", console + plugins, "c", "absent"},
		{`"entry-points"`, "[project.scripts]\ns = 'm:s'\n", console + plugins, "s", "absent"},
		{``, "[project.scripts]\ns = 'm:s'\n", console + gui, "s", "absent"},
		{`"scripts"`, "[project.scripts]\ns = 'm:s'\n", "", "s (may grow)", "absent"},
		{`"scripts"`, "[project.entry-points.x]\ny = 'z'\n", console, "absent", "absent"},
		{``, "[project.gui-scripts]\ns = 'm:s'\n", console, "absent", "s"},
		{`"scripts"`, "", "", "unknown", "absent"},
	} {
		t.Run(c.dynamic+c.project+c.cfg, func(t *testing.T) {
			p, err := Load(fstest.MapFS{
				"setup.py":       &fstest.MapFile{Data: []byte("import setuptools\nsetuptools.setup(pbr=True)\n")},
				"setup.cfg":      &fstest.MapFile{Data: []byte("[metadata]\nname = d\n[entry_points]\n" + c.cfg)},
				"pyproject.toml": &fstest.MapFile{Data: []byte("[project]\nname = 'd'\nversion = '1'\ndynamic = [" + c.dynamic + "]\n" + c.project)},
			})
			if err != nil {
				t.Fatal(err)
			}
			names := func(f Fact[[]Script]) string {
				if f.Status != Known {
					return string(f.Status)
				}
				out := ""
				for _, s := range f.Value {
					out += s.Name
				}
				if f.MayGrow {
					out += " (may grow)"
				}
				return out
			}
			if got := names(p.ConsoleScripts); got != c.console {
				t.Errorf("console scripts %s, want %s", got, c.console)
			}
			if got := names(p.GUIScripts); got != c.gui {
				t.Errorf("GUI scripts %s, want %s", got, c.gui)
			}
			if lost := strings.Contains(c.cfg, "console") && c.console != "c"; lost != (len(p.Warnings) > 0) {
				t.Errorf("warnings %v", p.Warnings)
			}
		})
	}
}
