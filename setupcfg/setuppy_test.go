package setupcfg

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestParseSetupPy(t *testing.T) {
	for _, c := range []struct{ src, want string }{
		{"setuptools.setup(pbr=True)", "pbr@1:18 pbr"},
		{"setup(pbr=1)", "pbr@1:7 pbr"},
		{"setup(pbr='x.cfg')", "pbr@1:7(x.cfg) pbr='x.cfg'"},
		{"setup(pbr='')", "pbr=''"},
		{"setup(pbr=False)", "pbr"},
		{"setup(pbr==True)", "opaque"},
		{"setup(d2to1=True)", "pbr@1:7 raw d2to1"},
		{"setup(**{'pbr': True})", "pbr@1:10 opaque"},
		{"# pbr=True\n'''pbr=True'''\nx = \"pbr=True\" # setup(\nsetup()", ""},
		{"from pbr.util import setup_cfg_to_args\nsetup(**setup_cfg_to_args())", "pbr@1:22 opaque"},
		{"setup(setup_requires=['pbr>=1.8'],\n  pbr = True,)", "pbr@2:3 pbr setup_requires"},
		{"setup(name='a' 'b', version=f'{x}', url=u\"u\", license='\\n', x=('(', [']']), y={'a': 1, 'b': g(2, z=3)})", "license='\n' name='ab' url='u' version x y"},
		{"def setup():\n  pass\nsetup(name=\"n\")", "name='n'"},
		{"if x:\n  setup(name='a')\nelse:\n  setup(name='b')", "opaque name"},
		{"setup(name='a'", "opaque"},
		{"setup(name='a\nb')", "opaque"},
		{"main()", "opaque"},
		{"setup(name='n', distclass=D)", "opaque distclass name='n'"},
		{"N = 'a'\nsetup(name=N, version=N)", "name='a' version='a'"},
		{"N = 'a'\nN += 'b'\nsetup(name=N)", "name"},
		{"N = 'a'\nfrom x import (N)\nsetup(name=N)", "name"},
		{"N = 'a'\nfrom x import *\nsetup(name=N)", "name"},
		{"N = 'a'\n(N, M) = f()\nsetup(name=N)", "name"},
		{"N = 'a'\nfor (N, M) in f():\n  pass\nsetup(name=N)", "name"},
		{"N = 'a'\nprint((N := 'b'))\nsetup(name=N)", "name"},
		{"N = 'a'\nif x:\n  N = 'b'\nsetup(name=N)", "name"},
		{"N = 'a'\ndef f():\n  global N\n  N = 'b'\nsetup(name=N)", "name"},
		{"if x:\n  N = 'a'\nsetup(name=N)", "name"},
		{"N = 'a' if x else 'b'\nsetup(name=N)", "name"},
		{"N = 'a' \\\n  'b'; M = 1\nsetup(name=N)", "name='ab'"},
		{"N = M = 'a'\nsetup(name=N)", "name"},
		{"N: str = 'a'\nsetup(name=N)", "name"},
		{"N = 'a'\nexec(f())\nsetup(name=N)", "name"},
		{"N = 'a'.strip()\nsetup(name=N, version='1' + '2', license='%s' % 1, url=b'x', author=rb'x', x=R'\\d')", "author license name url version x='\\d'"},
		{"setup('name')", "opaque"},
		{"setup(*args, name='n')", "opaque name='n'"},
		{"s = '''\n\n'''; setup(name=\n  'n')", "name='n'"},
	} {
		s := parseSetupPy("setup.py", []byte(c.src))
		var got []string
		if s.pbr {
			text := fmt.Sprintf("pbr@%d:%d", s.pbrPos.Line, s.pbrPos.Column)
			if s.pbrFile != "" {
				text += "(" + s.pbrFile + ")"
			}
			got = append(got, text)
		}
		if s.raw {
			got = append(got, "raw")
		}
		if s.opaque {
			got = append(got, "opaque")
		}
		var keywords []string
		for name, k := range s.keywords {
			if k.literal {
				name += "='" + k.value + "'"
			}
			keywords = append(keywords, name)
		}
		slices.Sort(keywords)
		if text := strings.Join(append(got, keywords...), " "); text != c.want {
			t.Errorf("%q: got %s, want %s", c.src, text, c.want)
		}
	}
}
