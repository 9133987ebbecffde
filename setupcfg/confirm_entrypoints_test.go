package setupcfg

import (
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// entryPointsProgram prints random texts and what Python's importlib.metadata finds in them: the console and GUI
// scripts, and whether all of them can be loaded as far as the form of their value goes.
const entryPointsProgram = `
import importlib.metadata, json, random, sys
random.seed(int(sys.argv[1]))
tokens = ['[console_scripts]', '[gui_scripts]', '[x.y]', '[', ']', ' ', '  ', '\n', '\n', '\n', '\r\n', '\r', '\t', '=', ' = ', ':', '.', 'a', 'foo', 'a-b', 'b_1', 'c+',
          'mod:attr', 'pkg.mod:obj.attr', 'm:f [x]', 'm:f[x,y]', '# c', ';', ',', '1', '\u00e9', '\x0b', '\x0c', '\x1c', '\u0085', '\u2028', '\u00a0',
          '\n[console_scripts]\n', '\n[gui_scripts]\n', '\na = m:f\n', '\nfoo=m.n:o.f [x]\n', '\nb =', '[ console_scripts ]', '[[console_scripts]]']

class Text(importlib.metadata.Distribution):
    def read_text(self, filename):
        return self.text if filename == 'entry_points.txt' else None
    def locate_file(self, path):
        raise NotImplementedError

def read(text):
    d = Text()
    d.text = text
    try:
        eps = d.entry_points
        return [[e.group, e.name, e.module + ':' + e.attr] for e in eps if e.group in ('console_scripts', 'gui_scripts')]
    except Exception as e:
        return type(e).__name__

def line():
    if random.random() < .1:
        return ''.join(random.choice(tokens) for _ in range(random.randint(1, 5)))
    return random.choice(['', ' ', '\t']) + random.choice(['a', 'foo', 'a-b', 'b_1', 'c+', 'X.y', '#d', '']) + random.choice(['=', ' = ', '\t=\x1c']) + random.choice(
        ['m:f', 'pkg.mod:obj.attr', 'm:f [x]', 'm:f[x, y] ', 'm.\u00e9:f', 'm:_f1', 'm:f\u00a0[x]'])

for i in range(int(sys.argv[2])):
    text = random.choice(['[console_scripts]', '[gui_scripts]', '[ console_scripts ]', '[[console_scripts]]', '[x.y]', '', ' [console_scripts] '])
    for _ in range(random.randint(1, 4)):
        text += random.choice(['\n', '\n', '\n', '\r\n', '\r', '\x0b', '\u2028', '\x1d', '\n[gui_scripts]\n', '\n\n# c\n']) + line()
    print(json.dumps({'input': text, 'want': read(text)}))
`

// TestConfirmEntryPoints compares with the importlib.metadata of the machine's python3, which is what pip reads
// entry points with. What is accepted here must be what is found there; more may be refused here.
func TestConfirmEntryPoints(t *testing.T) {
	if os.Getenv("PBRX_GO_TEST_CONFIRM") != "1" {
		t.Skip("compares with Python's importlib.metadata only if PBRX_GO_TEST_CONFIRM=1")
	}
	count, dec := generated(t, entryPointsProgram, 3)
	inputs, accepted, differ := 0, 0, 0
	for dec.More() {
		var c struct {
			Input string
			Want  any
		}
		if err := dec.Decode(&c); err != nil {
			t.Fatal(err)
		}
		inputs++
		console, gui, err := ParseEntryPoints([]byte(c.Input))
		if err != nil {
			continue
		}
		got := []any{}
		for i, list := range [][]Script{console, gui} {
			for _, s := range list {
				got = append(got, []any{[]string{groupConsole, groupGUI}[i], s.Name, s.Value})
				accepted++
			}
		}
		want := inGroups(c.Want)
		if diff := cmp.Diff(want, any(got)); diff != "" {
			if differ++; differ <= 10 {
				t.Errorf("%q: Python (-), here (+):\n%s", c.Input, diff)
			}
		}
	}
	if inputs != count || accepted < count/20 {
		t.Errorf("%d inputs with %d scripts: too few to say anything", inputs, accepted)
	}
	t.Logf("%d texts of entry points, %d scripts accepted, %d differences, importlib.metadata", inputs, accepted, differ)
}

// inGroups puts console scripts before GUI scripts, in whatever order the groups stood.
func inGroups(want any) any {
	list, ok := want.([]any)
	if !ok {
		return want
	}
	out := []any{}
	for _, group := range []string{groupConsole, groupGUI} {
		for _, item := range list {
			if item.([]any)[0] == group {
				out = append(out, item)
			}
		}
	}
	return out
}
