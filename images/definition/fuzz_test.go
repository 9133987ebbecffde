package definition

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/BurntSushi/toml"

	"github.com/pbrx-go/pbrx-go/setupcfg"
)

// seeds are files to start from: short ones with every form of TOML, and the examples.
func seeds(t testing.TB) []string {
	t.Helper()
	out := []string{
		"", "name = \"a\"\n", onBase,
		"[user.a]\nuid = 7\n[user.\"b c\"]\nuid = 0x8\n[[run]]\ncommands = [['x', \"\"\"y\"\"\", '''z''']]\n[[run]]\ncommands = [[\"\\u0061\\x62\\e\"]]\n[run.env]\nA = 'b'\n",
		"image.\"a.b\" = { packages = [\"x [y]\", { line = \"z\", arch = [\"amd64\"] },], # c\n  file.\"/x\" = { text = 'y' } }\nenv = { A.B = 1 }\n",
		"release.\"1\".base = 'x'\nrelease.\"1\".env = {A = 'x'}\n[release.'2']\nx = [1, 2.5, 07:32:00, 1979-05-27T07:32:00Z, true, nan, [[], {}]]\n",
		"packages = [\n  \"curl\", # one\n\n  \"a ] b\",\n  \"\"\"\\\n  é ] b\"\"\"\n]\n\"\" = 1\n'x\"y' = 2\n",
		"constraints = [{ url = \"https://h/{arch}\", sha256 = { amd64 = \"" + someHash + "\" } }, \"a<1\"]\nproject.p = { git = \"https://h/p\", ref = \"v1\" }\r\nuser = \"x\"\r\n",
	}
	for _, name := range []string{"zuul", "keystone", "ee"} {
		src, err := os.ReadFile("testdata/examples/" + name + "/pbrx-go.toml")
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, string(src))
	}
	return out
}

// mutate changes a text in a few places.
func mutate(r *rand.Rand, seeds []string) string {
	text := seeds[r.IntN(len(seeds))]
	tokens := []string{"[", "]", "[[", "]]", "{", "}", "\"", "'", "\"\"\"", "'''", "=", ".", ",", "#", "\n", "\r\n", "\\", "\\n", "\\u00e9", "\\x41", "\\e", " ", "\t", "é", "\ufeff", "\x00",
		"a", "1", "true", "{name}", "{arch}", "{{", "}}", "..", "/", "x = 1\n", "[a.b]\n", "[[run]]\n", "\"a b\".c = {d = [1]}\n", "path = \"..\"", "uid = 0"}
	for range 1 + r.IntN(3) {
		at := r.IntN(len(text) + 1)
		to := min(len(text), at+r.IntN(12))
		switch r.IntN(6) {
		case 0:
			text = text[:at] + text[to:]
		case 1:
			text = text[:to] + text[at:]
		case 2:
			other := seeds[r.IntN(len(seeds))]
			from := r.IntN(len(other) + 1)
			text = text[:at] + other[from:min(len(other), from+r.IntN(60))] + text[at:]
		case 3:
			lines := strings.SplitAfter(text, "\n")
			i, j := r.IntN(len(lines)), r.IntN(len(lines))
			lines[i], lines[j] = lines[j], lines[i]
			text = strings.Join(lines, "")
		default:
			text = text[:at] + tokens[r.IntN(len(tokens))] + text[at:]
		}
	}
	return text
}

// survives reads a text and says what is wrong with how it is read: keys in another order than the decoder's, places outside the file. A
// panic is the caller's to see.
func survives(text string) (accepted bool, problem string) {
	data := map[string]any{}
	md, err := toml.Decode(text, &data)
	lines := strings.Split(text, "\n")
	p := &problems{}
	d := parse("pbrx-go.toml", []byte(text), p)
	if err == nil {
		if problem := sameKeys(md, setupcfg.ScanTOML("", []byte(text))); problem != "" {
			return true, problem
		}
		docs := []*document{d}
		findRoots(docs)
		l := &loader{problems: p, schema: newSchema(), docs: docs, opts: Options{ProjectName: "x"}}
		set := l.load()
		if p.err(nil) == nil {
			if _, err := set.On(debian()); err != nil {
				p.take(err)
			}
		}
	}
	for _, e := range p.list {
		if e.Pos.Line == 0 && e.Pos.Column == 0 {
			continue
		}
		if e.Pos.Line < 1 || e.Pos.Line > len(lines) || e.Pos.Column < 1 || e.Pos.Column > utf8.RuneCountInString(lines[e.Pos.Line-1])+2 {
			return err == nil, "the place is not in the file: " + e.Error()
		}
	}
	return err == nil, ""
}

// sameKeys says where the scanner and the decoder see different keys.
func sameKeys(md toml.MetaData, scan *setupcfg.TOML) string {
	decoded, scanned := md.Keys(), scan.Keys()
	for i := range max(len(decoded), len(scanned)) {
		if i >= len(decoded) || i >= len(scanned) || !slices.Equal(decoded[i], scanned[i]) {
			return fmt.Sprintf("key %d: the decoder has %q, the scanner %q", i, decoded, scanned)
		}
	}
	return ""
}

// Changed files are read without a panic, with places that are in the file, and with the keys that the decoder sees (acceptance check 3):
// more of them where everything is confirmed, and 10⁶ at length, which takes a quarter of an hour.
func TestMutations(t *testing.T) {
	n := 100_000
	switch os.Getenv("PBRX_GO_TEST_CONFIRM") {
	case "":
		n = 20_000
	case "full":
		n = 1_000_000
	}
	from, accepted := seeds(t), 0
	r := rand.New(rand.NewPCG(9, 1))
	for i := range n {
		text := mutate(r, from)
		ok, problem := trySurvive(text)
		if problem != "" {
			t.Fatalf("%d: %q: %s", i, text, problem)
		}
		if ok {
			accepted++
		}
	}
	t.Logf("%d of %d were TOML", accepted, n)
	if accepted < n/10 {
		t.Errorf("only %d of %d were TOML", accepted, n)
	}
}

func trySurvive(text string) (ok bool, problem string) {
	defer func() {
		if r := recover(); r != nil {
			problem = fmt.Sprint("panic: ", r)
		}
	}()
	return survives(text)
}

func FuzzLoad(f *testing.F) {
	for _, s := range seeds(f) {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if _, problem := survives(text); problem != "" {
			t.Error(problem)
		}
	})
}
