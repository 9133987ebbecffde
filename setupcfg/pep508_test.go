package setupcfg

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestParseDependency holds the examples of the specification and what projects get wrong.
func TestParseDependency(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"requests", "requests"},
		{" A.B-C_D ", "A.B-C_D"},
		{"aa", "aa"},
		{"name", "name"},
		{"name<=1", "name <=1"},
		{"name>=3,<2", "name >=3 <2"},
		{"name (>=3, <2 )", "name >=3 <2"},
		{"name @ http://foo.com", "name @http://foo.com"},
		{"name [fred,bar] @ http://foo.com ; python_version=='2.7'", "name [fred bar] @http://foo.com ;python_version=='2.7'"},
		{"name[quux, strange];python_version<'2.7' and platform_version=='2'", "name [quux strange] ;python_version<'2.7' and platform_version=='2'"},
		{"name; os_name=='a' or os_name=='b'", "name ;os_name=='a' or os_name=='b'"},
		{"name; os_name=='a' and os_name=='b' or os_name=='c'", "name ;os_name=='a' and os_name=='b' or os_name=='c'"},
		{"name; (os_name=='a' or os_name=='b') and os_name not in 'c'", "name ;(os_name=='a' or os_name=='b') and os_name not in 'c'"},
		{`x ; extra == "A_b" or 'c' == extra and (extra=="d")`, `x ;extra == "A_b" or 'c' == extra and (extra=="d") extra A_b c d`},
		{"x===1.0-odd~string", "x ===1.0-odd~string"},
		{"x ~= 1.4.2a1.post2.dev3 , ==1.*,!=2!1.0+local.1", "x ~=1.4.2a1.post2.dev3 ==1.* !=2!1.0+local.1"},
		{"x >= V1.0RC1,", "x >=V1.0RC1"},

		{"", "error: it does not begin with the name of a project"},
		{"-e .", "error: it does not begin with the name of a project"},
		{"été>=1", "error: it does not begin with the name of a project"},
		{"./path", "error: it does not begin with the name of a project"},
		{"git+https://host/x#egg=x", `error: "+https://host/x#egg=x" is neither a version nor a marker`},
		{"x 1.0", `error: "1.0" is neither a version nor a marker`},
		{"x = 1.0", `error: "= 1.0" is neither a version nor a marker`},
		{"x>=1.*", `error: "1.*" is no version that >= can be compared with`},
		{"x~=1", `error: "1" is no version that ~= can be compared with`},
		{"x>=1+local", `error: "1+local" is no version that >= can be compared with`},
		{"x>=^1.0", `error: "^1.0" is no version that >= can be compared with`},
		{"x (>=1", `error: the "(" of the version is not closed`},
		{"x[a b]", `error: the extras are not closed by "]", or one of them is no name`},
		{"x[a,]", `error: there is no name of an extra after the ","`},
		{"x @ ", `error: there is no URL after the "@"`},
		{"x @ https://h/a; python_version>'3'", `error: "python_version>'3'" is neither a version nor a marker`},
		{"x; python>'3'", `error: "python>'3'" is neither a variable of markers nor in quotes`},
		{"x; python_version>3", `error: "3" is neither a variable of markers nor in quotes`},
		{"x; python_version '3'", `error: "'3'" is no comparison`},
		{"x; python_version>'3' and", `error: "" is neither a variable of markers nor in quotes`},
		{"x; (python_version>'3'", `error: the "(" of the marker is not closed`},
		{"x; python_version>'3", "error: a quote is not closed"},
		{"x; os_name not 'a'", `error: "not" must be followed by "in"`},
		{"x; os_name=='a' b", `error: "b" does not belong to the marker`},
		{"x @ h\r://h", "error: there must be a blank after the URL"},
		{"x ;" + strings.Repeat("(", 200), "error: the marker has too many brackets"},
	} {
		d, problem := parseDependency(c.text)
		got := "error: " + problem
		if problem == "" {
			parts := []string{d.name}
			if d.extras != nil {
				parts = append(parts, fmt.Sprint(d.extras))
			}
			for _, s := range d.specifiers {
				parts = append(parts, s.String())
			}
			if d.url != "" {
				parts = append(parts, "@"+d.url)
			}
			if d.marker != "" {
				parts = append(parts, ";"+d.marker)
			}
			if d.wanted != nil {
				parts = append(parts, "extra", strings.Join(d.wanted, " "))
			}
			got = strings.Join(parts, " ")
		}
		if got != c.want {
			t.Errorf("%q:\ngot  %s\nwant %s", c.text, got, c.want)
		}
	}
}

