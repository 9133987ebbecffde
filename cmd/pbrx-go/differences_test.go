package main

import (
	"strings"
	"testing"
)

// The comparison of images, by itself.
func TestDifferences(t *testing.T) {
	ours := facts{"etc": "d", "etc/a": "1", "etc/b": "1", "opt/x": "d", "opt/x/y": "1", "opt/x/z/a": "1", "config:cmd": "x", "etc/passwd:foo": "x:1:1"}
	other := facts{"etc": "d", "etc/a": "1", "etc/b": "2", "usr/z": "1", "config:cmd": "x", "etc/passwd:foo": "x:2:1"}
	for _, c := range []struct {
		name, list string
		found      string // by kind and name
		idle       string
		err        string
	}{
		{name: "nothing is expected", found: "~etc/b ~etc/passwd:foo +opt/x +opt/x/z/a -usr/z"},
		{name: "all are expected", list: "# why\n~ etc/*\n\n# why else\n+- opt\n- **/z\n"},
		{name: "a kind that it is not", list: "# why\n+ etc/b\n~ etc/passwd:*\n+-~ opt\n- usr/z\n", found: "~etc/b", idle: "+ etc/b"},
		{name: "no reason", list: "# why\n~ etc/*\n\n+ opt\n", err: `4: "+ opt" has no reason before it`},
		{name: "no kind", list: "# why\netc/b\n", err: `2: "etc/b" is not one or more of +, - and ~ and a pattern`},
	} {
		t.Run(c.name, func(t *testing.T) {
			list, err := readJustified(c.list)
			if err != nil || c.err != "" {
				if err == nil || err.Error() != c.err {
					t.Fatalf("got %v, want %q", err, c.err)
				}
				return
			}
			used := map[int]bool{}
			found, err := unexpected(differences(ours, other), list, used)
			if err != nil {
				t.Fatal(err)
			}
			var names, lines []string
			for _, d := range found {
				names = append(names, string(d.kind)+d.name)
			}
			for _, j := range idle(list, used) {
				lines = append(lines, j.text)
			}
			checkString(t, "the differences", strings.Join(names, " "), c.found)
			checkString(t, "what justifies nothing", strings.Join(lines, " "), c.idle)
		})
	}
}

func TestRows(t *testing.T) {
	rows := accounts("root:x:0:0::/root:/bin/sh\nnova:x:42424:42424::/:/usr/sbin/nologin\n")
	checkString(t, "nova", rows["nova"], "x:42424:42424::/:/usr/sbin/nologin")
	packages := stanzas("Package: a\nStatus: ok\n\nPackage: b\nStatus: gone\n\n")
	if len(packages) != 2 || packages["b"] != "Package: b\nStatus: gone" {
		t.Errorf("got %q", packages)
	}
}
