package bindep

import (
	"errors"
	"strings"
	"testing"
)

// profilesOf are the profiles without their prefix, in one line.
func profilesOf(d Distro) string {
	return strings.ReplaceAll(strings.Join(d.Profiles(), " "), platformPrefix, "")
}

func TestOSReleaseProfiles(t *testing.T) {
	for _, r := range readTable(t, "osrelease.tsv", 3, 75) {
		d, err := ParseOSRelease("os-release", []byte(input(t, r[1])))
		if err != nil {
			t.Errorf("%s: %v", r[0], err)
			continue
		}
		if got := profilesOf(d); got != r[2] {
			t.Errorf("%s: %s\n got %s\nwant %s", r[0], r[1], got, r[2])
		}
	}
}

// A Debian without VERSION_ID takes it from a file that only the caller has.
func TestVersionOfTheCaller(t *testing.T) {
	d, err := ParseOSRelease("os-release", []byte("ID=debian\nVERSION_CODENAME=bookworm\nPRETTY_NAME=\"Debian GNU/Linux bookworm/sid\"\n"))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := profilesOf(d), "base-py3 debian debian- debian-bookworm dpkg"; got != want {
		t.Errorf("without version: %s, want %s", got, want)
	}
	d.Version = "bookworm/sid"
	if got, want := profilesOf(d), "base-py3 debian debian-bookworm debian-bookworm/sid dpkg"; got != want {
		t.Errorf("with version: %s, want %s", got, want)
	}
}

func TestOSReleaseErrors(t *testing.T) {
	for _, c := range []struct{ src, want string }{
		{"NAME=x\n", "os-release:1:1: no ID, the distribution is unknown, add a line such as ID=debian"},
		{"A=b\nID=''\n", "os-release:2:1: no ID, the distribution is unknown, add a line such as ID=debian"},
		{"ID=ubuntu\n", "os-release:1:1: no version of ubuntu, give one, such as VERSION_ID=24.04 in os-release or ubuntu-24.04"},
		{"ID=fedora\nVERSION_ID=Rawhide\n", `os-release:2:1: version "rawhide" of fedora is no number, write one such as 42`},
		{"# c\nID=rocky NAME=x\n", "os-release:2:1: no version of rocky, give one, such as VERSION_ID=9 in os-release or rocky-9"},
		{"ID=foo\nNAME=\"x\nVERSION_ID=4\n", `os-release:2:6: what "\"" begins is not closed, close it or remove it`},
		{"ID=foo\nX=é'\n", `os-release:2:4: what "'" begins is not closed, close it or remove it`},
		{"ID=foo\\", `os-release:1:7: what "\\" begins is not closed, close it or remove it`},
		{"ID=foo\nX=\xff\n", "os-release:2:3: not UTF-8 from here, save the file as UTF-8"},
	} {
		d, err := ParseOSRelease("os-release", []byte(c.src))
		if err == nil || err.Error() != c.want {
			t.Errorf("%q: %+v, %v\nwant %s", c.src, d, err, c.want)
		}
	}
}

