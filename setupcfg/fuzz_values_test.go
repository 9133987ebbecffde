package setupcfg

import (
	"regexp"
	"strings"
	"testing"
)

// FuzzParseSetupPy reads setup.py alone. What it says of a call must be there in the text.
func FuzzParseSetupPy(f *testing.F) {
	f.Add("from setuptools import setup\nX = 'a' \"b\"\nL = ['x', X]\nsetup(name=X, entry_points={'console_scripts': L}, pbr=True)\n")
	f.Add("setup(name=r'''a\n\\''', version=u'1\\\n', **{}\n#")
	f.Add("X: str = 'a'\nX[1:2] = (yield)\nsetup(entry_points='''\n[console_scripts]\na=b:c''', scripts=('x'),)")
	f.Fuzz(func(t *testing.T, src string) {
		lines := strings.Count(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(src), "\n") + 1
		s := parseSetupPy("setup.py", []byte(src))
		for name, k := range s.keywords {
			if !strings.Contains(src, name) || k.pos.Line < 1 || k.pos.Line > lines || k.pos.Column < 1 {
				t.Errorf("keyword %q at %s of %d lines", name, k.pos, lines)
			}
			if k.literal != (k.what.kind == pyString) {
				t.Errorf("keyword %q: literal %v, kind %d", name, k.literal, k.what.kind)
			}
			text, _ := k.what.lines()
			for _, line := range text {
				if line.pos.Line < 1 || line.pos.Line > lines {
					t.Errorf("keyword %q: a line at %s of %d", name, line.pos, lines)
				}
			}
		}
	})
}

// FuzzParseDependency prints what was read and reads it again.
func FuzzParseDependency(f *testing.F) {
	for _, text := range []string{"a[b,c]>=1.0,!=2.* ; extra == 'x' and (os_name in \"y\")", "a @ https://h/x ; python_version < '3'", "A_b (~=1.2)"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, problem := parseDependency(text)
		if problem != "" {
			return
		}
		printed := d.name
		if len(d.extras) > 0 {
			printed += "[" + strings.Join(d.extras, ",") + "]"
		}
		for i, s := range d.specifiers {
			if printed += s.String(); i < len(d.specifiers)-1 {
				printed += ","
			}
		}
		if d.url != "" {
			printed += " @ " + d.url
		}
		if d.marker != "" {
			printed += " ; " + d.marker
		}
		again, problem := parseDependency(printed)
		if problem != "" || again.name != d.name || len(again.extras) != len(d.extras) || len(again.specifiers) != len(d.specifiers) || again.url != d.url || again.marker != d.marker || len(again.wanted) != len(d.wanted) {
			t.Errorf("%q: %+v; printed %q: %+v %s", text, d, printed, again, problem)
		}
	})
}

// FuzzNames has the rules for names, versions and specifiers, none of which may make of their result another one.
func FuzzNames(f *testing.F) {
	for _, text := range []string{"A-_.b", "1.0.0-1+LOCAL_01", "v1!2rc3.post4.dev5", ">=1, <2", "^1.2.3", "g++"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if c := Canonical(text); Canonical(c) != c || strings.ContainsAny(c, "_.") || strings.Contains(c, "--") {
			t.Errorf("canonical %q of %q", c, text)
		}
		if v := normalVersion(text); normalVersion(v) != v {
			t.Errorf("normal version %q of %q becomes %q", v, text, normalVersion(v))
		}
		if s := normalSpecifiers(text); normalSpecifiers(s) != s {
			t.Errorf("normal specifiers %q of %q", s, text)
		}
		if ValidScriptName(text) != regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._+-]*$`).MatchString(text) || strings.ContainsAny(text, "/\n") && ValidScriptName(text) {
			t.Errorf("script name %q", text)
		}
		if validProjectName(text) && Canonical(text) == "" {
			t.Errorf("project name %q", text)
		}
		if specifiers, ok := poetryConstraint(text); ok && specifiers != "" {
			if _, problem := parseDependency("x" + specifiers); problem != "" && !strings.Contains(text, "~=") { // which needs two parts
				t.Errorf("poetry's %q becomes %q: %s", text, specifiers, problem)
			}
		}
	})
}

// FuzzParsePyproject looks at every value that a document has by the getters, none of which may fail on its type.
func FuzzParsePyproject(f *testing.F) {
	f.Add("[project]\nname = 'x'\ndynamic = ['a']\nscripts = {a = 'b:c'}\n[project.optional-dependencies]\n'e.f' = ['g']\n")
	f.Add("project = [1, {a = []}]\n[[tool.poetry]]\n")
	f.Fuzz(func(t *testing.T, src string) {
		p, errs := parsePyproject("pyproject.toml", []byte(src))
		if p == nil {
			checkErrors(t, errs.err())
			return
		}
		p.look([]string{}, p.data)
		checkErrors(t, p.errs.err())
	})
}

func (p *pyproject) look(path []string, table map[string]any) {
	for name, value := range table {
		keys := append(append([]string{}, path...), name)
		p.str(keys...)
		p.strings(keys...)
		p.scriptTable(groupConsole, nil, keys...)
		p.extraTable(keys...)
		if below, ok := value.(map[string]any); ok {
			p.look(keys, below)
		}
	}
}