func TestBelow(t *testing.T) {
	for text, want := range map[string]bool{
		"setuptools": false, "setuptools<69": true, "setuptools<69.0.0": true, "setuptools<69.1": false, "setuptools<=68.2.2": true, "setuptools<82": false,
		"setuptools~=60.1": true, "setuptools==68.*": true, "setuptools>=40,!=60": false, "setuptools>=40; python_version<'3.12'": false, "setuptools===68": true,
	} {
		if d, problem := parseDependency(text); problem != "" || d.below(69) != want {
			t.Errorf("%s: %v, want %v (%s)", text, d.below(69), want, problem)
		}
	}
}

// TestConfirmPackaging compares requirements and versions with the library that pip and setuptools read them with.
func TestConfirmPackaging(t *testing.T) {
	if os.Getenv("PBRX_GO_TEST_CONFIRM") != "1" {
		t.Skip("compares with the packaging of PyPI only if PBRX_GO_TEST_CONFIRM=1")
	}
	dir, count := t.TempDir(), confirmInputs(t)/3
	python := filepath.Join(dir, "bin", "python")
	for _, argv := range [][]string{{"python3", "-m", "venv", dir}, {python, "-m", "pip", "install", "--quiet", "packaging>=26.4"}} {
		if out, err := exec.Command(argv[0], argv[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", argv, err, out)
		}
	}
	cmd := exec.Command(python, "testdata/requirements.py", "11", strconv.Itoa(count))
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("running packaging: %v", err)
	}
	dec := json.NewDecoder(bytes.NewReader(out))
	var release string
	if err := dec.Decode(&release); err != nil {
		t.Fatal(err)
	}
	inputs, accepted, differ := 0, 0, 0
	for dec.More() {
		var c struct {
			Requirement, Version string
			Read                 readDependency
			Normal               *string
		}
		if err := dec.Decode(&c); err != nil {
			t.Fatal(err)
		}
		inputs++
		// packaging takes "===1,<2" for one clause, against the grammar.
		if got := readsDependency(c.Requirement); !strings.Contains(c.Requirement, "===") && got.String() != c.Read.String() {
			if differ++; differ <= 10 {
				t.Errorf("requirement %q: packaging %s, here %s", c.Requirement, c.Read, got)
			}
		} else if got.Error == "" {
			accepted++
		}
		if c.Normal != nil && normalVersion(c.Version) != *c.Normal {
			if differ++; differ <= 10 {
				t.Errorf("version %q: packaging %q, here %q", c.Version, *c.Normal, normalVersion(c.Version))
			}
		}
	}
	if inputs != count || accepted < count/10 {
		t.Errorf("%d inputs, of which packaging accepts %d: too few to say anything", inputs, accepted)
	}
	t.Logf("%d requirements and versions, %d requirements accepted, %d differences, packaging %s", inputs, accepted, differ, release)
}

// readDependency is a requirement as testdata/packaging.py prints it.
type readDependency struct {
	Name, URL, Error   string
	Extras, Specifiers []string
	Marker             bool
}

func (r readDependency) String() string {
	if r.Error != "" {
		return "an error"
	}
	return fmt.Sprintf("%q %q %q %q %v", r.Name, r.Extras, r.Specifiers, r.URL, r.Marker)
}

func readsDependency(text string) readDependency {
	d, problem := parseDependency(text)
	r := readDependency{Name: d.name, URL: d.url, Error: problem, Extras: slices.Compact(slices.Sorted(slices.Values(d.extras))), Marker: d.marker != ""}
	for _, s := range d.specifiers {
		r.Specifiers = append(r.Specifiers, s.String())
	}
	slices.Sort(r.Specifiers)
	r.Specifiers = slices.Compact(r.Specifiers)
	return r
}
