package setupcfg

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gopkg.in/ini.v1"
)

// outcome is what a reading makes of a text: sections, or the exception.
type outcome struct {
	Sections map[string]map[string]string `json:"sections,omitempty"`
	Error    string                       `json:"error,omitempty"`
}

func readings() []Reading { return []Reading{ReadRaw, ReadSetuptools, ReadPBR} }

// read reads a text wholly, as Python does when it asks for all items.
func read(src []byte, reading Reading) outcome {
	c, err := ParseConfig("setup.cfg", src, reading)
	var list ErrorList
	if errors.As(err, &list) {
		return outcome{Error: list.Class()}
	}
	out := outcome{Sections: map[string]map[string]string{}}
	for _, section := range c.Sections() {
		out.Sections[section] = map[string]string{}
		for _, key := range c.Keys(section) {
			value, ok, err := c.Value(section, key)
			var problem *Error
			if errors.As(err, &problem) {
				return outcome{Error: problem.Class()}
			}
			if !ok {
				return outcome{Error: fmt.Sprintf("[%s] %q is listed but not found", section, key)}
			}
			out.Sections[section][key] = value
		}
	}
	return out
}

// TestConfigparserCases are hand-made inputs and what CPython 3.13's configparser makes of them.
func TestConfigparserCases(t *testing.T) {
	data, err := os.ReadFile("testdata/configparser.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Name, Input          string
		Latin1               bool
		Raw, Setuptools, PBR outcome
	}
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	if len(cases) != 59 {
		t.Errorf("%d cases, want 59 (and 52, which is TestLongValue)", len(cases))
	}
	for _, c := range cases {
		src := []byte(c.Input)
		if c.Latin1 {
			src = nil
			for _, r := range c.Input {
				src = append(src, byte(r))
			}
		}
		for reading, want := range map[Reading]outcome{ReadRaw: c.Raw, ReadSetuptools: c.Setuptools, ReadPBR: c.PBR} {
			t.Run(c.Name+"/"+string(reading), func(t *testing.T) {
				got := read(src, reading)
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("Python (-), here (+):\n%s", diff)
				}
			})
		}
	}
}

// TestLongValue is case 52: a value much longer than ini.v1's default buffer.
func TestLongValue(t *testing.T) {
	var src, want strings.Builder
	src.WriteString("[a]\nk =\n")
	for i := range 400 {
		fmt.Fprintf(&src, "    %032d\n", i)
		fmt.Fprintf(&want, "\n%032d", i)
	}
	src.WriteString("j = 1\n")
	got := read([]byte(src.String()), ReadRaw)
	if diff := cmp.Diff(outcome{Sections: map[string]map[string]string{"a": {"k": want.String(), "j": "1"}}}, got); diff != "" {
		t.Error(diff)
	}
}

// TestINIMakesSectionsAndKeys fails when gopkg.in/ini.v1 is taken out: the values
// that Config gives are those of the ini.File.
func TestINIMakesSectionsAndKeys(t *testing.T) {
	c, err := ParseConfig("setup.cfg", []byte("[a]\nk = v\n"), ReadRaw)
	if err != nil {
		t.Fatal(err)
	}
	var file *ini.File = c.file
	section := file.Section(markSection + "a" + markSection)
	if !section.HasKey(markKey + "k") {
		t.Fatalf("ini.v1 has %v", file.SectionStrings())
	}
	section.Key(markKey + "k").SetValue(markValue + "changed in the ini.File" + markValue)
	if got, _, _ := c.Value("a", "k"); got != "changed in the ini.File" {
		t.Errorf("value %q does not come from the ini.File", got)
	}
}

