package bindep

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// sdist is the bindep file of a release on PyPI.
type sdist struct{ requirement, text string }

// fetchSdists gets the files of testdata/sdists.txt, for a sample those marked so.
func fetchSdists(t *testing.T, python string, full bool) []sdist {
	t.Helper()
	src, err := os.ReadFile(filepath.Join("testdata", "sdists.txt"))
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for line := range strings.Lines(string(src)) {
		requirement, comment, _ := strings.Cut(line, "#")
		requirement = strings.TrimSpace(requirement)
		if requirement != "" && (full || strings.TrimSpace(comment) == "sample") {
			list = append(list, requirement)
		}
	}
	dir := t.TempDir()
	cmd := exec.Command(python, filepath.Join("testdata", "sdists.py"), dir)
	cmd.Stdin = strings.NewReader(strings.Join(list, "\n"))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("fetching sdists: %v\n%s", err, out)
	}
	var sdists []sdist
	for _, requirement := range list {
		text, err := os.ReadFile(filepath.Join(dir, requirement))
		if err != nil {
			t.Fatal(err)
		}
		sdists = append(sdists, sdist{requirement, string(text)})
	}
	return sdists
}

// sdists compares real files: what is in them for every distribution, and the
// whole command on one.
func (c *confirmation) sdists(ref *reference, sdists []sdist) {
	commands := confirmed{what: "files of real sdists, whole command: list for two sets of profiles, CSV, profiles"}
	for _, s := range sdists {
		row := confirmed{what: s.requirement}
		sets := [][]string{{"default"}, {"compile"}, {"test"}, {"default", "test", "doc"}, {"platform:apk"}, {}}
		f, err := Parse("bindep.txt", []byte(s.text))
		if err != nil {
			c.differ(&row, "ours refuses it: %v", err)
			continue
		}
		sets[5], row.rules = f.Profiles(), len(f.Rules)
		c.texts(ref, &row, []string{"+" + s.text, "-" + s.text}, profileLists(c.t, sets))
		c.files = append(c.files, row)
		c.commands(ref, &commands, commandCases(s, f))
	}
	total := confirmed{what: fmt.Sprintf("bindep files of %d real sdists, as file and as standard input", len(c.files))}
	for _, r := range c.files {
		total.inputs += r.inputs
		total.comparisons += r.comparisons
		total.refused += r.refused
		total.differences += r.differences
	}
	c.rows = append(c.rows, total, commands)
}

// commandCases run the command on Debian.
func commandCases(s sdist, f *File) []confirmCase {
	const osRelease = "ID=debian\nVERSION_ID=\"12\"\nVERSION_CODENAME=bookworm\n"
	platform := Distro{ID: "debian", Version: "12", Codename: "bookworm"}.Profiles()
	list := func(sep string, profiles ...string) string {
		return strings.Join(names(f.Select(append(profiles, platform...))), sep) + "\n"
	}
	cases := []confirmCase{
		{Args: []string{"-l", "newline"}, want: list("\n", "default")},
		{Args: []string{"-l", "newline", "-f", "-", "compile", "test"}, Stdin: true, want: list("\n", "compile", "test")},
		{Args: []string{"-l", "csv", "test"}, want: list(",", "test")},
		{Args: []string{"--profiles", "-f", "bindep.txt"}, want: "Platform profiles:\n" + strings.Join(platform, "\n") +
			"\n\nConfiguration profiles:\n" + lines(f.Profiles())},
	}
	for i := range cases {
		cases[i].name, cases[i].OSRelease, cases[i].Text = s.requirement, osRelease, bytewise(s.text)
	}
	return cases
}

func lines(list []string) string {
	text := ""
	for _, s := range list {
		text += s + "\n"
	}
	return text
}