func TestParseDistro(t *testing.T) {
	for _, c := range []struct{ text, name, manager, want string }{
		{"debian-12", "debian-12", "dpkg", "base-py3 debian debian-12 debian-bookworm dpkg"},
		{"debian", "debian", "dpkg", "base-py3 debian debian- dpkg"},
		{"ubuntu-24.04", "ubuntu-24.04", "dpkg", "base-py3 dpkg ubuntu ubuntu-24 ubuntu-24.04 ubuntu-noble"},
		{"Ubuntu-14.04", "ubuntu-14.04", "dpkg", "base-py2 dpkg ubuntu ubuntu-14 ubuntu-14.04 ubuntu-trusty ubuntu-trusty-tahr"},
		{"alpine-3.20", "alpine-3.20", "apk", "alpine alpine-3 alpine-3.20 apk"},
		{"centos-9", "centos-9", "rpm", "base-py3 centos centos-9 redhat rpm"},
		{"rocky-9", "rocky-9", "rpm", "base-py3 redhat rocky rocky-9 rocky-blue rocky-blue-onyx rpm"},
		{"rhel-9.6", "rhel-9.6", "rpm", "base-py3 redhat rhel rhel-9 rhel-9.6 rhel-plow rpm"},
		{"ol-9.1", "oracle-9.1", "rpm", "base-py3 oracle oracle-9 oracle-9.1 redhat rpm"},
		{"fedora-41", "fedora-41", "rpm", "base-py3 fedora fedora-41 redhat rpm"},
		{"amzn-2023", "amzn-2023", "rpm", "amazonami amazonami-2023 amzn amzn-2023 redhat rpm"},
		{"opensuse-leap-15.6", "opensuse-15.6", "rpm", "opensuse opensuse-15 opensuse-15.6 opensuseproject opensuseproject-15 opensuseproject-15.6 rpm suse"},
		{"opensuse-tumbleweed-20240823", "opensuse-tumbleweed-20240823", "rpm", "opensuse opensuse-20240823 opensuse-tumbleweed opensuse-tumbleweed-20240823 opensuseproject opensuseproject-20240823 rpm suse"},
		{"gentoo", "gentoo", "emerge", "emerge gentoo gentoo-"},
		{"arch", "arch", "pacman", "arch arch- pacman"},
		{"wolfi-20230201", "wolfi-20230201", "", "wolfi wolfi-20230201"},
		{"kali-2025.4", "kali-2025.4", "", "kali kali-2025 kali-2025.4 kali-kali-rolling"},
	} {
		d, err := ParseDistro(c.text)
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		if got := profilesOf(d); got != c.want || d.String() != c.name || d.PackageManager() != c.manager {
			t.Errorf("%s: %s %q\n got %s\nwant %s", c.text, d, d.PackageManager(), got, c.want)
		}
	}
}

func TestMacOS(t *testing.T) {
	for _, c := range []struct {
		d                   Distro
		manager, want, name string
	}{
		{MacOS(false), "", "darwin", "darwin"},
		{MacOS(true), "brew", "base-py2 brew darwin", "darwin"},
		{Distro{ID: "darwin", Version: "1"}, "", "darwin darwin-1", "darwin-1"}, // an os-release that says so
	} {
		if got := profilesOf(c.d); got != c.want || c.d.PackageManager() != c.manager || c.d.String() != c.name {
			t.Errorf("%#v: %s %q %s", c.d, got, c.d.PackageManager(), c.d)
		}
	}
	if d, err := ParseDistro("Darwin"); err != nil || d != MacOS(false) {
		t.Errorf("%#v, %v", d, err)
	}
}

func TestParseDistroErrors(t *testing.T) {
	const all = "almalinux, alpine, amazonami, amzn, arch, azurelinux, centos, darwin, debian, devuan, fedora, gentoo, kali, linuxmint, manjaro, " +
		"nixos, ol, openeuler, opensuse, opensuse-leap, opensuse-tumbleweed, opensuseproject, oracle, photon, pop, raspbian, " +
		"redhatenterpriseserver, redhatenterpriseworkstation, rhel, rocky, sles, suselinux, ubuntu, wolfi"
	for _, c := range []struct{ text, want string }{
		{"debain-12", `unknown distribution "debain-12", did you mean "debian-12"?`},
		{"apline", `unknown distribution "apline", did you mean "alpine"?`},
		{"xyzzy-1", `unknown distribution "xyzzy-1", write one of ` + all + `, with a version as in debian-12, or give its os-release file`},
		{"", `unknown distribution "", write one of ` + all + `, with a version as in debian-12, or give its os-release file`},
		{"ubuntu", `distribution "ubuntu": no version of ubuntu, give one, such as VERSION_ID=24.04 in os-release or ubuntu-24.04`},
	} {
		if d, err := ParseDistro(c.text); err == nil || err.Error() != c.want {
			t.Errorf("%q: %+v, %v\nwant %s", c.text, d, err, c.want)
		}
	}
}

func FuzzParseOSRelease(f *testing.F) {
	for _, r := range readTable(f, "osrelease.tsv", 3, 75) {
		f.Add(input(f, r[1]))
	}
	f.Fuzz(func(t *testing.T, src string) {
		d, err := ParseOSRelease("f", []byte(src))
		if err != nil {
			var list ErrorList
			if !errors.As(err, &list) {
				t.Fatalf("%q: %v is no ErrorList", src, err)
			}
			for _, e := range list {
				if e.Msg == "" || e.Hint == "" || !e.Pos.IsValid() {
					t.Fatalf("%q: not a whole error: %#v", src, e)
				}
			}
			return
		}
		for _, p := range d.Profiles() {
			if !strings.HasPrefix(p, platformPrefix) || p == platformPrefix {
				t.Fatalf("%q: profile %q", src, p)
			}
		}
	})
}
