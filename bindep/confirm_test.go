package bindep

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// confirmCase is one run of the released bindep; see testdata/confirm.py.
type confirmCase struct {
	name      string
	OSRelease string   `json:"os_release"`
	Text      string   `json:"text"`
	Args      []string `json:"args"`
	// want is its standard output, wantExit its exit code.
	want     string
	wantExit int
}

// TestConfirm runs the tables of testdata through the bindep that is released on PyPI.
func TestConfirm(t *testing.T) {
	if os.Getenv("PBRX_GO_TEST_CONFIRM") != "1" {
		t.Skip("confirm: set PBRX_GO_TEST_CONFIRM=1 to compare with the bindep on PyPI")
	}
	python := installBindep(t)
	cases := append(selectCases(t), syntaxCases(t)...)
	cases = append(cases, platformCases(t)...)
	in, err := json.Marshal(cases)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(python, filepath.Join("testdata", "confirm.py"))
	cmd.Stdin, cmd.Stderr = bytes.NewReader(in), os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("running bindep: %v", err)
	}
	var results []struct {
		Exit           int
		Stdout, Stderr string
	}
	if err := json.Unmarshal(out, &results); err != nil {
		t.Fatal(err)
	}
	if len(results) != len(cases) {
		t.Fatalf("%d results for %d cases", len(results), len(cases))
	}
	for i, c := range cases {
		r := results[i]
		if r.Exit != c.wantExit || r.Stdout != c.want {
			t.Errorf("%s: %q %v on %q: bindep says %d, %q, we %d, %q\n%s", c.name, c.Text, c.Args, c.OSRelease, r.Exit, r.Stdout, c.wantExit, c.want, r.Stderr)
		}
	}
	t.Logf("%d cases compared", len(cases))
}

func installBindep(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	python := filepath.Join(dir, "bin", "python")
	for _, argv := range [][]string{
		{"python3", "-m", "venv", dir},
		{python, "-m", "pip", "install", "--quiet", "bindep"},
		{python, "-m", "pip", "list"},
	} {
		out, err := exec.Command(argv[0], argv[1:]...).CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %v\n%s", argv, err, out)
		}
		t.Logf("%s", out)
	}
	return python
}

// releases are the os-releases of the platforms of select.tsv; the others there
// are given as profiles on a distribution that has none.
func releases(name string) (osRelease string, ok bool) {
	text, ok := map[string]string{
		"ALP":     "ID=alpine\nVERSION_ID=3.20.3\n",
		"DEB":     "ID=debian\nVERSION_ID=\"12\"\nVERSION_CODENAME=bookworm\n",
		"JAM":     "ID=ubuntu\nVERSION_ID=\"22.04\"\nVERSION_CODENAME=jammy\n",
		"CS9":     "ID=\"centos\"\nVERSION_ID=\"9\"\n",
		"CS9+py3": "ID=\"centos\"\nVERSION_ID=\"9\"\n",
		"UBI8":    "NAME=\"Red Hat Enterprise Linux\"\nID=\"rhel\"\nVERSION=\"8.10 (Ootpa)\"\nVERSION_ID=\"8.10\"\n",
		"LEAP":    "ID=\"opensuse-leap\"\nVERSION_ID=\"15.6\"\n",
		"GEN":     "ID=gentoo\nVERSION_ID=2.14\n",
	}[name]
	return text, ok
}

const nowhere = "ID=unknown\nVERSION_ID=1\n"

func selectCases(t *testing.T) []confirmCase {
	var cases []confirmCase
	for _, r := range readTable(t, "select.tsv", 6, 95) {
		c := confirmCase{name: r[0], OSRelease: nowhere, Text: input(t, r[1]), Args: append([]string{"-l", "newline"}, strings.Fields(r[2])...)}
		if text, ok := releases(r[3]); ok {
			c.OSRelease = text
		} else {
			c.Args = append(c.Args, platforms(t, r[3])...)
		}
		c.want = strings.ReplaceAll(r[4], " ", "\n") + "\n"
		if r[4] == "error" {
			c.want, c.wantExit = "", 2
		}
		cases = append(cases, c)
	}
	return cases
}

// syntaxCases ask whether bindep takes the text, and which names it lists.
func syntaxCases(t *testing.T) []confirmCase {
	var cases []confirmCase
	for _, r := range append(readTable(t, "syntax.tsv", 4, 104), errorRows(t)...) {
		c := confirmCase{name: r[0], OSRelease: nowhere, Text: input(t, r[1]), Args: []string{"-l", "newline"}, wantExit: 2}
		if f, err := Parse("bindep.txt", []byte(c.Text)); err == nil {
			c.wantExit = 0
			c.want = strings.Join(names(f.Select([]string{DefaultProfile})), "\n") + "\n"
		}
		cases = append(cases, c)
	}
	return cases
}

// errorRows are those rows of errors.tsv that are text: Python's traceback for the
// others is no answer to compare with.
func errorRows(t *testing.T) []row {
	var rows []row
	for _, r := range readTable(t, "errors.tsv", 2, 84) {
		if !strings.Contains(r[1], "UTF-8") {
			rows = append(rows, row{"error", r[0]})
		}
	}
	return rows
}

func names(rules []Rule) []string {
	var list []string
	for _, r := range rules {
		list = append(list, r.Name)
	}
	return list
}

func platformCases(t *testing.T) []confirmCase {
	var cases []confirmCase
	for _, r := range readTable(t, "osrelease.tsv", 3, 71) {
		want := "Platform profiles:\n"
		for _, atom := range strings.Fields(r[2]) {
			want += platformPrefix + atom + "\n"
		}
		cases = append(cases, confirmCase{
			name: r[0], OSRelease: input(t, r[1]), Args: []string{"--profiles", "-f", "bindep.txt"},
			want: want + "\nConfiguration profiles:\n",
		})
	}
	return cases
}