func TestConfigErrors(t *testing.T) {
	for _, c := range []struct{ src, want string }{
		{"k = v\nj = 2\n[a]\n", `setup.cfg:1:1: MissingSectionHeaderError: "k = v" stands before the first section header, begin the file with a section such as [metadata]`},
		{"\ufeff[a]\nk = v\n", "setup.cfg:1:1: MissingSectionHeaderError: the file begins with a byte order mark, which Python takes for text, remove it (save the file as UTF-8 without BOM)"},
		{"[a]\nok = 1\r\nauthor = Jos\xe9\n", "setup.cfg:3:13: UnicodeDecodeError: byte 0xe9 is not UTF-8, save the file as UTF-8"},
		{"[a]\nk = 1\nk=2\n", `setup.cfg:3:1: DuplicateOptionError: option "k" exists already in section [a], at line 2, keep one of them`},
		{"[a]\n[b]\n  [a] # again\nk = 1\n", "setup.cfg:3:3: DuplicateSectionError: section [a] exists already, at line 1, put its lines under the first one"},
		{"[a]\n = v\nword\nk = 1\n  more\nK = 2\n   lost\nl = 3\n", `setup.cfg:2:2: ParsingError: "= v" has no key, write key = value
setup.cfg:3:1: ParsingError: "word" is neither a section header nor an option, write key = value, or indent the line to make it part of the value above
setup.cfg:6:1: DuplicateOptionError: option "k" exists already in section [a], at line 4, keep one of them`},
	} {
		_, err := ParseConfig("setup.cfg", []byte(c.src), ReadPBR)
		if err == nil || err.Error() != c.want {
			t.Errorf("%q:\ngot  %v\nwant %s", c.src, err, c.want)
		}
	}
}

func TestInterpolationErrors(t *testing.T) {
	deep := "[a]\nk0 = v\n"
	for i := 1; i < 12; i++ {
		deep += fmt.Sprintf("k%d = %%(k%d)s\n", i, i-1)
	}
	bomb := "[a]\nx0 = " + strings.Repeat("v", 1000) + "\n"
	for i := 1; i < 9; i++ {
		bomb += fmt.Sprintf("x%d = %s\n", i, strings.Repeat(fmt.Sprintf("%%(x%d)s", i-1), 30))
	}
	for _, c := range []struct{ src, key, value, err string }{
		{"[DEFAULT]\nn = z\n[a]\nk = %(N)s%%\n", "k", "z%", ""},
		{deep, "k10", "v", ""},
		{deep, "k11", "", "setup.cfg:3:1: InterpolationDepthError: the value refers to itself or to more than 10 others, write it out"},
		{bomb, "x8", "", "setup.cfg:5:1: InterpolationDepthError: the value grows beyond a megabyte, write it out"},
		{"[a]\nk = one\n  100%\n", "k", "", `setup.cfg:3:3: InterpolationSyntaxError: a "%" must be followed by "%" or "(", write %% for a percent sign`},
		{"[a]\nk = %(x\n", "k", "", `setup.cfg:2:5: InterpolationSyntaxError: bad reference "%(x", write %(name)s, or %% for a percent sign`},
		{"[b]\nx = 1\n[a]\nk = %(x)s\n", "k", "", "setup.cfg:4:5: InterpolationMissingOptionError: %(x)s refers to a key that section [a] does not have, define it, or write %% for a percent sign"},
	} {
		cfg, err := ParseConfig("setup.cfg", []byte(c.src), ReadPBR)
		if err != nil {
			t.Fatal(err)
		}
		value, _, err := cfg.Value("a", c.key)
		text := ""
		if err != nil {
			text = err.Error()
		}
		if value != c.value || c.err == "" && err != nil || c.err != "" && !sameButLine(text, c.err) {
			t.Errorf("%s: got %q, %q\nwant %q, %q", c.key, value, text, c.value, c.err)
		}
	}
}

// sameButLine compares exactly, apart from the place of the depth errors, which is where the recursion ended.
func sameButLine(got, want string) bool {
	if strings.Contains(want, "DepthError") {
		_, got, _ = strings.Cut(got, ": ")
		_, want, _ = strings.Cut(want, ": ")
	}
	return got == want
}

func TestConfigPositions(t *testing.T) {
	c, err := ParseConfig("setup.cfg", []byte("[m]\nHome-Page = a\nhome_page = b\n[e]\ncs =\n\tone\n# c\n\n  é = two\nj: %% x\n"), ReadPBR)
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Pos("m", "home_page").String(); got != "setup.cfg:3:1" {
		t.Errorf("the later of two keys that pbr takes for one: %s", got)
	}
	lines, problem := c.lines("e", "cs")
	if problem != nil {
		t.Fatal(problem)
	}
	got := ""
	for _, line := range lines {
		got += fmt.Sprintf("%q %s\n", line.text, line.pos)
	}
	if want := "\"\" setup.cfg:5:5\n\"one\" setup.cfg:6:2\n\"\" setup.cfg:8:1\n\"é = two\" setup.cfg:9:3\n"; got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}
