package bindep

import (
	"regexp"
	"slices"
)

// family is a group of distributions that bindep treats alike.
type family struct {
	ids []string
	// manager and name are profiles of all of them; there is not always a name.
	manager, name string
	// python3 is the first version whose main Python is Python 3; nil where
	// bindep knows neither base-py2 nor base-py3.
	python3 []int
	// rolling is true where a version that is no number means Python 3.
	rolling bool
	// always3 is true where Python 3 is the main one in every version.
	always3 bool
	// example is a version for an error's hint.
	example string
}

// families is bindep 2.14.0's table; its thresholds were found by running it.
func families() []family {
	return []family{
		{ids: []string{"debian"}, manager: "dpkg", python3: []int{10}, rolling: true},
		{ids: []string{"ubuntu"}, manager: "dpkg", python3: []int{16, 4}, example: "24.04"},
		{ids: []string{"pop"}, manager: "dpkg", always3: true},
		{
			ids:     []string{"centos", "rhel", "redhatenterpriseserver", "redhatenterpriseworkstation", "oracle", "rocky", "almalinux"},
			manager: "rpm", name: "redhat", python3: []int{8}, example: "9",
		},
		{ids: []string{"fedora"}, manager: "rpm", name: "redhat", python3: []int{23}, example: "42"},
		{ids: []string{"amzn", "amazonami"}, manager: "rpm", name: "redhat"},
		{
			ids:     []string{"opensuse", "opensuseproject", "opensuse-tumbleweed", "sles", "suselinux"},
			manager: "rpm", name: "suse",
		},
		{ids: []string{"gentoo"}, manager: "emerge"},
		{ids: []string{"arch", "manjaro"}, manager: "pacman"},
		{ids: []string{"alpine"}, manager: "apk"},
	}
}

// strangers are distributions of which bindep knows no more than the name.
func strangers() []string {
	return []string{"azurelinux", "devuan", "kali", "linuxmint", "nixos", "openeuler", "photon", "raspbian", "wolfi"}
}

// family is nil for a distribution that bindep does not know.
func (d Distro) family() *family {
	for _, f := range families() {
		if slices.Contains(f.ids, d.ID) {
			return &f
		}
	}
	return nil
}

// python is base-py2, base-py3 or "".
func (f *family) python(version string) string {
	r, ok := parseRelease(version)
	switch {
	case f.always3:
		return "base-py3"
	case f.python3 == nil || !ok && !f.rolling:
		return ""
	case ok && r.before(f.python3):
		return "base-py2"
	}
	return "base-py3"
}

// distroIDs are all ids that ParseDistro takes.
func distroIDs() []string {
	ids := strangers()
	for _, f := range families() {
		ids = append(ids, f.ids...)
	}
	return ids
}

// codename is what os-release says of a release, in lower case; "" if unknown.
// A point release has the name of its release.
func codename(id, version string) string {
	for v := version; v != ""; v = shorter(v) {
		if name, ok := codenames()[id+"-"+v]; ok {
			return name
		}
	}
	return codenames()[id]
}

// shorter cuts the last part off a version.
func shorter(version string) string {
	m := regexp.MustCompile(`^(.*)\.[^.]*$`).FindStringSubmatch(version)
	if m == nil {
		return ""
	}
	return m[1]
}

func codenames() map[string]string {
	return map[string]string{
		"debian-9": "stretch", "debian-10": "buster", "debian-11": "bullseye", "debian-12": "bookworm",
		"debian-13":    "trixie",
		"ubuntu-14.04": "trusty tahr", "ubuntu-16.04": "xenial", "ubuntu-18.04": "bionic", "ubuntu-20.04": "focal",
		"ubuntu-22.04": "jammy", "ubuntu-24.04": "noble", "ubuntu-24.10": "oracular", "ubuntu-25.04": "plucky",
		"ubuntu-25.10": "questing", "ubuntu-26.04": "resolute",
		"pop-20.04": "focal", "pop-22.04": "jammy", "pop-24.04": "noble",
		"centos-7": "core",
		"rhel-7":   "maipo", "rhel-8": "ootpa", "rhel-9": "plow", "rhel-10": "coughlan",
		"rocky-8": "green obsidian", "rocky-9": "blue onyx", "rocky-10": "red quartz",
		"almalinux-9.6": "sage margay",
		"devuan-5":      "daedalus", "raspbian-11": "bullseye", "raspbian-12": "bookworm",
		"linuxmint-21.3": "virginia", "nixos-25.05": "warbler", "kali": "kali-rolling",
	}
}
