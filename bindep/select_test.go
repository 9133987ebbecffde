package bindep

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// platforms are the sets that the third column of select.tsv names.
func platforms(t testing.TB, name string) []string {
	t.Helper()
	sets := map[string]string{
		"-":       "",
		"dpkg":    "dpkg",
		"rpm":     "rpm",
		"ALP":     "alpine alpine-3 alpine-3.20 alpine-3.20.3 apk",
		"DEB":     "debian debian-12 debian-bookworm dpkg",
		"JAM":     "dpkg ubuntu ubuntu-22 ubuntu-22.04 ubuntu-jammy",
		"CS9":     "centos centos-9 redhat rpm",
		"CS9+py3": "base-py3 centos centos-9 redhat rpm",
		"UBI8":    "redhat rhel rhel-8 rhel-8.10 rhel-ootpa rpm",
		"LEAP":    "opensuse opensuse-15 opensuse-15.6 opensuseproject opensuseproject-15 opensuseproject-15.6 rpm suse",
		"GEN":     "emerge gentoo gentoo-2 gentoo-2.14",
	}
	set, ok := sets[name]
	if !ok {
		t.Fatalf("no platform %q", name)
	}
	var profiles []string
	for _, atom := range strings.Fields(set) {
		profiles = append(profiles, platformPrefix+atom)
	}
	return profiles
}

func TestSelect(t *testing.T) {
	for _, r := range readTable(t, "select.tsv", 6, 95) {
		t.Run(r[0], func(t *testing.T) {
			f, err := Parse("bindep.txt", []byte(input(t, r[1])))
			if r[4] == "error" {
				if err == nil {
					t.Errorf("%s is no error", r[1])
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, rule := range f.Select(append(strings.Fields(r[2]), platforms(t, r[3])...)) {
				got = append(got, rule.Name)
			}
			if text := strings.Join(got, " "); text != r[4] {
				t.Errorf("%s with [%s] on %s: %q, want %q (%s)", r[1], r[2], r[3], text, r[4], r[5])
			}
		})
	}
}

func TestProfiles(t *testing.T) {
	rows := readTable(t, "profiles.tsv", 4, 2)
	rows = append(rows,
		row{"grouped", `"foo [z a (b platform:x) !c platform:y ()]\n"`, "a b c platform:x z"},
		row{"none", `"foo\nbar [platform:apk]\n"`, ""},
	)
	for _, r := range rows {
		f, err := Parse("bindep.txt", []byte(input(t, r[1])))
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(f.Profiles(), " "); got != r[2] {
			t.Errorf("%s: %q, want %q", r[1], got, r[2])
		}
	}
}

func TestActiveSaysWhy(t *testing.T) {
	for _, c := range []struct {
		rule, profiles string
		ok             bool
		why            string
	}{
		{"foo", "default", true, "no selectors"},
		{"foo []", "default", true, "no selectors"},
		{"foo [()]", "default", true, "selected by ()"},
		{"foo [a b]", "b c", true, "selected by b"},
		{"foo [a (b !c)]", "b", true, "selected by (b !c)"},
		{"foo [a (b !c)]", "b c", false, "none of a, (b !c) is active"},
		{"foo [a]", "b", false, "a is not active"},
		{"foo [(a b)]", "b", false, "(a b) is not active"},
		{"foo [!a !b]", "c", true, "not excluded by !a, !b"},
		{"foo [a !b !c]", "a c", false, "excluded by !c"},
		{"foo [test platform:apk]", "test platform:apk", true, "selected by platform:apk, and selected by test"},
		{"foo [test platform:apk]", "default platform:apk", false, "test is not active"},
		{"foo [test platform:apk platform:dpkg]", "test", false, "none of platform:apk, platform:dpkg is active"},
		{"foo [test platform:apk platform:dpkg]", "default", false, "none of platform:apk, platform:dpkg is active, and test is not active"},
		{"foo [!a !platform:apk]", "a platform:apk", false, "excluded by !platform:apk, and excluded by !a"},
		{"foo [test !platform:apk]", "test", true, "not excluded by !platform:apk, and selected by test"},
	} {
		f, err := Parse("bindep.txt", []byte(c.rule))
		if err != nil {
			t.Fatal(err)
		}
		ok, why := f.Rules[0].Active(strings.Fields(c.profiles))
		if ok != c.ok || why != c.why {
			t.Errorf("%s with %s: %t, %q; want %t, %q", c.rule, c.profiles, ok, why, c.ok, c.why)
		}
	}
}

func TestString(t *testing.T) {
	f, err := Parse("bindep.txt", []byte("# c\nfoo   [ a(b !c)() !d ]   >=1,!=2 # c\n\nbar []\nbaz ==1\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := "foo [a (b !c) () !d] >=1,!=2\nbar\nbaz ==1\n"
	if diff := cmp.Diff(want, f.String()); diff != "" {
		t.Errorf("printed (-want +got):\n%s", diff)
	}
}
