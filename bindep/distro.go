package bindep

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Distro is what bindep asks about a distribution.
type Distro struct {
	// ID is os-release's ID in the spelling of Python's distro library: lower
	// case, "oracle" for ol, "opensuse" for opensuse-leap.
	ID string
	// Version is VERSION_ID in lower case; rolling distributions have none.
	Version string
	// Codename is in lower case and may have several words.
	Codename string
	// Name is os-release's NAME; of RHEL 7 it says whether it is the server.
	Name string

	// macOS and brew are true of no os-release, whatever its ID is.
	macOS, brew bool
}

// MacOS is what bindep has in place of a distribution there, with or without Homebrew.
func MacOS(brew bool) Distro { return Distro{ID: macOSID, macOS: true, brew: brew} }

const macOSID = "darwin"

// ParseDistro reads ID[-VERSION] as users write it: debian-12, ubuntu-24.04,
// opensuse-leap-15.6, arch. The code name comes from a table and is empty for
// releases the table does not have; darwin is macOS without Homebrew. An ID that neither bindep nor that table
// knows is an error, so that a slip of the pen does not select nothing.
func ParseDistro(text string) (Distro, error) {
	id, version := strings.ToLower(text), ""
	if id == macOSID {
		return MacOS(false), nil
	}
	if m := regexp.MustCompile(`^(.+)-([0-9].*)$`).FindStringSubmatch(id); m != nil {
		id, version = m[1], m[2]
	}
	d := Distro{ID: normalID(id), Version: version}
	known := append(distroIDs(), "ol", "opensuse-leap", macOSID)
	if !slices.Contains(known, id) {
		if near, ok := Nearest(id, known); ok {
			d.ID = near
			return Distro{}, fmt.Errorf("unknown distribution %q, did you mean %q?", text, d)
		}
		slices.Sort(known)
		return Distro{}, fmt.Errorf("unknown distribution %q, write one of %s, with a version as in debian-12, or give its os-release file",
			text, strings.Join(known, ", "))
	}
	d.Codename = codename(d.ID, version)
	if msg, hint := d.missingVersion(); msg != "" {
		return Distro{}, fmt.Errorf("distribution %q: %s, %s", text, msg, hint)
	}
	return d, nil
}

// String is ID-VERSION, or ID alone.
func (d Distro) String() string {
	if d.Version == "" {
		return d.ID
	}
	return d.ID + "-" + d.Version
}

// PackageManager is the profile of the distribution's packages without
// "platform:": apk, dpkg, rpm, pacman, emerge or brew; empty for a distribution that
// bindep does not know.
func (d Distro) PackageManager() string {
	if d.brew {
		return "brew"
	}
	if f := d.family(); f != nil {
		return f.manager
	}
	return ""
}

// Profiles are the platform profiles that hold on the distribution, with their
// prefix, sorted by code point. ID_LIKE is of no effect, as in bindep; nor does
// an unknown distribution have the profile of its package manager.
func (d Distro) Profiles() []string {
	switch {
	case d.brew:
		return []string{platformPrefix + "base-py2", platformPrefix + "brew", platformPrefix + macOSID}
	case d.macOS:
		return []string{platformPrefix + macOSID}
	}
	atoms := d.atoms(d.ID)
	for _, alias := range d.aliases() {
		atoms = append(atoms, d.atoms(alias)...)
	}
	if f := d.family(); f != nil {
		atoms = append(atoms, f.manager)
		if f.name != "" {
			atoms = append(atoms, f.name)
		}
		if python := f.python(d.Version); python != "" {
			atoms = append(atoms, python)
		}
	}
	for i, a := range atoms {
		atoms[i] = platformPrefix + a
	}
	slices.Sort(atoms)
	return slices.Compact(atoms)
}

// atoms are the id alone, with every prefix of the code name's words and with
// every prefix of the version's parts. No version makes one atom "id-": bindep has it.
func (d Distro) atoms(id string) []string {
	list := []string{id}
	words := strings.Fields(d.Codename)
	for i := range words {
		list = append(list, id+"-"+strings.Join(words[:i+1], "-"))
	}
	parts := strings.Split(d.Version, ".")
	for i := range parts {
		list = append(list, id+"-"+strings.Join(parts[:i+1], "."))
	}
	return list
}

// aliases are the other ids whose atoms the distribution has.
func (d Distro) aliases() []string {
	name := strings.ToLower(d.Name)
	switch d.ID {
	case "redhatenterpriseserver", "redhatenterpriseworkstation":
		return []string{"rhel"}
	case "rhel":
		switch {
		case strings.Contains(name, "server"):
			return []string{"redhatenterpriseserver"}
		case strings.Contains(name, "workstation"):
			return []string{"redhatenterpriseworkstation"}
		}
	case "amzn":
		return []string{"amazonami"}
	case "amazonami":
		return []string{"amzn"}
	case "opensuse", "opensuseproject", "opensuse-tumbleweed":
		return []string{"opensuse", "opensuseproject"}
	case "sles":
		return []string{"suselinux"}
	case "suselinux":
		return []string{"sles"}
	}
	return nil
}

// normalID spells an ID as Python's distro library does.
func normalID(id string) string {
	id = strings.ReplaceAll(strings.ToLower(id), " ", "_")
	switch id {
	case "ol":
		return "oracle"
	case "opensuse-leap":
		return "opensuse"
	}
	return strings.Join(strings.Fields(id), "")
}

// missingVersion is the problem of a distribution whose main Python cannot be told
// because its version is no number; bindep itself ends in a traceback there.
func (d Distro) missingVersion() (msg, hint string) {
	f := d.family()
	if f == nil || f.python3 == nil || f.rolling {
		return "", ""
	}
	if _, ok := parseRelease(d.Version); ok {
		return "", ""
	}
	if d.Version == "" {
		return "no version of " + d.ID, "give one, such as VERSION_ID=" + f.example + " in os-release or " + d.ID + "-" + f.example
	}
	return "version " + quote(d.Version) + " of " + d.ID + " is no number", "write one such as " + f.example
}
