package bindep

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alecthomas/participle/v2"
)

// TestConfirm runs ours beside the bindep that is released on PyPI. PBRX_GO_TEST_CONFIRM=1
// takes a sample, PBRX_GO_TEST_CONFIRM=full all there is, and with PBRX_GO_CONFIRM_RESULTS
// writes the table of results to that file.
func TestConfirm(t *testing.T) {
	full := confirming(t)
	python := installBindep(t)
	parser, err := newParser()
	if err != nil {
		t.Fatal(err)
	}
	c := &confirmation{t: t, start: time.Now(), parser: parser}
	ref := startReference(t, python)
	c.vectors(ref)
	c.lap("vectors")
	c.constraints(ref, chosen(full, 20000, 2000))
	c.lap("versions")
	c.distributions(ref, chosen(full, 20000, 1000))
	c.lap("distributions")
	c.sdists(ref, fetchSdists(t, python, full))
	c.lap("sdists")
	c.generated([]*reference{ref, startReference(t, python), startReference(t, python)}, chosen(full, 200000, 3000))
	c.lap("generated files")
	for _, r := range c.rows {
		t.Log(r)
	}
	if name := os.Getenv("PBRX_GO_CONFIRM_RESULTS"); name != "" && !t.Failed() {
		if err := os.WriteFile(name, []byte(c.page()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func chosen(full bool, all, sample int) int {
	if full {
		return all
	}
	return sample
}

// confirmation counts what was compared.
type confirmation struct {
	t      *testing.T
	start  time.Time
	parser *participle.Parser[lineNode]
	rows   []confirmed
	// files are rows of their own, one an sdist.
	files []confirmed
	mu    sync.Mutex
}

// lap says how long a part took.
func (c *confirmation) lap(part string) {
	c.t.Logf("%s: %s", part, time.Since(c.start).Round(time.Second))
	c.start = time.Now()
}

// confirmed is a row of the table of results.
type confirmed struct {
	what                string
	inputs, comparisons int
	// refused counts the inputs that both refuse, explained the differences with a known reason.
	refused, explained int
	differences        int
	// rules is the number of rules of a real file.
	rules int
}

func (r confirmed) String() string {
	return fmt.Sprintf("%s: %d inputs (%d refused by both), %d comparisons, %d differences, %d explained",
		r.what, r.inputs, r.refused, r.comparisons, r.differences, r.explained)
}

// differ reports a difference; after ten of a row the others are only counted.
func (c *confirmation) differ(r *confirmed, format string, args ...any) {
	r.differences++
	if r.differences <= 10 {
		c.t.Errorf(r.what+": "+format, args...)
	}
}

// vectors are the tables of testdata, through the whole command.
func (c *confirmation) vectors(ref *reference) {
	cases := append(selectCases(c.t), syntaxCases(c.t)...)
	cases = append(cases, platformCases(c.t)...)
	row := confirmed{what: "vectors of the specification and of our tests, whole command"}
	c.commands(ref, &row, cases)
	c.rows = append(c.rows, row)
	brew := []bool{false, true}
	for i, theirs := range ask[[]string](c.t, ref, "macos", brew, len(brew)) {
		if our := MacOS(brew[i]).Profiles(); !slices.Equal(our, theirs) {
			c.t.Errorf("macOS, with Homebrew %t: bindep says %q, we %q", brew[i], theirs, our)
		}
	}
}

// commands runs the command of the reference and compares output and exit code.
func (c *confirmation) commands(ref *reference, row *confirmed, cases []confirmCase) {
	type outcome struct {
		Exit           int
		Stdout, Stderr string
	}
	for i, r := range ask[outcome](c.t, ref, "main", cases, len(cases)) {
		want := cases[i]
		row.inputs++
		row.comparisons++
		if r.Exit != 0 && want.wantExit != 0 {
			row.refused++
		}
		if r.Exit != want.wantExit || r.Stdout != want.want {
			c.differ(row, "%s: %q %v on %q: bindep says %d, %q, we %d, %q\n%s",
				want.name, want.Text, want.Args, want.OSRelease, r.Exit, r.Stdout, want.wantExit, want.want, r.Stderr)
		}
	}
}

// fileAnswer is what is read in a text: see "files" in testdata/reference.py.
type fileAnswer struct {
	Rules, Profiles []string
	Active          [][]string
}

// ours is our answer; nil where we refuse the text. It starts with "-" for standard input. Only
// the strict reading lets comments hold NUL.
func (c *confirmation) ours(text string, profiles [][]string) *fileAnswer {
	// What Parse and ParseStrict do, less making the parser.
	r := reader{ends: anyEnd, parser: c.parser}
	if text[0] == '-' {
		r.ends, r.nul = "\n", true
	}
	r.nul = r.nul || strings.Contains(text, "\x00")
	f, err := r.whole("f", []byte(text[1:]))
	if err != nil {
		return nil
	}
	a := &fileAnswer{Profiles: f.Profiles()}
	for _, r := range f.Rules {
		a.Rules = append(a.Rules, r.Name+" sel{"+join(r.Selectors, " ")+"} ver{"+join(r.Constraints, " ")+"}")
	}
	for _, p := range profiles {
		a.Active = append(a.Active, names(f.Select(p)))
	}
	return a
}

// texts compares what is read in texts and which names are active under each list of profiles.
func (c *confirmation) texts(ref *reference, row *confirmed, texts []string, profiles [][]string) {
	asked := make([]string, len(texts))
	for i, text := range texts {
		asked[i] = bytewise(text)
	}
	answers := ask[*fileAnswer](c.t, ref, "files", map[string]any{"texts": asked, "profiles": profiles}, len(texts))
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, theirs := range answers {
		our := c.ours(texts[i], profiles)
		row.inputs++
		row.comparisons++
		switch {
		case our == nil && theirs == nil:
			row.refused++
		case our == nil || theirs == nil:
			c.differ(row, "%q: bindep reads %v, we %v", texts[i], theirs, our)
		default:
			row.comparisons += len(profiles)
			c.compare(row, texts[i], our, theirs)
		}
	}
}

func (c *confirmation) compare(row *confirmed, text string, our, theirs *fileAnswer) {
	if !slices.Equal(our.Rules, theirs.Rules) || !slices.Equal(our.Profiles, theirs.Profiles) {
		c.differ(row, "%q: bindep reads %q, %q, we %q, %q", text, theirs.Rules, theirs.Profiles, our.Rules, our.Profiles)
		return
	}
	for i := range our.Active {
		if !slices.Equal(our.Active[i], theirs.Active[i]) {
			c.differ(row, "%q: under list %d bindep selects %q, we %q", text, i, theirs.Active[i], our.Active[i])
			return
		}
	}
}

// profileLists are the profiles of the distributions, each with each set of the user's.
func profileLists(t *testing.T, sets [][]string) [][]string {
	if len(sets) != setsOfProfiles {
		t.Fatalf("%d sets of profiles instead of %d", len(sets), setsOfProfiles)
	}
	var lists [][]string
	for _, r := range readTable(t, "osrelease.tsv", 3, 75) {
		if !slices.Contains(confirmedOn(), r[0]) {
			continue
		}
		for _, set := range sets {
			list := slices.Clone(set)
			for _, atom := range strings.Fields(r[2]) {
				list = append(list, platformPrefix+atom)
			}
			lists = append(lists, list)
		}
	}
	if len(lists) != len(confirmedOn())*len(sets) {
		t.Fatalf("%d lists of profiles for %d distributions and %d sets", len(lists), len(confirmedOn()), len(sets))
	}
	return lists
}

// setsOfProfiles is the number of sets of the user's profiles that every file is read with.
const setsOfProfiles = 6

// confirmedOn names the rows of osrelease.tsv that every file is read for.
func confirmedOn() []string {
	return []string{
		"alpine", "debian9", "debian12", "debian13", "ubuntu1404", "ubuntu2404", "rocky", "rhel9", "fedora40", "amzn2",
		"leap", "sles", "arch", "gentoo", "pop", "unknown",
	}
}

// confirmCase is one run of the released bindep; see testdata/reference.py.
type confirmCase struct {
	name      string
	OSRelease string   `json:"os_release"`
	Text      string   `json:"text"`
	Args      []string `json:"args"`
	Stdin     bool     `json:"stdin"`
	// want is its standard output, wantExit its exit code.
	want     string
	wantExit int
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
		c := confirmCase{name: r[0], OSRelease: nowhere, Text: bytewise(input(t, r[1])), Args: append([]string{"-l", "newline"}, strings.Fields(r[2])...)}
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
		c := confirmCase{name: r[0], OSRelease: nowhere, Text: bytewise(input(t, r[1])), Args: []string{"-l", "newline"}, wantExit: 2}
		if f, err := Parse("bindep.txt", []byte(input(t, r[1]))); err == nil {
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
	for _, r := range readTable(t, "osrelease.tsv", 3, 75) {
		want := "Platform profiles:\n"
		for _, atom := range strings.Fields(r[2]) {
			want += platformPrefix + atom + "\n"
		}
		cases = append(cases, confirmCase{
			name: r[0], OSRelease: bytewise(input(t, r[1])), Args: []string{"--profiles", "-f", "bindep.txt"},
			want: want + "\nConfiguration profiles:\n",
		})
	}
	return cases
}
