package plan2llb

import (
	"maps"
	"regexp"
	"slices"
	"testing"
)

// What the probe finds, the step program installs with and the table has a row for are the same.
func TestPackageManagers(t *testing.T) {
	rows := slices.Sorted(maps.Keys(managers()))
	for name, pattern := range map[string]string{"probe.py": `\("(\w+)", "[\w-]+"\)`, "packages.py": `"(\w+)": \w+[,}]`} {
		text, err := stepFiles.ReadFile("steps/" + name)
		if err != nil {
			t.Fatal(err)
		}
		line := regexp.MustCompile(`(?m)^ *(?:MANAGERS|managers) = .*$`).Find(text)
		var found []string
		for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(string(line), -1) {
			found = append(found, m[1])
		}
		slices.Sort(found)
		if found = slices.Compact(found); !slices.Equal(found, rows) {
			t.Errorf("%s knows %q, the table %q", name, found, rows)
		}
	}
	for _, name := range rows {
		if !CanInstall(name) || managers()[name].index == "" || len(managers()[name].caches) == 0 {
			t.Errorf("%s has no index or no cache: %+v", name, managers()[name])
		}
	}
	if CanInstall("") || CanInstall("yum") {
		t.Error("there is a way to install with nothing, or with yum")
	}
}
