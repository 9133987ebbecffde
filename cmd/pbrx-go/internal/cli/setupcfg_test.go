package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// runSetupcfg runs "pbrx-go setupcfg" with a text on standard input.
func runSetupcfg(t *testing.T, text string, args ...string) (stdout string, err error) {
	t.Helper()
	var out, errOut bytes.Buffer
	cmd := newSetupcfg(&app{streams: Streams{In: strings.NewReader(text), Out: &out, Err: &errOut}, env: environment{}})
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	cmd.SetArgs(args)
	err = cmd.Execute()
	if errOut.Len() > 0 {
		t.Errorf("stderr: %s", errOut.String())
	}
	return out.String(), err
}

func TestSetupcfgReadings(t *testing.T) {
	const text = "[DEFAULT]\nBase = <x> & é\n[b]\nHome-Page = %(base)s\n[a]\nk =\n  \"1\"\n\n  2 # c\n[c]\n"
	for _, c := range []struct{ reading, want string }{
		{"raw", `{
  "b": {
    "base": "<x> & é",
    "home-page": "%(base)s"
  },
  "a": {
    "base": "<x> & é",
    "k": "\n\"1\"\n\n2 # c"
  },
  "c": {
    "base": "<x> & é"
  }
}
`},
		{"pbr", `{
  "b": {
    "base": "<x> & é",
    "home_page": "<x> & é"
  },
  "a": {
    "base": "<x> & é",
    "k": "\n\"1\"\n\n2 # c"
  },
  "c": {
    "base": "<x> & é"
  }
}
`},
	} {
		got, err := runSetupcfg(t, text, "-", "--reading", c.reading)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %s", c.reading, diff)
		}
	}
	if got, err := runSetupcfg(t, "", "-"); err != nil || got != "{}\n" {
		t.Errorf("an empty file: %q, %v", got, err)
	}
}

func TestSetupcfgErrors(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "setup.cfg")
	if err := os.WriteFile(name, []byte("[a]\nword\nk = 1\nK = 2\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		text   string
		args   []string
		stdout string
		err    string
	}{
		{"", []string{name}, "{\n  \"error\": \"DuplicateOptionError\",\n  \"line\": 4\n}\n",
			name + `:2:1: ParsingError: "word" is neither a section header nor an option, write key = value, or indent the line to make it part of the value above
` + name + `:4:1: DuplicateOptionError: option "k" exists already in section [a], at line 3, keep one of them`},
		{"", []string{name, "--reading", "setuptools"}, "{\n  \"error\": \"ParsingError\",\n  \"line\": 2\n}\n",
			name + `:2:1: ParsingError: "word" is neither a section header nor an option, write key = value, or indent the line to make it part of the value above`},
		{"[a]\nk = %(K)s\n[b]\nj = 9%\nk = %(x)s\n", []string{"-", "--reading=setuptools"}, "{\n  \"error\": \"InterpolationMissingOptionError\",\n  \"line\": 2\n}\n",
			`<stdin>:2:5: InterpolationMissingOptionError: %(K)s refers to a key that section [a] does not have, define it, or write %% for a percent sign
<stdin>:4:5: InterpolationSyntaxError: a "%" must be followed by "%" or "(", write %% for a percent sign
<stdin>:5:5: InterpolationMissingOptionError: %(x)s refers to a key that section [b] does not have, define it, or write %% for a percent sign`},
		{"", nil, "", "`setupcfg` takes one argument, the file: see `setupcfg --help`"},
		{"", []string{name, name}, "", "unexpected argument \"" + name + "\": `setupcfg` takes at most 1, the file"},
		{"", []string{name, "--reading", "Raw"}, "", "--reading Raw: use raw, setuptools or pbr"},
		{"", []string{filepath.Join(dir, "none")}, "", "reading setup.cfg: open " + filepath.Join(dir, "none") + ": no such file or directory"},
	} {
		stdout, err := runSetupcfg(t, c.text, c.args...)
		if stdout != c.stdout || err == nil || err.Error() != c.err {
			t.Errorf("%v:\n%s%v\nwant\n%s%s", c.args, stdout, err, c.stdout, c.err)
			continue
		}
		if code := exitCode(err); code != exitUsage {
			t.Errorf("%v: exit code %d", c.args, code)
		}
	}
}
